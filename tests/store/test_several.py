"""Several daemons on one PostgreSQL database: what each may touch, and what is taken over from one that is gone."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from mailbot.adapters.store import Duty, SqlStore, open_engine
from mailbot.adapters.store import engine as engines
from mailbot.adapters.store import fellows as fellowship
from mailbot.adapters.store.engine import migrate, revision
from mailbot.adapters.store.fellows import join
from mailbot.core.model import Address
from mailbot.core.retry import Again, GivenUp, Sent
from mailbot.ports import StoreTrouble
from tests.servers.daemons import until
from tests.servers.postgresql import CAREFREE, Postgresql
from tests.store.making import HANDLED, NOW, SERIES, kept, letter, mail, upto
from tests.store.test_file import next_step

pytestmark = pytest.mark.postgresql


def daemon(url: str) -> SqlStore:
    """The store of one of the daemons, which has joined the others."""
    engine = open_engine(url)
    return SqlStore(engine, None, join(engine))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left behind is taken over at the first look."""
    monkeypatch.setattr(fellowship, "GRACE", 0.0)


@pytest.fixture
def two(on_server: SqlStore, database: str) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Two daemons; the first has every duty."""
    with closing(daemon(database)) as first, closing(daemon(database)) as second:
        yield first, second


def dies(store: SqlStore) -> None:
    """Its session ends, as the system ends it for a process that was killed."""
    assert store._fellows is not None
    store._fellows.leave()


def queue(
    store: SqlStore, *purposes: str, to: Callable[[str], str] = lambda purpose: f"{purpose}@posta.example"
) -> None:
    """A letter each."""
    with store.work() as work:
        for purpose in purposes:
            recipient = to(purpose)
            queued = letter(purpose, recipient=Address(recipient))
            assert work.queue(queued, mail(purpose, recipient), None, NOW)


def claimed(store: SqlStore, limit: int = 10) -> list[str]:
    """The purposes of what it claims."""
    return [claim.parcel.raw.decode() for claim in store.claim(limit, NOW)]


# --- letters


def test_no_letter_is_claimed_by_two(two: tuple[SqlStore, SqlStore]) -> None:
    """Whoever asks gets the next ones, whatever others hold."""
    first, second = two
    queue(first, *"abcde")

    assert claimed(first, 2) == ["a", "b"]
    assert claimed(second, 2) == ["c", "d"]
    assert claimed(first) == ["e"]
    assert claimed(second) == []


def test_a_letter_whose_row_somebody_is_changing_is_left_for_later(two: tuple[SqlStore, SqlStore]) -> None:
    """Nobody waits for it, and it is not lost."""
    first, second = two
    queue(first, *"abc")
    with first._write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET tries = 0 WHERE purpose = 'b'")
        assert claimed(second) == ["a", "c"]

    assert claimed(second) == ["b"]


def test_letters_to_one_person_are_sent_in_their_order(two: tuple[SqlStore, SqlStore]) -> None:
    """A later one waits while another daemon is sending an earlier one, and no longer."""
    first, second = two
    queue(first, "1", "2", to=lambda _: "anna@posta.example")
    queue(first, "3")
    [earlier] = first.claim(1, NOW)
    assert claimed(second) == ["3"]

    first.settle(earlier.parcel.id, Sent("250 ok"), NOW)
    assert claimed(second) == ["2"]


def test_letters_of_one_that_died_are_taken_over_and_those_of_one_that_lives_never(
    two: tuple[SqlStore, SqlStore], database: str
) -> None:
    """Not by a look, nor by a start, nor by a turn that failed."""
    first, second = two
    queue(first, *"abc")
    assert (claimed(first, 1), claimed(second, 1)) == (["a"], ["b"])
    with closing(daemon(database)) as third:
        assert third.recover(NOW) == 0
        assert third.attend(NOW).letters == 0
        dies(first)
        until(lambda: third.attend(NOW).letters == 1)
        assert third.recover(NOW) == 0
        assert claimed(third) == ["a", "c"]
    assert second.recover(NOW) == 1
    assert claimed(second) == ["b"]


def test_a_daemon_that_only_lost_its_session_is_given_time(
    two: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes its number up again, and what bears it is its own as before."""
    monkeypatch.setattr(fellowship, "GRACE", 60.0)
    first, second = two
    queue(first, *"ab")
    assert claimed(first) == ["a", "b"]
    dies(first)
    assert not first.at_home()
    assert second.attend(NOW).letters == 0
    first.attend(NOW)
    assert first.at_home()

    monkeypatch.setattr(fellowship, "GRACE", 0.0)
    assert second.attend(NOW).letters == 0
    assert claimed(second) == []


def test_what_was_taken_over_is_the_others_to_say_but_what_was_sent_was_sent(two: tuple[SqlStore, SqlStore]) -> None:
    """A daemon that was thought to be gone neither queues a letter that another is sending, nor has it sent again."""
    first, second = two
    queue(first, *"abc")
    a, b, c = first.claim(3, NOW)
    dies(first)
    until(lambda: second.attend(NOW).letters == 3)
    first.settle(a.parcel.id, Sent("250 ok"), NOW)
    assert claimed(second) == ["b", "c"]
    first.settle(b.parcel.id, Again(NOW, "not begun"), NOW)
    first.settle(c.parcel.id, GivenUp("550 no"), NOW)

    assert claimed(first) == claimed(second) == []
    second.settle(b.parcel.id, Sent("250 ok"), NOW)
    first.settle(c.parcel.id, Sent("250 ok"), NOW)
    second.settle(c.parcel.id, GivenUp("550 no"), NOW)
    assert second.status(SERIES, NOW).letters == {"sent": 3}


def test_whoever_looks_does_not_wait_for_a_long_decision(two: tuple[SqlStore, SqlStore]) -> None:
    """It would lose its own place by it; what was left behind is taken over at a later look."""
    first, second = two
    queue(first, "a")
    assert claimed(first) == ["a"]
    dies(first)
    with first.work():
        for _ in range(5):
            assert second.attend(NOW).letters == 0
            time.sleep(0.05)
        assert second.at_home()

    until(lambda: second.attend(NOW).letters == 1)


# --- mails


def test_mails_are_in_one_daemons_hands_at_a_time(two: tuple[SqlStore, SqlStore]) -> None:
    """So nobody's later mail overtakes an earlier one, and no try is counted against a mail that is in hand."""
    first, second = two
    first.keep([kept(uid) for uid in range(1, 5)], upto(4), NOW)
    taken = first.take(2, NOW)
    for _ in range(5):
        assert second.take(2, NOW) == []
    with first.work() as work:
        for inbound in taken:
            work.settle(inbound.id, HANDLED, NOW)

    assert [inbound.id for inbound in second.take(5, NOW)] == [3, 4]
    second.give_back([3, 4])
    assert [inbound.id for inbound in first.take(5, NOW)] == [3, 4]


def test_mails_of_one_that_died_wait_again_and_its_try_counts(two: tuple[SqlStore, SqlStore]) -> None:
    """Each alone, as after a crash; the third death sets one aside."""
    first, second = two
    first.keep([kept(1), kept(2)], upto(2), NOW)
    assert len(first.take(5, NOW)) == 2
    dies(first)
    until(lambda: second.attend(NOW).mails == 2)

    assert [inbound.id for inbound in second.take(5, NOW)] == [1]


def test_a_mail_that_was_taken_over_is_not_handled_twice(two: tuple[SqlStore, SqlStore]) -> None:
    """Whoever was thought to be gone finds its transaction undone, whole, and has no say in the mail any more."""
    first, second = two
    first.keep([kept(1)], upto(1), NOW)
    [inbound] = first.take(5, NOW)
    dies(first)
    until(lambda: second.attend(NOW).mails == 1)
    [again] = second.take(5, NOW)
    with pytest.raises(StoreTrouble, match="in another daemon's hands"), first.work() as work:
        work.queue(letter(), mail(), inbound.id, NOW)
        work.settle(inbound.id, HANDLED, NOW)
    first.give_back([inbound.id])
    assert first.note_failure(inbound.id, "KeyError", NOW) is False
    with second.work() as work:
        work.settle(again.id, HANDLED, NOW)

    assert second.status(SERIES, NOW).outcomes == {"act": 1}
    assert second.status(SERIES, NOW).letters == {}


def test_whoever_decides_sees_all_that_was_decided_before(two: tuple[SqlStore, SqlStore]) -> None:
    """Two transactions that look and then write are one after the other: no place and no answer too many."""
    counted: list[int] = []
    begun = threading.Event()

    def decide(store: SqlStore, purpose: str) -> None:
        with store.work() as work:
            begun.set()
            counted.append(work.answered("anna@posta.example", NOW + timedelta(seconds=1)).to_address)
            time.sleep(0.3)
            work.queue(letter(purpose), mail(purpose), 1, NOW)

    first, second = two
    first.keep([kept(1)], upto(1), NOW)
    threads = [
        threading.Thread(target=decide, args=(store, purpose)) for store, purpose in ((first, "a"), (second, "b"))
    ]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join()

    assert counted == [0, 1]


# --- duties


def test_a_duty_is_one_daemons_and_goes_to_another_when_it_dies(two: tuple[SqlStore, SqlStore]) -> None:
    """Reading the mailbox, and the bell."""
    first, second = two
    assert [first.has(duty) for duty in Duty] == [True, True]
    second.attend(NOW)
    assert [second.has(duty) for duty in Duty] == [False, False]
    dies(first)
    assert [first.has(duty) for duty in Duty] == [False, False]

    until(lambda: [second.has(duty) for duty in Duty if second.attend(NOW) or True] == [True, True])
    first.attend(NOW)
    assert [first.has(duty) for duty in Duty] == [False, False]


def test_a_duty_that_is_laid_down_goes_to_another_or_comes_back(two: tuple[SqlStore, SqlStore]) -> None:
    """As by a machine that cannot reach the mailbox; the other duty stays."""
    first, second = two
    first.lay_down(Duty.COLLECT, 0.2)
    first.attend(NOW)
    second.attend(NOW)
    assert (first.has(Duty.COLLECT), first.has(Duty.REMIND), second.has(Duty.COLLECT)) == (False, True, True)

    second.lay_down(Duty.COLLECT, 60)
    second.attend(NOW)
    until(lambda: first.attend(NOW) is not None and first.has(Duty.COLLECT))


def test_only_whoever_reads_the_mailbox_keeps_mails(two: tuple[SqlStore, SqlStore]) -> None:
    """Asked of the server itself, in the same transaction."""
    first, second = two
    with pytest.raises(StoreTrouble, match="place among the others is lost"):
        second.keep([kept(1)], upto(1), NOW)
    assert first.keep([kept(1)], upto(1), NOW) == 1


def test_a_look_that_is_too_long_ago_counts_for_nothing(
    two: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that stood still has no duties until it has looked again."""
    first, _ = two
    monkeypatch.setattr(fellowship, "LEASE", 0.05)
    time.sleep(0.1)
    assert not first.at_home()
    assert not first.has(Duty.COLLECT)

    monkeypatch.setattr(fellowship, "LEASE", 60.0)
    first.attend(NOW)
    assert first.has(Duty.COLLECT)


def test_the_server_ends_a_session_that_says_nothing(
    on_server: SqlStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that stands still keeps no duty from the others for ever."""
    monkeypatch.setattr(fellowship, "SILENCE", 1)
    with closing(daemon(database)) as silent, closing(daemon(database)) as other:
        until(lambda: other.attend(NOW) is not None and other.has(Duty.COLLECT))
        with pytest.raises(StoreTrouble):
            silent.attend(NOW)
        silent.attend(NOW)
        assert silent.at_home()
        assert not silent.has(Duty.COLLECT)


@contextmanager
def own_server() -> Iterator[tuple[Postgresql, str]]:
    """A server that a test may end, and a database on it that knows the series."""
    with Postgresql(*CAREFREE) as server:
        url = server.new_database()
        engine = open_engine(url)
        migrate(engine, NOW)
        with closing(SqlStore(engine)) as store, store.work() as work:
            work.note_meetings(SERIES, NOW)
        yield server, url


def test_a_restart_of_the_server_is_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trouble, no duties, nothing begun; then the number is taken up again before anybody takes from its hands."""
    monkeypatch.setattr(fellowship, "GRACE", 60.0)
    with own_server() as (server, url), closing(daemon(url)) as first, closing(daemon(url)) as second:
        queue(first, *"ab")
        assert claimed(first, 1) == ["a"]
        server.stop()
        for _ in range(2):
            with pytest.raises(StoreTrouble):
                first.attend(NOW)
        with pytest.raises(StoreTrouble):
            first.claim(1, NOW)
        assert not first.at_home()
        assert not first.has(Duty.REMIND)
        server.start()
        with pytest.raises(StoreTrouble):
            second.attend(NOW)  # it finds its session dead
        assert second.attend(NOW).letters == 0
        first.attend(NOW)
        assert second.has(Duty.COLLECT)
        assert not first.has(Duty.COLLECT)
        first.settle(1, Sent("250 ok"), NOW)
        assert claimed(second) == ["b"]


# --- the schema


def test_daemons_that_start_at_once_make_one_schema(database: str) -> None:
    """Whoever comes first makes it, the others wait and find it made."""
    failed: list[Exception] = []

    def start() -> None:
        engine = open_engine(database)
        try:
            migrate(engine, NOW)
        except StoreTrouble as trouble:
            failed.append(trouble)
        engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    engine = open_engine(database)
    assert revision(engine) is not None
    engine.dispose()


def test_the_schema_is_not_changed_from_under_a_running_daemon(
    two: tuple[SqlStore, SqlStore], tmp_path: object, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    """An upgrade stops all of them first, and is told so."""
    first, second = two
    before = revision(first._engine)
    next_step(tmp_path, monkeypatch, "CREATE TABLE added (x INTEGER)")
    engine = open_engine(database)
    with pytest.raises(StoreTrouble, match="others are running on it; stop all of them"):
        migrate(engine, NOW)
    assert revision(engine) == before
    dies(first)
    dies(second)
    until(lambda: _migrated(engine))
    assert revision(engine) == "9999"
    engine.dispose()


def _migrated(engine: object) -> bool:
    try:
        migrate(engine, NOW)
    except StoreTrouble:
        return False
    return True


def test_the_migrations_lead_to_the_schema(on_server: SqlStore) -> None:
    """With PostgreSQL too."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from mailbot.adapters.store.tables import metadata

    with on_server._read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


# --- what is in the way


def test_a_missing_driver_is_told_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra that brings it is named."""

    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")

    monkeypatch.setattr("mailbot.adapters.store.postgresql.create_engine", missing)
    with pytest.raises(StoreTrouble, match=r"pip install 'mailbot\[postgresql\]'"):
        engines.open_engine("postgresql+psycopg://mailbot@db/mailbot")


@pytest.mark.parametrize("url", ["mysql://mailbot@db/mailbot", "postgresql+psycopg2://db/mailbot", "postgres://db/x"])
def test_other_databases_and_drivers_are_refused_in_words(url: str) -> None:
    """What is ours is named."""
    with pytest.raises(StoreTrouble, match=r"SQLite and PostgreSQL|postgresql\+psycopg://"):
        open_engine(url)


def test_a_server_that_is_not_there_is_trouble_and_not_a_fault() -> None:
    """Without the password of the URL."""
    with pytest.raises(StoreTrouble, match="nowhere") as told:
        migrate(open_engine("postgresql+psycopg://mailbot:hunter2@/nowhere?host=/nonexistent"), NOW)
    assert "hunter2" not in str(told.value)

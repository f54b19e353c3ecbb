"""Delivering: the same bytes at every try, sent only once the server has it, given up when its time is over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import outbox
from mailbot.core.model import Address, Letter, LetterKind
from mailbot.core.retry import WAITS, Accepted, Refused, Unreachable
from mailbot.loops import deliver
from mailbot.loops.house import queue_letter
from mailbot.ports import StoreTrouble
from tests.loops.world import HOUR, MINUTE, Clock, Crash, ScriptedPostman, house


def queued(store: SqlStore, clock: Clock, *purposes: str, deadline: timedelta = timedelta(days=3)) -> None:
    """Letters to Anna."""
    for purpose in purposes:
        letter = Letter(LetterKind.STATUS, purpose, Address("anna@posta.example"), "it", clock() + deadline)
        with store.work() as work:
            assert queue_letter(work, house(), letter, None, clock())


def states(store: SqlStore) -> list[str]:
    """Of all letters, in the order in which they were queued."""
    with store._read() as connection:
        return list(connection.execute(select(outbox.c.state).order_by(outbox.c.id)).scalars())


def replies(store: SqlStore) -> Sequence[str]:
    """What was last said of each."""
    with store._read() as connection:
        return connection.execute(select(outbox.c.last_reply).order_by(outbox.c.id)).scalars().all()


def test_a_crash_between_the_250_and_the_commit_sends_the_same_bytes_again(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """With the same Message-ID: the one place where a mail can go out twice."""
    queued(store, clock, "a")
    postman.lined_up.append("crash after")
    with pytest.raises(Crash):
        deliver.turn(postman, store, clock)
    assert states(store) == ["sending"]
    assert deliver.turn(postman, store, clock) == 0

    assert store.recover(clock()) == 1
    assert deliver.turn(postman, store, clock) == 1
    first, second = (parcel.raw for _, parcel in postman.accepted)
    assert first == second
    assert states(store) == ["sent"]


def test_a_letter_is_called_sent_only_after_the_250(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """While the postman has it, it is being sent."""
    queued(store, clock, "a")
    seen: list[list[str]] = []
    postman.on_accept = lambda parcel: seen.append(states(store))
    deliver.turn(postman, store, clock)

    assert seen == [["sending"]]
    assert states(store) == ["sent"]


def test_each_receipt_has_its_consequence(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """One refused for now, one for good, one unheard of, one taken."""
    queued(store, clock, "a", "b", "c", "d")
    postman.lined_up.extend([Refused(451, "later"), Refused(550, "nobody"), Unreachable("silence"), Accepted("ok")])

    assert deliver.turn(postman, store, clock) == 4
    assert states(store) == ["queued", "failed", "queued", "sent"]
    assert replies(store) == ["451 later", "550 nobody", "silence", "ok"]
    assert deliver.turn(postman, store, clock) == 0
    clock.move(WAITS[0])
    assert deliver.turn(postman, store, clock) == 2
    assert states(store) == ["sent", "failed", "sent", "sent"]


def test_a_day_long_outage_costs_no_letter(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """Sixty wait; each is tried at growing distances, and all go out when the server is back."""
    queued(store, clock, *map(str, range(60)))
    postman.always = Unreachable("no route to host")
    for _ in range(24 * 12):
        while deliver.turn(postman, store, clock):
            pass
        clock.move(MINUTE * 5)
    assert len(postman.tried) / 60 < 32
    postman.always = None
    clock.move(HOUR)
    while deliver.turn(postman, store, clock):
        pass

    assert set(states(store)) == {"sent"}
    assert len(postman.accepted) == 60


def test_a_letter_past_its_deadline_is_given_up_and_said_why(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """Both where the next try would be too late, and where the process stood still meanwhile."""
    queued(store, clock, "tried", deadline=timedelta(hours=2))
    postman.always = Refused(451, "greylisted")
    for _ in range(40):
        deliver.turn(postman, store, clock)
        clock.move(MINUTE * 5)
    queued(store, clock, "untried", deadline=timedelta(hours=2))
    clock.move(timedelta(hours=2))
    postman.always = None
    deliver.turn(postman, store, clock)

    assert states(store) == ["failed", "failed"]
    assert replies(store)[0].startswith("451 greylisted (given up after ")
    assert replies(store)[1] == "not tried (given up: its time is over)"
    assert postman.accepted == []
    assert len(store.digest(house().series, clock().date(), None).undelivered) == 2


def test_a_stop_puts_the_rest_back_into_the_queue(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """Nothing is left half-way."""
    queued(store, clock, "a", "b", "c")
    asked = iter([False, True, True])

    assert deliver.turn(postman, store, clock, lambda: next(asked)) == 1
    assert states(store) == ["sent", "queued", "queued"]
    assert deliver.turn(postman, store, clock) == 2


def test_what_the_server_took_is_remembered_through_trouble_with_the_store(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that passes: the letter is noted as sent after all, and no other was begun meanwhile."""
    queued(store, clock, "a", "b")
    settle, troubles = SqlStore.settle, [StoreTrouble("locked")]

    def locked_once(self: SqlStore, *given: object) -> None:
        if troubles:
            raise troubles.pop()
        settle(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlStore, "settle", locked_once)

    assert deliver.turn(postman, store, clock) == 1
    assert states(store) == ["sent", "queued"]
    deliver.turn(postman, store, clock)
    assert len(postman.accepted) == 2


def test_trouble_with_the_store_that_stays_is_recovered_from(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letters are not stuck in being sent."""
    queued(store, clock, "a", "b")
    with monkeypatch.context() as locked:

        @contextmanager
        def never(self: SqlStore) -> Iterator[Connection]:
            raise StoreTrouble("locked")
            yield

        claimed = store.claim(10, clock())
        locked.setattr(SqlStore, "claim", lambda *given: claimed)
        locked.setattr(SqlStore, "_write", never)
        with pytest.raises(StoreTrouble):
            deliver.turn(postman, store, clock)
    assert len(postman.accepted) == 1

    assert store.recover(clock()) == 2
    assert deliver.turn(postman, store, clock) == 2
    assert states(store) == ["sent", "sent"]


def test_an_erasure_while_a_letter_is_under_way_stays_one(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """Refused for now: it is not queued again, and its bytes are gone."""
    queued(store, clock, "a")

    def erase(parcel: object) -> None:
        with store.work() as work:
            work.forget("anna@posta.example", clock())

    postman.on_accept = erase
    postman.lined_up.append(Accepted("ok"))
    deliver.turn(postman, store, clock)

    assert states(store) == ["withheld"]
    assert store.next_try_at() is None


def test_a_clock_that_was_set_back_does_not_hold_letters(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """No wait is longer than an hour, so what is due in a day is due now."""
    queued(store, clock, "a")
    clock.move(-timedelta(days=1))

    assert deliver.turn(postman, store, clock) == 1


def test_the_contact_tells_whether_the_server_was_reached(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """A refusal is an answer; silence is not."""
    for receipt, trouble in [(Unreachable("silence"), "silence"), (Refused(550, "no"), "")]:
        queued(store, clock, str(receipt))
        postman.lined_up.append(receipt)
        deliver.turn(postman, store, clock)
        assert store.status(house().series, clock()).contacts["smtp"].trouble == trouble
        clock.move(-MINUTE)

"""The figures for Prometheus: true, never less than before, of rows and so the same after a restart, and of nobody."""

import os
import re
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mailbot.adapters.metrics import Metrics
from mailbot.adapters.store import SqlStore
from mailbot.core.figures import Figures, LoopFigures
from mailbot.core.retry import Accepted, Refused
from mailbot.loops import collect, deliver, handle, remind
from tests.loops import world
from tests.loops.conftest import clock, file, mailbox, postman, store, url
from tests.loops.world import DAY, HOUR, SERIES, Clock, MemoryMailbox, ScriptedPostman, house

__all__ = ["clock", "file", "mailbox", "postman", "store", "url"]

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in read_text(text)
        for sample in family.samples
    }


def counters(text: str) -> Samples:
    """Those that may never go down."""
    kinds = {family.name: family.type for family in read_text(text)}
    return {
        (name, labels): value
        for (name, labels), value in samples(text).items()
        if re.search(r"_(total|bucket|count|sum)$", name)
        and kinds.get(re.sub(r"_(total|bucket|count|sum)$", "", name)) in ("counter", "histogram")
    }


def one(found: Samples, name: str, **labels: str) -> float:
    """One of them."""
    return found[f"mailbot_{name}", tuple(sorted(labels.items()))]


def metrics(store: SqlStore, clock: Clock, *loops: LoopFigures) -> Metrics:
    """The figures of this store."""
    return Metrics(lambda: store.figures(SERIES, clock()), lambda: loops, clock, "1.2.3")


@pytest.fixture
def busy(store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman) -> Metrics:
    """Some mails and what became of them: answered after 3, 40 and 400 seconds, refused, waiting, set aside."""
    town = house(digest_to=())

    def work() -> None:
        collect.turn(mailbox, store, town, clock)
        while handle.turn(store, town, clock):
            pass
        while deliver.turn(postman, store, clock):
            pass

    for number, seconds in enumerate((3, 40, 400), start=1):
        mailbox.put(world.register(f"anna{number}", "sport", number, clock()), clock())
        clock.move(timedelta(seconds=seconds))
        work()
    postman.lined_up += [Refused(550, "5.1.1 no such user"), Refused(451, "4.3.0 later")]
    for number, who in enumerate(("bruno", "carla"), start=4):
        mailbox.put(world.register(who, "musei", number, clock()), clock())
    mailbox.put(world.away("dora", 6, clock()), clock())
    mailbox.put(world.mail("elsa", "Domanda", "Quanto dura il corso di formazione?", 7, clock()), clock())
    work()
    mailbox.put(world.register("ugo", "sport", 8, clock()), clock())
    collect.turn(mailbox, store, town, clock)
    for _ in range(3):
        [taken] = store.take(1, clock())
        store.note_failure(taken.id, "RuntimeError: PAROLESEGRETE", clock())
    mailbox.put(world.register("zeno", "sport", 9, clock()), clock())
    collect.turn(mailbox, store, town, clock)
    store.note_contact("imap", clock())
    clock.move(timedelta(seconds=20))
    return metrics(store, clock, LoopFigures("collect", 7, False, 12.5, 1709294400.0))


def test_they_tell_what_is_so(busy: Metrics, clock: Clock) -> None:
    """Mails by outcome, letters by state, ages, times of answers, loops."""
    found = samples(busy.text().decode())

    outcomes = ("act", "ask", "attention", "ignore", "set-aside")
    assert [one(found, "mails_handled_total", outcome=outcome) for outcome in outcomes] == [5, 0, 1, 1, 1]
    assert one(found, "mails_waiting") == 1
    assert one(found, "mails_oldest_waiting_seconds") == 20
    assert one(found, "mails_for_a_person_total") == 1
    assert one(found, "letters_settled_total", kind="confirmation", state="sent") == 3
    assert one(found, "letters_settled_total", kind="confirmation", state="failed") == 1
    assert one(found, "letters_settled_total", kind="acknowledgement", state="sent") == 1
    assert one(found, "letters_settled_total", kind="reminder", state="failed") == 0
    assert one(found, "letters_waiting", state="queued") == 1
    assert one(found, "letters_oldest_waiting_seconds") == 20
    assert one(found, "registrations", meeting="sport", status="confirmed") == 3
    assert one(found, "server_contact_age_seconds", server="imap") == 20
    assert one(found, "server_in_trouble", server="imap") == 0
    assert one(found, "status_level") == 1
    assert one(found, "database_up") == one(found, "build_info", version="1.2.3") == 1
    assert one(found, "measured_timestamp_seconds") == clock().timestamp()
    assert one(found, "loop_turns_total", loop="collect") == 7
    assert one(found, "loop_turn_seconds", loop="collect") == 12.5


def test_times_of_answers_are_from_arrival_to_acceptance(busy: Metrics) -> None:
    """3, 40 and 400 seconds, and one at once; what was not sent, or needs no answer, is not among them."""
    found = samples(busy.text().decode())
    within = {bound: one(found, "answer_seconds_bucket", le=bound) for bound in ("1.0", "5.0", "60.0", "900.0", "+Inf")}

    assert within == {"1.0": 1, "5.0": 2, "60.0": 3, "900.0": 4, "+Inf": 4}
    assert one(found, "answer_seconds_count") == 4
    assert one(found, "answer_seconds_sum") == pytest.approx(443, abs=0.01)


def test_the_first_letter_about_a_mail_is_its_answer(
    store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """A cancellation is answered; that somebody else moves up, and learns so an hour later, makes it no later."""
    small = house(world.series(sport={"capacity": 1}), digest_to=())

    def work() -> None:
        collect.turn(mailbox, store, small, clock)
        handle.turn(store, small, clock)
        deliver.turn(postman, store, clock)

    for number, who in enumerate(("anna", "bruno")):
        mailbox.put(world.register(who, "sport", number, clock()), clock())
    work()
    mailbox.put(world.cancel("anna", "sport", 3, clock()), clock())
    clock.move(timedelta(seconds=20))
    postman.lined_up += [Accepted("ok"), Refused(451, "4.3.0 later")]
    work()
    clock.move(HOUR)
    work()
    found = samples(metrics(store, clock).text().decode())

    assert one(found, "letters_settled_total", kind="promotion", state="sent") == 1
    assert one(found, "answer_seconds_count") == 3
    assert one(found, "answer_seconds_sum") == pytest.approx(20, abs=0.01)


def test_they_name_nobody(busy: Metrics) -> None:
    """No address, no words: they leave the machine."""
    told = busy.text().decode()

    assert "@" not in told
    assert "PAROLESEGRETE" not in told
    assert "anna" not in told


def test_they_are_the_same_after_a_restart(busy: Metrics, store: SqlStore, url: str, clock: Clock) -> None:
    """They are counted from rows, not in the process."""
    before = counters(busy.text().decode())
    store.close()
    again = world.open_store(url, clock())
    after = counters(metrics(again, clock, LoopFigures("collect", 7, False, 0.0, None)).text().decode())
    again.close()

    assert after == before


def test_no_count_ever_goes_down(
    busy: Metrics, store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """Not by an erasure, not by the retention time, not by a cancellation: Prometheus would see a restart."""
    before = counters(busy.text().decode())
    assert len(before) > 30

    def none_less() -> None:
        nonlocal before
        now = counters(busy.text().decode())
        assert {key: (value, now.get(key)) for key, value in before.items() if now.get(key, -1) < value} == {}
        before = now

    mailbox.put(world.cancel("anna1", "sport", 20, clock()), clock())
    for step in range(3):
        collect.turn(mailbox, store, house(), clock)
        handle.turn(store, house(), clock)
        remind.turn(store, house(), clock)
        deliver.turn(postman, store, clock)
        none_less()
        clock.move((step + 1) * HOUR)
    with store.work() as work:
        assert work.forget("anna2@posta.example", clock())
        assert work.forget("carla@posta.example", clock())
    none_less()
    clock.now = world.MUSEI.starts_at + 100 * DAY
    deliver.turn(postman, store, clock)
    none_less()
    assert remind.retire(store, house(), clock)
    none_less()


def test_a_clock_of_the_mailbox_that_is_ahead_counts_as_at_once(
    store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """No answer comes before its mail."""
    mailbox.put(world.register("anna", "sport", 1, clock()), clock() + HOUR)
    collect.turn(mailbox, store, house(), clock)
    handle.turn(store, house(), clock)
    deliver.turn(postman, store, clock)
    found = samples(metrics(store, clock).text().decode())

    assert one(found, "answer_seconds_bucket", le="1.0") == 1
    assert one(found, "answer_seconds_sum") == 0


def test_without_a_database_they_say_so_and_tell_of_the_loops(clock: Clock) -> None:
    """Whoever watches learns why the rest is missing."""
    found = samples(
        Metrics(lambda: None, lambda: [LoopFigures("handle", 3, True, 0.0, None)], clock, "1.2.3").text().decode()
    )

    assert one(found, "database_up") == 0
    assert one(found, "loop_failing", loop="handle") == 1
    assert not any(name.startswith("mailbot_mails") for name, _ in found)


# --- the file and the port --------------------------------------------------------------------------------------------


def test_the_file_is_whole_for_all_to_read_and_alone(busy: Metrics, tmp_path: Path) -> None:
    """node_exporter is another user, whatever our umask; it never sees half of one."""
    target = tmp_path / "figures" / "mailbot.prom"
    target.parent.mkdir()
    before = os.umask(0o077)
    try:
        busy.write(target)
        first = target.stat().st_ino
        busy.write(target)
    finally:
        os.umask(before)

    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert target.stat().st_ino != first  # another file under the name, not the same one written over
    assert [found.name for found in target.parent.iterdir()] == ["mailbot.prom"]
    assert samples(target.read_text()) == samples(busy.text().decode())


def test_a_file_that_cannot_be_written_leaves_nothing(busy: Metrics, tmp_path: Path) -> None:
    """The one from before stays, and no part of another lies about."""
    target = tmp_path / "mailbot.prom"
    target.mkdir()

    with pytest.raises(OSError, match="directory"):
        busy.write(target)
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith(".")] == []


@pytest.fixture
def address(busy: Metrics) -> Iterator[str]:
    """Where they are told."""
    port = busy.listen("127.0.0.1", 0)
    yield f"http://127.0.0.1:{port.number}/metrics"
    port.close()


@pytest.mark.parametrize(
    ("accept", "read"), [("text/plain", read_text), ("application/openmetrics-text; version=1.0.0", read_openmetrics)]
)
def test_the_port_tells_them_in_both_forms_that_are_asked_for(address: str, accept: str, read: object) -> None:
    """As Prometheus asks, and as the strict parser of the library reads."""
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": accept}), timeout=30) as answer:
        text = answer.read().decode()

    assert callable(read)
    assert {family.name for family in read(text)} >= {"mailbot_mails_handled", "mailbot_answer_seconds"}


def test_a_store_that_fails_costs_one_answer_and_not_the_port(clock: Clock) -> None:
    """Prometheus gets an error, and figures again the next time."""
    answers: list[Figures | Exception | None] = [RuntimeError("a fault of the tests"), None]

    def asked() -> Figures | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    port = Metrics(asked, list, clock, "1.2.3").listen("127.0.0.1", 0)
    where = f"http://127.0.0.1:{port.number}/metrics"
    with pytest.raises(urllib.error.HTTPError, match="500"):
        urllib.request.urlopen(where, timeout=30)
    with urllib.request.urlopen(where, timeout=30) as answer:
        assert b"mailbot_database_up 0.0" in answer.read()
    port.close()

"""Reminding: asked of the live rows when it is due, each once, never after the start; the digest once a local day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.core.model import MeetingStatus, Series
from mailbot.core.retry import Refused, Unreachable
from mailbot.loops import batches, collect, deliver, handle, remind
from mailbot.loops.house import House
from tests import samples
from tests.loops import world
from tests.loops.world import (
    DAY,
    HOUR,
    MINUTE,
    OFFICE,
    SPORT,
    Clock,
    MemoryMailbox,
    ScriptedPostman,
    house,
)

NO_DIGEST = {"digest_to": ()}


def receive(store: SqlStore, clock: Clock, ours: House, *raws: bytes) -> None:
    """These mails come in and are handled."""
    mailbox = MemoryMailbox()
    cursor = store.cursor(mailbox.folder)
    mailbox.next_uid = cursor.uid + 1 if cursor else 1
    for raw in raws:
        mailbox.put(raw, clock())
    collect.turn(mailbox, store, ours, clock)
    handle.turn(store, ours, clock)


def configure(store: SqlStore, clock: Clock, series: Series) -> House:
    """A new configuration is taken over."""
    with store.work() as work:
        work.note_meetings(series, clock())
    return house(series, **NO_DIGEST)


def send(store: SqlStore, postman: ScriptedPostman, clock: Clock) -> list[str]:
    """What is due goes out; answers the new letters' recipients."""
    before = len(postman.accepted)
    deliver.turn(postman, store, clock)
    return [parcel.recipient.partition("@")[0] for _, parcel in postman.accepted[before:]]


@pytest.fixture
def ours(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> House:
    """Anna has a place in both meetings, and has been told."""
    ours = house(**NO_DIGEST)
    for number, code in enumerate(("sport", "musei")):
        receive(store, clock, ours, world.register("anna", code, number, clock()))
    assert send(store, postman, clock) == ["anna", "anna"]
    return ours


def test_a_reminder_is_sent_when_it_falls_due_and_once(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """A day before and an hour before; however often the bell rings."""
    sent = []
    clock.now = SPORT.starts_at - DAY - MINUTE * 10
    while clock.now < SPORT.starts_at + HOUR:
        remind.turn(store, ours, clock)
        remind.turn(store, ours, clock)
        sent += [clock.now] * len(send(store, postman, clock))
        clock.move(MINUTE * 10)

    assert sent == [SPORT.starts_at - DAY, SPORT.starts_at - HOUR]


@pytest.mark.parametrize("stopped", [HOUR * 3, DAY - MINUTE * 30])
def test_after_a_stop_the_latest_reminder_stands_for_those_missed(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House, stopped: timedelta
) -> None:
    """One comes late; nobody gets two in one minute."""
    clock.now = SPORT.starts_at - DAY + stopped
    remind.turn(store, ours, clock)

    assert send(store, postman, clock) == ["anna"]


def test_none_is_sent_once_the_meeting_has_begun(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """Neither by the bell nor from the outbox, where one waited for the server until then."""
    clock.now = SPORT.starts_at - HOUR
    remind.turn(store, ours, clock)
    postman.lined_up.append(Unreachable("no route to host"))
    deliver.turn(postman, store, clock)
    clock.now = SPORT.starts_at
    remind.turn(store, ours, clock)

    assert send(store, postman, clock) == []
    assert store.next_try_at() is None


def test_who_signed_up_after_its_moment_is_not_reminded(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """They have just been told; the next reminder is for them too."""
    clock.now = SPORT.starts_at - HOUR * 5
    receive(store, clock, ours, world.register("bruno", "sport", 9, clock()))
    remind.turn(store, ours, clock)
    assert sorted(send(store, postman, clock)) == ["anna", "bruno"]  # her reminder, his confirmation
    remind.turn(store, ours, clock)
    assert send(store, postman, clock) == []

    clock.now = SPORT.starts_at - HOUR
    remind.turn(store, ours, clock)
    assert sorted(send(store, postman, clock)) == ["anna", "bruno"]


def test_who_moved_up_after_its_moment_is_not_reminded(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """The letter about the place says it all."""
    small = configure(store, clock, world.series(sport={"capacity": 1}))
    receive(store, clock, small, world.register("bruno", "sport", 9, clock()))
    clock.now = SPORT.starts_at - HOUR * 5
    receive(store, clock, small, world.cancel("anna", "sport", 10, clock()))
    send(store, postman, clock)
    remind.turn(store, small, clock)

    assert send(store, postman, clock) == []


def test_who_cancelled_is_not_reminded(store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House) -> None:
    """Not even of what was queued already, or under way and refused for now."""
    clock.now = SPORT.starts_at - HOUR
    remind.turn(store, ours, clock)

    def cancel(parcel: object) -> None:
        receive(store, clock, ours, world.cancel("anna", "sport", 9, clock()))

    claimed = store.claim(10, clock())
    assert len(claimed) == 1
    cancel(None)
    postman.always = Refused(451, "greylisted")
    store.recover(clock())
    postman.always = None
    clock.move(MINUTE)
    letters = send(store, postman, clock)
    remind.turn(store, ours, clock)

    assert letters == ["anna"]  # that her place is given up
    assert send(store, postman, clock) == []
    assert store.status(ours.series, clock()).letters["withheld"] == 1


def test_a_new_start_is_reminded_of_anew_and_the_old_one_no_more(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """Those reminded of the old time, and told of the new, are reminded of that; one that still waited is withheld."""
    clock.now = SPORT.starts_at - DAY
    remind.turn(store, ours, clock)
    assert send(store, postman, clock) == ["anna"]
    clock.now = SPORT.starts_at - HOUR
    remind.turn(store, ours, clock)  # queued, and never sent:
    later = SPORT.starts_at + DAY * 2
    moved = configure(store, clock, world.series(sport={"starts_at": later}, musei={"starts_at": later + DAY * 3}))
    assert send(store, postman, clock) == []
    clock.move(MINUTE * 10)
    remind.turn(store, moved, clock)
    assert send(store, postman, clock) == ["anna", "anna"]  # each meeting's new time

    for moment in (later - DAY, later - HOUR):
        clock.now = moment
        remind.turn(store, moved, clock)
        assert send(store, postman, clock) == ["anna"]


def test_a_meeting_that_is_off_reminds_nobody(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """Not even from the outbox."""
    clock.now = SPORT.starts_at - HOUR
    remind.turn(store, ours, clock)
    off = configure(store, clock, world.series(sport={"status": MeetingStatus.CANCELLED}))
    remind.turn(store, off, clock)

    assert send(store, postman, clock) == []


def test_many_are_reminded_batch_by_batch(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once."""
    monkeypatch.setattr(batches, "BATCH", 3)
    receive(store, clock, ours, *(world.register(f"p{n}", "sport", n, clock()) for n in range(9)))
    send(store, postman, clock)
    clock.now = SPORT.starts_at - DAY
    remind.turn(store, ours, clock)

    assert sorted(send(store, postman, clock)) == ["anna", *(f"p{n}" for n in range(9))]


def test_one_letter_that_cannot_be_written_keeps_no_other(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reminders of the others, and the digest, go out; the next ring tries again."""
    receive(store, clock, ours, *(world.register(who, "sport", 9, clock()) for who in ("bruno", "carla")))
    send(store, postman, clock)
    queue_letter, broken = remind.queue_letter, {"bruno@posta.example"}

    def fragile(work: object, house: object, letter: object, *rest: object) -> bool:
        if letter.recipient.address in broken:  # type: ignore[attr-defined]
            raise KeyError("a fault")
        return queue_letter(work, house, letter, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(remind, "queue_letter", fragile)
    clock.now = SPORT.starts_at - DAY
    remind.turn(store, house(), clock)
    assert sorted(send(store, postman, clock)) == ["anna", "carla", "ufficio"]

    broken.clear()
    remind.turn(store, ours, clock)
    assert send(store, postman, clock) == ["bruno"]


# --- free places ------------------------------------------------------------------------------------------------------


def test_a_raised_capacity_gives_places_to_those_who_wait_in_order(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """At the next ring; each is told once; none is moved up once the meeting has begun."""
    small = configure(store, clock, world.series(sport={"capacity": 1}))
    people = ("anna", "bruno", "carla", "dario")
    receive(store, clock, small, *(world.register(who, "sport", 1, clock()) for who in people))
    send(store, postman, clock)
    larger = configure(store, clock, world.series(sport={"capacity": 3}))
    remind.turn(store, larger, clock)
    remind.turn(store, larger, clock)
    assert send(store, postman, clock) == ["bruno", "carla"]

    boundless = configure(store, clock, world.series(sport={"capacity": None}))
    clock.now = SPORT.starts_at
    remind.turn(store, boundless, clock)
    assert send(store, postman, clock) == []


def test_a_newcomer_does_not_overtake_those_who_wait(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """Who writes after the capacity was raised, and before the bell rings, comes after them."""
    small = configure(store, clock, world.series(sport={"capacity": 1}))
    receive(store, clock, small, *(world.register(who, "sport", 1, clock()) for who in ("anna", "bruno")))
    larger = configure(store, clock, world.series(sport={"capacity": 2}))
    receive(store, clock, larger, world.register("carla", "sport", 1, clock()))
    remind.turn(store, larger, clock)

    held = {r.person.address.partition("@")[0]: r.status.value for r in store.registrations()}
    assert held == {"anna": "confirmed", "bruno": "confirmed", "carla": "waiting"}


def test_a_lowered_capacity_takes_no_place_away(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """Nobody moves up before it has come down to it."""
    ours = house(**NO_DIGEST)
    receive(store, clock, ours, *(world.register(who, "sport", 1, clock()) for who in ("anna", "bruno")))
    small = configure(store, clock, world.series(sport={"capacity": 1}))
    receive(store, clock, small, world.register("carla", "sport", 1, clock()))
    receive(store, clock, small, world.cancel("anna", "sport", 2, clock()))
    remind.turn(store, small, clock)

    held = {r.person.address.partition("@")[0]: r.status.value for r in store.registrations()}
    assert held == {"anna": "cancelled", "bruno": "confirmed", "carla": "waiting"}


# --- the digest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [date(2024, 3, 28), date(2024, 10, 24)])
@pytest.mark.parametrize("at", [time(2, 30), time(7, 30)])
def test_the_digest_is_sent_once_a_local_day_across_both_changes_of_clocks(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, begin: date, at: time
) -> None:
    """At 02:30 too, which one night lacks and another has twice."""
    ours = house(digest_at=at)
    moments = []
    clock.now = datetime(begin.year, begin.month, begin.day, tzinfo=samples.ZONE).astimezone(UTC)
    for _ in range(5 * 24 * 2):
        remind.turn(store, ours, clock)
        moments += [clock.now.astimezone(samples.ZONE)] * len(send(store, postman, clock))
        clock.move(MINUTE * 30)

    days = [moment.date() for moment in moments]
    assert days == [begin + timedelta(days=n) for n in range(5)]
    assert all(moment.time() in (at, time(3, 0), time(3, 30)) for moment in moments)


def test_a_digest_that_was_missed_is_one_and_tells_everything(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """After four days of standing still; and an organiser who was added gets it too."""
    ours = house()
    clock.now = datetime(2024, 3, 2, 7, 0, tzinfo=UTC)
    remind.turn(store, ours, clock)
    clock.move(MINUTE)
    receive(store, clock, ours, world.register("anna", "sport", 1, clock()))
    send(store, postman, clock)
    clock.move(DAY * 4)
    remind.turn(store, ours, clock)

    assert send(store, postman, clock) == ["ufficio"]
    assert b"anna@posta.example" in postman.accepted[-1][1].raw
    assert {parcel.recipient for _, parcel in postman.accepted} == {OFFICE, "anna@posta.example"}


def test_what_is_noted_late_is_told_in_the_next_digest(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """A deed decided just before the digest and committed just after it, behind a lock, is not lost between two."""
    ours = house()
    clock.now = datetime(2024, 3, 2, 6, 30, tzinfo=UTC)
    decided = clock() - timedelta(seconds=20)
    remind.turn(store, ours, clock)
    late = Clock(decided)
    receive(store, late, ours, world.register("anna", "sport", 1, late()))
    clock.move(DAY)
    last = store.last_digest()
    assert last is not None
    digest = store.digest(ours.series, clock().date(), last[1])

    assert [change.address for change in digest.changes] == ["anna@posta.example"]


# --- retention --------------------------------------------------------------------------------------------------------


def test_personal_data_ends_with_the_retention_time(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, ours: House
) -> None:
    """The person goes with their last meeting, their mails and letters with their age; the counts remain."""
    clock.now = world.MUSEI.starts_at + timedelta(days=89)
    remind.retire(store, ours, clock)
    assert len(store.registrations()) == 2
    clock.move(timedelta(days=2))
    remind.retire(store, ours, clock)

    assert store.registrations() == ()
    status = store.status(ours.series, clock())
    assert (status.outcomes, status.letters) == ({"act": 2}, {"sent": 2})
    assert remind.retire(store, ours, clock) == 0


def test_what_still_waits_is_kept_beyond_it(store: SqlStore, clock: Clock, ours: House) -> None:
    """A letter not yet sent keeps its bytes, a mail not yet handled too."""
    mailbox = MemoryMailbox(next_uid=50)
    mailbox.put(world.ask("anna", 7, clock()), clock())
    collect.turn(mailbox, store, ours, clock)
    impatient = replace(ours, retention=timedelta(0))
    clock.move(DAY * 400)
    remind.retire(store, impatient, clock)

    assert handle.turn(store, ours, clock) == 1
    assert {claim.parcel.recipient for claim in store.claim(10, clock())} == {"anna@posta.example"}

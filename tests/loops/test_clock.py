"""The clock misbehaves: summer time begins and ends, a day is jumped forward or back; reminders stay right."""

from datetime import datetime, timedelta

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.loops import deliver, remind
from tests import samples
from tests.loops import world
from tests.loops.test_remind import NO_DIGEST, configure, receive
from tests.loops.world import DAY, HOUR, MINUTE, SPORT, Clock, ScriptedPostman, house, register


@pytest.mark.parametrize("day", [datetime(2024, 3, 31), datetime(2024, 10, 27)])  # noqa: DTZ001  # a date of the zone
def test_a_reminder_the_day_before_comes_at_the_meetings_hour_across_summer_time(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, day: datetime
) -> None:
    """At six in the evening by the clock on the wall, and an hour before at five: once each."""
    starts = day.replace(hour=18, tzinfo=samples.ZONE)
    ours = configure(store, clock, world.series(sport={"starts_at": starts}))
    clock.now = starts - timedelta(days=4)
    receive(store, clock, ours, register("anna", "sport", 1, clock()))
    deliver.turn(postman, store, clock)
    postman.accepted.clear()
    clock.now = starts - timedelta(days=2)
    while clock() < starts + HOUR:
        remind.remind(store, ours, clock)
        deliver.turn(postman, store, clock)
        clock.now = (clock() + 10 * MINUTE).astimezone(samples.ZONE)

    local = [at.astimezone(samples.ZONE) for at, _ in postman.accepted]
    assert [(at.date(), at.hour, at.minute) for at in local] == [
        ((starts - timedelta(days=1)).date(), 18, 0),
        (starts.date(), 17, 0),
    ]


@pytest.mark.parametrize("begin", [-30 * HOUR, -25 * HOUR, -23 * HOUR, -2 * HOUR, -30 * MINUTE])
@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_jump_by_a_day_doubles_no_reminder_and_sends_none_after_the_start(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, begin: timedelta, jump: timedelta
) -> None:
    """The clock jumps, is put right an hour later, and goes on to the meeting and beyond."""
    ours = house(**NO_DIGEST)
    receive(store, clock, ours, register("anna", "sport", 1, clock()))
    deliver.turn(postman, store, clock)
    postman.accepted.clear()
    true = SPORT.starts_at + begin - HOUR
    while true < SPORT.starts_at + DAY:
        wrong = SPORT.starts_at + begin <= true < SPORT.starts_at + begin + HOUR
        clock.now = true + (jump if wrong else timedelta())
        remind.remind(store, ours, clock)
        deliver.turn(postman, store, clock)
        true += 10 * MINUTE

    said = [parcel.raw for _, parcel in postman.accepted]
    assert len(said) == len(set(said)) <= 2
    assert all(at < SPORT.starts_at for at, _ in postman.accepted)
    if jump < timedelta():
        assert len(said) == 2

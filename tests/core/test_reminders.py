"""What the calendar asks for."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mailbot.core import reminders
from mailbot.core.model import MeetingStatus
from tests import samples

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = samples.meeting().starts_at


@pytest.mark.parametrize(
    ("before_start", "due"),
    [
        (timedelta(days=2), None),
        (DAY + timedelta(seconds=1), None),
        (DAY, DAY),
        (timedelta(hours=2), DAY),
        (HOUR, HOUR),
        (timedelta(minutes=5), HOUR),
        (timedelta(0), None),
        (-HOUR, None),
    ],
)
def test_the_latest_reminder_whose_moment_has_passed_is_due(before_start: timedelta, due: timedelta | None) -> None:
    """None before its moment, one at a time, none once the meeting has begun."""
    found = reminders.due(samples.series(samples.meeting()), (DAY, HOUR), START - before_start)

    assert ([] if due is None else [due]) == [reminder.before for reminder in found]


def test_a_cancelled_meeting_reminds_nobody() -> None:
    """It does not take place."""
    series = samples.series(samples.meeting(status=MeetingStatus.CANCELLED))

    assert reminders.due(series, (DAY,), START - HOUR) == ()


def test_a_new_start_makes_a_new_reminder() -> None:
    """The purpose names the start, so that a moved meeting is reminded of again."""
    held = samples.registration()
    first, moved = (
        reminders.letter(held, reminders.Due(samples.meeting(day=day), DAY), samples.NOW) for day in (12, 13)
    )

    assert first.purpose != moved.purpose
    assert first.deadline <= START


@pytest.mark.parametrize(
    ("at", "last", "day"),
    [
        (datetime(2024, 2, 29, 12, 1, tzinfo=UTC), None, None),
        (datetime(2024, 2, 29, 22, 59, tzinfo=UTC), None, None),
        (datetime(2024, 3, 1, 6, 29, tzinfo=UTC), None, None),
        (datetime(2024, 3, 1, 6, 30, tzinfo=UTC), None, date(2024, 3, 1)),
        (datetime(2024, 3, 1, 6, 31, tzinfo=UTC), date(2024, 3, 1), None),
        (datetime(2024, 3, 1, 23, 30, tzinfo=UTC), date(2024, 3, 1), None),
        (datetime(2024, 3, 5, 20, 0, tzinfo=UTC), date(2024, 3, 1), date(2024, 3, 5)),
    ],
)
def test_the_digest_is_due_once_a_local_day(at: datetime, last: date | None, day: date | None) -> None:
    """At half past seven in Rome, and late rather than never; not at once where mailbot is first started at noon."""
    first_start = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)

    assert day == reminders.digest_day(at, time(7, 30), samples.series(), last, first_start)


def test_the_digest_is_sent_once_on_the_night_the_clocks_go_back() -> None:
    """At 02:30, which comes twice on 27 October 2024, only the first is due."""
    first, second = (datetime(2024, 10, 27, hour, 30, tzinfo=UTC) for hour in (0, 1))
    day = reminders.digest_day(first, time(2, 30), samples.series(), date(2024, 10, 26), first)

    assert date(2024, 10, 27) == day
    assert reminders.digest_day(second, time(2, 30), samples.series(), day, first) is None

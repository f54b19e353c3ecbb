"""Who is to be told what of a series that has changed, and when: what they were told decides, and nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailbot.core import changes
from mailbot.core.changes import Audience, Edition, Knowledge, News
from mailbot.core.model import LetterKind, MeetingStatus, RegistrationStatus
from tests import samples

CONFIRMED, WAITING, _ = RegistrationStatus
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GRACE = MINUTE * 10
NOW = samples.NOW
SPORT = samples.meeting()
START = SPORT.starts_at
OFF = {"status": MeetingStatus.CANCELLED}


def editions(*forms: tuple[datetime, dict[str, object]]) -> tuple[Edition, ...]:
    """The editions of a meeting, each from a moment on and with what differs from ``SPORT``."""
    made = (Edition.of(samples.meeting(**changes), at) for at, changes in forms)  # type: ignore[arg-type]
    return tuple(replace(edition, id=number) for number, edition in enumerate(made, start=1))


def notice(
    *forms: tuple[datetime, dict[str, object]], at: datetime, told: int = 1, status: RegistrationStatus = CONFIRMED
) -> changes.Notice | None:
    """What somebody who was told the edition ``told`` is to be told, after all of these."""
    audience = Audience("sport", told, status, 1)
    found = changes.notices(Knowledge({"sport": editions(*forms)}, (audience,)), GRACE, at)
    return next(iter(found), None)


@pytest.mark.parametrize(
    ("change", "news", "waiting_too"),
    [
        ({"starts_at": START + HOUR}, News.CHANGED, True),
        ({"duration": HOUR}, News.CHANGED, True),
        ({"join_url": "https://zoom.example/j/other"}, News.CHANGED, False),
        (OFF, News.CALLED_OFF, True),
        ({"title": "Altro"}, None, False),
        ({"sector": "altro", "capacity": 3, "status": MeetingStatus.CLOSED}, None, False),
    ],
    ids=["start", "length", "link", "off", "title", "rest"],
)
def test_what_concerns_participants_is_told(change: dict[str, object], news: News | None, waiting_too: bool) -> None:
    """Start, length, link and that it is off, after the grace; the link not to those who wait: they never had it."""
    forms = ((NOW, {}), (NOW + DAY, change))
    found = notice(*forms, at=NOW + DAY)
    waiting = notice(*forms, at=NOW + DAY, status=WAITING)

    assert (found and found.news) == news
    assert found is None or found.due_at == NOW + DAY + GRACE
    assert (waiting is not None) is waiting_too


def test_a_slip_that_is_mended_is_told_to_nobody() -> None:
    """But to those who signed up meanwhile, and were told the slip."""
    slip = ((NOW, {}), (NOW + DAY, {"starts_at": START + HOUR}), (NOW + DAY + MINUTE, {}))
    at = NOW + DAY + HOUR

    assert notice(*slip, at=at) is None
    assert notice(*slip, at=at, told=3) is None
    mended = notice(*slip, at=at, told=2)
    assert mended is not None
    assert (mended.was.starts_at, mended.now.starts_at) == (START + HOUR, START)
    assert mended.due_at == NOW + DAY + MINUTE + GRACE


def test_several_changes_are_one_notice_from_the_first_to_the_last() -> None:
    """The grace counts from the first; one that was mended long ago counts for nothing."""
    found = notice(
        (NOW, {}),
        (NOW + HOUR, {"starts_at": START + DAY}),
        (NOW + HOUR * 2, {}),
        (NOW + DAY, {"starts_at": START + HOUR}),
        (NOW + DAY + MINUTE * 8, {"starts_at": START + HOUR * 2, "join_url": "https://zoom.example/j/other"}),
        at=NOW + DAY + MINUTE * 9,
    )

    assert found is not None
    assert (found.was.starts_at, found.now.starts_at) == (START, START + HOUR * 2)
    assert found.due_at == NOW + DAY + GRACE


def test_who_signs_up_after_a_change_is_not_told() -> None:
    """The confirmation told them."""
    assert notice((NOW, {}), (NOW + DAY, {"starts_at": START + HOUR}), at=NOW + DAY, told=2) is None


def test_back_on_is_told_to_those_who_were_told_that_it_is_off() -> None:
    """The others are told of its new time; and one that is moved while it is off is off."""
    off, again = (NOW + DAY, OFF), (NOW + DAY * 2, {"starts_at": START + HOUR})
    told = notice((NOW, {}), off, again, at=NOW + DAY * 2, told=2)
    moved_while_off = (NOW + DAY * 2, {**OFF, "starts_at": START + HOUR})

    assert told is not None
    assert (told.news, told.due_at) == (News.ON_AFTER_ALL, NOW + DAY * 2 + GRACE)
    untold = notice((NOW, {}), off, again, at=NOW + DAY * 2)
    assert untold is not None
    assert untold.news is News.CHANGED
    assert notice((NOW, {}), off, moved_while_off, at=NOW + DAY * 2, told=2) is None


@pytest.mark.parametrize(
    ("noted", "change", "due"),
    [
        (START - HOUR * 2, {"starts_at": START + HOUR}, START - HOUR * 2 + GRACE),
        (START - MINUTE * 35, {"starts_at": START + HOUR}, START - MINUTE * 30),
        (START - MINUTE * 20, {"join_url": "https://zoom.example/j/other"}, START - MINUTE * 20),
        (START - HOUR, {"starts_at": START - MINUTE * 25}, START - MINUTE * 55),
        (START - MINUTE * 5, OFF, START - MINUTE * 5),
        (START + MINUTE * 20, {"starts_at": START + DAY}, START + MINUTE * 20),
        (START + MINUTE * 20, OFF, START + MINUTE * 20),
        (START + MINUTE * 20, {"join_url": "https://zoom.example/j/other"}, START + MINUTE * 20),
        (START + DAY, {"starts_at": START + DAY * 9}, START + DAY + GRACE),
    ],
)
def test_the_grace_ends_half_an_hour_before_the_meeting(
    noted: datetime, change: dict[str, object], due: datetime
) -> None:
    """The old start or the new, whichever is first; later than that, and while it is held, people are told at once."""
    found = notice((NOW, {}), (noted, change), at=noted)

    assert found is not None
    assert found.due_at == due


@pytest.mark.parametrize(
    ("at", "change"),
    [
        (START + SPORT.duration, {"join_url": "https://zoom.example/j/other"}),
        (START + SPORT.duration, OFF),
        (START - DAY, {"starts_at": START - DAY * 300}),
    ],
    ids=["over", "over and tidied away", "a start in the past"],
)
def test_nobody_is_told_of_what_is_over(at: datetime, change: dict[str, object]) -> None:
    """Nor that a meeting to come has been: that is a slip, and told once it is mended into another day to come."""
    assert notice((NOW, {}), (at, change), at=at) is None
    if "starts_at" in change:
        assert notice((NOW, {}), (at, change), (at + MINUTE, {"starts_at": START + DAY}), at=at + MINUTE)
        assert notice((NOW, {}), (at, change), (at + MINUTE, {}), at=at + MINUTE) is None


def test_a_meeting_that_is_gone_from_the_series_is_off() -> None:
    """Once; one that comes back is on again, with what it has now."""
    known = {"sport": editions((NOW, {}))}
    without = samples.series(samples.meeting("musei", 14))
    added = {edition.meeting: edition for edition in changes.new_editions(known, without, NOW + DAY)}
    gone = {"sport": (*known["sport"], added["sport"]), "musei": (added["musei"],)}

    assert (added["sport"].off, added["sport"].starts_at, added["musei"].off) == (True, START, False)
    assert changes.new_editions(gone, without, NOW + DAY * 2) == ()
    [back] = changes.new_editions(gone, samples.series(SPORT, samples.meeting("musei", 14)), NOW + DAY * 2)
    assert (back.meeting, back.off) == ("sport", False)


def test_what_an_older_version_did_not_keep_is_no_change() -> None:
    """Links, and whether a meeting was off."""
    old, new = editions((NOW, {}), (NOW + DAY, OFF))
    unknown = replace(old, join_url=None, off=None)
    audience = (Audience("sport", 1, CONFIRMED, 1),)

    assert changes.notices(Knowledge({"sport": (unknown, new)}, audience), GRACE, NOW + DAY) == ()


def test_the_letter_of_a_change_has_both_times_and_one_that_is_off_the_old() -> None:
    """A purpose for each registration and edition; of no use once the meeting is over."""
    held = samples.registration(sequence=3)
    moved = samples.meeting(starts_at=START + HOUR)
    change = notice((NOW, {}), (NOW + DAY, {"starts_at": moved.starts_at}), at=NOW + DAY)
    off = notice((NOW, {}), (NOW + DAY, {**OFF, "starts_at": moved.starts_at}), at=NOW + DAY)
    assert change is not None
    assert off is not None
    told, cancelled = changes.letter(held, change, moved, NOW), changes.letter(held, off, moved, NOW)

    assert (told.kind, cancelled.kind) == (LetterKind.CHANGE, LetterKind.CANCELLATION)
    assert told.was is not None
    assert (told.was.starts_at, told.registered[0].meeting, told.registered[0].sequence) == (START, moved, 3)
    assert (cancelled.withdrawn[0].meeting.starts_at, cancelled.registered) == (START, ())
    assert told.purpose != cancelled.purpose
    late = changes.letter(held, change, moved, moved.starts_at)
    assert late.deadline == moved.ends_at

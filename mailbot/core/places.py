"""Places in meetings: which end, which are given, who waits, and who moves up when one becomes free."""

from dataclasses import replace
from datetime import datetime

from mailbot.core.model import (
    ALL,
    Intent,
    Meeting,
    MeetingStatus,
    Place,
    Registration,
    RegistrationStatus,
    Request,
    Series,
)
from mailbot.core.names import Names
from mailbot.core.situation import Situation, Standing

CONFIRMED, WAITING, CANCELLED = RegistrationStatus


def withdrawals(
    intent: Intent, situation: Situation, series: Series, at: datetime
) -> tuple[tuple[Registration, ...], tuple[Meeting, ...]]:
    """The registrations that end, as they are afterwards, and the meetings declined without one."""
    ending = tuple(
        replace(held, status=CANCELLED, cancelled_at=at, sequence=held.sequence + 1)
        for held in situation.registrations
        if held.status is not CANCELLED
        and held.meeting not in intent.register
        and (intent.cancel == (ALL,) or held.meeting in intent.cancel or Request.ERASE in intent.requests)
        and at < known_meeting(series, held.meeting).starts_at
    )
    ended = {registration.meeting for registration in ending}
    declined = tuple(m for m in series.meetings if m.code in intent.cancel and m.code not in ended)
    return ending, declined


def places(
    intent: Intent,
    address: str,
    mine: tuple[Registration, ...],
    situation: Situation,
    series: Series,
    names: Names,
    at: datetime,
) -> tuple[tuple[Place, ...], tuple[Meeting, ...]]:
    """The places taken, waited for or held already in the meetings asked for; and the meetings that take nobody."""
    taken, refused = [], []
    for meeting in sorted((m for m in series.meetings if m.code in intent.register), key=lambda m: m.starts_at):
        before = next((held for held in mine if held.meeting == meeting.code), None)
        if meeting.status is MeetingStatus.CANCELLED:
            refused.append(meeting)
        elif before and before.status is not CANCELLED:
            taken.append(replace(place_of(before, series, situation), news=False))
        elif not meeting.is_to_come(at) or meeting.status is not MeetingStatus.OPEN:
            refused.append(meeting)
        else:
            uid = before.uid if before else names.calendar_uid(meeting.code, address)
            status = CONFIRMED if _has_room(meeting, situation) else WAITING
            queue = len(_standing(meeting.code, situation).waiting) + 1 if status is WAITING else None
            taken.append(Place(meeting, status, uid, before.sequence + 1 if before else 0, queue=queue))
    return tuple(taken), tuple(refused)


def _has_room(meeting: Meeting, situation: Situation) -> bool:
    """Whether a newcomer gets a place; somebody who waits comes first."""
    standing = _standing(meeting.code, situation)
    return meeting.capacity is None or (standing.confirmed < meeting.capacity and not standing.waiting)


def full(meetings: tuple[Meeting, ...], situation: Situation) -> tuple[Meeting, ...]:
    """Those of these meetings in which a newcomer would have to wait."""
    return tuple(meeting for meeting in meetings if not _has_room(meeting, situation))


def _standing(code: str, situation: Situation) -> Standing:
    return (situation.standings or {}).get(code, Standing())


def promotions(meeting: Meeting, standing: Standing, at: datetime) -> tuple[Registration, ...]:
    """Who moves up from the waiting list into the places that are free, in order."""
    if not meeting.is_to_come(at):
        return ()
    free = len(standing.waiting) if meeting.capacity is None else meeting.capacity - standing.confirmed
    return standing.waiting[: max(0, free)]


def moved_up(
    withdrawn: tuple[Registration, ...], situation: Situation, series: Series, at: datetime
) -> tuple[Registration, ...]:
    """Those who wait and get the places that the withdrawals free."""
    gone = {registration.id for registration in withdrawn}
    freed = {before.meeting for before in situation.registrations if before.id in gone and before.status is CONFIRMED}
    moved: list[Registration] = []
    for code in sorted(freed):
        standing = _standing(code, situation)
        left = Standing(standing.confirmed - 1, tuple(w for w in standing.waiting if w.id not in gone))
        moved += promotions(known_meeting(series, code), left, at)
    return tuple(replace(r, status=CONFIRMED) for r in moved)


def places_held(
    situation: Situation,
    withdrawn: tuple[Registration, ...],
    places: tuple[Place, ...],
    series: Series,
    at: datetime,
) -> tuple[Place, ...]:
    """Every place that whoever is answered holds once all is done, soonest first; none in a meeting over or off."""
    gone = {registration.id for registration in withdrawn}
    before = [
        place_of(registration, series, situation)
        for registration in situation.registrations
        if registration.status is not CANCELLED and registration.id not in gone
    ]
    now = {place.meeting.code: place for place in (*before, *places)}
    there = [p for p in now.values() if at < p.meeting.ends_at and p.meeting.status is not MeetingStatus.CANCELLED]
    return tuple(sorted(there, key=lambda place: place.meeting.starts_at))


def called_off(
    situation: Situation, withdrawn: tuple[Registration, ...], series: Series, at: datetime
) -> tuple[Meeting, ...]:
    """The meetings that whoever is answered would hold a place in, were they not cancelled; soonest first."""
    gone = {registration.id for registration in withdrawn}
    theirs = {r.meeting for r in situation.registrations if r.status is not CANCELLED and r.id not in gone}
    off = (m for m in series.meetings if m.status is MeetingStatus.CANCELLED and at < m.ends_at and m.code in theirs)
    return tuple(sorted(off, key=lambda meeting: meeting.starts_at))


def place_of(registration: Registration, series: Series, situation: Situation) -> Place:
    """A registration, as a letter tells it, with its turn where it waits."""
    meeting = known_meeting(series, registration.meeting)
    waiting = [other.id for other in _standing(meeting.code, situation).waiting]
    turn = waiting.index(registration.id) + 1 if registration.status is WAITING and registration.id in waiting else None
    return Place(meeting, registration.status, registration.uid, registration.sequence, queue=turn)


def known_meeting(series: Series, code: str) -> Meeting:
    """The meeting of a registration; the store hands over none whose meeting the series does not have."""
    meeting = series.meeting(code)
    assert meeting is not None, f"no meeting {code!r} in the series"
    return meeting

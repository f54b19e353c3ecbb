"""What the calendar asks for: reminders before each meeting, and the organisers' digest.

Nothing is stored ahead. Whenever the bell rings, ``due`` says which reminders the moment calls for, the live rows say
who is to get them, and a unique purpose sees to it that each gets it once. After a stop the reminder that comes
latest stands for those missed (nobody wants "tomorrow" and "in an hour" in one minute), and none is sent once the
meeting has begun.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mailbot.core.model import Address, Letter, LetterKind, Meeting, Place, Registration, Series
from mailbot.core.retry import PATIENCE


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose moment has come."""

    meeting: Meeting
    before: timedelta

    @property
    def moment(self) -> datetime:
        """When it fell due. Who signed up later than this does not need it."""
        return self.meeting.starts_at - self.before


def due(series: Series, befores: Sequence[timedelta], at: datetime) -> tuple[Due, ...]:
    """The reminders that are due at the moment ``at``: for each meeting to come, the latest whose moment has passed."""
    reminders = []
    for meeting in series.to_come(at):
        passed = [before for before in befores if meeting.starts_at - before <= at]
        if passed:
            reminders.append(Due(meeting, min(passed)))
    return tuple(reminders)


def purpose_around_uid(reminder: Due) -> tuple[str, str]:
    """Why a reminder is sent, without the registration's UID that stands in the middle.

    Once for a registration, a time before, and a start: a new start deserves a new reminder.
    """
    return f"reminder:{int(reminder.before.total_seconds())}s:", f":{reminder.meeting.starts_at.isoformat()}"


def letter(registration: Registration, reminder: Due, at: datetime) -> Letter:
    """The reminder for one registration."""
    person = registration.person
    place = Place(reminder.meeting, registration.status, registration.uid, registration.sequence, news=False)
    return Letter(
        kind=LetterKind.REMINDER,
        purpose=registration.uid.join(purpose_around_uid(reminder)),
        recipient=Address(person.address, person.name),
        language=person.language,
        deadline=min(at + PATIENCE[LetterKind.REMINDER], reminder.meeting.starts_at),
        registered=(place,),
        before=reminder.before,
        registration_id=registration.id,
    )


def digest_day(at: datetime, daily: time, series: Series, last: date | None, first_start: datetime) -> date | None:
    """The day whose digest is due at the moment ``at``, or None.

    A day is a local date of the series, so that it has one digest even when clocks change. ``last`` is the day of the
    last digest. After a stop of some days the one digest of today looks back over all of them. Before there has been
    any, the first is due at its first hour after the ``first_start``: nobody is mailed at noon that there is no news.
    """
    local = at.astimezone(series.timezone)
    day = local.date()
    hour = datetime.combine(day, daily, series.timezone)
    due = first_start <= hour if last is None else last < day
    return day if local.time() >= daily and due else None


def digest_letter(recipient: Address, occasion: str, series: Series, at: datetime) -> Letter:
    """The envelope of a digest to one organiser, once for each ``occasion``; ``core.digest`` has what is in it."""
    return Letter(
        kind=LetterKind.DIGEST,
        purpose=f"{occasion}:{recipient.address}",
        recipient=recipient,
        language=series.language,
        deadline=at + PATIENCE[LetterKind.DIGEST],
    )

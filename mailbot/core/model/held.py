"""What is held: the meetings of a series, the people who wrote, and their registrations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["it", "en"]
"""The languages that letters are written in; a folder of ``templates/`` each."""


class MeetingStatus(StrEnum):
    """Whether a meeting can be signed up for."""

    OPEN = "open"
    CLOSED = "closed"
    """It takes place, but takes nobody more."""
    CANCELLED = "cancelled"
    """It does not take place."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of the series, as the configuration gives it."""

    code: str
    title: str
    sector: str
    keywords: tuple[str, ...]
    starts_at: datetime
    duration: timedelta
    join_url: str
    capacity: int | None = None
    status: MeetingStatus = MeetingStatus.OPEN

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + self.duration

    def is_to_come(self, at: datetime) -> bool:
        """Whether it takes place and has not begun at the moment ``at``."""
        return self.status is not MeetingStatus.CANCELLED and at < self.starts_at


@dataclass(frozen=True, slots=True)
class Series:
    """The meetings of one announcement, and who holds them."""

    name: str
    organiser: str
    contact: str
    timezone: ZoneInfo
    language: Language
    meetings: tuple[Meeting, ...]

    def meeting(self, code: str) -> Meeting | None:
        """The meeting with this code, or None where the series has none."""
        return next((meeting for meeting in self.meetings if meeting.code == code), None)

    def to_come(self, at: datetime) -> tuple[Meeting, ...]:
        """The meetings that have not begun at the moment ``at`` and do take place, soonest first."""
        return tuple(sorted((m for m in self.meetings if m.is_to_come(at)), key=lambda m: (m.starts_at, m.code)))


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address with the name that stood beside it."""

    address: str
    """``local@domain``, lower case, never empty."""
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands behind the last ``@``."""
        return self.address.rpartition("@")[2]


class RegistrationStatus(StrEnum):
    """Where a registration stands."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Registration:
    """One person's place, or wish for a place, in one meeting."""

    id: int
    meeting: str
    """The meeting's code."""
    person: "Person"
    status: RegistrationStatus
    registered_at: datetime
    uid: str
    """The calendar UID: begins with the meeting's code and stays with the registration (RFC 5545 section 3.8.4.7)."""
    sequence: int = 0
    """The calendar SEQUENCE: raised when participants' calendars must change (RFC 5546 section 2.1.4)."""
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has written to us."""

    id: int
    address: str
    name: str = ""
    organisation: str = ""
    language: Language = "it"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything held on one person."""

    person: Person | None
    registrations: tuple[Registration, ...]
    mails: tuple[tuple[datetime, str, str], ...]
    """Their mails: when each came, its subject, and what it says where that is still kept."""
    letters: tuple[tuple[datetime, str, str, str], ...]
    """Ours to them: when each was queued, its kind, its state, and what it says where that is still kept."""
    history: tuple[tuple[datetime, str, str], ...] = ()
    """What happened to their registrations: when, what, and in which meeting."""

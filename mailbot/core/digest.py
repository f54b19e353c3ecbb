"""What the organisers read once a day: the few things that need a person, then the meetings, then the names.

The store answers the questions (``adapters.store``), this module says which questions there are, ``core.writing``
puts the answers into words. A digest looks back to the one before it: ``since`` is that one's moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailbot.core.changes import News
from mailbot.core.model import Meeting, Registration, Undelivered


class Deed(StrEnum):
    """What can happen to a registration."""

    REGISTERED = "registered"
    QUEUED = "queued"
    """Put on the waiting list."""
    PROMOTED = "promoted"
    """From the waiting list to a place."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class MeetingCount:
    """How a meeting stands."""

    meeting: Meeting
    confirmed: int
    waiting: int
    new: int
    """Registered or queued since the last digest, and still so."""
    withdrawn: int
    """Withdrawn since the last digest."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to one registration."""

    at: datetime
    deed: Deed
    meeting: str
    """The meeting's code."""
    name: str
    address: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Told:
    """How many were told of a change of a meeting."""

    meeting: Meeting
    """As they were told."""
    news: News
    count: int


@dataclass(frozen=True, slots=True)
class ToRead:
    """A mail that a person must read."""

    received_at: datetime
    sender: str
    subject: str
    opening: str
    """Its first words, at most a few lines."""
    why: str
    """Why the bot left it, in words."""
    done: tuple[Change, ...] = ()
    """What was done because of it all the same."""
    cut: bool = False
    """Whether it was too large to be read whole."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A mail that could not be handled: our own fault."""

    received_at: datetime
    sender: str
    subject: str
    error: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """What waits for the organisers' approval."""

    count: int
    """Of proposals."""
    since: datetime
    """When the oldest of them was made."""


@dataclass(frozen=True, slots=True)
class Digest:
    """One day's digest."""

    day: date
    """The day, in the series' zone, on which it is sent."""
    since: datetime | None
    """The moment of the digest before; None for the first."""
    meetings: tuple[MeetingCount, ...]
    changes: tuple[Change, ...]
    to_read: tuple[ToRead, ...]
    undelivered: tuple[Undelivered, ...]
    set_aside: tuple[SetAside, ...]
    registrations: tuple[Registration, ...]
    """All there are, for the attached table."""
    told: tuple[Told, ...] = ()
    """Which changes of meetings people were told, and how many of them."""
    left_alone: int = 0
    """Mails that lay in the mailbox at the first start and were left alone; the first digest tells it."""
    proposed: Proposed | None = None
    """What waits for the organisers' approval, where anything does."""


def lasting(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The last change of each person in each meeting: who waited and has moved up is told once, and waits no more."""
    last: dict[tuple[str, str], Change] = {}
    for change in changes:
        last.pop((change.meeting, change.address), None)
        last[change.meeting, change.address] = change
    return tuple(last.values())


def counted(changes: Iterable[Change], meeting: str) -> tuple[int, int]:
    """How many are new in a meeting, and how many have withdrawn, after all these changes.

    Somebody who was on the waiting list before and has moved up is not new.
    """
    deeds: dict[str, list[Deed]] = {}
    for change in changes:
        if change.meeting == meeting:
            deeds.setdefault(change.address, []).append(change.deed)
    came = sum(of[-1] in _COMING or (of[-1] is Deed.PROMOTED and bool(_COMING & set(of))) for of in deeds.values())
    return came, sum(of[-1] is Deed.WITHDRAWN for of in deeds.values())


_COMING = frozenset({Deed.REGISTERED, Deed.QUEUED})

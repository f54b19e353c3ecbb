"""The rows between the loops."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailbot.core.approval import Proposals
from mailbot.core.changes import Knowledge, Notice
from mailbot.core.digest import Digest
from mailbot.core.model import Holdings, Kind, Letter, Mail, Outcome, Registration, Series, Undelivered
from mailbot.core.reminders import Due
from mailbot.core.restraint import Answered
from mailbot.core.retry import Verdict
from mailbot.core.situation import Decision, Situation, Standing
from mailbot.ports.servers import Arrival, Parcel


class StoreTrouble(Exception):
    """The database cannot be read or written; the message says what to mend. Worth another try later."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read."""

    folder: str
    uidvalidity: int
    uid: int
    """The greatest UID that has been kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that is to be kept."""

    arrival: Arrival
    fingerprint: str
    """The same for the same mail delivered twice."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A mail that is handled and still lies in the folder it was read from."""

    uid: int
    outcome: Outcome | None
    to_read: bool
    """A person must read it, or it was set aside."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A kept mail that waits to be handled."""

    id: int
    fingerprint: str
    raw: bytes
    received_at: datetime
    truncated: bool


@dataclass(frozen=True, slots=True)
class Handled:
    """What is noted of a handled mail for the organisers."""

    outcome: Outcome
    kind: Kind
    attention: bool
    sender: str
    subject: str
    opening: str
    why: str
    awaits: str = ""
    """The code that confirms what it asks for, where that waits to be confirmed."""
    awaits_until: datetime | None = None
    restrained: str = ""
    """Which limit kept it from being answered."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An outgoing mail that is this process's to try."""

    parcel: Parcel
    tries: int
    """This try included."""
    deadline: datetime


class Work(Protocol):
    """One write transaction: all of it is committed at the end, or nothing."""

    @property
    def proposals(self) -> Proposals:
        """What waits for the organisers."""

    def savepoint(self) -> AbstractContextManager[object]:
        """What is done inside is undone alone where an exception leaves it."""

    def situation(self, series: Series, address: str, attendee: str | None) -> Situation:
        """The facts that a decision about a mail from ``address`` may look at, its ``export`` aside."""

    def holdings(self, address: str) -> Holdings:
        """Everything held on whoever has this address."""

    def apply(self, decision: Decision, inbound_id: int | None, at: datetime) -> None:
        """Stores what was decided about places; letters and erasure apart."""

    def answered(self, address: str, at: datetime) -> Answered:
        """How many answers there were until now, to this address, its domain, and in all."""

    def take_awaiting(self, code: str, at: datetime) -> Inbound | None:
        """The mail whose wish this code confirms, where it still waits; a code serves once."""

    def note_bounce(self, names: Sequence[str], reply: str, inbound_id: int, at: datetime) -> bool:
        """The letter with one of these names has come back; False where we sent none."""

    def bounced(self, since: datetime, upto: datetime) -> tuple[Undelivered, ...]:
        """The letters that came back after ``since`` and until ``upto``."""

    def queue(
        self, letter: Letter, mail: Mail, inbound_id: int | None, at: datetime, proposal: int | None = None
    ) -> bool:
        """Puts a mail into the outbox, as part of a proposal or not; False where its purpose is served already."""

    def settle(self, inbound_id: int, handled: Handled, at: datetime) -> None:
        """This collected mail is handled."""

    def forget(self, address: str, at: datetime) -> int:
        """Erases whoever has this address, but for counts; answers how many rows were touched."""

    def standings(self, series: Series) -> Mapping[str, Standing]:
        """How full each meeting is, by code."""

    def to_remind(self, reminder: Due, limit: int) -> list[Registration]:
        """Who is to get this reminder and has not been queued it."""

    def to_tell(self, notice: Notice, limit: int) -> list[Registration]:
        """Who is to get this notice and has not been queued it."""

    def note_told(self, told: Registration, notice: Notice, at: datetime) -> None:
        """This person knows; ``told`` has the SEQUENCE that they were told."""

    def digest(self, series: Series, day: date, since: datetime | None, upto: datetime | None = None) -> Digest:
        """What the digest of a day says of all that happened after ``since`` and until ``upto``."""

    def note_digest(self, day: date, at: datetime) -> None:
        """The digest of this day is queued, and tells what happened until ``at``."""


class Store(Protocol):
    """The rows between the loops. Every method is a transaction and may raise ``StoreTrouble``."""

    def cursor(self, folder: str) -> Cursor | None:
        """How far this folder has been read."""

    def keep(self, kept: Sequence[Kept], upto: Cursor, at: datetime) -> int:
        """Keeps mails and moves the cursor; answers how many of them were not known."""

    def note_left_alone(self, count: int) -> None:
        """So many mails lay in the mailbox at the first start and are left alone."""

    def unfiled(self, folder: str, uidvalidity: int, limit: int) -> list[Filing]:
        """Handled mails that still lie in the folder."""

    def note_filed(self, folder: str, uidvalidity: int, uids: Sequence[int], at: datetime) -> None:
        """These mails have been filed, or need not be."""

    def take(self, limit: int, at: datetime, *, calm: bool = True) -> list[Inbound]:
        """The oldest mails that wait to be handled, counted as tried; one tried before comes alone.

        The last try of a mail with which the process has ended is left for when all is ``calm``.
        """

    def give_back(self, inbound_ids: Sequence[int]) -> None:
        """These mails were taken, but not tried: the world was in the way."""

    def note_failure(self, inbound_id: int, error: str, at: datetime) -> bool:
        """Handling failed by a fault of ours; True where the mail is now set aside."""

    def work(self) -> AbstractContextManager[Work]:
        """One write transaction."""

    def claim(self, limit: int, at: datetime) -> list[Claimed]:
        """The outgoing mails that are due for a try; those whose time is over are given up, or withheld, instead."""

    def settle(self, outbox_id: int, verdict: Verdict, at: datetime) -> None:
        """What became of a try."""

    def recover(self, at: datetime) -> int:
        """Puts back into the queue what is marked as being sent and is not; answers how many."""

    def next_try_at(self) -> datetime | None:
        """When the next outgoing mail is due."""

    def last_digest(self) -> tuple[date, datetime] | None:
        """The day and the moment of the last digest."""

    def digest(self, series: Series, day: date, since: datetime | None) -> Digest:
        """What the digest of a day says of all that happened after ``since``."""

    def knowledge(self) -> Knowledge:
        """What people know of the meetings."""

    def forget_before(self, moment: datetime) -> int:
        """Empties everything older of what is personal; answers how many rows were touched."""

    def in_trouble(self, server: str) -> bool:
        """Whether a server could not be reached when it was last tried."""

    def note_contact(self, server: str, at: datetime, trouble: str = "") -> None:
        """A server was reached, or not and why. Letters that waited for the SMTP server are due once it is back."""

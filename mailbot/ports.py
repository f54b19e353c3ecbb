"""What the loops need of the world, as types: a mailbox, a postman, a clock and a store.

``adapters`` fulfil these, ``daemon`` brings the two together, and a test may stand in with something that misbehaves
on cue. Nothing in here knows IMAP, SMTP or SQL. The trouble the world makes has one name a port, so that a loop
needs to know no library's exceptions: ``MailboxTrouble`` for the mailbox (try again later), ``Refused`` and
``Unreachable`` as plain answers from the postman, ``StoreTrouble`` for the store.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time. A function of no arguments serves."""

    def __call__(self) -> datetime:
        """The present moment, aware, in UTC."""


# --- the mailbox ------------------------------------------------------------------------------------------------------


class MailboxTrouble(Exception):
    """The mailbox cannot be reached or will not answer; the message says what to mend. Worth another try later."""


class LoginRefused(MailboxTrouble):
    """The server answers, but refuses the user name or the password."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as the mailbox holds it."""

    uid: int
    raw: bytes
    """The whole mail; of one over the size limit, what ``truncated`` says."""
    received_at: datetime
    """IMAP's INTERNALDATE: when the server got it."""
    size: int
    """Bytes of the whole mail."""
    truncated: bool = False
    """Over the size limit: ``raw`` is a well-formed mail of its headers and its readable text alone."""


class Mailbox(Protocol):
    """One folder of one account, owned by one thread. Every method may raise ``MailboxTrouble``."""

    folder: str

    def open(self) -> int:
        """Connect where not connected, select the folder read-only in effect, answer its UIDVALIDITY."""

    def uids_after(self, uid: int) -> list[int]:
        """The UIDs greater than ``uid``, ascending."""

    def fetch(self, uids: Sequence[int]) -> Iterator[Arrival]:
        """These mails, ascending by UID, without marking them as seen; those gone meanwhile are left out."""

    def wait(self, seconds: float) -> None:
        """Return when mail may have arrived, on ``interrupt``, or after at most ``seconds``."""

    def interrupt(self) -> None:
        """Make a ``wait`` under way in another thread return soon. Never raises."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails into a folder beside, made where missing."""

    def close(self) -> None:
        """Log out. Never raises."""


# --- the postman ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """An outgoing mail on its way: what the postman gets to see of it."""

    id: int
    """Our own number for it."""
    recipient: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took it: from here on it is theirs."""

    reply: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no, for now (4xx) or for good (5xx)."""

    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The server could not be talked to, or fell silent; whether it took the mail is not known."""

    reason: str


Receipt = Accepted | Refused | Unreachable


class Postman(Protocol):
    """Hands mails to the SMTP server over connections that it keeps open. Never raises for the world's trouble."""

    def deliver(self, parcels: Sequence[Parcel]) -> Iterator[tuple[Parcel, Receipt]]:
        """Try each parcel once; each with its receipt as soon as there is one, in any order."""

    def close(self) -> None:
        """Say goodbye. Never raises."""



"""The two servers: the mailbox that mail is read from, and the postman that takes it away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from mailbot.core.retry import Receipt

# --- the mailbox ------------------------------------------------------------------------------------------------------


class MailboxTrouble(Exception):
    """The mailbox cannot be reached or will not answer; the message says what to mend. Worth another try later."""


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

    def uids_after(self, uid: int, since: date) -> list[int]:
        """The UIDs greater than ``uid`` of mails that the server got on the day ``since`` or later, ascending."""

    def fetch(self, uids: Sequence[int]) -> Iterator[Arrival]:
        """These mails, ascending by UID, without marking them as seen; those gone meanwhile are left out."""

    def wait(self, seconds: float) -> None:
        """Return when mail may have arrived, on ``interrupt``, or after at most ``seconds``, or sooner."""

    def interrupt(self) -> None:
        """Make a ``wait`` under way in another thread return soon. Never raises."""

    def abandon(self) -> None:
        """Break off whatever is under way in another thread, which then meets trouble. Never raises."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails into a folder beside, made where missing."""

    def leave(self) -> None:
        """Log out, until the next ``open``. Never raises."""

    def close(self) -> None:
        """Log out, for good. Never raises."""


# --- the postman ------------------------------------------------------------------------------------------------------


class PostmanTrouble(Exception):
    """The SMTP server cannot be used; the message says what to mend. A delivery never raises it, trying it out does."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An outgoing mail on its way: what the postman gets to see of it."""

    id: int
    """Our own number for it."""
    recipient: str
    raw: bytes
    in_time: Callable[[], bool] = field(default=lambda: True, compare=False, repr=False)
    """Asked just before it is begun: a rate limit or a slow server may have kept it waiting past its time."""


class Postman(Protocol):
    """Hands mails to the SMTP server over connections that it keeps open. Never raises for the world's trouble."""

    def deliver(self, parcels: Sequence[Parcel], stopping: Callable[[], bool]) -> Iterator[tuple[Parcel, Receipt]]:
        """Try each parcel once; each with its one receipt as soon as there is one, in any order.

        Once ``stopping`` says yes, no other parcel is begun: those have no receipt, what is in hand still gets its.
        Nor has one that is not ``in_time`` any more.
        """

    def close(self) -> None:
        """Say goodbye. Never raises."""

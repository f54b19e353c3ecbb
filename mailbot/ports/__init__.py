"""What the loops need of the world, as types: a mailbox, a postman, a clock and a store.

``adapters`` fulfil these, ``daemon`` brings the two together, and a test may stand in with something that misbehaves
on cue. Nothing in here knows IMAP, SMTP or SQL. The trouble the world makes has one name a port, so that a loop
needs to know no library's exceptions: ``MailboxTrouble`` for the mailbox (try again later), ``Refused`` and
``Unreachable`` as plain answers from the postman, ``StoreTrouble`` for the store.
"""

from datetime import datetime
from typing import Protocol

from mailbot.core.retry import Accepted, Receipt, Refused, Unreachable
from mailbot.ports.servers import Arrival, Mailbox, MailboxTrouble, Parcel, Postman, PostmanTrouble
from mailbot.ports.store import Claimed, Cursor, Filing, Handled, Inbound, Kept, Store, StoreTrouble, Work

__all__ = [
    "Accepted",
    "Arrival",
    "Claimed",
    "Clock",
    "Cursor",
    "Filing",
    "Handled",
    "Inbound",
    "Kept",
    "Mailbox",
    "MailboxTrouble",
    "Parcel",
    "Postman",
    "PostmanTrouble",
    "Receipt",
    "Refused",
    "Store",
    "StoreTrouble",
    "Unreachable",
    "Work",
]


class Clock(Protocol):
    """The time. A function of no arguments serves."""

    def __call__(self) -> datetime:
        """The present moment, aware, in UTC."""

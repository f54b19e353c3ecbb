"""How the service stands, for who runs it, and the one rule that says whether that is well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.digest import Proposed
from mailbot.core.restraint import Restraint

SILENCE = timedelta(minutes=15)
"""How long a server may not have been reached before that is trouble."""
DELAY = timedelta(hours=1)
"""How long a letter or a mail may wait before that is trouble."""


LATELY = timedelta(days=1)
"""How long a mail that was set aside counts as trouble."""


@dataclass(frozen=True, slots=True)
class Contact:
    """When a server was last reached, and what was the matter since."""

    at: datetime | None
    trouble: str
    """Empty where the last try went well."""


@dataclass(frozen=True, slots=True)
class MeetingStanding:
    """The registrations of one meeting."""

    code: str
    confirmed: int
    waiting: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Status:
    """The service at one moment."""

    meetings: tuple[MeetingStanding, ...]
    outcomes: Mapping[str, int]
    """Handled mails by outcome, and those ``new`` and ``set-aside``."""
    letters: Mapping[str, int]
    """Outgoing mails by state."""
    contacts: Mapping[str, Contact]
    """By server: ``imap``, ``smtp``."""
    oldest_new: datetime | None
    """When the oldest mail that waits to be handled was collected."""
    oldest_letter: datetime | None
    """When the oldest letter that waits to be sent was queued."""
    set_aside_lately: int
    """Mails set aside within ``LATELY``."""
    restrained_lately: Mapping[str, int] = field(default_factory=dict)
    """Mails that a limit kept from being answered within ``LATELY``, by limit."""
    bounced_lately: int = 0
    """Letters that came back within ``LATELY``."""
    to_read: int = 0
    """Mails that were left to a person."""
    proposed: Proposed | None = None
    """What waits for the organisers' approval, where anything does."""


def troubles(status: Status, at: datetime) -> tuple[str, ...]:
    """What is not well at the moment ``at``, a sentence each, with times in its zone; empty where all is well."""
    found = []
    for server in ("imap", "smtp"):
        contact = status.contacts.get(server)
        # The mailbox is asked all the time; the SMTP server only when there is something to send.
        if contact is None or contact.at is None:
            found += [f"{server}: never reached{_because(contact)}"] if server == "imap" or contact else []
        elif contact.trouble:
            found.append(f"{server}: {contact.trouble}")
        elif server == "imap" and at - contact.at > SILENCE:
            last = contact.at.astimezone(at.tzinfo)
            found.append(f"imap: last reached {last:%Y-%m-%d %H:%M %Z}; is `mailbot run` running?")
    if status.oldest_new and at - status.oldest_new > DELAY:
        found.append("mails have been waiting to be handled for more than an hour")
    if status.oldest_letter and at - status.oldest_letter > DELAY:
        found.append("letters have been waiting to be sent for more than an hour")
    if status.set_aside_lately:
        found.append(f"{status.set_aside_lately} mail(s) set aside by a fault of mailbot's; the digest shows them")
    if stopped := status.restrained_lately.get(Restraint.ALL):
        found.append(f"{stopped} mail(s) not answered because `limits.per_hour` was reached; the digest shows them")
    return tuple(found)


def _because(contact: Contact | None) -> str:
    return f" ({contact.trouble})" if contact and contact.trouble else ""

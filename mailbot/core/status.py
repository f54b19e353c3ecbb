"""How the service stands, for who runs it, and the one rule that says whether that is well."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    file: Path
    schema: str
    mails: int
    registrations: int
    letters: int


class Level(IntEnum):
    """How bad it is; the numbers are those of the monitoring plug-ins (Nagios, Icinga)."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not well."""

    level: Level
    """Critical: people get no answer now. A warning: somebody should look today."""
    words: str


def level(found: Iterable[Trouble]) -> Level:
    """How bad it is in all."""
    return max((trouble.level for trouble in found), default=Level.OK)


def troubles(status: Status, at: datetime) -> tuple[Trouble, ...]:
    """What is not well at the moment ``at``, a sentence each, with times in its zone; empty where all is well."""
    found = [trouble for server in ("imap", "smtp") for trouble in _of_server(server, status.contacts.get(server), at)]
    if status.oldest_new and at - status.oldest_new > DELAY:
        found.append(Trouble(Level.CRITICAL, "mails have been waiting to be handled for more than an hour"))
    if status.oldest_letter and at - status.oldest_letter > DELAY:
        found.append(Trouble(Level.CRITICAL, "letters have been waiting to be sent for more than an hour"))
    if aside := status.set_aside_lately:
        words = f"{aside} mail(s) set aside by a fault of mailbot's; the digest shows them"
        found.append(Trouble(Level.WARNING, words))
    if stopped := status.restrained_lately.get(Restraint.ALL):
        words = f"{stopped} mail(s) not answered because `limits.per_hour` was reached; the digest shows them"
        found.append(Trouble(Level.CRITICAL, words))
    return tuple(found)


def _of_server(server: str, contact: Contact | None, at: datetime) -> Iterator[Trouble]:
    # The mailbox is asked all the time; the SMTP server only when there is something to send.
    if contact is None or contact.at is None:
        if server == "imap" or contact:
            because = f" ({contact.trouble})" if contact and contact.trouble else ""
            yield Trouble(Level.CRITICAL, f"{server}: never reached{because}")
        return
    silent = at - contact.at > SILENCE
    if contact.trouble:
        # A server that was there a moment ago is usually back in another.
        yield Trouble(Level.CRITICAL if silent else Level.WARNING, f"{server}: {contact.trouble}")
    elif server == "imap" and silent:
        last = contact.at.astimezone(at.tzinfo)
        yield Trouble(Level.CRITICAL, f"imap: last reached {last:%Y-%m-%d %H:%M %Z}; is `mailbot run` running?")

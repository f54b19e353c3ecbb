"""What came in: a mail as read, passage by passage, and who or what wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from mailbot.core.model.held import Address


class Kind(StrEnum):
    """Who or what wrote a message."""

    PERSON = "person"
    PEC = "pec"
    """A person, by Italian certified mail."""
    CALENDAR = "calendar"
    """A calendar's answer at its owner's click: accepted, tentative or declined."""
    CLICK = "click"
    """Another mail that a program wrote at the sender's click, such as an unsubscribe mail."""
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    """Read and delivery receipts, those of certified mail included."""
    LIST = "list"
    """Mailing lists, newsletters, circulars: bulk."""
    NOTICE = "notice"
    """Any other mail of a program: no-reply notifications, alarms."""
    SPAM = "spam"
    OWN = "own"
    """Our own mail, come back."""

    @property
    def is_machine(self) -> bool:
        """Whether nothing may ever be sent in answer."""
        return self not in (Kind.PERSON, Kind.PEC, Kind.CALENDAR, Kind.CLICK)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who or what wrote a message, and what gave it away."""

    kind: Kind
    clues: tuple[str, ...] = ()
    """Short sentences, strongest first; empty where nothing spoke against a person."""


class Authentication(StrEnum):
    """Whether a mail is known to come from the address that would be answered (RFC 8601)."""

    PASSED = "passed"
    ABSENT = "absent"
    """Nobody has said so or otherwise."""
    FAILED = "failed"


class PassageKind(StrEnum):
    """Whose words a passage of a body holds."""

    OWN = "own"
    """What the sender wrote now."""
    ATTRIBUTION = "attribution"
    """The line or block that introduces a quote: "Il giorno … ha scritto:", "Da: … Inviato: … Oggetto: …"."""
    QUOTE = "quote"
    """Mail that is answered."""
    FORWARD = "forward"
    """Mail or an announcement that is passed on, or pasted below the sender's own words."""
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    """Legal and antivirus footers, "Inviato da iPhone", list footers."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of lines of a body that have one author."""

    kind: PassageKind
    text: str
    """Lines joined by ``\\n``, without quote marks, NFC, no control characters, never only blanks."""


@dataclass(frozen=True, slots=True)
class CalendarReply:
    """An iMIP answer (RFC 5546 section 3.2.3, RFC 6047)."""

    uid: str
    partstat: Literal["ACCEPTED", "TENTATIVE", "DECLINED"]


@dataclass(frozen=True, slots=True)
class Message:
    """A mail as read. Where something is missing or broken the field is empty; reading never raises."""

    sender: Address | None
    """The first usable address of From (inside the envelope, for certified mail)."""
    reply_to: Address | None
    """Where an answer goes: the first usable address of Reply-To, else ``sender``."""
    subject: str
    """Decoded, on one line."""
    date: datetime | None
    message_id: str
    """With angle brackets, or empty."""
    references: tuple[str, ...]
    """The mails before it in its thread; the one it answers, where it names no others (RFC 5322 section 3.6.4)."""
    body: tuple[Passage, ...]
    """Everything readable in the order in which it is written; nothing is thrown away."""
    origin: Origin
    calendar_reply: CalendarReply | None = None
    attachments: tuple[str, ...] = ()
    """File names, cleaned of paths and control characters."""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every header of the outermost mail: name in lower case → values decoded, unfolded, in order (capped)."""

    def text(self, *kinds: PassageKind) -> str:
        """The passages of these kinds (``OWN`` where none is named), joined by a blank line."""
        wanted = kinds or (PassageKind.OWN,)
        return "\n\n".join(passage.text for passage in self.body if passage.kind in wanted)


class InboundState(StrEnum):
    """Where a collected mail stands."""

    NEW = "new"
    HANDLED = "handled"
    SET_ASIDE = "set-aside"
    """It could not be handled, by a fault of ours; kept, and shown to the organisers."""

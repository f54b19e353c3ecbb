"""The nouns: what the rooms of the core hand to each other.

A mail comes in as bytes and becomes a ``Message``; read against a ``Series`` of ``Meeting``s it becomes an ``Intent``;
with the few facts that may bear on it (a ``Situation``, in ``core.decide``) the intent becomes a decision, which holds
``Letter``s; a letter, written out, is an outgoing ``Mail``. All of them are frozen: nobody changes what
somebody else has read. Every ``datetime`` in here is aware. Addresses are compared and stored in lower case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["it", "en"]
"""The languages that letters are written in; a folder of ``templates/`` each."""


# --- what is held -----------------------------------------------------------------------------------------------------


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


# --- what came in -----------------------------------------------------------------------------------------------------


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
    in_reply_to: str
    references: tuple[str, ...]
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


# --- what is wanted ---------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What becomes of a mail."""

    ACT = "act"
    """What is wanted can be told: it is done."""
    ASK = "ask"
    """The sender wants in or out, but which meeting cannot be told: they are offered the meetings."""
    ATTENTION = "attention"
    """A person must read it."""
    IGNORE = "ignore"
    """A machine wrote it: nothing is sent."""


class Request(StrEnum):
    """What may be asked for beside places in meetings."""

    LINK = "link"
    STATUS = "status"
    EXPORT = "export"
    ERASE = "erase"


class Doubt(StrEnum):
    """Why the sender had to be asked; the letter says so."""

    UNNAMED = "unnamed"
    """No meeting was named."""
    NO_SUCH_DATE = "no-such-date"
    """A day was named on which no meeting is."""
    OVER = "over"
    """The meeting that was named has taken place."""
    CONTRADICTION = "contradiction"
    """Two clues name different meetings."""
    SEVERAL = "several"
    """What was written fits more than one meeting."""


ALL = "*"
"""In ``Intent.cancel``: every meeting that the sender is signed up for."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What the sender of a message wants, and what tells it. The outcomes and rules are those of ``docs/reading.md``."""

    outcome: Outcome
    register: tuple[str, ...] = ()
    """Codes of meetings, sorted; empty unless ``outcome`` is ``ACT``."""
    cancel: tuple[str, ...] = ()
    """Codes of meetings, sorted, or ``(ALL,)``; empty unless ``outcome`` is ``ACT``."""
    requests: tuple[Request, ...] = ()
    """Sorted by value; empty unless ``outcome`` is ``ACT``."""
    attention: bool = False
    """A person must read the mail too, whatever else was done."""
    language: Language = "it"
    doubt: Doubt | None = None
    """Where ``outcome`` is ``ASK``: why."""
    name: str = ""
    """The sender's name, as signed or as in From."""
    organisation: str = ""
    attendee: Address | None = None
    """Another person who is to be registered, where the mail gives their address."""
    question: str = ""
    """Where ``attention``: the sentences that a person must answer."""
    evidence: tuple[str, ...] = ()
    """The clues, strongest first, each a short sentence a person understands."""
    runner_up: str = ""
    """The reading that came second, in words; empty where none came near."""


# --- what goes out ----------------------------------------------------------------------------------------------------


class LetterKind(StrEnum):
    """The letters; each has a template of its name, ``.txt`` and ``.html``, in each language's folder."""

    CONFIRMATION = "confirmation"
    """Signed up, put on the waiting list, moved; or already signed up."""
    WITHDRAWAL = "withdrawal"
    MENU = "menu"
    """Which meeting? The meetings to choose from."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """A person will read it."""
    STATUS = "status"
    """What you are signed up for, and the links."""
    EXPORT = "export"
    """Everything held on you."""
    ERASURE = "erasure"
    """It is erased."""
    PROMOTION = "promotion"
    """A place has become free, and it is yours."""
    REMINDER = "reminder"
    DIGEST = "digest"
    """To the organisers."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The mail that a letter answers."""

    subject: str
    message_id: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A person's standing in one meeting, as a letter tells it."""

    meeting: Meeting
    status: RegistrationStatus
    uid: str
    sequence: int
    news: bool = True
    """Whether this mail changed it; False where it stood so before."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said to one recipient, before it is put into words. ``core.writing`` puts it into words."""

    kind: LetterKind
    purpose: str
    """Why it is sent, as a unique key: a second letter with the same purpose is never queued."""
    recipient: Address
    language: Language
    deadline: datetime
    """After this moment it is of no use any more and is given up."""
    thread: Thread | None = None
    registered: tuple[Place, ...] = ()
    """Places taken, or already held, or waited for."""
    withdrawn: tuple[Place, ...] = ()
    declined: tuple[Meeting, ...] = ()
    """Meetings the sender withdrew from without having been signed up."""
    held: tuple[Place, ...] = ()
    """All that the recipient holds now: for ``STATUS`` and ``EXPORT``."""
    refused: tuple[Meeting, ...] = ()
    """Meetings asked for that take nobody more: over, closed or cancelled."""
    offers: tuple[Meeting, ...] = ()
    """For ``MENU``: the meetings to choose from."""
    doubt: Doubt | None = None
    requests: tuple[Request, ...] = ()
    attention: bool = False
    """Say that a person will read the mail too."""
    attendee: Address | None = None
    """The person signed up in the sender's stead."""
    before: timedelta | None = None
    """For ``REMINDER``: how long before the start it was due."""
    attachments: tuple[Attachment, ...] = ()
    registration_id: int | None = None
    """The registration it is about, where it is about one alone; a reminder is withheld when that is cancelled."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter written out: final bytes for one recipient. Every try sends the same bytes."""

    message_id: str
    recipient: str
    raw: bytes

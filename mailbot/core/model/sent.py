"""What goes out: letters, before they are put into words, and mails, after."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailbot.core.model.held import Address, Language, Meeting, RegistrationStatus
from mailbot.core.model.proposed import Order, Proposal
from mailbot.core.model.wanted import Doubt, Request


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
    VERIFICATION = "verification"
    """Was it you? What was asked for is done once it is confirmed."""
    PROMOTION = "promotion"
    """A place has become free, and it is yours."""
    CHANGE = "change"
    """The meeting has another time or link, or takes place after all."""
    CANCELLATION = "cancellation"
    """The meeting is called off."""
    REMINDER = "reminder"
    DIGEST = "digest"
    """To the organisers."""
    ALARM = "alarm"
    """To the organisers: answering has stopped, or somebody did not get what we sent."""
    APPROVAL = "approval"
    """To the organisers: which letters wait for them, to send or not to send at one tap."""
    DONE = "done"
    """To one organiser: what was done at their tap."""


TO_ORGANISERS = (LetterKind.DIGEST, LetterKind.ALARM, LetterKind.APPROVAL, LetterKind.DONE)
"""Letters that tell of people other than their reader."""


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
    queue: int | None = None
    """For one who waits: which in the waiting list, 1 being the next; None where nobody counted."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


class Advice(StrEnum):
    """What can be done about a letter that did not arrive."""

    ONLY_CERTIFIED = "only-certified"
    """The mailbox takes certified mail alone, as most of Italy's PEC mailboxes do."""
    NO_SUCH_ADDRESS = "no-such-address"
    FULL = "full"
    LATER = "later"
    REFUSED = "refused"


_SIGNS = (
    (
        Advice.ONLY_CERTIFIED,
        r"(?:solo|soltanto|esclusivamente|only)\b.{0,60}(?:certificat|certified|\bpec\b)|posta ordinaria",
    ),
    (Advice.FULL, r"\b[45]\.2\.2\b|over ?quota|quota exceeded|mailbox (?:is )?full|casella piena|\b[45]52[ -]"),
    (
        Advice.NO_SUCH_ADDRESS,
        r"\b[45]\.1\.(?:[0-36]|10)\b|(?:no such|unknown|invalid) (?:user|recipient|address|mailbox)|user unknown|"
        r"does not exist|sconosciut|inesistente|non esist|non valid",
    ),
    (Advice.LATER, r"\b4\.\d{1,3}\.\d{1,3}\b|^4\d\d\b|time is over|timed? ?out|unreachable"),
)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A letter that was given up, or that has come back."""

    at: datetime
    kind: LetterKind
    recipient: str
    error: str
    """What the server said."""

    @property
    def advice(self) -> Advice:
        """What can be done about it, as far as the server's words tell."""
        found = (each for each, signs in _SIGNS if re.search(signs, self.error[:1_000], re.IGNORECASE))
        return next(found, Advice.REFUSED)


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
    """All that the recipient holds now."""
    refused: tuple[Meeting, ...] = ()
    """Meetings asked for that take nobody more: over, closed or cancelled. Cancelled ones they held a place in, too."""
    offers: tuple[Meeting, ...] = ()
    """For ``MENU``: the meetings to choose from."""
    full: tuple[Meeting, ...] = ()
    """Of the offers, those whose places are taken: who chooses one waits."""
    doubt: Doubt | None = None
    requests: tuple[Request, ...] = ()
    attention: bool = False
    """Say that a person will read the mail too."""
    attendee: Address | None = None
    """The person signed up in the sender's stead."""
    before: timedelta | None = None
    """For ``REMINDER``: how long before the start it was due."""
    was: Meeting | None = None
    """For ``CHANGE``: the meeting as the recipient knew it."""
    attachments: tuple[Attachment, ...] = ()
    code: str = ""
    """For ``VERIFICATION``: what is sent back to confirm."""
    limit: int = 0
    """For ``ALARM``: how many answers within an hour are too many, where that is the matter."""
    lost: tuple[Undelivered, ...] = ()
    """For ``ALARM``: letters that have come back."""
    proposals: tuple[Proposal, ...] = ()
    """For ``APPROVAL``: what waits; its ``code`` is the mandate that approves all of them."""
    unlisted: int = 0
    """For ``APPROVAL``: how many more wait."""
    order: Order | None = None
    """For ``DONE``: what was ordered; ``proposals`` have been dealt with so."""
    also: int = 0
    """For ``DONE``: how many later ones had to be taken back with it."""
    registration_id: int | None = None
    """The registration it is about, where it is about one alone; a reminder is withheld when that is cancelled."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter written out: final bytes for one recipient. Every try sends the same bytes."""

    message_id: str
    recipient: str
    raw: bytes


class LetterState(StrEnum):
    """Where an outgoing mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    PROPOSED = "proposed"
    """It waits for an organiser's approval."""
    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"
    """No longer wanted, so never sent: a reminder of a place that has been given up, a letter that was rejected."""

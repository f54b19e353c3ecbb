"""What is wanted: the intent of a mail's sender."""

from dataclasses import dataclass
from enum import StrEnum

from mailbot.core.model.held import Address, Language


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
    """What the sender of a message wants, and what tells it; ``docs/reading.md`` has the rules."""

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

"""What waits for an organiser in supervised mode: a proposal is all that one mail led to, its letters unsent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Answer(StrEnum):
    """What became of a proposal."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    """Nobody answered in time."""
    RELEASED = "released"
    """Sent without an answer: the mode was switched to automatic."""

    @property
    def sends(self) -> bool:
        """Whether its letters go out."""
        return self in (Answer.APPROVED, Answer.RELEASED)


class Order(StrEnum):
    """What an organiser can order about proposals; a mandate's purpose."""

    APPROVE = "approve"
    REJECT = "reject"
    APPROVE_ALL = "approve-all"
    """All that one round has listed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal that nobody has answered, as far as the rule needs it that says when to ask."""

    id: int
    asked: bool
    """Whether the organisers have been asked about it."""


@dataclass(frozen=True, slots=True)
class ProposedLetter:
    """A letter as it would go out."""

    recipient: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as organisers are shown it."""

    id: int
    at: datetime
    """When it was made."""
    sender: str
    """Whose mail it answers; empty where it answers none."""
    subject: str
    opening: str
    """The mail's first words."""
    evidence: tuple[str, ...]
    """What told the bot what is wanted, strongest first."""
    letters: tuple[ProposedLetter, ...]
    until: datetime
    """When it is of no use any more."""
    approve: str = ""
    """The mandate that sends its letters."""
    reject: str = ""
    """The mandate that undoes it."""

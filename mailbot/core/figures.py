"""What a monitoring system is told in numbers, at one moment.

What is counted is counted from rows, and rows stay: the retention time empties them, and an erasure too. So these
counts survive a restart and never go down, unless an older database is put back. What a loop has done is counted since
the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mailbot.core.status import Status

ANSWER_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400)
"""The bounds between which the times of answers are counted."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How long people waited: from a mail's arrival at its server until a server took the first letter about it."""

    within: tuple[int, ...]
    """How many were answered within each of ``ANSWER_SECONDS``."""
    count: int
    seconds: float
    """All of them together."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database tells."""

    status: Status
    settled: Mapping[tuple[str, str], int]
    """Letters that nothing more happens to, by kind and state."""
    restrained: Mapping[str, int]
    """Mails that a limit kept from being answered, by limit."""
    bounced: int
    answers: Answers


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """What a loop tells of itself, since the start."""

    name: str
    turns: int
    failing: bool
    turn_seconds: float
    """How long the turn in hand has lasted; 0 between two."""
    went_well_at: float | None
    """When it last got on, in seconds since 1970."""

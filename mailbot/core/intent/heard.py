"""What is heard of a text: the nouns.

A *clause* does something (its *deeds*: joins, leaves, declines, moves, holds ...) and speaks of each meeting that it
mentions in some way (the *stance*). ``Heard`` is one clause so understood, ``Hearing`` the whole text.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.mentions import Mention


class Stance(StrEnum):
    """How a clause speaks of a meeting."""

    TAKEN = "taken"
    LEFT = "left"
    """Withdrawn from, in so many words, or as one who was signed up."""
    DECLINED = "declined"
    """Not possible, not wanted: withdrawn from unless another is taken."""
    EXCEPTED = "excepted"
    HELD = "held"
    """Signed up for already."""
    OTHERS = "others"
    """Somebody else's, or over, or asked about: neither wanted nor refused."""
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A mention with the stance that its clause takes."""

    mention: Mention
    stance: Stance


@dataclass(frozen=True, slots=True)
class Heard:
    """What one clause says."""

    clause: Clause
    spoken: tuple[Spoken, ...]
    joins: bool = False
    weak: bool = False
    """Joins by a mention and a courtesy alone."""
    nods: bool = False
    """Agrees, without saying to what: "volentieri", "va bene"."""
    leaves: bool = False
    declines: bool = False
    moves: bool = False
    holds: bool = False
    takes_all: bool = False
    hedges: bool = False
    asks: bool = False
    """A question for a person."""
    requests: frozenset[str] = frozenset()

    @property
    def acts(self) -> bool:
        """Whether it has a deed of its own."""
        return self.joins or self.leaves or self.declines or self.moves or self.holds

    @property
    def taken(self) -> list[Mention]:
        """What it wants."""
        return [spoken.mention for spoken in self.spoken if spoken.stance is Stance.TAKEN]

    def speaking_of(self, spoken: Iterable[Spoken]) -> "Heard":
        """The same deeds, with other stances."""
        return replace(self, spoken=tuple(spoken))


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a text says."""

    heard: tuple[Heard, ...]
    text: str
    cut_short: bool = False
    """The text goes on, and a person has to read it."""

    def mentions(self, *stances: Stance) -> list[Mention]:
        """The mentions with one of these stances, in order."""
        return [spoken.mention for heard in self.heard for spoken in heard.spoken if spoken.stance in stances]

    @property
    def requests(self) -> frozenset[str]:
        """Everything asked for beside places: ``link``, ``status``, ``export``, ``erase``."""
        return frozenset().union(*(heard.requests for heard in self.heard))

    def says(self, what: str) -> bool:
        """Whether any clause has this property, such as ``joins``."""
        return any(getattr(heard, what) for heard in self.heard)

    def has(self, *groups: str) -> bool:
        """Whether a cue of one of these groups stands anywhere."""
        return any(heard.clause.has(*groups) for heard in self.heard)

    def questions(self) -> list[str]:
        """The clauses that a person must answer, as written."""
        return [heard.clause.text for heard in self.heard if heard.asks]

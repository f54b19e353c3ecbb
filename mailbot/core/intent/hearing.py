"""What each clause says: its wishes, its "no", and how it speaks of the meetings it mentions.

Phrases that contain other phrases are heard first and then taken out ("non ho ricevuto il link" is no refusal, "mi ero
iscritto" no signup, "non vedo l'ora" no "no"). What is left decides how the clause speaks of its meetings: as *taken*,
*left*, *declined*, *excepted*, *held* already, or merely named (*bare*).
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from mailbot.core.intent import clauses, mentions
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.dates import Calendar
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import Sectors


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
    joins: bool
    leaves: bool
    declines: bool
    moves: bool
    holds: bool
    takes_all: bool
    hedges: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a whole sentence asks for beside places."""

    text: str
    plain: str
    requests: frozenset[str]
    """``link``, ``status``, ``export``, ``erase``."""
    questions: bool
    hedges: bool
    asks_first: bool
    """Wants to know something before deciding."""
    offers: bool


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a text says."""

    heard: tuple[Heard, ...]
    sentences: tuple[Sentence, ...]

    def spoken(self, *stances: Stance) -> list[Spoken]:
        """The mentions with one of these stances, in order."""
        return [spoken for heard in self.heard for spoken in heard.spoken if spoken.stance in stances]

    @property
    def requests(self) -> frozenset[str]:
        """Everything asked for beside places."""
        return frozenset().union(*(sentence.requests for sentence in self.sentences))

    def says(self, what: str) -> bool:
        """Whether any clause has this property, such as ``joins``."""
        return any(getattr(heard, what) for heard in self.heard)


SHORT_REFUSAL = 5
"""Words of a clause in which "I can't" needs nothing beside it."""
REQUESTS = ("erase", "export", "status", "link")


def hear(text: str, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Hearing:
    """What a text says, clause by clause."""
    parts = clauses.split(text, lexicon)
    by_sentence: dict[int, list[Clause]] = {}
    for clause in parts:
        by_sentence.setdefault(clause.sentence, []).append(clause)
    sentences: list[Sentence] = []
    heard: list[Heard] = []
    for members in by_sentence.values():
        sentence = _sentence(members, lexicon)
        said = [_clause(clause, sentence, calendar, words, lexicon) for clause in members]
        said = _within_sentence(said)
        wish = any(one.joins or one.leaves or one.moves or one.declines for one in said) and not sentence.asks_first
        sentences.append(replace(sentence, questions=sentence.questions and not wish))
        heard += said
    return Hearing(tuple(heard), tuple(sentences))


def _sentence(members: list[Clause], lexicon: Lexicon) -> Sentence:
    plain = " ".join(clause.plain for clause in members)
    requests = frozenset(name for name in REQUESTS if lexicon.groups[name].search(plain))
    if "erase" in requests and "export" not in requests:
        requests -= {"status", "link"}
    marked = members[0].asks and bool(lexicon.groups["asking"].search(plain))
    asks = marked or bool(lexicon.groups["question"].search(plain)) or bool(lexicon.groups["complaint"].search(plain))
    return Sentence(
        text=", ".join(clause.text for clause in members),
        plain=plain,
        requests=requests,
        questions=asks and not requests,
        hedges=bool(lexicon.groups["hedge"].search(plain)),
        asks_first=bool(lexicon.groups["before_deciding"].search(plain)),
        offers=bool(lexicon.groups["offer"].search(plain)),
    )


def _clause(clause: Clause, sentence: Sentence, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Heard:
    groups = lexicon.groups
    found = mentions.find(clause, calendar, words, lexicon)
    left = clause.plain
    asked = sentence.requests & {"link", "status", "export", "erase"}
    for name in REQUESTS:
        left = groups[name].sub("#", left)
    takes_all = bool(groups["all"].search(groups["not_all"].sub("#", left)))
    idiom = bool(groups["not_negation"].search(left))
    calm = groups["not_negation"].sub("#", left)
    holds = bool(groups["held"].search(calm))
    free = groups["held"].sub("#", calm)
    moves = bool(groups["move"].search(free)) and not groups["own_subject"].search(sentence.plain)
    leaves = bool(groups["leave"].search(calm if not holds else free)) or bool(groups["leave"].search(free))
    negated = bool(groups["negation"].search(free))
    attends = bool(groups["attend"].search(free))
    able = bool(groups["able"].search(free)) and (bool(found) or len(free.split()) <= SHORT_REFUSAL)
    declines = negated and (attends or able) and not asked
    if declines and groups["anymore"].search(free):
        leaves, declines = True, False
    leaves = leaves and not ("erase" in asked and not groups["leave"].search(free))
    joins = (idiom and bool(groups["join"].search(left))) or bool(groups["join"].search(free))
    joins = joins and not (negated and not idiom) and not leaves and not asked
    busy = bool(groups["busy"].search(free)) and not joins
    about_others = bool(groups["others"].search(free)) and not joins
    said = Heard(
        clause=clause,
        spoken=(),
        joins=joins,
        leaves=leaves,
        declines=declines,
        moves=moves,
        holds=holds,
        takes_all=takes_all,
        hedges=bool(groups["maybe"].search(free)) and (joins or bool(found)),
    )
    spoken = tuple(
        Spoken(mention, _stance(mention, said, negated and not idiom, busy or about_others, bool(asked), lexicon))
        for mention in found
    )
    return replace(said, spoken=spoken)


def _stance(mention: Mention, said: Heard, negated: bool, apart: bool, asked: bool, lexicon: Lexicon) -> Stance:
    before = said.clause.plain[: mention.found.start]
    after = said.clause.plain[mention.found.end :].strip()
    near = " ".join(before.split()[-4:])
    if lexicon.groups["except"].search(before):
        return Stance.EXCEPTED
    if asked:
        return Stance.HELD
    if said.moves and _ends_with(near, lexicon.groups["from"]):
        return Stance.LEFT
    if said.leaves:
        return Stance.LEFT
    if said.moves and not negated and (not said.holds or _ends_with(near, lexicon.groups["towards"])):
        return Stance.TAKEN
    if said.declines or (negated and (said.joins or not _yes_behind(after))):
        return Stance.DECLINED
    if said.holds and not said.joins:
        return Stance.HELD
    if said.joins:
        return Stance.TAKEN
    return Stance.DECLINED if apart else Stance.BARE


def _ends_with(near: str, pattern: re.Pattern[str]) -> bool:
    """Whether one of the words stands right before, an article or a word for "meeting" between at most."""
    last = None
    for match in pattern.finditer(near):
        last = match
    if last is None:
        return False
    between = near[last.end() :].split()
    return len(between) <= 2


def _yes_behind(after: str) -> bool:
    return after.startswith(("si", "yes", "ok"))


def _within_sentence(said: list[Heard]) -> list[Heard]:
    """Wishes reach bare mentions of their sentence that stand in a clause without any."""
    taken = any(s.stance is Stance.TAKEN for one in said for s in one.spoken)
    left = any(s.stance is Stance.LEFT for one in said for s in one.spoken)
    wishes_in = any(one.joins for one in said) and not taken
    wishes_out = any(one.leaves or one.declines for one in said) and not left
    if not (wishes_in or wishes_out):
        return said

    def reached(spoken: Spoken) -> Spoken:
        if wishes_out and spoken.stance is Stance.HELD:
            return replace(spoken, stance=Stance.LEFT)
        if wishes_out and not wishes_in and spoken.stance is Stance.BARE and not taken:
            return replace(spoken, stance=Stance.DECLINED)
        if wishes_in and spoken.stance is Stance.BARE:
            return replace(spoken, stance=Stance.TAKEN)
        return spoken

    return [replace(one, spoken=tuple(map(reached, one.spoken))) for one in said]

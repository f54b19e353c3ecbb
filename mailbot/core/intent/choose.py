"""Mentions → meetings: what several clues for one wish come to.

A sector named or a day given outweighs what the sender is. Days and sectors that stand side by side ("il 21 e quello
dei musei") are several meetings; where one qualifies the other ("i musei del 26") they must agree, and if they do not,
the sender is asked. So they are where a day has no meeting, or a clue fits more than one that no turn, hour or time of
day tells apart. What the sender *is* counts by weight: one sector has to stand out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mailbot.core.intent.calendar import NOBODY, Calendar
from mailbot.core.intent.hours import KEYS
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import LOOSE, SURE
from mailbot.core.model import Doubt

_COORDINATORS = frozenset("e ed and sia anche piu poi oltre inoltre pure also plus both as well".split())
_OR = frozenset("o oppure or either oder ou".split())


@dataclass(frozen=True, slots=True)
class Choice:
    """The meetings that mentions come to, or the doubt they leave."""

    codes: frozenset[str]
    doubt: Doubt | None
    why: tuple[Mention, ...] = ()


UNNAMED = Choice(NOBODY, Doubt.UNNAMED)


def choose(
    mentions: Sequence[Mention], calendar: Calendar, *, several: bool = False, against: Sequence[Mention] = ()
) -> Choice:
    """What these mentions come to.

    Args:
        mentions: those of one wish, in order.
        calendar: what is to come.
        several: clues that fit several meetings mean all of them ("entrambi").
        against: what was refused beside it ("il 25, ma non di mattina").
    """
    # "Both" leaves nothing to be told apart.
    keys = sorted((m for m in mentions if m.narrows and not several), key=lambda m: KEYS.index(m.found.by))
    named = _telling([mention for mention in mentions if mention.named and not mention.narrows])
    beings = [mention for mention in mentions if not mention.named]
    if not named or (not several and all(m.found.by == "weekday" and m.found.weight == 1 for m in named)):
        # A habit's weekday tells no meeting ("il mercato del giovedì"), unlike "tutti tranne i due del giovedì".
        return _by_weight(beings, keys, several=several) if beings else _by_keys(keys)
    days = [mention for mention in named if mention.by_date]
    sectors = _told_apart([mention for mention in named if not mention.by_date], days)
    if doubt := _day_in_doubt(days, sectors):
        return Choice(NOBODY, doubt, tuple(named))
    if _are_alternatives(named):
        return Choice(NOBODY, Doubt.SEVERAL, tuple(named))
    apart = [key.codes for key in against if key.narrows]
    day_codes = _union(days)
    chosen: set[str] = set()
    for mention in days:
        beside = [] if several or len(mention.codes) == 1 else [s.codes for s in (*sectors, *beings)]
        fitting = _one_of(mention.codes, (*(key.codes for key in keys), *beside), apart)
        if len(fitting) > 1 and not several and mention.found.note != "together":
            return Choice(NOBODY, Doubt.SEVERAL, tuple(named))
        chosen |= fitting
    for mention in sectors:
        if mention.codes & day_codes:
            continue
        if days and not _side_by_side(mention, days):
            return Choice(NOBODY, Doubt.CONTRADICTION, tuple(named))
        fitting = mention.codes
        if mention.found.kin:
            # Of the turns of one sector those to come; of two sectors that share a word, neither.
            to_come = mention.codes & calendar.codes_to_come or mention.codes
            fitting = _one_of(to_come, [key.codes for key in keys], apart)
        if len(fitting) > 1 and not several:
            return Choice(NOBODY, Doubt.SEVERAL, tuple(named))
        chosen |= fitting
    return Choice(frozenset(chosen), None if chosen else Doubt.UNNAMED, (*named, *keys))


def _telling(named: list[Mention]) -> list[Mention]:
    """Without dates that are a letter's own or a habit's, where something else tells a meeting."""
    good = [m for m in named if m.codes and m.found.weight > 1]
    if not good:
        return named
    return [m for m in named if not (m.found.note == "past date" or (m.by_date and m.found.weight == 1))]


def _are_alternatives(named: Sequence[Mention]) -> bool:
    """Whether two different meetings are named with an "or" between them."""
    different = ((one, other) for one, other in pairwise(named) if one.codes != other.codes)
    return any(_has_or_between(one, other) or _is_second_choice(one, other) for one, other in different)


def _has_or_between(one: Mention, other: Mention) -> bool:
    if one.clause is not other.clause:
        return other.clause.words[0] in _OR
    between = set(one.clause.words[one.found.end : other.found.start])
    return bool(between & _OR) and not between & _COORDINATORS


def _is_second_choice(one: Mention, other: Mention) -> bool:
    """Whether the other is to serve where the one does not: "il 21, in alternativa il 26"."""
    begin = one.found.end if one.clause is other.clause else 0
    return any(begin <= cue.start and cue.end <= other.found.start for cue in other.clause.spans("alternative"))


def _union(mentions: Iterable[Mention]) -> frozenset[str]:
    return NOBODY.union(*(mention.codes for mention in mentions))


def _one_of(codes: frozenset[str], keys: Iterable[frozenset[str]], apart: Iterable[frozenset[str]]) -> frozenset[str]:
    """The codes that fit the keys as well, and none of those set apart, as far as that leaves any."""
    fitting = [codes & key for key in keys if codes & key]
    if fitting and len(codes) > 1:
        # Keys that contradict each other (an hour in the afternoon, and "di sera") tell nothing.
        codes = codes.intersection(*fitting) or codes
    for key in apart:
        if len(codes) > 1:
            codes = codes - key or codes
    return codes


def _by_keys(keys: Sequence[Mention]) -> Choice:
    """A turn or an hour alone: enough where one meeting has it."""
    keys = [key for key in keys if key.found.by != "time" or _is_of_meeting(key)]
    if not keys:
        return UNNAMED
    codes = _one_of(keys[0].codes, [key.codes for key in keys[1:]], ())
    return Choice(codes, None, tuple(keys)) if len(codes) == 1 else UNNAMED


def _is_of_meeting(key: Mention) -> bool:
    """Whether a time of day is a meeting's ("quello di mattina") rather than anybody's."""
    return any(-3 <= key.found.start - cue.end <= 3 for cue in key.clause.spans("meeting"))


def _by_weight(beings: Sequence[Mention], keys: Sequence[Mention], *, several: bool) -> Choice:
    """What somebody is may fit two sectors; then they have not said which they want."""
    weights: Counter[frozenset[str]] = Counter()
    for codes, words in {(mention.codes, mention.found.words): mention for mention in beings}:
        weights[codes] += next(m.found.weight for m in beings if (m.codes, m.found.words) == (codes, words))
    totals: Counter[frozenset[str]] = Counter()
    for codes in weights:
        totals[codes] = sum(weight for other, weight in weights.items() if codes <= other)
    ranked = sorted(totals.items(), key=lambda item: (-item[1], len(item[0])))
    best, weight = ranked[0]
    second = max((w for codes, w in ranked[1:] if not codes & best), default=0)
    if weight <= LOOSE:
        return UNNAMED
    if weight < 2 * second:
        return Choice(NOBODY, Doubt.SEVERAL, tuple(beings))
    fitting = _one_of(best, [key.codes for key in keys], ())
    if len(fitting) > 1 and not several:
        return Choice(NOBODY, Doubt.SEVERAL, tuple(beings))
    return Choice(fitting, None, tuple(m for m in beings if m.codes & fitting))


def _day_in_doubt(days: Sequence[Mention], sectors: Sequence[Mention]) -> Doubt | None:
    for mention in days:
        note = mention.found.note
        agreeing = any(m.codes & mention.codes for m in sectors)
        if note == "wrong weekday" and not agreeing:
            return Doubt.CONTRADICTION
        if not mention.codes:
            return Doubt.NO_SUCH_DATE
    return None


def _told_apart(sectors: Sequence[Mention], days: Sequence[Mention]) -> list[Mention]:
    """The surest words for sectors: a loose one beside a sure one, or beside a day, qualifies and names nothing."""
    own = [m for m in sectors if m.found.by == "sector" and m.found.weight == SURE]
    clear = [m for m in (*own, *days) if len(m.codes) == 1]
    known = _union(clear)
    kept = []
    for mention in sectors:
        weak = mention.found.weight < SURE or len(mention.codes) > 1
        if weak and mention.codes & known:
            continue
        if weak and (own or days) and mention not in own and not _is_added(mention, [*own, *days]):
            continue
        kept.append(mention)
    return kept


def _is_added(mention: Mention, others: Sequence[Mention]) -> bool:
    """Whether a loose word for a sector is put beside a clearer one in so many words."""
    same = [other for other in others if other.clause.sentence == mention.clause.sentence]
    return bool(same) and _side_by_side(mention, same)


def _side_by_side(mention: Mention, others: Sequence[Mention]) -> bool:
    """Whether a word that puts things side by side stands between this mention and another, or they are far apart."""
    for other in others:
        if other is mention:
            continue
        if other.clause is not mention.clause:
            same_sentence = other.clause.sentence == mention.clause.sentence
            if not same_sentence or mention.clause.words[0] in _COORDINATORS:
                return True
            continue
        start, end = sorted((other.found, mention.found), key=lambda f: f.start)
        between = set(mention.clause.words[start.end : end.start])
        if _COORDINATORS & between or ("che" in between and "sia" in mention.clause.words):
            return True
    return False

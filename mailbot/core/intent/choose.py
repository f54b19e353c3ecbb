"""Mentions → meetings: what several clues for one wish come to.

A sector named or a day given outweighs what the sender is. Days and sectors that stand side by side ("il 21 e quello
dei musei") are several meetings; where one qualifies the other ("i musei del 26") they must agree, and if they do not,
the sender is asked. So they are where a day has no meeting, or a clue fits more than one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailbot.core.intent.dates import Calendar
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.mentions import Mention
from mailbot.core.model import Doubt

_COORDINATORS = frozenset("e ed and sia anche piu poi oltre inoltre pure also plus both as well".split())


@dataclass(frozen=True, slots=True)
class Choice:
    """The meetings that mentions come to, or the doubt they leave."""

    codes: frozenset[str]
    doubt: Doubt | None
    why: tuple[Mention, ...]


def choose(mentions: Sequence[Mention], calendar: Calendar, lexicon: Lexicon, *, several: bool = False) -> Choice:
    """What these mentions come to.

    Args:
        mentions: those of one wish, in order.
        calendar: what is to come.
        lexicon: the words.
        several: clues that fit several meetings mean all of them ("entrambi").
    """
    named = [mention for mention in mentions if mention.named]
    used = named or list(mentions)
    if not used:
        return Choice(frozenset(), Doubt.UNNAMED, ())
    days = [mention for mention in used if mention.by_date]
    sectors = [mention for mention in used if not mention.by_date]
    if not named and len(frozenset().union(*(m.codes for m in used))) > 1 and not several:
        # What somebody is may fit two sectors; then they have not said which they want.
        common = _common(used)
        return (
            Choice(common, None, tuple(used)) if len(common) == 1 else Choice(frozenset(), Doubt.SEVERAL, tuple(used))
        )
    if doubt := _day_in_doubt(days, sectors):
        return Choice(frozenset(), doubt, tuple(used))
    sectors = _told_apart(sectors, days)
    day_codes = frozenset().union(*(m.codes for m in days)) if days else frozenset()
    chosen: set[str] = set()
    for mention in days:
        beside = [m for m in sectors if m.codes & mention.codes] if len(mention.codes) > 1 else []
        narrowed = mention.codes & frozenset().union(*(m.codes for m in beside)) if beside else mention.codes
        if len(narrowed) > 1 and not several:
            return Choice(frozenset(), Doubt.SEVERAL, tuple(used))
        chosen |= narrowed
    for mention in sectors:
        if mention.codes & day_codes:
            continue
        if days and not _side_by_side(mention, days):
            return Choice(frozenset(), Doubt.CONTRADICTION, tuple(used))
        to_come = mention.codes & {m.code for m in calendar.to_come()} or mention.codes
        if len(to_come) > 1 and not several:
            return Choice(frozenset(), Doubt.SEVERAL, tuple(used))
        chosen |= to_come
    return Choice(frozenset(chosen), None if chosen else Doubt.UNNAMED, tuple(used))


def _common(mentions: Iterable[Mention]) -> frozenset[str]:
    sets = [mention.codes for mention in mentions]
    return sets[0].intersection(*sets[1:])


def _day_in_doubt(days: Sequence[Mention], sectors: Sequence[Mention]) -> Doubt | None:
    for mention in days:
        note = mention.found.note
        agreeing = any(m.codes & mention.codes for m in sectors)
        if note == "wrong weekday" and not agreeing:
            return Doubt.CONTRADICTION
        if note in ("no such date", "relative") and not mention.codes:
            return Doubt.NO_SUCH_DATE
    return None


def _told_apart(sectors: Sequence[Mention], days: Sequence[Mention]) -> list[Mention]:
    """Sectors that fit several meetings are dropped where a clearer one, or a day, is beside them."""
    clear = [mention for mention in sectors if len(mention.codes) == 1]
    known = frozenset().union(*(m.codes for m in [*clear, *days])) if clear or days else frozenset()
    own = [m for m in sectors if m.found.by == "sector"]
    kept = [m for m in sectors if len(m.codes) == 1 or not m.codes & known]
    # A theme's word beside a series' own word of another meeting qualifies it, as "arte" does "sport e arte" not.
    return [
        m
        for m in kept
        if m.found.by == "sector" or not own or any(m.codes & o.codes for o in own) or _side_by_side(m, own)
    ]


def _side_by_side(mention: Mention, others: Sequence[Mention]) -> bool:
    """Whether a word that puts things side by side stands between this mention and another, or they are far apart."""
    for other in others:
        if other.clause is not mention.clause:
            same_sentence = other.clause.sentence == mention.clause.sentence
            first = mention.clause.plain.split()[:1]
            if not same_sentence or (first and first[0] in _COORDINATORS):
                return True
            continue
        start, end = sorted((other.found, mention.found), key=lambda f: f.start)
        between = mention.clause.plain[start.end : end.start].split()
        if _COORDINATORS & set(between):
            return True
    return False

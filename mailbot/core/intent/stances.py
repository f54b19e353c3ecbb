"""How a clause speaks of a meeting that it mentions.

The first rule of ``stance`` that fits decides; each outranks those below it. A mention that no rule takes is *bare*:
``sentences`` may let the deed of another clause reach it.
"""

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.heard import Heard, Stance
from mailbot.core.intent.mentions import Mention

_LEADS_TO = frozenset("per a al di del il quello quella for to on the of".split())
_ARTICLES = frozenset("la le lo gli i l dell della dello one".split())
MAYBE = frozenset("forse magari maybe perhaps".split())
_AFTERWARDS = frozenset("dopo after".split())
LEAD = 6
"""Words between "from" or "to" and the meeting, at most."""
REACH_OF_NO = 5
"""Words between a "no" and the meeting, at most."""


def stance(mention: Mention, said: Heard, others: list[Mention], *, apart: bool) -> Stance:
    """How a clause speaks of one of its mentions.

    Args:
        mention: the mention.
        said: the deeds of its clause.
        others: all mentions of the clause.
        apart: the clause is about others' plans, about why, or about what is over.
    """
    clause, at = said.clause, mention.found.start
    if any(cue.end <= at for cue in clause.spans("except")):
        return Stance.EXCEPTED
    if _stands_afterwards(clause, at):
        return Stance.EXCEPTED if said.takes_all or clause.has("the_others") else Stance.OTHERS
    if apart or mention.elsewhere(said.joins and not said.weak):
        return Stance.OTHERS
    if _stands_beside_busy(mention, clause, others) and not clause.has("join"):
        return Stance.DECLINED
    if said.requests:
        return Stance.HELD
    if _is_replaced(mention, clause, others):
        return Stance.LEFT
    if said.moves and follows(clause, at, "from"):
        return Stance.LEFT
    if said.moves and follows(clause, at, "towards") and any(follows(clause, o.found.start, "from") for o in others):
        return Stance.TAKEN
    if said.leaves:
        return Stance.LEFT
    if said.holds and not said.joins:
        return Stance.OTHERS if _is_when_it_was_done(mention) else Stance.HELD
    if said.moves and not (clause.has("negation", "decline") or _is_busy(clause, others)):
        return Stance.TAKEN
    if said.declines or clause.has("busy", "decline") or _is_refused(clause, at):
        return Stance.TAKEN if said.joins else Stance.DECLINED
    behind = clause.words[mention.found.end : mention.found.end + 1]
    if behind == ("no",):
        return Stance.DECLINED
    if behind and behind[0] in MAYBE and len(others) == 1 and not said.joins:
        return Stance.OTHERS
    return Stance.TAKEN if said.joins else Stance.BARE


def _stands_afterwards(clause: Clause, at: int) -> bool:
    """Whether it is what others come after: "dopo quello di oggi"."""
    before = at - 1
    while before >= 0 and clause.words[before] in _LEADS_TO | _ARTICLES:
        before -= 1
    return before >= 0 and clause.words[before] in _AFTERWARDS


def _is_busy(clause: Clause, found: list[Mention]) -> bool:
    return clause.has("busy") and bool(found) and not clause.has("join")


def _stands_beside_busy(mention: Mention, clause: Clause, others: list[Mention]) -> bool:
    """Whether "I'm at my desk" stands right behind it, other mentions between at most."""
    busy = [cue for cue in clause.spans("busy_beside") if cue.start >= mention.found.end]
    if not busy:
        return False
    covered = {at for other in others for at in range(other.found.start, other.found.end)}
    return any(
        all(at in covered or len(clause.words[at]) <= 3 for at in range(mention.found.end, cue.start)) for cue in busy
    )


def _is_when_it_was_done(mention: Mention) -> bool:
    """Whether it is a weekday on which somebody signed up ("mi sono iscritta lunedì"), rather than signed up for."""
    clause, at = mention.clause, mention.found.start
    led = at and clause.words[at - 1] in _LEADS_TO
    return mention.found.by == "weekday" and not led


def _is_refused(clause: Clause, at: int) -> bool:
    """Whether a "no" stands before it, near enough ("non quello dello sport")."""
    return any(0 <= at - cue.end <= REACH_OF_NO for cue in clause.spans("negation"))


def _is_replaced(mention: Mention, clause: Clause, others: list[Mention]) -> bool:
    """Whether it is the first behind an "instead of"."""
    at = mention.found.start
    return any(
        cue.end <= at and not any(cue.end <= other.found.start < at for other in others)
        for cue in clause.spans("instead_of")
    )


def follows(clause: Clause, at: int, group: str) -> bool:
    """Whether a word of the group stands before it, nearer than another that leads elsewhere ("dal 21 al 22")."""
    # "Dal secondo" is a lead and a mention at once.
    leads = [c for c in clause.spans("from", "towards") if (c.end <= at and at - c.end <= LEAD) or c.start == at]
    return bool(leads) and max(leads, key=lambda c: (c.end, -c.start)).group == group

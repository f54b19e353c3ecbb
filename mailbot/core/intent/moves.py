"""One meeting left for another.

Somebody says so ("spostatemi dal 21 al 22", "il 22 invece del 21"), or leaves one meeting and takes another, or is
signed up for one and turns to another ("mi ero iscritta al 21, ma posso solo il 22"). What is left is named in the own
words, or is the ONE meeting of the quoted mail; where neither tells it, the sender is asked. Outranks withdrawals and
signups, of which a move is both.
"""

from mailbot.core.intent.case import Case
from mailbot.core.intent.choose import choose
from mailbot.core.intent.heard import Hearing, Stance
from mailbot.core.intent.mentions import Mention
from mailbot.core.model import Doubt, Intent


def moved(case: Case) -> Intent | None:
    """The move that is asked for; None where none is."""
    own = case.own
    goals = own.mentions(Stance.TAKEN)
    left, held = own.mentions(Stance.LEFT), own.mentions(Stance.HELD)
    declined = own.mentions(Stance.DECLINED)
    moves = own.says("moves") or case.subject.says("moves")
    turned = any(h.clause.contrasts and (h.joins or h.spoken) for h in own.heard)
    if moves:
        goals = goals or _agreeing([m for m in own.mentions(Stance.BARE) if m.named])
        sources = left + held or declined
        if not goals:
            return None if own.has("leave") or _says_join(case) else case.ask(Doubt.UNNAMED, sources)
        return _move(case, sources, goals)
    if (left or (held and own.says("leaves"))) and any(not m.narrows for m in goals):
        return _move(case, left or held, goals)
    goals = goals or _now_possible(own)
    if held and goals and (turned or own.has("instead")) and not any(m.clause.has("also") for m in goals):
        return _move(case, held, goals)
    return None


def _now_possible(own: Hearing) -> list[Mention]:
    """What is possible instead of what is held: "mi ero iscritta al 7, ma posso solo il 12"."""
    able = {one.clause.sentence for one in own.heard if one.clause.contrasts and one.clause.has("able")}
    return [
        spoken.mention
        for one in own.heard
        if one.clause.contrasts and one.clause.sentence in able and not (one.clause.has("negation") or one.asks)
        for spoken in one.spoken
        if spoken.stance is Stance.BARE and spoken.mention.named and spoken.mention.codes
    ]


def _agreeing(mentions: list[Mention]) -> list[Mention]:
    """The mentions where all of them speak of the same meetings, else none."""
    return mentions if len({m.codes for m in mentions}) == 1 else []


def _move(case: Case, sources: list[Mention], goals: list[Mention]) -> Intent | None:
    goal = choose(goals, case.calendar)
    if goal.doubt:
        return case.ask(goal.doubt, goal.why)
    if over := case.ask_if_over(goal):
        return over
    sources = [m for m in sources if m.named and m.codes]
    source = choose(sources, case.calendar, against=goals) if sources else case.quoted
    if not sources and len(goal.codes) > 1:
        return case.ask(Doubt.SEVERAL, goal.why)
    left = source.codes - goal.codes
    if not left:
        return None if not sources and _says_join(case) else case.ask(Doubt.UNNAMED, goal.why)
    return case.act("moved", (*goal.why, *source.why), register=goal.codes, cancel=left)


def _says_join(case: Case) -> bool:
    return any(one.joins and not one.moves for one in case.own.heard)

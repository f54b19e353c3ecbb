"""A signup taken back, or an invitation declined.

Outranked by moves; outranks signups. Who leaves in so many words ("cancellatemi") may still take another meeting, and
then it is no withdrawal; who merely declines ("non posso") must not want any. Which meeting is told by what is left,
else declined, else held already, else named at all, else by the subject, else by the quoted mail; where nothing tells
it, all of them.
"""

from mailbot.core.intent.case import Case
from mailbot.core.intent.choose import choose
from mailbot.core.intent.heard import Hearing, Stance
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import SURE
from mailbot.core.model import ALL, Doubt, Intent


def left(case: Case) -> Intent | None:
    """The withdrawal that is asked for; None where none is."""
    own, subject = case.own, case.subject
    leaves = own.says("leaves") or (subject.says("leaves") and not own.says("joins"))
    if subject.says("leaves") and not own.says("leaves") and own.says("joins") and not subject.says("moves"):
        return case.ask(Doubt.CONTRADICTION, own.mentions(Stance.TAKEN))
    if not _withdraws(case, leaves=leaves):
        return None
    if any(one.takes_all and (one.leaves or one.declines) for one in own.heard):
        return case.act("left", (), cancel=frozenset({ALL}))
    named = _named(case)
    others = [m for m in own.mentions(Stance.BARE) if m.found.weight == SURE and not m.narrows and m.codes]
    if not leaves and any(not m.codes & o.codes for m in named for o in others):
        return case.ask(Doubt.SEVERAL, named)
    if not named:
        quoted = case.quoted
        return case.act("left", quoted.why, cancel=quoted.codes or frozenset({ALL}))
    choice = case.settled(choose(named, case.calendar, several=own.has("both")))
    if choice.doubt:
        return case.ask(choice.doubt, choice.why)
    if not any(case.to_come(code) for code in choice.codes):
        return case.ask(Doubt.OVER, choice.why)
    return case.act("left", choice.why, cancel=choice.codes)


def _withdraws(case: Case, *, leaves: bool) -> bool:
    """Whether somebody withdraws, and wants nothing that outranks it."""
    own = case.own
    if own.has("substitute"):
        return False
    if leaves:
        # Who takes another meeting, in so many words, keeps a place.
        if any(one.joins and not one.weak and one.taken for one in own.heard):
            return False
    elif (
        not (own.says("declines") or _regrets(own))
        or own.says("joins")
        or own.mentions(Stance.TAKEN)
        or "link" in case.requests
        or own.has("before_deciding")
    ):
        return False
    # "Cancellate i miei dati" is no withdrawal, "cancellate l'iscrizione e i miei dati" is one too.
    return "erase" not in case.requests or any(
        one.leaves and (one.spoken or one.takes_all or one.clause.has("meeting", "held", "a_signup"))
        for one in own.heard
    )


def _regrets(own: Hearing) -> bool:
    """Whether somebody is sorry who has something else at a meeting's time."""
    return own.has("regret") and any(m.named for m in own.mentions(Stance.DECLINED))


def _named(case: Case) -> list[Mention]:
    """The mentions that tell which meeting, from the clearest source that has any."""
    own = case.own
    bare = own.mentions(Stance.BARE)
    told = own.mentions(Stance.LEFT) or own.mentions(Stance.DECLINED) or own.mentions(Stance.HELD)
    sources = (told, bare, case.subject.mentions(*Stance))
    named = next((found for of in sources if (found := [m for m in of if m.named])), [])
    # "Proprio quel pomeriggio" tells no meeting by itself.
    told_apart = [m for m in named if not m.narrows or len(m.codes) == 1]
    return [m for m in told_apart or (named if not case.quoted.codes else []) if m.codes or m not in bare]

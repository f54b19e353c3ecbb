"""Questions for information, told apart from wishes that are put as questions.

A sentence with a question mark may ask ("serve la webcam?") or wish ("mi iscrivete?"); one without may ask too
("vorrei sapere se ..."). What is asked about is no wish; a person has to answer it.
"""

from dataclasses import replace

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.heard import Heard, Spoken, Stance


def asked_apart(said: list[Heard]) -> list[Heard]:
    """Clauses that ask for information lose their deeds; a wish put as a question keeps them."""
    first = _question_begins(said)
    if first is None:
        return said
    asked = []
    for number, one in enumerate(said):
        if number < first or one.requests or one.leaves or one.moves:
            asked.append(one)
            continue
        spoken = tuple(Spoken(s.mention, Stance.OTHERS if s.stance is Stance.TAKEN else s.stance) for s in one.spoken)
        asked.append(replace(one, joins=False, declines=False, nods=False, asks=True, spoken=spoken))
    return asked


def _question_begins(said: list[Heard]) -> int | None:
    """The clause with which a question for information begins, or None where the sentence asks none."""
    last = said[-1]
    tag = len(last.clause.words) <= 2 and any(one.joins for one in said)
    marked = last.clause.asks and not _is_wish(last) and not last.clause.has("still_room") and not tag
    for number, one in enumerate(said):
        clause = one.clause
        if clause.has("complaint") and not clause.has("negation", "join"):
            return number
        if clause.has("question") and not _is_wish(one):
            return number
        if not marked or _is_wish(one) or clause.has("still_room"):
            continue
        if _begins_asking(clause) or clause.has("asking_is") or (one is last and _is_unheard(said)):
            return number
    return None


def _begins_asking(clause: Clause) -> bool:
    return clause.begins("asking", 2)


def _is_unheard(said: list[Heard]) -> bool:
    """A question of which nothing was understood: a person should see it."""
    courtesies = sum(cue.end - cue.start for one in said for cue in one.clause.spans("courtesy"))
    words = sum(len(one.clause.words) for one in said) - courtesies
    return words > 1 and not any(
        one.acts or one.nods or one.requests or one.clause.has("how", "still_room") for one in said
    )


def _is_wish(one: Heard) -> bool:
    """Whether a question is a polite wish: "posso venire", "mi iscrivete", "can you sign me up"."""
    clause = one.clause
    if clause.has("wish_question", "link_wanted", "enrol_other", "how") or one.requests or one.leaves or one.moves:
        return True
    if clause.has("join") and clause.begins("may", 1):
        # "Possiamo collegarci in due o serve un'iscrizione a testa?" wants to know how, of a wish that is told before.
        return bool(one.spoken) or not clause.has("asking_is")
    return clause.has("join") and not _begins_asking(clause) and not clause.has("asking_is", "question")

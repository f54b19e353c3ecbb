"""One clause: what it does, and how it speaks of its meetings.

Each deed is one function below, with the cues that make it and those that stand against it. In a clause the deeds
outrank each other in this order:

1. a *request* ("non trovo il link", "cancellate i miei dati"): then nobody joins or declines here;
2. to *leave* ("cancellatemi", "non posso più"): then nobody joins or declines;
3. to *decline* ("non posso il 21", "sono al lavoro"): then nobody joins;
4. to *join*, in so many words or weakly, by a mention and courtesies alone ("io giovedì").

A clause that stands *apart*, about others' plans, about why, or about what is over, neither joins nor declines, nor
does one that says that its writer does not know yet. To
*move* and to *hold* (to be signed up already) go together with any of them; ``stances`` says what comes of it.
"""

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.heard import Heard, Spoken
from mailbot.core.intent.lexicon import Cue, Lexicon
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.stances import stance

SHORT_REFUSAL = 3
"""Words behind "I can't" that may follow where no meeting is named."""
REQUESTS = {"link_lost": "link", "status": "status", "export": "export", "erase": "erase"}
"""The groups whose cues ask for something beside places, and what they ask for."""
_IDLE = frozenset(
    "proprio purtroppo grazie incontro meeting session mica quel quello quella that this make the".split()
)


def hear_clause(clause: Clause, found: list[Mention], lexicon: Lexicon, *, brief: bool, last: bool) -> Heard:
    """What one clause does, and how it speaks of each of its mentions.

    Args:
        clause: the clause.
        found: its mentions.
        lexicon: the words.
        brief: the mail is short and offers nothing, so that a mention and a courtesy are a wish.
        last: it is the last of its sentence.
    """
    requests = _requests(clause, last=last)
    holds = _holds(clause)
    moves = clause.has("move", "instead_of") and not clause.has("own_subject")
    refuses = clause.has("negation") and _refuses(clause, found, lexicon)
    apart = _is_apart(clause)
    # "Mio marito non può più venire, vengo io" withdraws nobody for sure.
    leaves = clause.has("leave") or (refuses and not apart and (clause.has("anymore") or holds))
    busy = clause.has("busy") and bool(found) and not clause.has("join")
    free = not (leaves or requests or apart or clause.has("unsure") or _is_idle_talk(clause))
    declines = free and (refuses or clause.has("decline"))
    may_join = free and not (declines or busy) and (not clause.has("negation") or clause.has("link_wanted", "eager"))
    strong = clause.has("join", "link_wanted", "eager", "how") and not clause.has("held")
    joins = may_join and (strong or (not holds and not moves and _joins_weakly(clause, found, lexicon, brief=brief)))
    said = Heard(
        clause=clause,
        spoken=(),
        joins=joins,
        weak=joins and not strong,
        nods=clause.has("nod") and not clause.has("negation"),
        leaves=leaves,
        declines=declines,
        moves=moves,
        holds=holds,
        takes_all=_takes_all(clause, acts=leaves or moves or joins or declines, holds=holds),
        hedges=clause.has("hedge"),
        requests=requests,
    )
    return said.speaking_of(Spoken(mention, stance(mention, said, found, apart=apart)) for mention in found)


# --- the deeds --------------------------------------------------------------------------------------------------------


def _requests(clause: Clause, *, last: bool) -> frozenset[str]:
    """What it asks for beside places. Who wants to be erased wants no link, and a copy only where it is said first."""
    requests = {REQUESTS[cue.group] for cue in clause.spans(*REQUESTS)}
    if clause.has("link_word") and clause.has("lacking"):
        requests.add("link")
    elif "status" in requests and not clause.has("link_word"):
        requests.discard("link")  # what did not arrive is the confirmation
    if clause.asks and last and clause.has("status_asked"):
        requests.add("status")
    if "erase" in requests:
        requests -= {"status", "link"}
        if "export" in requests and not _exports_first(clause):
            requests.remove("export")
    return frozenset(requests)


def _exports_first(clause: Clause) -> bool:
    """Whether a copy is asked for before the erasure, rather than "delete everything you hold on me"."""
    return min(c.start for c in clause.spans("export")) < min(c.start for c in clause.spans("erase"))


def _holds(clause: Clause) -> bool:
    """Whether somebody tells that they are signed up ("mi ero iscritta", "la mia iscrizione")."""
    told = clause.has("held") or (clause.has("held_noun") and not clause.has("asks_for"))
    return told and not clause.has("wish_question")


def _refuses(clause: Clause, found: list[Mention], lexicon: Lexicon) -> bool:
    """Whether the "no" of a clause is about coming."""
    if clause.has("attend") or (clause.has("anymore") and clause.has("join")):
        return True
    return any(_stands_free(clause, cue, found, lexicon) for cue in clause.spans("able"))


def _stands_free(clause: Clause, able: Cue, found: list[Mention], lexicon: Lexicon) -> bool:
    """Whether "I can't" is about coming, rather than about what follows it ("non riesco ad aprire il file")."""
    behind = clause.words[able.end :]
    inner = [m.found.start for m in found if m.found.start >= able.end]
    until = behind[: inner[0] - able.end] if inner else behind
    idle = all(word in lexicon.sets["small"] or len(word) < 4 or word in _IDLE for word in until)
    return idle and (bool(found) or len(behind) <= SHORT_REFUSAL)


def _joins_weakly(clause: Clause, found: list[Mention], lexicon: Lexicon, *, brief: bool) -> bool:
    """Whether a mention and a word that often goes with a wish are one ("un posto per giovedì", "io il 21")."""
    if not found or clause.has("offer"):
        return False
    return clause.has("join_weak") or (brief and _is_bid(clause, found, lexicon))


def _is_bid(clause: Clause, found: list[Mention], lexicon: Lexicon) -> bool:
    """Whether it is a mention and courtesies, and nothing else: "io 21", "al primo turno grazie"."""
    if clause.asks and clause.has("asking"):
        return False
    telling = [m for m in found if m.named and m.found.by != "time"]
    covered = {at for m in telling for at in range(m.found.start, m.found.end)}
    if not covered:
        return False
    covered |= {at for m in found if m.found.by == "time" for at in range(m.found.start, m.found.end)}
    covered |= {
        at for cue in clause.spans("courtesy", "greets", "nod", "also", "meeting") for at in range(cue.start, cue.end)
    }
    idle = lexicon.sets["small"] | lexicon.sets["common"]
    return all(at in covered or word in idle or word.isdigit() for at, word in enumerate(clause.words))


def _is_idle_talk(clause: Clause) -> bool:
    """Whether it tells of a wish that is past ("sarei venuta"), or of something else ("ci sarà il collaudo")."""
    past = clause.has("wished_past") and not clause.asks
    return past or (clause.has("there_will_be") and not clause.has("enrol_other", "our_person"))


def _takes_all(clause: Clause, *, acts: bool, holds: bool) -> bool:
    """Whether what it does is for all meetings; who holds all, or is "from all", asks for none."""
    told = clause.has("all") and (acts or not (holds or _leads_away(clause)))
    return told or _ends_in_all(clause)


def _leads_away(clause: Clause) -> bool:
    """Whether it is "from all": whatever is done there, nobody signs up."""
    ends = {cue.end for cue in clause.spans("from")}
    return any(cue.start in ends or cue.start + 1 in ends for cue in clause.spans("all"))


def _ends_in_all(clause: Clause) -> bool:
    """Whether it ends in "all" by itself, behind a deed: "iscrivetemi a tutti", but not "possiamo venire tutti?"."""
    ends = any(
        cue.end == len(clause.words) and not (clause.asks and cue.end - cue.start == 1)
        for cue in clause.spans("all_alone")
    )
    return ends and clause.has("join", "leave", "move")


# --- what stands apart ------------------------------------------------------------------------------------------------


def _is_apart(clause: Clause) -> bool:
    """Whether it speaks of others' plans, of what is over, or of why; or only greets."""
    return (
        (clause.begins("others", 3) and not clause.has("first_person", "enrol_other"))
        or (clause.begins("salutation", 0) and not clause.has("join", "leave", "move"))
        or clause.begins("concession", 1)
        or (clause.begins("reason", 1) and not clause.has("join"))
        or clause.has("thanks_for", "was_there", "keeps")
    )

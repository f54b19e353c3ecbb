"""A signup, by the clearest clue there is.

Outranked by requests, moves and withdrawals. First it must be a *wish*: somebody joins, marks a line of the quoted
announcement, names a meeting and says nothing else, agrees to the ONE meeting that is quoted, or leaves it all to the
subject. Then which: "all" before any single one; who hedges between several is asked; else ``_best`` asks one source
after the other, the clearest first, and the first that answers decides.
"""

from collections.abc import Iterator
from datetime import date

from mailbot.core.intent import marks
from mailbot.core.intent.calendar import NOBODY
from mailbot.core.intent.case import Case
from mailbot.core.intent.choose import UNNAMED, Choice, choose
from mailbot.core.intent.heard import Hearing, Stance
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import Codes
from mailbot.core.model import Doubt, Intent

SHORT = 16
"""Words of a mail in which a meeting named without any wish is a signup."""
SILENT = 6
"""Words of a mail that leaves everything to its subject."""
UNHEARD = 4
"""Words that were not understood, in a mail that names a meeting and says nothing else."""
NOD = 4
"""Words of a mail that is nothing but an agreement ("ci sono, grazie!")."""


def joined(case: Case) -> Intent | None:
    """The signup that is asked for; None where none is."""
    own = case.own
    taken = own.mentions(Stance.TAKEN)
    marked = _marked(case)
    wish = own.says("joins") or bool(marked.codes) or _names_alone(case) or _nods(case) or _wants_the_others(own)
    wish = wish or _wishes_in_subject(case)
    waits = own.says("asks") or own.has("unsure", "before_deciding")
    if not wish and own.says("hedges") and not waits and _decided(own):
        return case.ask(Doubt.SEVERAL, own.mentions(Stance.BARE, Stance.TAKEN))
    offers = own.has("offer") and not any(m.named for m in taken)
    if not wish or offers or own.has("before_deciding") or (case.requests and not taken):
        return None
    if _declines_only(case, marked) and not _wants_the_others(own):
        return None
    if own.has("if_full"):
        return case.ask(Doubt.SEVERAL, taken)
    if refused := _refused_alone(own):
        return case.ask(Doubt.CONTRADICTION, refused)
    if whole := _all(case):
        return whole
    if _undecided(own):
        return case.ask(Doubt.SEVERAL if taken else Doubt.UNNAMED, taken)
    choice = case.settled(_best(case, taken, marked))
    if choice.doubt:
        return case.ask(choice.doubt, choice.why)
    return case.ask_if_over(choice) or case.act("joined", choice.why, register=choice.codes)


# --- the wish ---------------------------------------------------------------------------------------------------------


def _declines_only(case: Case, marked: Choice) -> bool:
    """Whether beside a refusal there is nothing but words that would be a wish by themselves."""
    own = case.own
    sure = any(one.joins and not one.weak for one in own.heard)
    wanted = sure or bool(marked.codes) or any(m.named for m in own.mentions(Stance.TAKEN)) or own.says("takes_all")
    return own.says("declines") and not wanted


def _refused_alone(own: Hearing) -> list[Mention]:
    """The meetings refused, where no other is named."""
    others = any(m.named for m in own.mentions(Stance.TAKEN, Stance.BARE)) or own.says("takes_all")
    return [] if others else [m for m in own.mentions(Stance.DECLINED) if m.named and m.codes]


def _marked(case: Case) -> Choice:
    """The item of the quoted announcement that a mark or a number chooses."""
    marked = marks.marked_between_quotes(case.message, case.calendar, case.words, case.lexicon)
    if marked.codes:
        return marked
    return marks.numbered_item(case.message, case.own, case.calendar, case.words, case.lexicon)


def _wishes_in_subject(case: Case) -> bool:
    """Whether the subject is a wish: in so many words, or as a meeting's name over words that tell nothing else."""
    joins = [one for one in case.subject.heard if one.joins]
    sure = any(not one.weak for one in joins)
    return bool(joins) and not case.own.says("asks") and (sure or not _tells_more(case))


def _names_alone(case: Case) -> bool:
    """A subject, or a short mail, that names a meeting and says nothing else."""
    both = (case.own, case.subject)
    words = sum(len(h.clause.words) for h in case.own.heard)
    bare = [m for m in case.subject.mentions(Stance.BARE, Stance.TAKEN) if m.named and not m.narrows]
    bare = bare if words <= SILENT else []
    whole = case.own.says("takes_all") and not case.own.says("leaves") and not case.own.says("declines")
    quiet = not any(
        h.asks or h.clause.has("thanks_for", "was_there", "offer") for hearing in both for h in hearing.heard
    )
    return words <= SHORT and (bool(bare) or whole) and quiet and not _tells_more(case)


def _tells_more(case: Case) -> bool:
    """Whether the own words say something that was not understood: more than a greeting and who one is."""
    small = case.lexicon.sets["small"]
    unheard = 0
    for one in case.own.heard:
        known = {at for cue in one.clause.cues for at in range(cue.start, cue.end)}
        known |= {at for s in one.spoken for at in range(s.mention.found.start, s.mention.found.end)}
        unheard += sum(
            at not in known and word not in small and len(word) > 3 for at, word in enumerate(one.clause.words)
        )
    return unheard > UNHEARD


def _nods(case: Case) -> bool:
    """An agreement over the ONE meeting that is quoted, or with one that is named."""
    if not case.own.says("nods") or case.own.says("asks"):
        return False
    early = [h for h in case.own.heard[:4] if h.nods]
    words = sum(len(h.clause.words) for h in case.own.heard)
    if not early or words > 2 * SHORT or marks.is_confirmation(case.message, case.lexicon):
        return False
    return bool(case.quoted.codes) or words <= NOD


def _undecided(own: Hearing) -> bool:
    """Whether somebody hedges who has not said plainly, in another sentence, what they want."""
    hedged = {one.clause.sentence for one in own.heard if one.hedges}
    plain = [m for one in own.heard if one.joins and not one.weak for m in one.taken if m.named and m.codes]
    if any(m.clause.sentence not in hedged for m in plain):
        return False
    return bool(hedged) and (len(_decided(own)) != 1 or sum(one.hedges for one in own.heard) > 1)


def _decided(own: Hearing) -> set[frozenset[str]]:
    """The meetings named where somebody hedges ("uno degli incontri, quello sull'affido") or later."""
    first = min(one.clause.sentence for one in own.heard if one.hedges)
    named = [m for m in own.mentions(Stance.TAKEN, Stance.BARE) if m.named and m.clause.sentence >= first]
    return {m.codes for m in named}


# --- which ------------------------------------------------------------------------------------------------------------


def _all(case: Case) -> Intent | None:
    """All that are to come, but for those excepted or declined."""
    everything = any(one.takes_all and not (one.declines or one.clause.has("partitive")) for one in case.own.heard) or (
        case.subject.says("takes_all") and not case.own.mentions(Stance.TAKEN)
    )
    but = case.own.says("joins") and case.own.mentions(Stance.EXCEPTED) and not case.own.mentions(Stance.TAKEN)
    but = but or _wants_the_others(case.own)
    if not (everything or but):
        return None
    apart = case.own.mentions(Stance.EXCEPTED, Stance.DECLINED) + case.subject.mentions(Stance.EXCEPTED)
    spared = _spared(apart, case)
    if apart and spared.doubt:
        return case.ask(spared.doubt, spared.why)
    codes = case.calendar.coming(_scope(case.own))
    if case.own.has("onwards") or case.subject.has("onwards"):
        first = _first_day(case)
        if first is None:
            return case.ask(Doubt.UNNAMED, ())
        codes = frozenset(m.code for m in case.calendar.to_come if case.calendar.day(m) >= first)
    codes -= spared.codes
    if not codes:
        return case.ask(Doubt.OVER, spared.why)
    return case.act("all", spared.why, register=codes)


def _spared(apart: list[Mention], case: Case) -> Choice:
    """What is set aside: each for itself where each is clear, else what they come to together."""
    if all(len(mention.codes) == 1 for mention in apart):
        return Choice(NOBODY.union(*(mention.codes for mention in apart)), None, tuple(apart))
    return choose(apart, case.calendar, several=True)


def _scope(own: Hearing) -> Codes:
    """The meetings of what is named with "all": "tutti gli incontri sul commercio"."""
    if own.has("onwards"):
        return NOBODY
    return NOBODY.union(
        *(m.codes for one in own.heard if one.takes_all for m in one.taken if m.named and not m.narrows)
    )


def _wants_the_others(own: Hearing) -> bool:
    """Whether some meetings are set aside and the others wanted: "il 19 no, gli altri sì"."""
    aside = [m for m in own.mentions(Stance.EXCEPTED, Stance.DECLINED) if m.codes]
    wish = any(one.clause.has("the_others") and (one.joins or one.nods) for one in own.heard)
    return wish and bool(aside) and not any(m.named for m in own.mentions(Stance.TAKEN))


def _is_asked(mention: Mention) -> bool:
    """Whether a day is one that somebody asks to come on: a word for that, or for a meeting, stands close before."""
    leads = mention.clause.spans("join", "join_weak", "meeting", "link_wanted", "courtesy")
    return any(0 <= mention.found.start - cue.end <= 4 for cue in leads) or len(mention.clause.words) <= 4


def _first_day(case: Case) -> date | None:
    """The day from which on all meetings are wanted."""
    dated = [m for m in (*case.own.mentions(*Stance), *case.subject.mentions(*Stance)) if m.found.by == "date"]
    return min(case.calendar.days_of(dated[0].codes), default=None) if dated else None


def _best(case: Case, taken: list[Mention], marked: Choice) -> Choice:
    """The choice by the clearest clue: each source outranks the next."""
    own = case.own
    bare = own.mentions(Stance.BARE)
    against = own.mentions(Stance.DECLINED, Stance.EXCEPTED)
    named = _wanted(taken, against)
    for source in _sources(case, named, taken, against):
        if any(not m.narrows for m in source):
            beings = [m for m in (*taken, *bare) if not m.named]
            return choose([*source, *beings], case.calendar, several=own.has("both"), against=against)
    clues = _clues(case, named, marked)
    return next((clue for clue in clues if clue.codes or clue.doubt is Doubt.SEVERAL), UNNAMED)


def _clues(case: Case, named: list[Mention], marked: Choice) -> Iterator[Choice]:
    """What else may tell, where no words name a meeting that has one."""
    own = case.own
    yield marked
    yield choose([m for m in own.mentions(Stance.TAKEN, Stance.BARE) if m.narrows], case.calendar)
    yield case.quoted
    yield choose(named, case.calendar) if named else UNNAMED
    yield case.organisation


def _wanted(taken: list[Mention], against: list[Mention]) -> list[Mention]:
    """The named meetings that are wanted, without those refused elsewhere in the mail."""
    # A day without a meeting is what somebody asks for only where they ask for it.
    named = [m for m in taken if m.named and (m.codes or _is_asked(m))]
    return [m for m in named if not _is_refused(m, against)] or named


def _is_refused(mention: Mention, against: list[Mention]) -> bool:
    return any(mention.codes and mention.codes <= other.codes for other in against)


def _sources(case: Case, named: list[Mention], taken: list[Mention], against: list[Mention]) -> Iterator[list[Mention]]:
    """The mentions that may name what is wanted: own words with a deed, own words without, the subject."""
    own = case.own
    subject = [m for m in case.subject.mentions(Stance.TAKEN, Stance.BARE) if m.named]
    yield _with_subject(named, subject, taken)
    if not (own.has("contrast") and own.has("negation")):
        bare = [m for m in own.mentions(Stance.BARE) if m.named and m.codes and (not m.by_date or m.found.weight > 1)]
        yield _with_subject(bare, subject, [])
    yield [m for m in subject if not any(m.codes & other.codes for other in against)]


def _with_subject(own: list[Mention], subject: list[Mention], beside: list[Mention]) -> list[Mention]:
    """The own mentions, with what the subject adds: a day to a sector, a sector to a day."""
    if not own:
        return []
    days = any(m.by_date and not m.narrows for m in own)
    sectors = any(not m.by_date for m in own)
    adds = [m for m in subject if m.narrows or (m.by_date and not days) or (not m.by_date and not sectors)]
    return [*own, *(m for m in beside if m.narrows and m not in own), *adds]

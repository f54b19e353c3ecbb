"""What the sender of a message wants: the whole reading, as one story.

A machine's mail is ignored; a calendar's answer says what it says. Otherwise the sender's own words are heard, clause
by clause (``hearing``), with the subject where it is theirs. Then, in this order, each outranking what follows:

1. *Requests* that need no meeting: erasure, a copy of the data, the status, the link.
2. *Moves*: one meeting left for another.
3. *Withdrawals*: a signup taken back, or an invitation declined with no other taken.
4. *Signups*: for the meetings named in the own words; else in the subject; else at a mark between quoted lines; else
   the ONE in the quoted mail; else that of the sender's organisation, as the own words, the signature, the shown name
   or the address tell it.
5. *Questions*, and all that is none of the above: for a person.

At each step a doubt (no such day, a contradiction, several that fit, none named, one that is over) makes the bot ask
instead of act. ``choose`` weighs the clues of one wish, ``evidence`` words them.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from mailbot.core.intent import evidence, language, marks, people
from mailbot.core.intent.choose import UNNAMED, Choice, choose
from mailbot.core.intent.dates import Calendar
from mailbot.core.intent.hearing import Heard, Hearing, Stance, hear
from mailbot.core.intent.lexicon import Lexicon, shipped
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import SURE, Sectors, index
from mailbot.core.model import ALL, Doubt, Intent, Message, Outcome, Request, Series

SHORT = 16
"""Words of a mail in which a meeting named without any wish is a signup."""
SILENT = 6
"""Words of a mail that leaves everything to its subject."""
NOD = 4
"""Words of a mail that is nothing but an agreement ("ci sono, grazie!")."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One mail under reading."""

    message: Message
    series: Series
    calendar: Calendar
    words: Sectors
    lexicon: Lexicon
    own: Hearing
    subject: Hearing

    def quoted(self) -> Choice:
        """The ONE meeting of the quoted or forwarded mail, where it speaks of one alone."""
        return marks.quoted_meeting(self.message, self.calendar, self.words, self.lexicon)


def read_intent(message: Message, series: Series, at: datetime, lexicon: Lexicon | None = None) -> Intent:
    """What the sender of a message wants.

    Args:
        message: as ``core.reading`` has read it.
        series: the meetings it may speak of.
        at: the moment of writing: "domani" and "is over" are judged from here.
        lexicon: the words; those shipped where none are given.
    """
    words = lexicon or shipped()
    tongue = language.detect(f"{message.subject} {message.text()}", words, series.language)
    if message.origin.kind.is_machine:
        return Intent(Outcome.IGNORE, language=tongue, evidence=message.origin.clues)
    calendar = Calendar(series, at)
    sectors = index(series, words)
    theirs = "" if marks.is_repeated(message.subject) else message.subject
    own = hear(marks.own_text(message), calendar, sectors, words)
    case = _Case(
        message=message,
        series=series,
        calendar=calendar,
        words=sectors,
        lexicon=words,
        own=own,
        subject=hear("" if own.has("wrong_subject") else theirs, calendar, sectors, words),
    )
    intent = _by_calendar(case) or _by_words(case)
    return replace(
        intent,
        language=tongue,
        name=people.name_of(message),
        organisation=people.organisation_of(message),
        attendee=people.attendee_of(message, frozenset({series.contact})) if intent.register else None,
        question=evidence.question(case.own) if intent.attention else "",
    )


def _by_calendar(case: _Case) -> Intent | None:
    """A calendar's answer: the meeting whose code begins its UID."""
    reply = case.message.calendar_reply
    if reply is None:
        return None
    code = reply.uid.partition("@")[0].partition(".")[0]
    meeting = case.series.meeting(code)
    said = evidence.calendar(reply.partstat, reply.uid, case.series.language)
    if meeting is None:
        return Intent(Outcome.ASK, doubt=Doubt.UNNAMED, evidence=(said,))
    if reply.partstat == "DECLINED":
        return Intent(Outcome.ACT, cancel=(code,), evidence=(said,))
    if not meeting.is_to_come(case.calendar.at):
        return Intent(Outcome.ASK, doubt=Doubt.OVER, evidence=(said,))
    return Intent(Outcome.ACT, register=(code,), evidence=(said,))


def _by_words(case: _Case) -> Intent:
    """What the words say, by rank."""
    requests = case.own.requests or (frozenset() if case.own.says("joins") else case.subject.requests)
    if not requests and _lacks_link(case.own):
        requests = frozenset({"link"})
    asks = any(one.asks and (not requests or one.clause.has("question", "asking_is")) for one in case.own.heard)
    wanted = _moved(case) or _left(case, requests) or _joined(case, requests)
    if wanted is None and requests:
        wanted = Intent(Outcome.ACT)
    if wanted is None:
        return Intent(Outcome.ATTENTION, attention=True, evidence=evidence.nothing(case.own, case.series.language))
    if requests and wanted.outcome is Outcome.ASK:
        wanted = Intent(Outcome.ACT)
    if wanted.outcome is Outcome.ACT:
        named = tuple(sorted((Request(name) for name in requests), key=str))
        said = evidence.requests(case.own, case.subject, case.series.language)
        wanted = replace(wanted, requests=named, evidence=(*said, *wanted.evidence))
    return replace(wanted, attention=asks)


def _lacks_link(own: Hearing) -> bool:
    """Whether somebody who is signed up, and names no other meeting, asks for the link."""
    return own.has("held") and own.has("link_wanted") and not any(m.named for m in own.mentions(Stance.TAKEN))


# --- moves ------------------------------------------------------------------------------------------------------------


def _moved(case: _Case) -> Intent | None:
    """One meeting left for another."""
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
            return None if own.says("leaves") or _says_join(case) else _ask(case, Doubt.UNNAMED, sources)
        return _move(case, sources, goals)
    if (left or (held and own.says("leaves"))) and any(not m.narrows for m in goals):
        return _move(case, left or held, goals)
    if held and goals and (turned or own.has("instead")) and not any(m.clause.has("also") for m in goals):
        return _move(case, held, goals)
    return None


def _agreeing(mentions: list[Mention]) -> list[Mention]:
    """The mentions where all of them speak of the same meetings, else none."""
    return mentions if len({m.codes for m in mentions}) == 1 else []


def _move(case: _Case, sources: list[Mention], goals: list[Mention]) -> Intent | None:
    goal = choose(goals, case.calendar)
    if goal.doubt:
        return _ask(case, goal.doubt, goal.why)
    if over := _over(case, goal):
        return over
    sources = [m for m in sources if m.named and m.codes]
    source = choose(sources, case.calendar, against=goals) if sources else case.quoted()
    if not sources and len(goal.codes) > 1:
        return _ask(case, Doubt.SEVERAL, goal.why)
    left = source.codes - goal.codes
    if not left:
        return None if not sources and _says_join(case) else _ask(case, Doubt.UNNAMED, goal.why)
    return Intent(
        Outcome.ACT,
        register=tuple(sorted(goal.codes)),
        cancel=tuple(sorted(left)),
        evidence=evidence.of("moved", case.series, (*goal.why, *source.why)),
    )


def _says_join(case: _Case) -> bool:
    return any(one.joins and not one.moves for one in case.own.heard)


# --- withdrawals ------------------------------------------------------------------------------------------------------


def _left(case: _Case, requests: frozenset[str]) -> Intent | None:
    """A signup taken back, or an invitation declined."""
    own = case.own
    leaves = own.says("leaves") or (case.subject.says("leaves") and not own.says("joins"))
    refused = any(m.named for m in own.mentions(Stance.DECLINED))
    declines = own.says("declines") or (refused and own.has("regret"))
    taken = own.mentions(Stance.TAKEN)
    if case.subject.says("leaves") and not own.says("leaves") and own.says("joins") and not case.subject.says("moves"):
        return _ask(case, Doubt.CONTRADICTION, taken)
    sure = [m for one in own.heard if one.joins and not one.weak for m in _taken(one)]
    if not (leaves or declines) or (taken and (sure or not leaves)) or (not leaves and own.says("joins")):
        return None
    if not leaves and ("link" in requests or own.has("before_deciding")):
        return None
    if "erase" in requests and not any(
        one.leaves and (one.spoken or one.takes_all or one.clause.has("meeting", "held", "a_signup"))
        for one in own.heard
    ):
        return None
    if any(one.takes_all and (one.leaves or one.declines) for one in own.heard):
        return Intent(Outcome.ACT, cancel=(ALL,), evidence=evidence.of("left", case.series, ()))
    named = own.mentions(Stance.LEFT) or own.mentions(Stance.DECLINED) or own.mentions(Stance.HELD)
    named = [m for m in named if m.named] or [m for m in own.mentions(Stance.BARE) if m.named]
    named = named or [m for m in case.subject.mentions(*Stance) if m.named]
    bare = own.mentions(Stance.BARE)
    named = [m for m in named if m.codes or m not in bare]
    others = [m for m in own.mentions(Stance.BARE) if m.found.weight == SURE and not m.narrows and m.codes]
    if not leaves and any(not m.codes & o.codes for m in named for o in others):
        return _ask(case, Doubt.SEVERAL, named)
    if not named:
        quoted = case.quoted()
        codes = tuple(sorted(quoted.codes)) or (ALL,)
        return Intent(Outcome.ACT, cancel=codes, evidence=evidence.of("left", case.series, quoted.why))
    choice = _settled(case, choose(named, case.calendar, several=own.has("both")))
    if choice.doubt:
        return _ask(case, choice.doubt, choice.why)
    if all(not _to_come(case, code) for code in choice.codes):
        return _ask(case, Doubt.OVER, choice.why)
    return Intent(
        Outcome.ACT, cancel=tuple(sorted(choice.codes)), evidence=evidence.of("left", case.series, choice.why)
    )


# --- signups ----------------------------------------------------------------------------------------------------------


def _joined(case: _Case, requests: frozenset[str]) -> Intent | None:
    """A signup, by the clearest clue there is."""
    own, subject = case.own, case.subject
    taken = own.mentions(Stance.TAKEN)
    marked = marks.marked_between_quotes(case.message, case.calendar, case.words, case.lexicon)
    joins = own.says("joins")
    marked = marked if marked.codes else marks.numbered_item(case.message, own, case.calendar, case.words, case.lexicon)
    wish = joins or bool(marked.codes) or _names_alone(case) or _nods(case)
    wish = wish or (subject.says("joins") and not own.says("asks"))
    if not wish and own.says("hedges") and not own.says("asks") and _decided(own):
        return _ask(case, Doubt.SEVERAL, own.mentions(Stance.BARE, Stance.TAKEN))
    if not wish or (own.has("offer") and not any(m.named for m in taken)):
        return None
    if own.has("before_deciding"):
        return None
    if requests and not taken:
        return None
    sure = any(one.joins and not one.weak for one in own.heard)
    if own.says("declines") and not (sure or marked.codes or any(m.named for m in taken) or own.says("takes_all")):
        return None
    refused = [m for m in own.mentions(Stance.DECLINED) if m.named and m.codes]
    if refused and not any(m.named for m in own.mentions(Stance.TAKEN, Stance.BARE)) and not own.says("takes_all"):
        return _ask(case, Doubt.CONTRADICTION, refused)
    if whole := _all(case):
        return whole
    if _undecided(own):
        return _ask(case, Doubt.SEVERAL if taken else Doubt.UNNAMED, taken)
    choice = _settled(case, _best(case, taken, marked))
    if choice.doubt:
        return _ask(case, choice.doubt, choice.why)
    if over := _over(case, choice):
        return over
    return Intent(
        Outcome.ACT, register=tuple(sorted(choice.codes)), evidence=evidence.of("joined", case.series, choice.why)
    )


def _undecided(own: Hearing) -> bool:
    """Whether somebody hedges who has not said plainly, in another sentence, what they want."""
    hedged = {one.clause.sentence for one in own.heard if one.hedges}
    plain = [m for one in own.heard if one.joins and not one.weak for m in _taken(one) if m.named and m.codes]
    if any(m.clause.sentence not in hedged for m in plain) and not own.has("one_of"):
        return False
    return bool(hedged) and len(_decided(own)) != 1


def _taken(one: Heard) -> list[Mention]:
    return [spoken.mention for spoken in one.spoken if spoken.stance is Stance.TAKEN]


def _decided(own: Hearing) -> set[frozenset[str]]:
    """The meetings named where somebody hedges ("uno degli incontri, quello sull'affido") or later."""
    first = min(one.clause.sentence for one in own.heard if one.hedges)
    named = [m for m in own.mentions(Stance.TAKEN, Stance.BARE) if m.named and m.clause.sentence >= first]
    return {m.codes for m in named}


def _names_alone(case: _Case) -> bool:
    """A subject, or a short mail, that names a meeting and says nothing else."""
    both = (case.own, case.subject)
    words = sum(len(h.clause.words) for h in case.own.heard)
    bare = [m for m in case.subject.mentions(Stance.BARE, Stance.TAKEN) if m.named and not m.narrows]
    bare = bare if words <= SILENT else []
    whole = case.own.says("takes_all") and not case.own.says("leaves") and not case.own.says("declines")
    quiet = not any(
        h.asks or h.clause.has("thanks_for", "was_there", "offer") for hearing in both for h in hearing.heard
    )
    return words <= SHORT and (bool(bare) or whole) and quiet


def _nods(case: _Case) -> bool:
    """An agreement over the ONE meeting that is quoted, or with one that is named."""
    if not case.own.says("nods") or case.own.says("asks"):
        return False
    early = [h for h in case.own.heard[:4] if h.nods]
    words = sum(len(h.clause.words) for h in case.own.heard)
    if not early or words > 2 * SHORT or marks.is_confirmation(case.message, case.lexicon):
        return False
    return bool(case.quoted().codes) or words <= NOD


def _all(case: _Case) -> Intent | None:
    """All that are to come, but for those excepted or declined."""
    everything = any(one.takes_all and not (one.declines or one.clause.has("partitive")) for one in case.own.heard) or (
        case.subject.says("takes_all") and not case.own.mentions(Stance.TAKEN)
    )
    but = case.own.says("joins") and case.own.mentions(Stance.EXCEPTED) and not case.own.mentions(Stance.TAKEN)
    if not (everything or but):
        return None
    apart = case.own.mentions(Stance.EXCEPTED, Stance.DECLINED) + case.subject.mentions(Stance.EXCEPTED)
    spared = choose(apart, case.calendar, several=True) if apart else Choice(frozenset(), None)
    if apart and spared.doubt:
        return _ask(case, spared.doubt, spared.why)
    coming = case.calendar.to_come()
    # "Tutti gli incontri sul commercio": those of what is named with it.
    scope = [m for one in case.own.heard if one.takes_all for m in _taken(one) if m.named and not m.narrows and m.codes]
    if scope and not case.own.has("onwards"):
        codes = frozenset().union(*(m.codes for m in scope))
        coming = tuple(meeting for meeting in coming if meeting.code in codes)
    if case.own.has("onwards") or case.subject.has("onwards"):
        first = _first_day(case)
        if first is None:
            return _ask(case, Doubt.UNNAMED, ())
        coming = tuple(meeting for meeting in coming if case.calendar.day(meeting) >= first)
    codes = {meeting.code for meeting in coming} - spared.codes
    if not codes:
        return _ask(case, Doubt.OVER, spared.why)
    return Intent(Outcome.ACT, register=tuple(sorted(codes)), evidence=evidence.of("all", case.series, spared.why))


def _is_asked(mention: Mention) -> bool:
    """Whether a day is one that somebody asks to come on: a word for that, or for a meeting, stands close before."""
    leads = mention.clause.spans("join", "join_weak", "meeting", "link_wanted", "courtesy")
    return any(0 <= mention.found.start - cue.end <= 4 for cue in leads) or len(mention.clause.words) <= 4


def _first_day(case: _Case) -> date | None:
    """The day from which on all meetings are wanted."""
    dated = [m for m in (*case.own.mentions(*Stance), *case.subject.mentions(*Stance)) if m.found.by == "date"]
    days = [case.calendar.day(m) for m in case.series.meetings for of in dated[:1] if m.code in of.codes]
    return min(days, default=None)


def _best(case: _Case, taken: list[Mention], marked: Choice) -> Choice:
    """The choice by the clearest clue: each source outranks the next."""
    both = case.own.has("both")
    subject = [m for m in case.subject.mentions(Stance.TAKEN, Stance.BARE) if m.named]
    against = case.own.mentions(Stance.DECLINED, Stance.EXCEPTED)
    named = [m for m in taken if m.named]
    # A day without a meeting is what somebody asks for only where they ask for it.
    named = [m for m in named if m.codes or _is_asked(m)]
    named = [m for m in named if not any(m.codes and m.codes <= a.codes for a in against)] or named
    bare = [m for m in case.own.mentions(Stance.BARE) if m.named and m.codes and (not m.by_date or m.found.weight > 1)]
    bare = [] if case.own.has("contrast") and case.own.has("negation") else bare
    for source in (
        _with_subject(named, subject, taken),
        _with_subject(bare, subject, []) if bare else [],
        [m for m in subject if not any(m.codes & a.codes for a in against)],
    ):
        if any(not m.narrows for m in source):
            beings = [m for m in (*taken, *case.own.mentions(Stance.BARE)) if not m.named]
            return choose([*source, *beings], case.calendar, several=both, against=against)
    for choice in (
        marked,
        choose([m for m in case.own.mentions(Stance.TAKEN, Stance.BARE) if m.narrows], case.calendar),
        case.quoted(),
        choose(named, case.calendar) if named else UNNAMED,
        marks.organisation(case.message, case.own, case.calendar, case.words, case.lexicon),
    ):
        if choice.codes or choice.doubt is Doubt.SEVERAL:
            return choice
    return UNNAMED


def _settled(case: _Case, choice: Choice) -> Choice:
    """A choice between several that the ONE quoted meeting, where it is among them, settles."""
    if choice.doubt is not Doubt.SEVERAL:
        return choice
    quoted = case.quoted()
    fits = bool(quoted.codes) and any(quoted.codes <= m.codes for m in choice.why)
    return Choice(quoted.codes, None, (*choice.why, *quoted.why)) if fits else choice


def _with_subject(own: list[Mention], subject: list[Mention], beside: list[Mention]) -> list[Mention]:
    """The own mentions, with what the subject adds: a day to a sector, a sector to a day."""
    if not own:
        return []
    days = any(m.by_date and not m.narrows for m in own)
    sectors = any(not m.by_date for m in own)
    adds = [m for m in subject if m.narrows or (m.by_date and not days) or (not m.by_date and not sectors)]
    return [*own, *(m for m in beside if m.narrows and m not in own), *adds]


# --- small things -----------------------------------------------------------------------------------------------------


def _to_come(case: _Case, code: str) -> bool:
    meeting = case.series.meeting(code)
    return meeting is not None and meeting.is_to_come(case.calendar.at)


def _over(case: _Case, choice: Choice) -> Intent | None:
    """Asks where a meeting wanted has begun."""
    return None if all(_to_come(case, code) for code in choice.codes) else _ask(case, Doubt.OVER, choice.why)


def _ask(case: _Case, doubt: Doubt, why: tuple[Mention, ...] | list[Mention]) -> Intent:
    return Intent(Outcome.ASK, doubt=doubt, evidence=evidence.doubt(doubt, case.series, tuple(why)))

"""What the sender of a message wants: the whole reading, as one story.

A machine's mail is ignored; a calendar's answer says what it says. Otherwise the sender's own words are heard, clause
by clause (``hearing``), with the subject where it is theirs. Then, in this order, each outranking what follows:

1. *Requests* that need no meeting: erasure, a copy of the data, the status, the link.
2. *Moves*: one meeting left for another.
3. *Withdrawals*: a signup taken back, or an invitation declined with no other taken.
4. *Signups*: for the meetings named in the own words; else in the subject; else the ONE in the quoted mail; else that
   of the sender's organisation, as the own words, the signature, the shown name or the address tell it.
5. *Questions*, and all that is none of the above: for a person.

At each step a doubt (no such day, a contradiction, several that fit, none named, one that is over) makes the bot ask
instead of act. ``choose`` weighs the clues of one wish, ``evidence`` words them.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.core.intent import evidence, language, marks, people
from mailbot.core.intent.choose import Choice, choose
from mailbot.core.intent.dates import Calendar
from mailbot.core.intent.hearing import Hearing, Stance, hear
from mailbot.core.intent.lexicon import Lexicon, plain, shipped
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import Sectors, index
from mailbot.core.model import (
    ALL,
    Doubt,
    Intent,
    Message,
    Outcome,
    Request,
    Series,
)

SHORT = 14
"""Words of a mail in which a meeting named without any wish is a signup."""


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
    case = _Case(
        message=message,
        series=series,
        calendar=calendar,
        words=sectors,
        lexicon=words,
        own=hear(marks.own_text(message, words), calendar, sectors, words),
        subject=hear(theirs, calendar, sectors, words),
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
    requests = case.own.requests or case.subject.requests
    asks = any(sentence.questions for sentence in case.own.sentences)
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


# --- moves, withdrawals -----------------------------------------------------------------------------------------------


def _moved(case: _Case) -> Intent | None:
    """One meeting left for another."""
    own = case.own if case.own.says("moves") else case.subject
    moving = own.says("moves")
    goals = _mentions(case.own, Stance.TAKEN) or _mentions(case.own, Stance.BARE)
    sources = _mentions(case.own, Stance.LEFT) + _mentions(case.own, Stance.HELD)
    sure = bool(_mentions(case.own, Stance.LEFT)) and bool(_mentions(case.own, Stance.TAKEN))
    if not moving and not sure:
        return None
    if moving:
        sources = sources or _mentions(case.own, Stance.DECLINED)
    if not moving or not goals:
        if not moving:
            return _move(case, sources, goals) if sure else None
        return None if not own.says("moves") or _only_corrects(case) else _ask(case, Doubt.UNNAMED, ())
    return _move(case, sources, goals)


def _only_corrects(case: _Case) -> bool:
    """Words of mending without a meeting that is left: the mail mends itself, not a signup."""
    return not case.own.says("moves") or any(one.joins or one.leaves for one in case.own.heard)


def _move(case: _Case, sources: list[Mention], goals: list[Mention]) -> Intent | None:
    goal = choose(goals, case.calendar, case.lexicon)
    if goal.doubt:
        return _ask(case, goal.doubt, goal.why)
    if over := _over(case, goal):
        return over
    source = choose(sources, case.calendar, case.lexicon) if sources else case.quoted()
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


def _left(case: _Case, requests: frozenset[str]) -> Intent | None:
    """A signup taken back, or an invitation declined."""
    leaves = case.own.says("leaves") or (case.subject.says("leaves") and not case.own.says("joins"))
    declines = case.own.says("declines")
    taken = _mentions(case.own, Stance.TAKEN)
    if not (leaves or declines) or taken or (not leaves and case.own.says("joins")):
        return None
    if "erase" in requests and not leaves:
        return None
    if any(one.takes_all and (one.leaves or one.declines) for one in case.own.heard):
        return Intent(Outcome.ACT, cancel=(ALL,), evidence=evidence.of("left", case.series, ()))
    named = _mentions(case.own, Stance.LEFT) or _mentions(case.own, Stance.DECLINED) or _mentions(case.own, Stance.HELD)
    named = named or [m for m in _mentions(case.own, Stance.BARE) if m.named]
    named = named or [spoken.mention for spoken in case.subject.spoken(*Stance) if spoken.mention.named]
    if not named:
        quoted = case.quoted()
        codes = tuple(sorted(quoted.codes)) or (ALL,)
        return Intent(Outcome.ACT, cancel=codes, evidence=evidence.of("left", case.series, quoted.why))
    choice = choose(named, case.calendar, case.lexicon)
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
    wish = case.own.says("joins") or case.subject.says("joins") or _names_alone(case)
    offers = any(sentence.offers for sentence in case.own.sentences)
    taken = _mentions(case.own, Stance.TAKEN)
    if not wish or (offers and not any(m.named for m in taken)):
        return None
    if requests and not taken:
        return None
    undecided = any(s.hedges for s in case.own.sentences) or any(one.hedges for one in case.own.heard if one.joins)
    if _asks_first(case) and not taken:
        return None
    if whole := _all(case):
        return whole
    if undecided and len({m.codes for m in _mentions(case.own, *Stance)}) != 1:
        return _ask(case, Doubt.SEVERAL if taken else Doubt.UNNAMED, taken)
    choice = _best(case, taken)
    if choice.doubt:
        return _ask(case, choice.doubt, choice.why)
    if over := _over(case, choice):
        return over
    return Intent(
        Outcome.ACT, register=tuple(sorted(choice.codes)), evidence=evidence.of("joined", case.series, choice.why)
    )


def _names_alone(case: _Case) -> bool:
    """A short mail that names a meeting and says nothing else."""
    short = len(plain(case.message.text()).split()) <= SHORT
    bare = [s for s in (*case.own.spoken(Stance.BARE), *case.subject.spoken(Stance.BARE)) if s.mention.named]
    quiet = not any(s.questions or s.offers for s in (*case.own.sentences, *case.subject.sentences))
    return short and bool(bare) and quiet


def _asks_first(case: _Case) -> bool:
    """Somebody who wants to know something before they decide."""
    return any(sentence.asks_first for sentence in case.own.sentences)


def _all(case: _Case) -> Intent | None:
    """All that are to come, but for those excepted or declined."""
    everything = any(one.takes_all for one in case.own.heard) or (
        any(one.takes_all for one in case.subject.heard) and not _mentions(case.own, Stance.TAKEN)
    )
    if not everything:
        return None
    apart = _mentions(case.own, Stance.EXCEPTED) + _mentions(case.own, Stance.DECLINED)
    apart += [s.mention for s in case.subject.spoken(Stance.EXCEPTED)]
    spared = choose(apart, case.calendar, case.lexicon, several=True) if apart else Choice(frozenset(), None, ())
    if apart and spared.doubt:
        return _ask(case, spared.doubt, spared.why)
    codes = {meeting.code for meeting in case.calendar.to_come()} - spared.codes
    if not codes:
        return _ask(case, Doubt.OVER, spared.why)
    return Intent(Outcome.ACT, register=tuple(sorted(codes)), evidence=evidence.of("all", case.series, spared.why))


def _best(case: _Case, taken: list[Mention]) -> Choice:
    """The choice by the clearest clue: each source outranks the next."""
    both = bool(case.lexicon.groups["both"].search(plain(case.message.text())))
    subject = [s.mention for s in case.subject.spoken(Stance.TAKEN, Stance.BARE) if s.mention.named]
    named = [mention for mention in taken if mention.named]
    bare = [s.mention for s in case.own.spoken(Stance.BARE) if s.mention.named]
    sources = [
        _with_subject(named, subject),
        _with_subject(bare, subject) if bare else [],
        [m for m in subject if not _declined(case, m)],
    ]
    for source in sources:
        if source:
            return choose(source, case.calendar, case.lexicon, several=both)
    for choice in (
        marks.marked_between_quotes(case.message, case.calendar, case.words, case.lexicon),
        case.quoted(),
        marks.organisation(case.message, taken, case.own, case.calendar, case.words, case.lexicon),
    ):
        if choice.codes or choice.doubt is Doubt.SEVERAL:
            return choice
    return Choice(frozenset(), Doubt.UNNAMED, ())


def _with_subject(own: list[Mention], subject: list[Mention]) -> list[Mention]:
    """The own mentions, with what the subject adds: a day to a sector, a sector to a day."""
    if not own:
        return []
    has_day, has_sector = any(m.by_date for m in own), any(not m.by_date for m in own)
    adds = [m for m in subject if (m.by_date and not has_day) or (not m.by_date and not has_sector)]
    return [*own, *adds]


def _declined(case: _Case, mention: Mention) -> bool:
    return any(mention.codes & m.codes for m in _mentions(case.own, Stance.DECLINED, Stance.EXCEPTED))


# --- small things -----------------------------------------------------------------------------------------------------


def _mentions(hearing: Hearing, *stances: Stance) -> list[Mention]:
    return [spoken.mention for spoken in hearing.spoken(*stances)]


def _to_come(case: _Case, code: str) -> bool:
    meeting = case.series.meeting(code)
    return meeting is not None and meeting.is_to_come(case.calendar.at)


def _over(case: _Case, choice: Choice) -> Intent | None:
    """Asks where a meeting wanted has begun."""
    return None if all(_to_come(case, code) for code in choice.codes) else _ask(case, Doubt.OVER, choice.why)


def _ask(case: _Case, doubt: Doubt, why: tuple[Mention, ...] | list[Mention]) -> Intent:
    return Intent(Outcome.ASK, doubt=doubt, evidence=evidence.doubt(doubt, case.series, tuple(why)))

"""What the sender of a message wants: the whole reading, as one story, and the order of precedence.

A machine's mail is ignored; a calendar's answer says what it says. Otherwise the sender's own words are heard, clause
by clause (``hearing``), with the subject where it is theirs. Then, in this order, each outranking what follows:

1. *Requests* that need no meeting: erasure, a copy of the data, the status, the link.
2. *Moves* (``moves``): one meeting left for another.
3. *Withdrawals* (``withdrawals``): a signup taken back, or an invitation declined with no other taken.
4. *Signups* (``signups``): for the meetings named in the own words; else in the subject; else at a mark between quoted
   lines; else the ONE in the quoted mail; else that of the sender's organisation, as the own words, the signature, the
   shown name or the address tell it.
5. *Questions*, and all that is none of the above: for a person.

Requests go together with any one of 2 to 4; a question goes together with all of them. At each step a doubt (no such
day, a contradiction, several that fit, none named, one that is over) makes the bot ask instead of act. ``choose``
weighs the clues of one wish, ``evidence`` words them. A new rule for a deed goes into ``deeds``, for a mention into
``stances``, for what reaches across clauses into ``sentences``, and for a whole mail into one of the three modules
above: each says at its top what it outranks.
"""

from dataclasses import replace
from datetime import datetime

from mailbot.core.intent import evidence, language, marks, people
from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.case import Case
from mailbot.core.intent.clauses import Source
from mailbot.core.intent.heard import Stance
from mailbot.core.intent.hearing import hear
from mailbot.core.intent.lexicon import Lexicon, shipped
from mailbot.core.intent.moves import moved
from mailbot.core.intent.sectors import index
from mailbot.core.intent.signups import joined
from mailbot.core.intent.withdrawals import left
from mailbot.core.model import Doubt, Intent, Message, Outcome, Request, Series

_OPEN = (Doubt.CONTRADICTION, Doubt.NO_SUCH_DATE, Doubt.SEVERAL, Doubt.UNNAMED)
"""The doubts over which another reading may be of interest."""
RULES = (moved, left, joined)
"""What may become of places, each outranking the next."""


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
    case = Case(
        message=message,
        series=series,
        calendar=calendar,
        words=sectors,
        lexicon=words,
        own=own,
        subject=hear("" if own.has("wrong_subject") else theirs, calendar, sectors, words, Source.SUBJECT),
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


def _by_calendar(case: Case) -> Intent | None:
    """A calendar's answer: the meeting whose code begins its UID."""
    reply = case.message.calendar_reply
    if reply is None:
        return None
    code = reply.uid.partition("@")[0].partition(".")[0]
    meeting = case.series.meeting(code)
    said = evidence.calendar_reply(reply.partstat, reply.uid, case.series.language)
    if meeting is None:
        return Intent(Outcome.ASK, doubt=Doubt.UNNAMED, evidence=(said,))
    if reply.partstat == "DECLINED":
        return Intent(Outcome.ACT, cancel=(code,), evidence=(said,))
    if not case.to_come(code):
        return Intent(Outcome.ASK, doubt=Doubt.OVER, evidence=(said,))
    return Intent(Outcome.ACT, register=(code,), evidence=(said,))


def _by_words(case: Case) -> Intent:
    """What the words say, by rank."""
    requests = case.requests
    asks = any(one.asks and (not requests or one.clause.has("question", "asking_is")) for one in case.own.heard)
    wanted = next((intent for rule in RULES if (intent := rule(case))), None)
    if wanted is not None and (wanted.register or wanted.doubt in _OPEN):
        wanted = replace(wanted, runner_up=_second(case, wanted))
    if requests and (wanted is None or wanted.outcome is Outcome.ASK):
        wanted = Intent(Outcome.ACT)
    if wanted is None:
        return Intent(Outcome.ATTENTION, attention=True, evidence=evidence.nothing(case.own, case.series.language))
    if wanted.outcome is Outcome.ACT:
        named = tuple(sorted((Request(name) for name in requests), key=str))
        said = evidence.requests(case.own, case.subject, case.series.language)
        wanted = replace(wanted, requests=named, evidence=(*said, *wanted.evidence))
    beyond = evidence.cut_short(case.own, case.series.language)
    wanted = replace(wanted, evidence=(*wanted.evidence, *beyond))
    return replace(wanted, attention=asks or case.own.cut_short)


def _second(case: Case, first: Intent) -> str:
    """The reading that came second, in words: the strongest clue for a meeting neither chosen nor refused."""
    apart = {*first.register, *first.cancel}
    refused = (*case.own.mentions(Stance.DECLINED, Stance.EXCEPTED), *case.subject.mentions(Stance.EXCEPTED))
    apart.update(*(mention.codes for mention in refused))
    heard = (Stance.TAKEN, Stance.BARE, Stance.OTHERS, Stance.HELD)
    for source in (
        lambda: case.own.mentions(*heard),
        lambda: case.subject.mentions(*heard),
        lambda: case.quoted.why,
        lambda: case.organisation.why,
    ):
        others = [m for m in source() if len(m.codes) == 1 and not m.codes & apart]
        if others:
            return evidence.runner_up(max(others, key=lambda m: m.found.weight), case.calendar)
    return ""

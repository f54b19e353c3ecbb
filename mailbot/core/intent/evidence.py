"""The clues in words that a person understands, in the series' language, strongest first.

First what is done, with the clause that says so; then each clue that told which meeting, with what it points to, why
and where it stands; last what was set aside. ``runner_up`` words the reading that came second.
"""

from collections.abc import Iterable, Iterator, Sequence

from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.found import as_written
from mailbot.core.intent.heard import Heard, Hearing, Spoken, Stance
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.phrases import (
    CUT_SHORT,
    DAYS,
    DEEDS,
    DOUBTS,
    MONTHS,
    NOTHING,
    QUESTION,
    REASONS,
    REQUESTS,
    RUNNER_UP,
    SET_ASIDE,
    SOURCES,
    TAKES,
    UNKNOWN_DAY,
)
from mailbot.core.model import Doubt, Language, Meeting

LONGEST = 90
LONGEST_QUESTION = 400
MOST_MEETINGS = 3
"""Meetings that a clue names; of more it says how many."""
MOST_ASIDE = 4
_DOES = {"joined": "joins", "left": "leaves", "moved": "moves", "all": "takes_all"}


def of(deed: str, why: Sequence[Mention], calendar: Calendar, hearings: Iterable[Hearing]) -> tuple[str, ...]:
    """What is done, each clue for it, and what was set aside."""
    tongue, heard = calendar.series.language, [one for hearing in hearings for one in hearing.heard]
    said = next((one for one in heard if getattr(one, _DOES[deed])), None)
    said = said or next((one for one in heard if deed == "left" and one.declines), None)
    does = DEEDS[deed][tongue] + (f": «{_short(said.clause.text)}»" if said else "")
    clues = [_clue(m, calendar, heard, moves=deed == "moved") for m in why]
    if deed == "all":
        clues = [f"{clue}: {SET_ASIDE[Stance.EXCEPTED][tongue]}" for clue in clues]
    return _lines([does, *clues, *_aside(heard, why, tongue)])


def doubt(of_what: Doubt, why: Sequence[Mention], calendar: Calendar, hearings: Iterable[Hearing]) -> tuple[str, ...]:
    """Why the sender is asked, the clues that led there, and what was set aside."""
    heard = [one for hearing in hearings for one in hearing.heard]
    clues = [_clue(mention, calendar, heard, moves=False) for mention in why]
    tongue = calendar.series.language
    return _lines([DOUBTS[of_what][tongue], *clues, *_aside(heard, why, tongue)])


def requests(own: Hearing, subject: Hearing, tongue: Language) -> tuple[str, ...]:
    """Each thing asked for beside places, with the words that ask for it."""
    return tuple(
        f"«{_short(one.clause.text)}»: {REQUESTS[name][tongue]}"
        for one in (*own.heard, *subject.heard)
        for name in sorted(one.requests)
    )


def nothing(own: Hearing, tongue: Language) -> tuple[str, ...]:
    """Why a person must read it."""
    asked = question(own)
    return (f"{QUESTION[tongue]}: «{_short(asked)}»" if asked else NOTHING[tongue],)


def cut_short(own: Hearing, tongue: Language) -> tuple[str, ...]:
    """That a person must read the rest of a long text."""
    return (CUT_SHORT[tongue],) if own.cut_short else ()


def calendar_reply(partstat: str, uid: str, tongue: Language) -> str:
    """A calendar's answer."""
    return f"{'risposta del calendario' if tongue == 'it' else 'calendar reply'}: {partstat}, {uid[:LONGEST]}"


def question(own: Hearing) -> str:
    """The sentences that a person must answer."""
    return ", ".join(own.questions())[:LONGEST_QUESTION]


def runner_up(mention: Mention, calendar: Calendar) -> str:
    """The reading that came second, and what spoke for it."""
    tongue = calendar.series.language
    words = as_written(mention.clause, mention.found.start, mention.found.end)
    goal = _goal(mention.codes, calendar)
    return RUNNER_UP[tongue].format(goal=goal, words=words, source=SOURCES[mention.clause.source][tongue])


# --- one clue ---------------------------------------------------------------------------------------------------------


def _clue(mention: Mention, calendar: Calendar, heard: Sequence[Heard], *, moves: bool) -> str:
    """The words, what they point to, why, and where they stand."""
    tongue, found = calendar.series.language, mention.found
    said = f"«{_short(as_written(mention.clause, found.start, found.end))}»"
    if moves:
        stances = [s.stance for one in heard for s in one.spoken if s.mention is mention]
        said = f"{TAKES[Stance.TAKEN in stances or Stance.BARE in stances][tongue]} {said}"
    if not mention.codes:
        return f"{said}: {UNKNOWN_DAY[tongue]}, {SOURCES[mention.clause.source][tongue]}"
    reasons = ", ".join(filter(None, (_reason(mention, calendar), SOURCES[mention.clause.source][tongue])))
    return f"{said} → {_goal(mention.codes, calendar)}, {reasons}"


def _goal(codes: frozenset[str], calendar: Calendar) -> str:
    """The meetings that a clue points to: day and sector, with the hour where a day has several."""
    tongue = calendar.series.language
    meetings = [meeting for meeting in calendar.in_order if meeting.code in codes]
    if len(meetings) > MOST_MEETINGS:
        return f"{len(meetings)} incontri" if tongue == "it" else f"{len(meetings)} meetings"
    return "; ".join(_meeting(meeting, calendar, tongue) for meeting in meetings)


def _meeting(meeting: Meeting, calendar: Calendar, tongue: Language) -> str:
    start = calendar.local(meeting)
    day = f"{DAYS[tongue][start.weekday()]} {start.day} {MONTHS[tongue][start.month - 1]}"
    hour = f" {start:%H:%M}" if len(calendar.on(start.date())) > 1 else ""
    return f"{day}{hour} ({meeting.sector})"


def _reason(mention: Mention, calendar: Calendar) -> str:
    """Why these words point there, where it does not go without saying."""
    tongue, found = calendar.series.language, mention.found
    if found.by == "weekday" and len(mention.codes) == 1:
        day = calendar.days_of(mention.codes)[0].weekday()
        if sum(calendar.day(meeting).weekday() == day for meeting in calendar.to_come) == 1:
            return REASONS["only weekday"][tongue].format(day=DAYS[tongue][day])
    if found.note == "wrong weekday":
        return REASONS["wrong weekday"][tongue]
    if found.by == "sector" and found.weight == 1:
        return REASONS["near"][tongue]
    if not mention.named:
        return REASONS["being"][tongue]
    return REASONS["theme"][tongue] if found.by == "theme" else ""


# --- what was set aside -----------------------------------------------------------------------------------------------


def _aside(heard: Iterable[Heard], why: Sequence[Mention], tongue: Language) -> Iterator[str]:
    """The mentions that do not count, and why not."""
    used = {id(mention) for mention in why}
    left_out = [s for one in heard for s in one.spoken if id(s.mention) not in used and s.stance in SET_ASIDE]
    for spoken in left_out[:MOST_ASIDE]:
        yield f"«{_said(spoken)}»: {SET_ASIDE[spoken.stance][tongue]}"


def _said(spoken: Spoken) -> str:
    """The clause where it is short, since it says why; else the words alone."""
    clause, found = spoken.mention.clause, spoken.mention.found
    return clause.text if len(clause.text) <= LONGEST // 2 else as_written(clause, found.start, found.end)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _lines(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said))

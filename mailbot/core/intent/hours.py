"""What only tells apart: an hour, a turn, a time of day.

"Alle 18", "il secondo turno", "quello di mattina" name no meeting by themselves; beside a day or a sector that several
meetings share they say which of them. An hour at which no meeting begins says that something else is meant.
"""

from collections.abc import Iterator

from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.found import Found, at_cue, finding, small_number
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.sectors import Sectors

KEYS = ("hour", "turn", "time")
"""What ``Found.by`` says of them, the clearest first."""

_QUARTERS = frozenset(("00", "15", "30", "45"))
_MINUTES: dict[tuple[str, ...], int] = {
    ("30",): 30,
    ("mezza",): 30,
    ("mezzo",): 30,
    ("trenta",): 30,
    ("quindici",): 15,
    ("quarantacinque",): 45,
}
"""What may stand behind "le sei e"."""


def hours(clause: Clause, calendar: Calendar, lexicon: Lexicon) -> Iterator[Found]:
    """An hour, with the meetings to come that begin at it."""
    for at, end, hour, minute, half in _hours(clause, lexicon):
        starts = {(hour + 12 if half == "pm" and hour < 12 else hour, minute)}
        starts |= {(hour + 12, minute)} if hour < 12 and half not in ("am", "pm") else set()
        meetings = [m for m in calendar.to_come if (calendar.local(m).hour, calendar.local(m).minute) in starts]
        exact = [m for m in meetings if calendar.local(m).hour == hour] or meetings
        if exact:
            yield finding(clause, at, end, frozenset(m.code for m in exact), "hour")


def _hours(clause: Clause, lexicon: Lexicon) -> Iterator[tuple[int, int, int, int, str]]:
    """The hours of a clause: first and last place, hour, minute, and ``am``, ``pm`` or nothing."""
    words, signs = clause.words, clause.signs
    if not any(word[:1].isdigit() or word in lexicon.hour_words for word in words):
        return
    led = {cue.end for cue in clause.spans("hour_lead")}
    for at, word in enumerate(words):
        glued = word.removesuffix("am").removesuffix("pm").removesuffix("h")
        hour = small_number(glued) if glued else None
        spoken = at in led or words[at + 1 : at + 3] in (("o", "clock"), ("in", "the"))
        if hour is None and spoken:
            hour = lexicon.hour_words.get(word)
        if hour is None or hour > 23:
            continue
        half = word[len(glued) :]
        end, minute = at + 1, 0
        if _are_minutes(words, signs, end, led=at in led):
            minute, half = int(words[end][:2]), words[end][2:] or half
            end += 1
        elif at in led and words[end : end + 1] == ("e",) and words[end + 1 : end + 2] in _MINUTES:
            minute, end = _MINUTES[words[end + 1 : end + 2]], end + 2
        if words[end : end + 2] == ("o", "clock"):
            end += 2
        if end < len(words) and words[end] in ("am", "pm"):
            half, end = words[end], end + 1
        if spoken or half in ("am", "pm") or (minute and end - at == 2):
            yield at, end, hour, minute, half


def _are_minutes(words: tuple[str, ...], signs: tuple[str, ...], at: int, *, led: bool) -> bool:
    """Whether minutes stand here: 18:30, and 18.30 where it is no date."""
    if at >= len(words) or signs[at] not in (".", ":") or not words[at][:2].isdecimal() or len(words[at][:2]) != 2:
        return False
    dated = at + 1 < len(words) and signs[at + 1] == "." and words[at + 1].isdecimal()
    return signs[at] == ":" or led or (words[at][:2] in _QUARTERS and not dated)


def hour_places(clause: Clause, lexicon: Lexicon) -> Iterator[int]:
    """The places of all that is an hour, whether or not a meeting begins at it."""
    for at, end, *_ in _hours(clause, lexicon):
        yield from range(at, end)


def hour_behind(clause: Clause, at: int) -> int | None:
    """The hour that is given right behind a place ("giovedì 21 alle ore 11")."""
    led = [cue for cue in clause.spans("hour_lead") if cue.start in (at, at + 1)]
    after = max((cue.end for cue in led), default=-1)
    hour = small_number(clause.words[after]) if 0 <= after < len(clause.words) else None
    pm = clause.words[after + 1 : after + 2] == ("pm",)
    return None if hour is None or hour > 23 else hour + 12 if pm and hour < 12 else hour


def turns(clause: Clause, calendar: Calendar, words: Sectors) -> Iterator[Found]:
    """Turns of one sector or one day, counted by hour; mornings, afternoons and evenings."""
    for number, group in enumerate(("turn_1", "turn_2", "turn_3")):
        for cue in clause.spans(group):
            # Turns of one sector, where there are any; else of one day.
            for together in (words.kin, calendar.days):
                members = [
                    [m.code for m in calendar.in_order if m.code in codes] for codes in together if len(codes) > 1
                ]
                codes = {of[number] for of in members if len(of) > number}
                if codes:
                    break
            if codes:
                yield at_cue(clause, cue, frozenset(codes), "turn")
    for group, first, last in (("morning", 0, 13), ("afternoon", 13, 18), ("evening", 18, 24)):
        for cue in clause.spans(group):
            codes = {m.code for m in calendar.to_come if first <= calendar.local(m).hour < last}
            if codes:
                yield at_cue(clause, cue, frozenset(codes), "time")

"""Days told by name: "giovedì", "domani", "la settimana prossima", "quello di dicembre".

A weekday is the next one with a meeting, unless a word beside it says which ("giovedì prossimo"). With its article it
is a habit more often than a day ("il martedì alleno"), and weighs little. A greeting ("buon venerdì"), what happens
every week and a name ("Tuesday Strollers") are no days at all.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.found import Found, finding
from mailbot.core.intent.lexicon import Lexicon


def weekdays(clause: Clause, calendar: Calendar, lexicon: Lexicon, taken: set[int]) -> Iterator[Found]:
    """A weekday by itself: its next meeting still to come."""
    words = clause.words
    habits: set[int] = set()
    for at, word in enumerate(words):
        number = lexicon.weekdays.get(word)
        if number is None or at in taken or _is_no_weekday(clause, at, lexicon):
            continue
        start, end = at, at + 1
        beside = {*words[max(0, at - 1) : at], *words[at + 1 : at + 2]}
        if clause.has("week_later") and any(c.start == at + 1 or c.end == at for c in clause.spans("week_later")):
            codes = calendar.weekday_in(number, 7, 13)
        elif any(c.end == at for c in clause.spans("this")):
            codes = calendar.weekday_in(number, 0, 6) or calendar.weekday(number)
        elif any(c.start == at + 1 or c.end == at or _is_of(clause, at, c.start) for c in clause.spans("next_week")):
            codes = frozenset(code for code in calendar.week(1) if code in calendar.weekday_in(number, 1, 13))
        else:
            codes = calendar.weekday(number)
        if beside & lexicon.sets["past"]:
            continue
        days = set(calendar.days_of(codes))
        note = "" if len(days) == 1 else "several" if days else "no such date"
        item = finding(clause, start, end, codes, "weekday", note)
        # "Il martedì alleno": a weekday with its article is a habit more often than a day.
        meant = any(c.end == at - 1 for c in clause.spans("meeting", "a_signup", "held_noun"))
        habit = (words[at - 1 : at] in (("il",), ("la",), ("di",), ("del",)) and not meant) or (
            word.endswith("days") and len(word) > 6
        )
        habit = habit and not clause.has("both")
        habit = habit or (at - 2 in habits and words[at - 1] in ("e", "and"))
        habits |= {at} if habit else set()
        yield replace(item, weight=1) if habit else item


def _is_of(clause: Clause, at: int, start: int) -> bool:
    """Whether one word lies between, as in "giovedì della settimana prossima"."""
    return start == at + 2 and clause.words[at + 1] in ("di", "della", "of")


def _is_no_weekday(clause: Clause, at: int, lexicon: Lexicon) -> bool:
    """A greeting ("buon venerdì"), a habit ("ogni martedì"), a name ("Tuesday Strollers"), a short form by chance."""
    words, word = clause.words, clause.words[at]
    before = words[at - 1] if at else ""
    if before in lexicon.sets["greeting"] or any(0 <= at - c.end <= 1 for c in clause.spans("every")):
        return True
    if len(word) <= 4 and word in ("mar", "sun", "sat", "mon", "dom", "mart", "sab", "ven", "mer", "gio", "lun"):
        written = clause.written[at]
        return len(words) > 6 and not written.endswith("\u2024") and before not in lexicon.sets["before_day"]
    after = clause.written[at + 1] if at + 1 < len(words) and not clause.signs[at + 1].strip() else ""
    named = after[:1].isupper() and not after.isupper() and _is_of_a_name(words[at + 1], lexicon)
    return named and clause.written[at][:1].isupper()


def _is_of_a_name(word: str, lexicon: Lexicon) -> bool:
    """Whether a word behind a weekday is part of a name rather than of a date."""
    return word not in lexicon.months and word not in lexicon.day_words and not word[:1].isdigit() and len(word) > 3


def relative(clause: Clause, calendar: Calendar, lexicon: Lexicon, _: set[int]) -> Iterator[Found]:
    """Today, tomorrow, the day after; next week where one meeting is left in it."""
    for group, days in (("day_after", 2), ("tomorrow", 1), ("today", 0)):
        for cue in clause.spans(group):
            codes = calendar.on(calendar.today + timedelta(days=days))
            if codes or days:
                item = finding(clause, cue.start, cue.end, codes, "date", "" if codes else "relative")
                # "Oggi" is said of many things.
                yield item if days else replace(item, weight=1)
    for group, weeks in (("next_week", 1), ("this_week", 0)):
        for cue in clause.spans(group):
            beside = {*clause.words[max(0, cue.start - 2) : cue.start], *clause.words[cue.end : cue.end + 2]}
            codes = calendar.week(weeks)
            if len(codes) == 1 and not any(word in lexicon.weekdays for word in beside):
                yield finding(clause, cue.start, cue.end, codes, "weekday")


def months(clause: Clause, calendar: Calendar, lexicon: Lexicon, taken: set[int]) -> Iterator[Found]:
    """A month by itself, where one meeting is in it: "the November meeting", "quello di dicembre"."""
    words = clause.words
    for at, word in enumerate(words):
        number = lexicon.months.get(word)
        if number is None or at in taken or len(word) < 4 or word in lexicon.weekdays or word == "may":
            continue
        beside = {*words[max(0, at - 2) : at], *words[at + 1 : at + 2]}
        codes = calendar.month(number)
        if len(codes) == 1 and beside & {"di", "del", "a", "the", "meeting", "session", "in", "one"}:
            yield finding(clause, at, at + 1, codes, "month")

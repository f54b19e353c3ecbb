"""A closed grammar over the dates that the meetings have.

A date in a mail is of interest in one way alone: on which meeting it falls. So numbers and words are read as days only
where they stand like days ("il 21", "giovedì 22 gennaio", "22/1", "January 25th", "domani"), and what each stands for
is the meetings of that day. A day without a meeting is a finding too: the sender has to be asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.model import Meeting, Series

_GREETING = frozenset(("buon", "buona", "good", "happy", "nice", "bella", "bel"))
_LIST_WORDS = frozenset(("e", "o", "and", "or", "ed", "il", "the", "oppure"))
TWO_WEEKS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a clause's plain form that names meetings, or a day without one."""

    start: int
    end: int
    codes: frozenset[str]
    """The meetings it may mean; empty where there is none on that day."""
    by: str
    """``date``, ``weekday``, ``sector``, ``turn``, ``hour``, ``order`` or ``all``."""
    words: str
    """The words themselves."""
    note: str = ""
    """What is odd about it: ``wrong weekday``, ``no such date``, ``several``."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The meetings of a series by day, as seen at a moment."""

    series: Series
    at: datetime

    @property
    def today(self) -> date:
        """The day of the moment, where the meetings are."""
        return self.at.astimezone(self.series.timezone).date()

    def day(self, meeting: Meeting) -> date:
        """The day of a meeting."""
        return meeting.starts_at.astimezone(self.series.timezone).date()

    def on(self, day: date) -> frozenset[str]:
        """The meetings of a day."""
        return frozenset(meeting.code for meeting in self.series.meetings if self.day(meeting) == day)

    def to_come(self) -> tuple[Meeting, ...]:
        """Those that have not begun."""
        return self.series.to_come(self.at)

    def day_number(self, number: int) -> frozenset[str]:
        """The meetings on the next day with this number that has one; else on one that is over."""
        days = sorted({self.day(m) for m in self.to_come() if self.day(m).day == number})
        if days:
            return self.on(days[0])
        over = sorted({self.day(m) for m in self.series.meetings if self.day(m).day == number})
        return self.on(over[-1]) if over else frozenset()

    def weekday(self, number: int) -> frozenset[str]:
        """The meetings on this weekday: the next one's, or of both within two weeks."""
        days = sorted({self.day(m) for m in self.to_come() if self.day(m).weekday() == number})
        soon = [day for day in days if day <= self.today + TWO_WEEKS] or days[:1]
        return frozenset(code for day in soon for code in self.on(day))

    def week_after(self) -> frozenset[str]:
        """The meetings to come of next week."""
        monday = self.today - timedelta(days=self.today.weekday()) + timedelta(days=7)
        return frozenset(m.code for m in self.to_come() if monday <= self.day(m) < monday + timedelta(days=7))


_NUMERIC = re.compile(r"(?<![\w/.:-])(\d{1,2})\s?([/.\-])\s?(\d{1,2})(?:\s?\2\s?(\d{4}|\d{2}))?(?![\w/:]|[.\-]\d)")
_ISO = re.compile(r"(?<![\w/.-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\w/-])")
_HOUR = re.compile(
    r"\b(?:alle|ore|dalle|delle|h|at|from|il turno delle|for)\s?(?:ore\s)?(\d{1,2})(?:[ :.](\d{2}))?\s?(am|pm)?\b"
)


def find(plain: str, written: str, calendar: Calendar, lexicon: Lexicon) -> list[Found]:
    """The dates of a clause, by their place in its plain form.

    Args:
        plain: the clause's plain form.
        written: the clause as written, in which signs still stand between numbers.
        calendar: what the dates are held against.
        lexicon: the words.
    """
    found = [*_numeric(plain, written, calendar)]
    taken = [(item.start, item.end) for item in found]

    def free(start: int, end: int) -> bool:
        return all(end <= begun or start >= ended for begun, ended in taken)

    for item in (*_spelled(plain, calendar, lexicon), *_relative(plain, calendar, lexicon)):
        if free(item.start, item.end):
            found.append(item)
            taken.append((item.start, item.end))
    return sorted(found, key=lambda item: item.start)


def _numeric(plain: str, written: str, calendar: Calendar) -> Iterator[Found]:
    """22/1, 22.01.2021, 2021-01-22, 1/22: in either order, the one on which a meeting falls."""
    for match in _ISO.finditer(written):
        days = _dates(int(match[1]), int(match[2]), int(match[3]))
        yield from _placed(plain, match[0], days, calendar)
    for match in _NUMERIC.finditer(written):
        first, second = int(match[1]), int(match[3])
        if (
            match[2] == "."
            and match[4] is None
            and (second > 12 or (len(match[3]) == 2 and match[3] in ("00", "15", "30", "45")))
        ):
            continue
        years = _years(match[4], calendar)
        either = [day for year in years for pair in ((second, first), (first, second)) for day in _dates(year, *pair)]
        if either:
            yield from _placed(plain, match[0], either, calendar)


def _placed(plain: str, words: str, days: list[date], calendar: Calendar) -> Iterator[Found]:
    key = " ".join(re.findall(r"\d+", words))
    at = re.search(rf"(?<!\w){key}(?!\w)", plain)
    if not at:
        return
    to_come = {meeting.code for meeting in calendar.to_come()}
    held = [calendar.on(day) for day in dict.fromkeys(days) if calendar.on(day)]
    best = [codes for codes in held if codes & to_come] or held
    codes = frozenset().union(*best)
    yield Found(at.start(), at.end(), codes, "date", words, "" if codes else "no such date")


def _years(written: str | None, calendar: Calendar) -> list[int]:
    if written:
        return [int(written) if len(written) == 4 else 2000 + int(written)]
    return sorted({calendar.day(meeting).year for meeting in calendar.series.meetings} | {calendar.today.year})


def _dates(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _spelled(plain: str, calendar: Calendar, lexicon: Lexicon) -> Iterator[Found]:
    """giovedì 21 gennaio, the 25th of January, January 25, il 21 e il 22, ventuno gennaio, giovedì."""
    tokens = [(match.start(), match.end(), match[0]) for match in re.finditer(r"\w+", plain)]
    words = [token[2] for token in tokens]
    used: set[int] = set()
    in_a_row = -9
    for index in range(len(tokens)):
        if index in used:
            continue
        number, width = _day_at(words, index, lexicon)
        if number is None:
            continue
        span = set(range(index, index + width))
        month, year, beside = _month_beside(words, index, index + width, lexicon)
        weekday = _weekday_before(words, index, lexicon)
        listed = in_a_row == index - 1 or (
            in_a_row == index - 2 and words[index - 1] in ("e", "o", "and", "or", "ed", "il", "the")
        )
        if month is None and weekday is None and not listed and not _stands_like_a_day(words, index, width, lexicon):
            continue
        if month is None and _is_something_else(words, index, width, lexicon):
            continue
        span |= beside | ({index - 1} if weekday is not None else set())
        used |= span
        in_a_row = max(span)
        start, end = tokens[min(span)][0], tokens[max(span)][1]
        codes = _codes(number, month, year, calendar)
        note = "" if codes else "no such date"
        if codes and weekday is not None and not _falls_on(codes, weekday, calendar):
            note = "wrong weekday"
        yield Found(start, end, codes, "date", plain[start:end], note)
    yield from _weekdays_alone(tokens, words, used, calendar, lexicon)


def _day_at(words: list[str], index: int, lexicon: Lexicon) -> tuple[int | None, int]:
    """The number of a day at this place, and how many words it takes."""
    two = " ".join(words[index : index + 2])
    if two in lexicon.day_words and index + 1 < len(words):
        return lexicon.day_words[two], 2
    word = words[index]
    figures = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|o)?", word)
    if figures and 1 <= int(figures[1]) <= 31:
        return int(figures[1]), 1
    number = lexicon.day_words.get(word)
    named = number is not None and (number > 10 or _month_beside(words, index, index + 1, lexicon)[0] is not None)
    return (number, 1) if named else (None, 0)


def _month_beside(words: list[str], start: int, end: int, lexicon: Lexicon) -> tuple[int | None, int | None, set[int]]:
    """The month and year beside a day, before or after it, and the places they take."""
    after = end + 1 if words[end : end + 1] in (["di"], ["of"]) else end
    if after < len(words) and words[after] in lexicon.months and not _is_verb_may(words, after):
        year = _year(words, after + 1)
        return lexicon.months[words[after]], year, set(range(end, after + 1 + (year is not None)))
    if start > 0 and words[start - 1] in lexicon.months and words[start - 1] not in lexicon.weekdays:
        year = _year(words, end)
        return lexicon.months[words[start - 1]], year, {start - 1} | ({end} if year is not None else set())
    return None, None, set()


def _is_verb_may(words: list[str], at: int) -> bool:
    return words[at] == "may" and words[at + 1 : at + 2] in (["i"], ["we"], ["be"])


def _year(words: list[str], at: int) -> int | None:
    return int(words[at]) if at < len(words) and re.fullmatch(r"20\d\d", words[at]) else None


def _weekday_before(words: list[str], index: int, lexicon: Lexicon) -> int | None:
    before = words[index - 1] if index else ""
    before = words[index - 2] if before in ("the", "il", "di") and index > 1 else before
    return lexicon.weekdays.get(before)


def _stands_like_a_day(words: list[str], index: int, width: int, lexicon: Lexicon) -> bool:
    """A bare number with an article or a preposition before it, or with an English ending."""
    if re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)", words[index]):
        return True
    one, two = words[index - 1] if index else "", " ".join(words[max(0, index - 2) : index])
    after = words[index + width : index + width + 2]
    in_a_list = len(after) == 2 and after[0] in ("e", "o", "oppure", "and", "or") and after[1].isdecimal()
    return one in lexicon.before_day or two in lexicon.before_day or in_a_list or (len(words) <= 6 and index == 0)


def _is_something_else(words: list[str], index: int, width: int, lexicon: Lexicon) -> bool:
    """A number of people, an hour, a street, a protocol."""
    one, two = words[index - 1] if index else "", " ".join(words[max(0, index - 2) : index])
    after_one = words[index + width] if index + width < len(words) else ""
    after_two = " ".join(words[index + width : index + width + 2])
    before = one in lexicon.before_other or (two in lexicon.before_other and two not in lexicon.before_day)
    return before or after_one in lexicon.after_other or after_two in lexicon.after_other


def _codes(number: int, month: int | None, year: int | None, calendar: Calendar) -> frozenset[str]:
    if month is None:
        return calendar.day_number(number)
    years = [year] if year else _years(None, calendar)
    return frozenset(code for each in years for day in _dates(each, month, number) for code in calendar.on(day))


def _falls_on(codes: frozenset[str], weekday: int, calendar: Calendar) -> bool:
    return any(calendar.day(m).weekday() == weekday for m in calendar.series.meetings if m.code in codes)


def _weekdays_alone(
    tokens: list[tuple[int, int, str]], words: list[str], used: set[int], calendar: Calendar, lexicon: Lexicon
) -> Iterator[Found]:
    """A weekday by itself: its next meeting still to come."""
    for index, (start, end, word) in enumerate(tokens):
        number = lexicon.weekdays.get(word)
        if (
            number is None
            or index in used
            or (
                word in ("mar", "mart", "sun", "sat", "mon", "sab", "dom", "set")
                and len(words) > 4
                and word in lexicon.months
            )
        ):
            continue
        neighbours = words[max(0, index - 1) : index] + words[index + 1 : index + 2]
        if any(lexicon.groups["past"].fullmatch(near) or near in _GREETING for near in neighbours):
            continue
        codes = calendar.weekday(number)
        yield Found(
            start, end, codes, "weekday", word, "" if len(codes) == 1 else "several" if codes else "no such date"
        )


def _relative(plain: str, calendar: Calendar, lexicon: Lexicon) -> Iterator[Found]:
    """Today, tomorrow, the day after; next week where one meeting is left in it."""
    steps = (("day_after", 2), ("tomorrow", 1), ("today", 0))
    for group, days in steps:
        for match in lexicon.groups[group].finditer(plain):
            codes = calendar.on(calendar.today + timedelta(days=days))
            yield Found(match.start(), match.end(), codes, "date", match[0], "" if codes else "relative")
    for match in lexicon.groups["next_week"].finditer(plain):
        codes = calendar.week_after()
        if len(codes) == 1:
            yield Found(match.start(), match.end(), codes, "weekday", match[0])


def hours(plain: str, calendar: Calendar) -> Iterator[Found]:
    """An hour, with the meetings to come that begin at it."""
    for match in _HOUR.finditer(plain):
        hour = int(match[1]) + (12 if match[3] == "pm" and int(match[1]) < 12 else 0)
        minute = int(match[2] or 0)
        starts = {(hour, minute), *([(hour + 12, minute)] if hour < 8 and match[3] is None else [])}
        codes = frozenset(
            m.code
            for m in calendar.to_come()
            if (local := m.starts_at.astimezone(calendar.series.timezone)) and (local.hour, local.minute) in starts
        )
        if codes:
            yield Found(match.start(), match.end(), codes, "hour", match[0])

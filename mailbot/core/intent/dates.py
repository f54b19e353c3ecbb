"""A closed grammar over the dates that the meetings have.

A date in a mail is of interest in one way alone: on which meeting it falls. So numbers and words are read as days only
where they stand like days ("il 21", "giovedì 22 gennaio", "22/1", "January 25th", "domani"), and what each stands for
is the meetings of that day. A day without a meeting is a finding too: the sender has to be asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.model import Meeting, Series

TWO_WEEKS = timedelta(days=14)
_DAY_ENDINGS = ("st", "nd", "rd", "th", "o")
_LIST_WORDS = frozenset(("e", "o", "and", "or", "ed", "oppure", "il", "the", "al", "del", "sia", "che"))
_QUARTERS = frozenset(("00", "15", "30", "45"))


@dataclass(frozen=True, slots=True)
class Found:
    """Words of a clause that name meetings, or a day without one."""

    start: int
    end: int
    codes: frozenset[str]
    """The meetings it may mean; empty where there is none on that day."""
    by: str
    """``date``, ``weekday``, ``month``, ``sector``, ``theme``, ``turn``, ``hour``, ``time`` or ``order``."""
    words: str
    """The words themselves."""
    note: str = ""
    """What is odd about it: ``wrong weekday``, ``no such date``, ``several``."""
    kin: bool = True
    """The meetings it may mean are of one sector."""
    weight: int = 3
    """How much the words tell, from 1 (a typing error away, or loosely of a theme) to 3 (the very words)."""


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
        return self.local(meeting).date()

    def local(self, meeting: Meeting) -> datetime:
        """When a meeting begins, by the clocks of its place."""
        return meeting.starts_at.astimezone(self.series.timezone)

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

    def weekday_in(self, number: int, first: int, last: int) -> frozenset[str]:
        """The meetings on the one day with this weekday between ``first`` and ``last`` days from today."""
        days = (self.today + timedelta(days=n) for n in range(first, last + 1))
        return frozenset(code for day in days if day.weekday() == number for code in self.on(day))

    def week(self, weeks: int) -> frozenset[str]:
        """The meetings to come of this week (0), next week (1)."""
        monday = self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=weeks)
        return frozenset(m.code for m in self.to_come() if monday <= self.day(m) < monday + timedelta(days=7))

    def month(self, number: int) -> frozenset[str]:
        """The meetings to come of a month; else those that were in it."""
        inside = [m for m in self.series.meetings if self.day(m).month == number]
        coming = {m.code for m in self.to_come()}
        return frozenset(m.code for m in inside if m.code in coming) or frozenset(m.code for m in inside)


def find(clause: Clause, calendar: Calendar, lexicon: Lexicon, last_day: date | None = None) -> list[Found]:
    """The dates of a clause, in order; ``last_day`` is what "the day after" counts from."""
    found: list[Found] = []
    # An hour is no day, and a letter referred to by its date is no meeting.
    taken = {at for item in hours(clause, calendar, lexicon) for at in range(item.start, item.end)}
    taken |= set(_hour_places(clause, lexicon)) | _referred(clause)
    for reader in (_numeric, _spelled, _relative, _weekdays, _months):
        for item in reader(clause, calendar, lexicon, taken):
            span = set(range(item.start, item.end))
            if not span & taken:
                taken |= span
                found.append(item)
                on = [calendar.day(m) for m in calendar.series.meetings if m.code in item.codes]
                last_day = on[0] if on else last_day
    for group, days in (("day_later", 1), ("day_earlier", -1)):
        for cue in clause.spans(group):
            codes = calendar.on(last_day + timedelta(days=days)) if last_day else frozenset()
            if codes and not set(range(cue.start, cue.end)) & taken:
                found.append(_found(clause, cue.start, cue.end, codes, "date"))
    return sorted(found, key=lambda item: item.start)


def _referred(clause: Clause) -> set[int]:
    """The places behind "la nota del", "your letter of", as far as the next word for a meeting."""
    places: set[int] = set()
    for cue in clause.spans("reference"):
        stop = min((c.start for c in clause.spans("meeting") if c.start >= cue.end), default=len(clause.words))
        places |= set(range(cue.end, min(stop, cue.end + 8)))
    return places


def _found(clause: Clause, start: int, end: int, codes: frozenset[str], by: str, note: str = "") -> Found:
    words = "".join(
        f"{'' if n == start else sign.replace(chr(10), ' ') or '’'}{_shown(clause, n)}"
        for n, sign in enumerate(clause.signs[start:end], start=start)
    )
    return Found(start, end, codes, by, " ".join(words.split()), note)


def _shown(clause: Clause, at: int) -> str:
    written = clause.written[at].replace("\u2024", ".")
    return written if written.isalnum() or "." in written else clause.words[at]


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 2 else None


# --- 22/1 -------------------------------------------------------------------------------------------------------------


def _numeric(clause: Clause, calendar: Calendar, lexicon: Lexicon, _: set[int]) -> Iterator[Found]:
    """22/1, 22.01.2021, 2021-01-22, 1/22: in either order, the one on which a meeting falls."""
    words, signs = clause.words, clause.signs
    at = 0
    while at < len(words) - 1:
        sign = signs[at + 1].strip()
        joined = sign in ("/", ".", "-") and words[at].isdecimal() and words[at + 1].isdecimal()
        if not joined or (at and signs[at].strip() in ("/", ".", ":") and words[at - 1].isdecimal()):
            at += 1
            continue
        third = at + 2 < len(words) and signs[at + 2].strip() == sign and words[at + 2].isdecimal()
        end = at + 3 if third else at + 2
        if not (end < len(words) and signs[end].strip() in ("/", ":") and words[end].isdecimal()):
            days = _days(words[at:end], sign, calendar)
            weekday = _weekday_before(words, at, lexicon)
            if not third and sign != "/" and weekday is None and not _is_led(words, at, lexicon):
                days = None  # 4.11 may be a file's number
            if days is not None and not _is_something_else(words, at, end - at, lexicon):
                yield _held_against(clause, at, end, days, weekday, calendar)
        at = end


def _is_led(words: tuple[str, ...], at: int, lexicon: Lexicon) -> bool:
    before = (" ".join(words[max(0, at - 1) : at]), " ".join(words[max(0, at - 2) : at]))
    return any(words_before in lexicon.sets["before_day"] for words_before in before)


def _days(numbers: tuple[str, ...], sign: str, calendar: Calendar) -> list[date] | None:
    """The days that these numbers can be; None where they are no date."""
    if len(numbers) == 3 and len(numbers[0]) == 4:
        return _dates(int(numbers[0]), int(numbers[1]), int(numbers[2])) or None
    first, second = _number(numbers[0]), _number(numbers[1])
    if first is None or second is None or (len(numbers) == 3 and len(numbers[2]) not in (2, 4)):
        return None
    if len(numbers) == 2 and sign != "/" and (second > 12 or numbers[1] in _QUARTERS):
        return None
    years = _years(numbers[2] if len(numbers) == 3 else None, calendar)
    days = [day for year in years for pair in ((second, first), (first, second)) for day in _dates(year, *pair)]
    return days or None


def _held_against(
    clause: Clause, start: int, end: int, days: list[date], weekday: int | None, calendar: Calendar
) -> Found:
    to_come = {meeting.code for meeting in calendar.to_come()}
    held = [calendar.on(day) for day in dict.fromkeys(days) if calendar.on(day)]
    best = [codes for codes in held if codes & to_come] or held
    codes = frozenset().union(*best)
    note = "" if codes else "no such date"
    if weekday is not None and codes and not _falls_on(codes, weekday, calendar):
        note = "wrong weekday"
    first = start - 1 if weekday is not None and start else start
    found = _found(clause, first, end, codes, "date", note)
    if not codes and all(day < calendar.today for day in days[:1]):
        return Found(found.start, found.end, codes, "date", found.words, "past date")
    return found


def _years(written: str | None, calendar: Calendar) -> list[int]:
    if written:
        return [int(written) if len(written) == 4 else 2000 + int(written)]
    return sorted({calendar.day(meeting).year for meeting in calendar.series.meetings} | {calendar.today.year})


def _dates(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


# --- giovedì 21 gennaio, January 21st ---------------------------------------------------------------------------------


def _spelled(clause: Clause, calendar: Calendar, lexicon: Lexicon, taken: set[int]) -> Iterator[Found]:
    """giovedì 21 gennaio, the 25th of January, January 25, il 21 e il 22, ventuno gennaio."""
    words = clause.words
    used = set(taken)
    last = -9
    for at in range(len(words)):
        if at in used:
            continue
        number, width = _day_at(words, at, lexicon)
        if number is None:
            continue
        month, year, beside = _month_beside(words, at, at + width, lexicon)
        weekday = _weekday_before(words, at, lexicon)
        in_list = last >= 0 and all(word in _LIST_WORDS for word in words[last + 1 : at]) and at - last <= 4
        street = at > 0 and words[at - 1] in lexicon.sets["street"]
        if street or (month is None and _is_something_else(words, at, width, lexicon)):
            continue
        if month is None and weekday is None and not in_list and not _stands_like_a_day(clause, at, width, lexicon):
            continue
        span = {*range(at, at + width), *beside}
        if weekday is not None:
            span |= set(range(_weekday_place(words, at, lexicon), at))
        if span & used:
            continue
        used |= span
        last = max(span)
        yield _spelled_out(clause, min(span), last + 1, number, month, year, weekday, calendar)


def _spelled_out(
    clause: Clause,
    start: int,
    end: int,
    number: int,
    month: int | None,
    year: int | None,
    weekday: int | None,
    calendar: Calendar,
) -> Found:
    codes = _codes(number, month, year, calendar)
    note = "" if codes else "no such date"
    if codes and weekday is not None and not _falls_on(codes, weekday, calendar):
        note = "wrong weekday"
    if not codes and month is not None:
        days = [day for each in ([year] if year else [calendar.today.year]) for day in _dates(each, month, number)]
        note = "past date" if days and days[0] < calendar.today else note
    return _found(clause, start, end, codes, "date", note)


def _day_at(words: tuple[str, ...], at: int, lexicon: Lexicon) -> tuple[int | None, int]:
    """The number of a day at this place, and how many words it takes."""
    two = " ".join(words[at : at + 2])
    if two in lexicon.day_words and at + 1 < len(words):
        return lexicon.day_words[two], 2
    word = words[at]
    bare = next((word.removesuffix(e) for e in _DAY_ENDINGS if word.endswith(e) and word[:1].isdigit()), word)
    number = _number(bare)
    if number is not None and 1 <= number <= 31:
        return number, 1
    spoken = lexicon.day_words.get(word)
    named = spoken is not None and (spoken > 10 or _month_beside(words, at, at + 1, lexicon)[0] is not None)
    return (spoken, 1) if named else (None, 0)


def _month_beside(
    words: tuple[str, ...], start: int, end: int, lexicon: Lexicon
) -> tuple[int | None, int | None, set[int]]:
    """The month and year beside a day, before or after it, and the places they take."""
    after = end + 1 if words[end : end + 1] in (("di",), ("of",), ("de",)) else end
    if after < len(words) and words[after] in lexicon.months and not _is_verb_may(words, after):
        year = _year(words, after + 1)
        return lexicon.months[words[after]], year, set(range(end, after + 1 + (year is not None)))
    before = start - 2 if words[start - 1 : start] == ("the",) else start - 1
    if before >= 0 and words[before] in lexicon.months and words[before] not in lexicon.weekdays:
        year = _year(words, end)
        return lexicon.months[words[before]], year, {*range(before, start), *([end] if year is not None else [])}
    return None, None, set()


def _is_verb_may(words: tuple[str, ...], at: int) -> bool:
    return words[at] == "may" and words[at + 1 : at + 2] in (("i",), ("we",), ("be",))


def _year(words: tuple[str, ...], at: int) -> int | None:
    is_year = at < len(words) and len(words[at]) == 4 and words[at].isdecimal() and words[at].startswith("20")
    return int(words[at]) if is_year else None


def _weekday_place(words: tuple[str, ...], at: int, lexicon: Lexicon) -> int:
    """Where the weekday before a day stands, an article between at most; -1 where there is none."""
    for back in (1, 2, 3):
        if at - back < 0:
            break
        if words[at - back] in lexicon.weekdays:
            return at - back
        if words[at - back] not in ("the", "il", "di", "giorno") and words[at - back] not in lexicon.months:
            break
    return -1


def _weekday_before(words: tuple[str, ...], at: int, lexicon: Lexicon) -> int | None:
    place = _weekday_place(words, at, lexicon)
    return lexicon.weekdays[words[place]] if place >= 0 else None


def _stands_like_a_day(clause: Clause, at: int, width: int, lexicon: Lexicon) -> bool:
    """A bare number with an article or a preposition before it, or with an English ending, or almost alone."""
    words = clause.words
    if words[at][-2:] in ("st", "nd", "rd", "th") and words[at][:1].isdigit():
        return True
    one, two = words[at - 1] if at else "", " ".join(words[max(0, at - 2) : at])
    after = words[at + width : at + width + 2]
    in_a_list = len(after) == 2 and after[0] in _LIST_WORDS and after[1].isdecimal()
    others = (*words[:at], *words[at + width :])
    polite = {word for cue in clause.spans("courtesy", "nod") for word in words[cue.start : cue.end]}
    alone = len(words) <= 4 and all(word in polite or word in lexicon.sets["small"] for word in others)
    alone = alone and len(words[at]) == 2 and not clause.signs[at].strip().endswith((".", "#", "°"))
    before_day = lexicon.sets["before_day"]
    return one in before_day or two in before_day or in_a_list or alone


def _is_something_else(words: tuple[str, ...], at: int, width: int, lexicon: Lexicon) -> bool:
    """A number of people, an hour, a street, a protocol."""
    one, two = words[at - 1] if at else "", " ".join(words[max(0, at - 2) : at])
    after_one = words[at + width] if at + width < len(words) else ""
    after_two = " ".join(words[at + width : at + width + 2])
    before_other, after_other, before_day = (lexicon.sets[n] for n in ("before_other", "after_other", "before_day"))
    before = one in before_other or (two in before_other and two not in before_day)
    return before or after_one in after_other or after_two in after_other


def _codes(number: int, month: int | None, year: int | None, calendar: Calendar) -> frozenset[str]:
    if month is None:
        return calendar.day_number(number)
    years = [year] if year else _years(None, calendar)
    return frozenset(code for each in years for day in _dates(each, month, number) for code in calendar.on(day))


def _falls_on(codes: frozenset[str], weekday: int, calendar: Calendar) -> bool:
    return any(calendar.day(m).weekday() == weekday for m in calendar.series.meetings if m.code in codes)


# --- giovedì, domani, a dicembre --------------------------------------------------------------------------------------


def _weekdays(clause: Clause, calendar: Calendar, lexicon: Lexicon, taken: set[int]) -> Iterator[Found]:
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
        elif any(c.start == at + 1 or c.end == at for c in clause.spans("next_week")):
            codes = frozenset(code for code in calendar.week(1) if code in calendar.weekday_in(number, 1, 13))
        else:
            codes = calendar.weekday(number)
        if beside & lexicon.sets["past"]:
            continue
        days = {calendar.day(m) for m in calendar.series.meetings if m.code in codes}
        note = "" if len(days) == 1 else "several" if days else "no such date"
        item = _found(clause, start, end, codes, "weekday", note)
        # "Il martedì alleno": a weekday with its article is a habit more often than a day.
        meant = any(c.end == at - 1 for c in clause.spans("meeting"))
        habit = (words[at - 1 : at] in (("il",), ("la",), ("di",), ("del",)) and not meant) or (
            word.endswith("days") and len(word) > 6
        )
        habit = habit and not clause.has("both")
        habit = habit or (at - 2 in habits and words[at - 1] in ("e", "and"))
        habits |= {at} if habit else set()
        yield replace(item, weight=1) if habit else item


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
    named = after[:1].isupper() and not after.isupper() and plain_is_a_word(words[at + 1], lexicon)
    return named and clause.written[at][:1].isupper()


def plain_is_a_word(word: str, lexicon: Lexicon) -> bool:
    """Whether a word behind a weekday is part of a name rather than of a date."""
    return word not in lexicon.months and word not in lexicon.day_words and not word[:1].isdigit() and len(word) > 3


def _relative(clause: Clause, calendar: Calendar, lexicon: Lexicon, _: set[int]) -> Iterator[Found]:
    """Today, tomorrow, the day after; next week where one meeting is left in it."""
    for group, days in (("day_after", 2), ("tomorrow", 1), ("today", 0)):
        for cue in clause.spans(group):
            codes = calendar.on(calendar.today + timedelta(days=days))
            if codes or days:
                item = _found(clause, cue.start, cue.end, codes, "date", "" if codes else "relative")
                # "Oggi" is said of many things.
                yield item if days else replace(item, weight=1)
    for group, weeks in (("next_week", 1), ("this_week", 0)):
        for cue in clause.spans(group):
            beside = {*clause.words[max(0, cue.start - 2) : cue.start], *clause.words[cue.end : cue.end + 2]}
            codes = calendar.week(weeks)
            if len(codes) == 1 and not any(word in lexicon.weekdays for word in beside):
                yield _found(clause, cue.start, cue.end, codes, "weekday")


def _months(clause: Clause, calendar: Calendar, lexicon: Lexicon, taken: set[int]) -> Iterator[Found]:
    """A month by itself, where one meeting is in it: "the November meeting", "quello di dicembre"."""
    words = clause.words
    for at, word in enumerate(words):
        number = lexicon.months.get(word)
        if number is None or at in taken or len(word) < 4 or word in lexicon.weekdays or word == "may":
            continue
        beside = {*words[max(0, at - 2) : at], *words[at + 1 : at + 2]}
        codes = calendar.month(number)
        if len(codes) == 1 and beside & {"di", "del", "a", "the", "meeting", "session", "in", "one"}:
            yield _found(clause, at, at + 1, codes, "month")


def hour_behind(clause: Clause, at: int) -> int | None:
    """The hour that is given right behind a place ("giovedì 21 alle ore 11")."""
    led = [cue for cue in clause.spans("hour_lead") if cue.start in (at, at + 1)]
    after = max((cue.end for cue in led), default=-1)
    hour = _number(clause.words[after]) if 0 <= after < len(clause.words) else None
    pm = clause.words[after + 1 : after + 2] == ("pm",)
    return None if hour is None or hour > 23 else hour + 12 if pm and hour < 12 else hour


def _hour_places(clause: Clause, lexicon: Lexicon) -> Iterator[int]:
    for at, end, *_ in _hours(clause, lexicon):
        yield from range(at, end)


def _hours(clause: Clause, lexicon: Lexicon) -> Iterator[tuple[int, int, int, int, str]]:
    """The hours of a clause: first and last place, hour, minute, and ``am``, ``pm`` or nothing."""
    words, signs = clause.words, clause.signs
    led = {cue.end for cue in clause.spans("hour_lead")}
    for at, word in enumerate(words):
        glued = word.removesuffix("am").removesuffix("pm").removesuffix("h")
        hour = _number(glued) if glued else None
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
        elif (
            at in led
            and words[end : end + 1] == ("e",)
            and words[end + 1 : end + 2] in (("30",), ("mezza",), ("mezzo",))
        ):
            minute, end = 30, end + 2
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


def hours(clause: Clause, calendar: Calendar, lexicon: Lexicon) -> Iterator[Found]:
    """An hour, with the meetings to come that begin at it."""
    for at, end, hour, minute, half in _hours(clause, lexicon):
        starts = {(hour + 12 if half == "pm" and hour < 12 else hour, minute)}
        starts |= {(hour + 12, minute)} if hour < 12 and half not in ("am", "pm") else set()
        meetings = [m for m in calendar.to_come() if (calendar.local(m).hour, calendar.local(m).minute) in starts]
        exact = [m for m in meetings if calendar.local(m).hour == hour] or meetings
        if exact:
            yield _found(clause, at, end, frozenset(m.code for m in exact), "hour")

"""A closed grammar over the dates that the meetings have.

A date in a mail is of interest in one way alone: on which meeting it falls. So numbers and words are read as days only
where they stand like days ("il 21", "giovedì 22 gennaio", "22/1", "January 25th", "domani"), and what each stands for
is the meetings of that day. A day without a meeting is a finding too: the sender has to be asked. Hours, and letters
referred to by their date, are taken out of the way first; then dates in digits, dates in words, "domani", weekdays and
months are read, each outranking those behind it in the words that both could claim.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from mailbot.core.intent import hours
from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.found import Found, finding, small_number
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.weekdays import months, relative, weekdays

_DAY_ENDINGS = ("st", "nd", "rd", "th", "o")
ALONE = 4
"""Words of a clause in which a bare number may be a day."""
_LIST_WORDS = frozenset(("e", "o", "and", "or", "ed", "oppure", "il", "the", "al", "del", "sia", "che"))
_HOUR = ("ore", "h", "hours")
_QUARTERS = frozenset(("00", "15", "30", "45"))


def find(clause: Clause, calendar: Calendar, lexicon: Lexicon, last_day: date | None = None) -> list[Found]:
    """The dates of a clause, in order; ``last_day`` is what "the day after" counts from."""
    found: list[Found] = []
    # An hour is no day, and a letter referred to by its date is no meeting.
    taken = set(hours.hour_places(clause, lexicon)) | _referred(clause) | _opening_hours(clause, lexicon)
    for reader in (_numeric, _spelled, relative, weekdays, months):
        for item in reader(clause, calendar, lexicon, taken):
            span = set(range(item.start, item.end))
            if not span & taken:
                taken |= span
                found.append(item)
                on = calendar.days_of(item.codes)
                last_day = on[0] if on else last_day
    for group, days in (("day_later", 1), ("day_earlier", -1)):
        for cue in clause.spans(group):
            codes = calendar.on(last_day + timedelta(days=days)) if last_day else frozenset()
            if codes and not set(range(cue.start, cue.end)) & taken:
                found.append(finding(clause, cue.start, cue.end, codes, "date"))
    return sorted(found, key=lambda item: item.start)


def _referred(clause: Clause) -> set[int]:
    """The places behind "la nota del", "your letter of", as far as the next word for a meeting."""
    places: set[int] = set()
    for cue in clause.spans("reference"):
        stop = min((c.start for c in clause.spans("meeting") if c.start >= cue.end), default=len(clause.words))
        places |= set(range(cue.end, min(stop, cue.end + 8)))
    return places


def _opening_hours(clause: Clause, lexicon: Lexicon) -> set[int]:
    """The places of "lun-ven 9-13": days from one to another, and the numbers behind them."""
    words, signs = clause.words, clause.signs
    leads = {at for cue in clause.spans("hour_lead") for at in range(cue.start, cue.end)}
    places: set[int] = set()
    for at in range(len(words) - 1):
        if words[at] in lexicon.weekdays and words[at + 1] in lexicon.weekdays and signs[at + 1] in ("-", "–", "/"):
            end = at + 2
            while end < len(words) and (words[end][:1].isdigit() or end in leads):
                end += 1
            places |= set(range(at, end))
    return places


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
    first, second = small_number(numbers[0]), small_number(numbers[1])
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
    held = [calendar.on(day) for day in dict.fromkeys(days) if calendar.on(day)]
    best = [codes for codes in held if codes & calendar.codes_to_come] or held
    codes = frozenset().union(*best)
    note = "" if codes else "no such date"
    if weekday is not None and codes and not calendar.falls_on(codes, weekday):
        note = "wrong weekday"
    first = start - 1 if weekday is not None and start else start
    if not codes and days[0] < calendar.today:
        note = "past date"
    return finding(clause, first, end, codes, "date", note)


def _years(written: str | None, calendar: Calendar) -> list[int]:
    if written:
        return [int(written) if len(written) == 4 else 2000 + int(written)]
    return sorted({calendar.day(meeting).year for meeting in calendar.series.meetings} | {calendar.today.year})


def _dates(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except (ValueError, OverflowError):
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
    if codes and weekday is not None and not calendar.falls_on(codes, weekday):
        note = "wrong weekday"
    if not codes and month is not None:
        days = [day for each in ([year] if year else [calendar.today.year]) for day in _dates(each, month, number)]
        note = "past date" if days and days[0] < calendar.today else note
    return finding(clause, start, end, codes, "date", note)


def _day_at(words: tuple[str, ...], at: int, lexicon: Lexicon) -> tuple[int | None, int]:
    """The number of a day at this place, and how many words it takes."""
    two = " ".join(words[at : at + 2])
    if two in lexicon.day_words and at + 1 < len(words):
        return lexicon.day_words[two], 2
    word = words[at]
    bare = next((word.removesuffix(e) for e in _DAY_ENDINGS if word.endswith(e) and word[:1].isdigit()), word)
    number = small_number(bare)
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
    before_day = lexicon.sets["before_day"]
    if at and (words[at - 1] in before_day or " ".join(words[max(0, at - 2) : at]) in before_day):
        return True
    after = words[at + width : at + width + 2]
    if len(after) == 2 and after[0] in _LIST_WORDS and after[1].isdecimal():
        return True
    return len(words) <= ALONE and _stands_alone(clause, at, width, lexicon)


def _stands_alone(clause: Clause, at: int, width: int, lexicon: Lexicon) -> bool:
    """Whether a number of two digits has nothing but courtesies beside it ("21 grazie")."""
    words = clause.words
    others = (*words[:at], *words[at + width :])
    polite = {
        word
        for cue in clause.spans("courtesy", "nod", "leave", "a_signup", "held_noun")
        for word in words[cue.start : cue.end]
    }
    if len(words[at]) != 2 or clause.signs[at].strip().endswith((".", "#", "°")):
        return False
    return all(word in polite or word in lexicon.sets["small"] for word in others)


def _is_something_else(words: tuple[str, ...], at: int, width: int, lexicon: Lexicon) -> bool:
    """A number of people, an hour, a street, a protocol."""
    one, two = words[at - 1] if at else "", " ".join(words[max(0, at - 2) : at])
    after_one = words[at + width] if at + width < len(words) else ""
    after_two = " ".join(words[at + width : at + width + 2])
    before_other, after_other, before_day = (lexicon.sets[n] for n in ("before_other", "after_other", "before_day"))
    before = one in before_other or (two in before_other and two not in before_day)
    # "Il 22 ore 17" is a day with its hour, "22 ore" is none.
    hour = after_one in _HOUR and words[at + width + 1 : at + width + 2] and words[at + width + 1][:1].isdigit()
    return before or (not hour and (after_one in after_other or after_two in after_other))


def _codes(number: int, month: int | None, year: int | None, calendar: Calendar) -> frozenset[str]:
    if month is None:
        return calendar.day_number(number)
    years = [year] if year else _years(None, calendar)
    return frozenset(code for each in years for day in _dates(each, month, number) for code in calendar.on(day))

"""Days and hours in words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from mailbot.core.model import Language
from mailbot.core.writing import dates

ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("on", "italian", "english"),
    [
        (date(2021, 1, 21), "giovedì 21 gennaio 2021", "Thursday 21 January 2021"),
        (date(2023, 5, 1), "lunedì 1º maggio 2023", "Monday 1 May 2023"),
        (date(2024, 2, 29), "giovedì 29 febbraio 2024", "Thursday 29 February 2024"),
        (date(2026, 8, 8), "sabato 8 agosto 2026", "Saturday 8 August 2026"),
        (date(2028, 12, 31), "domenica 31 dicembre 2028", "Sunday 31 December 2028"),
    ],
)
def test_days(on: date, italian: str, english: str) -> None:
    """Day of the week, day, month and year."""
    moment = datetime(on.year, on.month, on.day, 17, 0, tzinfo=ROME)

    assert dates.day(moment, "it") == italian
    assert dates.day(moment, "en") == english


def test_every_day_and_month_has_its_own_name() -> None:
    """No two weekdays or months are called the same."""
    for language in ("it", "en"):
        named = [dates.short_day(datetime(2021, month, 4 + month % 7, tzinfo=ROME), language) for month in range(1, 13)]
        week = [dates.short_day(datetime(2021, 2, day, tzinfo=ROME), language) for day in range(1, 8)]
        assert len({name.split()[2] for name in named}) == 12
        assert len({name.split()[0] for name in week}) == 7


@pytest.mark.parametrize(
    ("hour", "minute", "italian", "english"),
    [
        *[(0, 0, "alle 0:00", "at 12:00 am"), (1, 30, "all'1:30", "at 1:30 am"), (9, 5, "alle 9:05", "at 9:05 am")],
        *[
            (12, 0, "alle 12:00", "at 12:00 pm"),
            (17, 0, "alle 17:00", "at 5:00 pm"),
            (23, 59, "alle 23:59", "at 11:59 pm"),
        ],
    ],
)
def test_hours(hour: int, minute: int, italian: str, english: str) -> None:
    """Twenty-four hours in Italian, twelve in English."""
    moment = datetime(2021, 1, 21, hour, minute, tzinfo=ROME)

    assert dates.at_hour(moment, "it") == italian
    assert dates.at_hour(moment, "en") == english


def test_from_when_to_when() -> None:
    """The half of the day is said once where it is the same."""
    start = datetime(2021, 1, 21, 11, 30, tzinfo=ROME)

    assert dates.hours(start, start + timedelta(minutes=90), "it") == "ore 11:30–13:00"
    assert dates.hours(start, start + timedelta(minutes=90), "en") == "11:30 am – 1:00 pm"
    assert dates.hours(start, start + timedelta(minutes=20), "en") == "11:30–11:50 am"


@pytest.mark.parametrize(
    ("zone", "italian", "english"),
    [
        ("Europe/Rome", "ora italiana", "Italian time"),
        ("Europe/London", "ora di Londra", "London time"),
        ("America/Argentina/Buenos_Aires", "ora di Buenos Aires", "Buenos Aires time"),
        ("UTC", "UTC", "UTC"),
        ("Etc/GMT-1", "+01", "+01"),
        ("CET", "CET", "CET"),
    ],
)
def test_zones(zone: str, italian: str, english: str) -> None:
    """By country or city, else by abbreviation."""
    moment = datetime(2021, 1, 21, 17, tzinfo=ZoneInfo(zone))

    assert dates.zone(ZoneInfo(zone), moment, "it") == italian
    assert dates.zone(ZoneInfo(zone), moment, "en") == english


def test_every_zone_has_a_name() -> None:
    """No IANA zone is left without words, none shows its underscores."""
    moment = datetime(2021, 1, 21, 17, tzinfo=UTC)
    for name in sorted(available_timezones() - {"localtime"}):
        for language in ("it", "en"):
            said = dates.zone(ZoneInfo(name), moment, language)
            assert said
            assert "_" not in said


@pytest.mark.parametrize(
    ("minutes", "italian", "english"),
    [
        *[
            (0, "0 minuti", "0 minutes"),
            (1, "un minuto", "1 minute"),
            (60, "un'ora", "1 hour"),
            (120, "2 ore", "2 hours"),
        ],
        *[(90, "un'ora e 30 minuti", "1 hour 30 minutes"), (1440, "un giorno", "1 day"), (2880, "2 giorni", "2 days")],
        (1501, "un giorno, un'ora e un minuto", "1 day, 1 hour 1 minute"),
    ],
)
def test_lengths(minutes: int, italian: str, english: str) -> None:
    """Days, hours and minutes, one said as one."""
    assert dates.lasting(timedelta(minutes=minutes), "it") == italian
    assert dates.lasting(timedelta(minutes=minutes), "en") == english


@pytest.mark.parametrize(
    ("before", "italian", "english"),
    [
        (timedelta(minutes=2), "tra 5 minuti", "in 5 minutes"),
        (timedelta(minutes=31), "tra 30 minuti", "in 30 minutes"),
        (timedelta(minutes=52), "tra un'ora", "in an hour"),
        (timedelta(minutes=60), "tra un'ora", "in an hour"),
        (timedelta(minutes=88), "tra un'ora e 30 minuti", "in 1 hour 30 minutes"),
        (timedelta(hours=5), "oggi", "today"),
        (timedelta(days=1), "domani", "tomorrow"),
        (timedelta(hours=40), "domani", "tomorrow"),
        (timedelta(days=2), "giovedì 21 gennaio", "Thursday 21 January"),
        (timedelta(days=-1), "giovedì 21 gennaio", "Thursday 21 January"),
    ],
)
def test_how_near_a_meeting_is(before: timedelta, italian: str, english: str) -> None:
    """Seen from the moment of writing, by local days."""
    start = datetime(2021, 1, 21, 17, 0, tzinfo=ROME)
    at = (start - before).astimezone(UTC)

    assert dates.soon(start, at, "it") == italian
    assert dates.soon(start, at, "en") == english


@pytest.mark.parametrize(("language", "tomorrow"), [("it", "domani"), ("en", "tomorrow")])
def test_tomorrow_is_the_next_local_day(language: Language, tomorrow: str) -> None:
    """Late in the evening in Rome it is the same day still, whatever UTC says."""
    start = datetime(2021, 7, 2, 0, 30, tzinfo=ROME)

    assert dates.soon(start, datetime(2021, 7, 1, 8, 0, tzinfo=UTC), language) == tomorrow
    assert dates.soon(start, datetime(2021, 6, 30, 21, 59, tzinfo=UTC), language) != tomorrow

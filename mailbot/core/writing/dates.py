"""Days, hours and lengths of time as people write them, in each language of the letters.

Every moment handed in is in the zone in which it is to be shown; nothing is converted in here, but for ``soon``, which
compares. The tables are our own: two languages do not need 33 MB of locale data.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot.core.model import Language

_WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: dict[Language, tuple[str, ...]] = {
    "it": (
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
        *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_TIME_OF: dict[Language, dict[str, str]] = {
    "it": {"Europe/Rome": "ora italiana", "Europe/Vatican": "ora italiana", "Europe/San_Marino": "ora italiana"},
    "en": {"Europe/Rome": "Italian time", "Europe/Vatican": "Italian time", "Europe/San_Marino": "Italian time"},
}
"""Zones that people call by a country."""
_ITALIAN_CITIES = {
    "Amsterdam": "Amsterdam",
    "Athens": "Atene",
    "Belgrade": "Belgrado",
    "Berlin": "Berlino",
    "Brussels": "Bruxelles",
    "Bucharest": "Bucarest",
    "Copenhagen": "Copenaghen",
    "Dublin": "Dublino",
    "Lisbon": "Lisbona",
    "Ljubljana": "Lubiana",
    "London": "Londra",
    "Moscow": "Mosca",
    "New York": "New York",
    "Paris": "Parigi",
    "Prague": "Praga",
    "Stockholm": "Stoccolma",
    "Tirane": "Tirana",
    "Vienna": "Vienna",
    "Warsaw": "Varsavia",
    "Zagreb": "Zagabria",
    "Zurich": "Zurigo",
}
_NEAR = timedelta(minutes=90)
"""Up to here a reminder says "in an hour" rather than "today"."""


def day(moment: datetime, language: Language) -> str:
    """Such as "giovedì 21 gennaio 2021", "Thursday 21 January 2021"."""
    return f"{short_day(moment, language)} {moment.year}"


def short_day(moment: datetime, language: Language) -> str:
    """The same without the year. The first of a month is "1º" in Italian."""
    number = f"{moment.day}º" if language == "it" and moment.day == 1 else str(moment.day)
    return f"{_WEEKDAYS[language][moment.weekday()]} {number} {_MONTHS[language][moment.month - 1]}"


def hour(moment: datetime, language: Language) -> str:
    """Such as "17:00", "5:00 pm"."""
    if language == "it":
        return f"{moment.hour}:{moment:%M}"
    return f"{moment.hour % 12 or 12}:{moment:%M} {'am' if moment.hour < 12 else 'pm'}"


def at_hour(moment: datetime, language: Language) -> str:
    """With the word before it: "alle 17:00", "all'1:00", "at 5:00 pm"."""
    if language == "en":
        return f"at {hour(moment, language)}"
    return f"all'{hour(moment, language)}" if moment.hour == 1 else f"alle {hour(moment, language)}"


def hours(start: datetime, end: datetime, language: Language) -> str:
    """From when to when: "ore 17:00–18:30", "5:00–6:30 pm", "11:30 am – 1:00 pm"."""
    if language == "it":
        return f"ore {hour(start, language)}–{hour(end, language)}"
    if (start.hour < 12) == (end.hour < 12):
        return f"{hour(start, language)[:-3]}–{hour(end, language)}"
    return f"{hour(start, language)} – {hour(end, language)}"


def zone(of: ZoneInfo, moment: datetime, language: Language) -> str:
    """Whose time it is, by country or city: "ora italiana", "ora di Londra", "Chicago time"; else its abbreviation."""
    if known := _TIME_OF[language].get(of.key):
        return known
    region, _, city = of.key.rpartition("/")
    if not region or region == "Etc":
        return moment.astimezone(of).tzname() or of.key
    city = city.replace("_", " ")
    return f"ora di {_ITALIAN_CITIES.get(city, city)}" if language == "it" else f"{city} time"


def lasting(duration: timedelta, language: Language) -> str:
    """A length, to the minute: "un'ora e 30 minuti", "1 hour 30 minutes", "2 giorni", and for none "0 minuti"."""
    minutes = int(duration.total_seconds()) // 60
    one, many, joint = {
        "it": (("un giorno", "un'ora", "un minuto"), ("giorni", "ore", "minuti"), " e "),
        "en": (("1 day", "1 hour", "1 minute"), ("days", "hours", "minutes"), " "),
    }[language]
    counts = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    parts = [one[i] if count == 1 else f"{count} {many[i]}" for i, count in enumerate(counts) if count]
    if len(parts) == 3:
        parts = [", ".join(parts[:2]), parts[2]]
    return joint.join(parts) or f"0 {many[2]}"


def soon(moment: datetime, at: datetime, language: Language) -> str:
    """How near a moment is, seen from ``at``: "tra un'ora", "oggi", "domani", else the day itself.

    Minutes are rounded to five, because mail takes its time and is read later still.
    """
    left = moment - at
    if timedelta() < left <= _NEAR:
        minutes = max(5, round(left.total_seconds() / 300) * 5)
        near = timedelta(minutes=60 if 50 <= minutes <= 70 else minutes)
        return f"{'tra' if language == 'it' else 'in'} {_article(lasting(near, language))}"
    days = (moment.date() - at.astimezone(moment.tzinfo).date()).days
    words = {"it": ("oggi", "domani"), "en": ("today", "tomorrow")}[language]
    return words[days] if 0 <= days < 2 else short_day(moment, language)


def _article(length: str) -> str:
    return "an hour" if length == "1 hour" else length

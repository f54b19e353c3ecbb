"""Two invented series, one Italian and one English, and a short notation for what a mail comes to.

Expectations are written as a line: ``+code`` signs up, ``-code`` withdraws, ``-*`` from all, ``link``, ``status``,
``export`` and ``erase`` are requests, ``?doubt`` asks the sender, ``!`` is for a person to read.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot.core.intent import read_intent
from mailbot.core.model import (
    Address,
    Intent,
    Kind,
    Language,
    Meeting,
    Message,
    Origin,
    Outcome,
    Passage,
    PassageKind,
    Series,
)


def _meeting(code: str, start: str, sector: str, zone: ZoneInfo, *keywords: str) -> Meeting:
    return Meeting(
        code=code,
        title=sector.capitalize(),
        sector=sector,
        keywords=keywords,
        starts_at=datetime.fromisoformat(start).replace(tzinfo=zone),
        duration=timedelta(minutes=90),
        join_url=f"https://zoom.example/j/{code}",
    )


def _series(name: str, language: Language, meetings: tuple[Meeting, ...], zone: ZoneInfo) -> Series:
    contact = f"contact@{name.lower()}.example"
    return Series(name=name, organiser=name, contact=contact, timezone=zone, language=language, meetings=meetings)


ROME, LONDON = ZoneInfo("Europe/Rome"), ZoneInfo("Europe/London")

VALSENIO = _series(
    "Valsenio",
    "it",
    (
        _meeting("orti", "2024-03-01T18:00", "orti urbani", ROME, "orto", "giardini"),
        _meeting("sport", "2024-03-07T18:00", "associazioni sportive", ROME, "calcio", "palestra"),
        _meeting("musei", "2024-03-12T18:00", "musei e biblioteche", ROME, "museo", "libri"),
        _meeting("scuole", "2024-03-13T10:00", "scuole e genitori", ROME, "insegnanti"),
        _meeting("banda", "2024-03-13T21:00", "musica e cori", ROME, "banda", "orchestra"),
        _meeting("sociale", "2024-03-18T18:00", "volontariato e terzo settore", ROME, "onlus"),
        _meeting("rioni", "2024-03-28T18:00", "quartieri e comitati", ROME, "rione"),
    ),
    ROME,
)
"""Judged from Monday 4 March 2024: the gardens are over, Thursday is the 7th, the 13th has two meetings."""

ASHCOMBE = _series(
    "Ashcombe",
    "en",
    (
        _meeting("walkers", "2024-06-01T10:00", "walking groups", LONDON, "ramblers"),
        _meeting("plots", "2024-06-06T19:00", "allotment holders", LONDON, "allotments"),
        _meeting("shops", "2024-06-11T19:00", "shops and traders", LONDON, "shopkeepers"),
        _meeting("river-am", "2024-06-12T10:00", "river users, morning session", LONDON, "river", "boats"),
        _meeting("river-pm", "2024-06-12T19:00", "river users, evening session", LONDON, "river", "boats"),
        _meeting("youth", "2024-06-17T19:00", "youth clubs", LONDON, "scouts"),
        _meeting("carers", "2024-06-27T19:00", "carers", LONDON, "care"),
    ),
    LONDON,
)
"""Judged from Monday 3 June 2024: the walkers are over, Thursday is the 6th, the river has two turns on the 12th."""

NOW = {"it": datetime(2024, 3, 4, 10, 0, tzinfo=ROME), "en": datetime(2024, 6, 3, 10, 0, tzinfo=LONDON)}
ANNA = Address("anna.verdi@posta.example", "Anna Verdi")


def mail(
    text: str,
    subject: str = "",
    *,
    quote: str = "",
    signature: str = "",
    sender: Address = ANNA,
    kind: Kind = Kind.PERSON,
) -> Message:
    """A mail with these words, above a quote and a signature where there are any."""
    passages = ((PassageKind.OWN, text), (PassageKind.SIGNATURE, signature), (PassageKind.QUOTE, quote))
    return Message(
        sender=sender,
        reply_to=sender,
        subject=subject,
        date=None,
        message_id="<m1@posta.example>",
        in_reply_to="",
        references=(),
        body=tuple(Passage(kind, words) for kind, words in passages if words),
        origin=Origin(kind),
    )


def read(message: Message, series: Series = VALSENIO) -> Intent:
    """What the sender wants, as of the series' moment."""
    return read_intent(message, series, NOW[series.language])


def noted(intent: Intent) -> str:
    """What a mail comes to, in the notation of the tables."""
    if intent.outcome is Outcome.IGNORE:
        return "ignore"
    said = [f"+{code}" for code in intent.register] + [f"-{code}" for code in intent.cancel]
    said += [str(request) for request in intent.requests]
    said += [f"?{intent.doubt}"] if intent.outcome is Outcome.ASK else []
    said += ["!"] if intent.attention else []
    return " ".join(said)

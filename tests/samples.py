"""A series of an invented town, and short ways to make what the tests need of it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot.core.model import (
    Address,
    Intent,
    Kind,
    Meeting,
    Message,
    Origin,
    Outcome,
    Passage,
    PassageKind,
    Person,
    Registration,
    RegistrationStatus,
    Series,
)
from mailbot.core.names import Names

ZONE = ZoneInfo("Europe/Rome")
NOW = datetime(2024, 3, 1, 11, 0, tzinfo=UTC)
NAMES = Names(b"a secret of the tests", "comune.valverde.example")


def meeting(code: str = "sport", day: int = 12, **changes: object) -> Meeting:
    """A meeting in March 2024, at six in the evening."""
    values: dict[str, object] = {
        "code": code,
        "title": f"Incontro {code}",
        "sector": f"associazioni {code}",
        "keywords": (code,),
        "starts_at": datetime(2024, 3, day, 18, 0, tzinfo=ZONE),
        "duration": timedelta(minutes=90),
        "join_url": f"https://zoom.example/j/{code}",
    }
    return Meeting(**(values | changes))  # type: ignore[arg-type]


def series(*meetings: Meeting) -> Series:
    """The series of Valverde; two meetings where none are named."""
    return Series(
        name="Valverde in ascolto",
        organiser="Comune di Valverde",
        contact="ascolto@comune.valverde.example",
        timezone=ZONE,
        language="it",
        meetings=meetings or (meeting("sport", 12), meeting("musei", 14)),
    )


def message(address: str | None = "anna@posta.example", text: str = "Vorrei partecipare.") -> Message:
    """A person's mail."""
    sender = Address(address, "Anna Neri") if address else None
    return Message(
        sender=sender,
        reply_to=sender,
        subject="Iscrizione",
        date=NOW,
        message_id="<m1@posta.example>",
        references=(),
        body=(Passage(PassageKind.OWN, text),),
        origin=Origin(Kind.PERSON),
    )


def act(**wishes: object) -> Intent:
    """An intent that can be told."""
    return Intent(outcome=Outcome.ACT, **wishes)  # type: ignore[arg-type]


def person(number: int = 1, address: str = "anna@posta.example") -> Person:
    """Somebody known."""
    return Person(number, address, "Anna Neri", "ASD Valverde", "it")


def registration(
    number: int = 1,
    code: str = "sport",
    status: RegistrationStatus = RegistrationStatus.CONFIRMED,
    address: str = "anna@posta.example",
    sequence: int = 0,
) -> Registration:
    """A registration of somebody known."""
    return Registration(
        id=number,
        meeting=code,
        person=person(number, address),
        status=status,
        registered_at=NOW - timedelta(days=2),
        uid=NAMES.calendar_uid(code, address),
        sequence=sequence,
        cancelled_at=NOW if status is RegistrationStatus.CANCELLED else None,
    )

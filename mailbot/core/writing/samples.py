"""Letters of an invented town, one for each thing that letters say: what ``proof`` writes out, and people look at."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailbot.core.changes import News
from mailbot.core.digest import Change, Deed, Digest, MeetingCount, Proposed, SetAside, Told, ToRead
from mailbot.core.model import (
    Address,
    Attachment,
    Doubt,
    Language,
    Letter,
    LetterKind,
    Meeting,
    MeetingStatus,
    Person,
    Place,
    Registration,
    RegistrationStatus,
    Request,
    Series,
    Thread,
    Undelivered,
)
from mailbot.core.writing.compose import UNASKED
from mailbot.core.writing.samples_to_approve import for_approval
from mailbot.core.writing.sender import Sender

AT = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Rome")
SENDER = Sender("Comune di Valverde – iscrizioni", "iscrizioni@comune.valverde.example", 90)
ANNA = Address("anna.neri@posta.example", "Anna Neri")
_CONFIRMED, _WAITING, _CANCELLED = RegistrationStatus


def _meeting(language: Language, code: str, day: int, capacity: int | None = None) -> Meeting:
    title, sector = _MEETINGS[language][code]
    return Meeting(
        code=code,
        title=title,
        sector=sector,
        keywords=(),
        starts_at=datetime(2027, 3, day, 17, 0, tzinfo=ZONE),
        duration=timedelta(minutes=90),
        join_url=f"https://zoom.example/j/8140000{day}?pwd={code}",
        capacity=capacity,
    )


_MEETINGS: dict[Language, dict[str, tuple[str, str]]] = {
    "it": {
        "sport": ("Incontro con le associazioni sportive", "associazioni sportive"),
        "musei": ("Incontro con i musei e le biblioteche", "musei e biblioteche"),
        "giovani": ("Incontro con i gruppi giovanili", "gruppi giovanili"),
    },
    "en": {
        "sport": ("Meeting with the sports clubs", "sports clubs"),
        "musei": ("Meeting with museums and libraries", "museums and libraries"),
        "giovani": ("Meeting with the youth groups", "youth groups"),
    },
}


def series(language: Language) -> Series:
    """The series of Valverde, in this language."""
    return Series(
        name={"it": "Valverde in ascolto", "en": "Valverde is listening"}[language],
        organiser="Comune di Valverde",
        contact="ascolto@comune.valverde.example",
        timezone=ZONE,
        language=language,
        meetings=(
            _meeting(language, "sport", 11, 40),
            _meeting(language, "musei", 16),
            _meeting(language, "giovani", 18, 25),
        ),
    )


def sample_place(meeting: Meeting, status: RegistrationStatus = _CONFIRMED, *, news: bool = True) -> Place:
    """A place in a meeting."""
    queue = 3 if status is _WAITING else None
    return Place(meeting, status, f"{meeting.code}.1@comune.valverde.example", 1, news, queue)


def letters(language: Language) -> Iterator[tuple[str, Letter]]:
    """A name and a letter for each thing that letters say, but for the digest."""
    sport, museums, youth = series(language).meetings
    asked = Thread({"it": "Iscrizione", "en": "Signing up"}[language], "<m1@posta.example>", ())

    def letter(kind: LetterKind, **said: Any) -> Letter:
        thread = None if kind in UNASKED else asked
        return Letter(kind, "sample", ANNA, language, AT + timedelta(days=3), **{"thread": thread, **said})

    confirmation, withdrawal, menu = LetterKind.CONFIRMATION, LetterKind.WITHDRAWAL, LetterKind.MENU
    copy = (Attachment("mailbot.json", "application/json", b"{}\n"),)
    yield "confirmation", letter(confirmation, registered=(sample_place(sport),), held=(sample_place(sport),))
    yield "confirmation-several", letter(confirmation, registered=(sample_place(sport), sample_place(museums)))
    yield "confirmation-waiting", letter(confirmation, registered=(sample_place(sport, _WAITING),))
    yield "confirmation-again", letter(confirmation, registered=(sample_place(sport, news=False),), attention=True)
    moved = replace(sample_place(sport, _CANCELLED), sequence=2)
    yield "confirmation-moved", letter(confirmation, registered=(sample_place(museums),), withdrawn=(moved,))
    everything = (sample_place(sport, news=False), sample_place(museums), sample_place(youth, _WAITING))
    yield (
        "confirmation-everything",
        letter(
            confirmation,
            registered=everything[1:],
            withdrawn=(replace(moved, meeting=youth),),
            declined=(sport,),
            held=everything,
            refused=(youth,),
            requests=(Request.EXPORT, Request.LINK, Request.STATUS),
            attention=True,
            attachments=copy,
        ),
    )
    ugo = Address("ugo.bassi@posta.example", "Ugo Bassi")
    yield (
        "confirmation-colleague",
        letter(confirmation, registered=(sample_place(sport), sample_place(museums)), attendee=ugo),
    )
    yield "confirmation-invited", letter(confirmation, registered=(sample_place(sport),), thread=None)
    yield "withdrawal", letter(withdrawal, withdrawn=(moved,), held=(sample_place(museums),))
    both = (moved, replace(moved, meeting=youth))
    yield "withdrawal-several", letter(withdrawal, withdrawn=both, declined=(museums,), attention=True)
    yield "withdrawal-none", letter(withdrawal, declined=(sport,))
    yield "withdrawal-nothing", letter(withdrawal)
    for doubt in Doubt:
        yield f"menu-{doubt}", letter(menu, doubt=doubt, offers=(sport, museums, youth))
    mine = (sample_place(sport), sample_place(museums, _WAITING))
    yield "menu-held", letter(menu, doubt=Doubt.UNNAMED, held=mine, offers=(sport, museums, youth), full=(youth,))
    closed = replace(sport, status=MeetingStatus.CLOSED)
    yield "menu-refused", letter(menu, doubt=Doubt.OVER, refused=(closed,), offers=(youth,), attention=True)
    off = replace(museums, status=MeetingStatus.CANCELLED)
    yield "menu-cancelled", letter(menu, refused=(off,), offers=(sport, youth))
    yield "menu-nothing", letter(menu, doubt=Doubt.OVER, refused=(sport,))
    yield "acknowledgement", letter(LetterKind.ACKNOWLEDGEMENT, attention=True)
    yield "status", letter(LetterKind.STATUS, held=(sample_place(sport), sample_place(museums, _WAITING)))
    yield "status-link", letter(LetterKind.STATUS, held=(sample_place(sport),), requests=(Request.LINK,))
    yield "status-nothing", letter(LetterKind.STATUS, offers=(sport, youth))
    yield "status-cancelled", letter(LetterKind.STATUS, refused=(off,), offers=(sport,), requests=(Request.LINK,))
    yield "status-one-cancelled", letter(LetterKind.STATUS, held=(sample_place(sport),), refused=(off,))
    yield "export", letter(LetterKind.EXPORT, attachments=copy)
    yield "erasure", letter(LetterKind.ERASURE, attachments=copy, withdrawn=(moved,))
    yield "erasure-nothing", letter(LetterKind.ERASURE)
    code, verification = "3f9a0c27d1e84b6fa5c0d2e7", LetterKind.VERIFICATION
    yield "verification", letter(verification, withdrawn=(moved,), code=code)
    yield "verification-move", letter(verification, withdrawn=(moved,), registered=(sample_place(museums),), code=code)
    erase = (Request.ERASE, Request.EXPORT)
    yield "verification-erase", letter(verification, withdrawn=both, requests=erase, code=code)
    yield "verification-copy", letter(verification, requests=(Request.EXPORT,), code=code)
    yield "alarm", letter(LetterKind.ALARM, limit=500)
    replies = {
        "asd@pec.example": "550 5.0.0 (casella che riceve solo Posta Certificata)",
        "maria.rosi@posta.example": "550 5.1.1 user unknown",
        "info@museo.example": "452 4.2.2 mailbox full",
    }
    lost = tuple(Undelivered(AT, confirmation, who, said) for who, said in replies.items())
    yield "alarm-lost", letter(LetterKind.ALARM, lost=lost)
    yield "alarm-lost-one", letter(LetterKind.ALARM, lost=lost[:1])
    yield from for_approval(language, ANNA, AT)
    yield "promotion", letter(LetterKind.PROMOTION, registered=(sample_place(sport),))
    change, cancellation = LetterKind.CHANGE, LetterKind.CANCELLATION
    earlier = replace(sport, starts_at=sport.starts_at - timedelta(hours=1))
    days_before = replace(sport, starts_at=sport.starts_at - timedelta(days=1), join_url="https://zoom.example/j/1")
    yield "change", letter(change, registered=(sample_place(sport),), was=earlier)
    yield "change-day-and-link", letter(change, registered=(sample_place(sport),), was=days_before)
    relinked = replace(sport, join_url="https://zoom.example/j/1")
    yield "change-link", letter(change, registered=(sample_place(sport),), was=relinked)
    yield "change-waiting", letter(change, registered=(sample_place(sport, _WAITING),), was=earlier)
    put_back = replace(sport, status=MeetingStatus.CANCELLED)
    yield "change-on-after-all", letter(change, registered=(sample_place(sport),), was=put_back)
    put_back = replace(earlier, status=MeetingStatus.CANCELLED)
    yield "change-on-after-all-waiting", letter(change, registered=(sample_place(sport, _WAITING),), was=put_back)
    yield "cancellation", letter(cancellation, withdrawn=(sample_place(sport),))
    yield "cancellation-waiting", letter(cancellation, withdrawn=(sample_place(sport, _WAITING),))
    yield "reminder", letter(LetterKind.REMINDER, registered=(sample_place(sport),), before=timedelta(days=1))


def digests(language: Language) -> Iterator[tuple[str, Digest]]:
    """A name and a digest: a full one, and one of a day on which nothing happened."""
    sport, museums, youth = series(language).meetings
    since = AT - timedelta(days=1)
    texts = _DIGEST_WORDS[language]
    lea = Change(since, Deed.REGISTERED, "musei", "Lea Villa", "lea.villa@posta.example", "")
    full = Digest(
        day=date(2027, 3, 10),
        since=since,
        meetings=(
            MeetingCount(sport, 40, 2, 2, 1),
            MeetingCount(museums, 12, 0, 2, 0),
            MeetingCount(replace(youth, status=MeetingStatus.CANCELLED), 7, 0, 0, 0),
        ),
        changes=(
            Change(since, Deed.REGISTERED, "sport", "Anna Neri", "anna.neri@posta.example", "ASD Valverde"),
            Change(since, Deed.PROMOTED, "sport", "Ada Riva", "ada.riva@posta.example", ""),
            Change(since, Deed.QUEUED, "sport", "", "ugo.bassi@posta.example", ""),
            Change(since, Deed.REGISTERED, "musei", "Teresa Conti", "t.conti@biblioteca.example", texts["library"]),
            lea,
            Change(since, Deed.WITHDRAWN, "sport", "Ivo Sala", "ivo.sala@posta.example", "Judo Club"),
        ),
        to_read=(
            ToRead(since, "lea.villa@posta.example", texts["subject"], texts["opening"], texts["why"], (lea,)),
            ToRead(since, "ivo.sala@posta.example", texts["large"], texts["photos"], "", cut=True),
        ),
        undelivered=(
            Undelivered(since, LetterKind.CONFIRMATION, "asd@pec.example", "550 5.0.0 accetta solo posta certificata"),
        ),
        set_aside=(SetAside(since, "", "", "KeyError: 'x'"),),
        registrations=_registrations(since),
        told=(Told(museums, News.CHANGED, 12), Told(youth, News.CALLED_OFF, 7)),
    )
    yield "digest", full
    quiet = replace(
        full,
        since=None,
        left_alone=1_204,
        changes=(),
        to_read=(),
        undelivered=(),
        set_aside=(),
        registrations=(),
        told=(),
    )
    yield "digest-quiet", replace(quiet, meetings=tuple(replace(c, new=0, withdrawn=0) for c in full.meetings))
    yield "digest-supervised", replace(quiet, since=since, proposed=Proposed(3, since), to_read=full.to_read[:1])


_DIGEST_WORDS: dict[Language, dict[str, str]] = {
    "it": {
        "library": "Biblioteca civica",
        "subject": "Iscrizione e una domanda",
        "large": "Le foto della premiazione",
        "photos": "Buongiorno, come promesso invio le foto della premiazione.",
        "opening": "Buongiorno, è previsto un attestato di partecipazione? Ci serve per il registro delle attività.",
        "why": "una domanda a cui il programma non sa rispondere",
    },
    "en": {
        "library": "Town library",
        "subject": "Signing up, and a question",
        "large": "Pictures of the award ceremony",
        "photos": "Hello, here are the pictures of the award ceremony, as promised.",
        "opening": "Hello, will there be a certificate of attendance? We would need it for our records.",
        "why": "a question that the program cannot answer",
    },
}


def _registrations(at: datetime) -> tuple[Registration, ...]:
    people = (Person(1, ANNA.address, ANNA.name, "ASD Valverde"), Person(2, "t.conti@biblioteca.example", "=Teresa"))
    return tuple(
        Registration(person.id, code, person, _CONFIRMED, at, f"{code}.{person.id}@comune.valverde.example")
        for person, code in zip(people, ("sport", "musei"), strict=True)
    )

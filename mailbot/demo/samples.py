"""The mails of the guided tour, as different people would write them, and what each deserves.

They are written around days that move: the meetings of the demo lie in the coming days.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailbot.core.model import LetterKind, Meeting, Outcome
from mailbot.core.writing import dates

BOT = "iscrizioni@learningcity.lucca.example"


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail of the tour."""

    title: str
    sender: str
    raw: bytes
    outcome: Outcome
    answer: LetterKind | None
    """The kind of letter that is due; None where nobody must be answered."""
    register: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()
    contains: str = ""
    """What the answer has to contain."""


def samples(meetings: Mapping[str, Meeting], at: datetime) -> list[Sample]:
    """The mails, written at the moment ``at``."""
    sport, culture, gender = meetings["sport"], meetings["cultura"], meetings["genere"]
    return [
        Sample(
            "a plain mail",
            "paola@podistica.example",
            _mail(
                "Paola Lenzi <paola@podistica.example>",
                "Iscrizione",
                f"Buongiorno,\n\nvorrei partecipare all'incontro di {_day(sport)}.\n\nGrazie\nPaola Lenzi",
                at,
            ),
            Outcome.ACT,
            LetterKind.CONFIRMATION,
            register=("sport",),
            contains=sport.join_url,
        ),
        Sample(
            "a hurried reply, over the quoted announcement of all the meetings",
            "dani@mail.example",
            _mail(
                "daniele <dani@mail.example>",
                "Re: Città dell'apprendimento - calendario degli incontri",
                "ciao!! noi del museo della carta ci siamo, io e la marta :)\n\nInviato da iPhone\n\n"
                f"Il giorno {at.day}/{at.month}/{at.year}, alle ore 10:22, Learning City <info@comune.example> "
                "ha scritto:\n" + "".join(f"> - {_day(meeting)}: {meeting.sector}\n" for meeting in meetings.values()),
                at,
            ),
            Outcome.ACT,
            LetterKind.CONFIRMATION,
            register=("cultura",),
            contains=culture.join_url,
        ),
        Sample(
            "a mail that does not say which meeting",
            "gianna@mail.example",
            _mail(
                "Gianna Rossi <gianna@mail.example>", "incontri", "Vorrei iscrivermi, come faccio? Grazie, Gianna", at
            ),
            Outcome.ASK,
            LetterKind.MENU,
            contains=gender.title,
        ),
        Sample(
            "a cancellation, from the first writer",
            "paola@podistica.example",
            _mail(
                "Paola Lenzi <paola@podistica.example>",
                "Re: Iscrizione",
                f"Purtroppo {dates.short_day(sport.starts_at, 'it')} non posso più venire, scusate.\nPaola",
                at,
            ),
            Outcome.ACT,
            LetterKind.WITHDRAWAL,
            cancel=("sport",),
            contains=sport.title,
        ),
        Sample(
            "an out-of-office answer: nobody may be answered",
            "ufficio@coop.example",
            _mail(
                "Ufficio <ufficio@coop.example>",
                "Risposta automatica: Iscrizione registrata",
                f"Sono fuori ufficio fino a {_day(sport)}. Per urgenze chiamare lo 0583 000 000.",
                at,
                "Auto-Submitted: auto-replied\n",
            ),
            Outcome.IGNORE,
            None,
        ),
        Sample(
            "certified mail (PEC): the mail inside the envelope counts",
            "donne@pec.example",
            _certified(
                "donne@pec.example", f"Si chiede l'iscrizione all'incontro di {_day(gender)}.\n\nLa presidente", at
            ),
            Outcome.ACT,
            LetterKind.CONFIRMATION,
            register=("genere",),
            contains=gender.join_url,
        ),
    ]


def typed(sender: str, text: str, at: datetime) -> bytes:
    """A mail that somebody typed at the prompt; a first line ``Subject: …`` or ``Oggetto: …`` is its subject."""
    first, _, rest = text.partition("\n")
    label, _, subject = first.partition(":")
    if label.strip().lower() in ("subject", "oggetto"):
        return _mail(sender, subject.strip(), rest, at)
    return _mail(sender, "", text, at)


def _day(meeting: Meeting) -> str:
    return dates.day(meeting.starts_at, "it").rpartition(" ")[0]


def _mail(sender: str, subject: str, text: str, at: datetime, headers: str = "") -> bytes:
    number = abs(hash((sender, subject, text, at)))
    return (
        f"Return-Path: <{sender.rpartition('<')[2].rstrip('>')}>\n"
        f"From: {sender}\nTo: {BOT}\nSubject: =?utf-8?b?{b64encode(subject.encode()).decode()}?=\n"
        f"Date: {at:%a, %d %b %Y %H:%M:%S %z}\nMessage-ID: <{number}@mail.example>\n{headers}"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
    ).encode()


def _certified(sender: str, text: str, at: datetime) -> bytes:
    inner = _mail(sender, "Richiesta di iscrizione", text, at).decode()
    return (
        "Return-Path: <posta-certificata@gestore.example>\n"
        f'From: "Per conto di: {sender}" <posta-certificata@gestore.example>\nReply-To: {sender}\nTo: {BOT}\n'
        f"Subject: POSTA CERTIFICATA: Richiesta di iscrizione\nDate: {at:%a, %d %b %Y %H:%M:%S %z}\n"
        f"Message-ID: <opec{at:%Y%m%d%H%M%S}@gestore.example>\nX-Trasporto: posta-certificata\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="pec"\n\n--pec\nContent-Type: text/plain; charset=utf-8\n\n'
        f'Messaggio di posta certificata\nIl messaggio "Richiesta di iscrizione" è stato inviato da "{sender}".\n'
        '--pec\nContent-Type: message/rfc822; name="postacert.eml"\n'
        f'Content-Disposition: inline; filename="postacert.eml"\n\n{inner}\n--pec--\n'
    ).encode()

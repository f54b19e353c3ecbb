"""A small world for the loops: a house, a clock that the test moves, and a mailbox and a postman that fail on cue.

The store is the real one, on a file. What stands in for a server stands in for its misfortune: it does what the port
promises, and what the test has lined up.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate
from mailbot.adapters.templates import load_texts
from mailbot.core.model import Address, Meeting, Series
from mailbot.core.names import Names
from mailbot.core.restraint import Limits
from mailbot.core.retry import Accepted, Receipt
from mailbot.core.writing import Sender, Texts
from mailbot.loops.house import House
from mailbot.ports import Arrival, MailboxTrouble, Parcel
from tests import samples

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BOT = "iscrizioni@comune.valverde.example"
OFFICE = "ufficio@comune.valverde.example"
SPORT = samples.meeting("sport", 12, title="Incontro con le associazioni sportive", sector="associazioni sportive")
MUSEI = samples.meeting("musei", 14, title="Incontro con musei e biblioteche", sector="musei e biblioteche")
SERIES = samples.series(SPORT, MUSEI)

READINGS = {"sport": "le associazioni sportive", "musei": "i musei e le biblioteche"}
"""How a plain mail names each meeting."""


@cache
def texts() -> Texts:
    """The letters as they are shipped, read once."""
    return load_texts(None)


def house(series: Series = SERIES, **changes: object) -> House:
    """The house of a series."""
    values: dict[str, object] = {
        "series": series,
        "names": Names(b"a secret of the tests", "comune.valverde.example"),
        "sender": Sender("Comune di Valverde", BOT, 90),
        "texts": texts(),
        "own": frozenset({BOT}),
        "first_start": datetime(2024, 1, 1, tzinfo=UTC),
        "since": date(2024, 1, 1),
        "reminders": (DAY, HOUR),
        "digest_at": time(7, 30),
        "digest_to": (Address(OFFICE),),
        "retention": timedelta(days=90),
        "limits": Limits(0, 0, 0, 0),
        "authserv_id": None,
        "filing": None,
    }
    return House(**(values | changes))  # type: ignore[arg-type]


def series(*, sport: dict[str, object] | None = None, musei: dict[str, object] | None = None) -> Series:
    """The series with some of its meetings changed."""
    return samples.series(changed(SPORT, sport or {}), changed(MUSEI, musei or {}))


def changed(meeting: Meeting, changes: dict[str, object]) -> Meeting:
    """A meeting with other values."""
    return replace(meeting, **changes)  # type: ignore[arg-type]


def open_store(where: Path | str, at: datetime, kind: type[SqlStore] = SqlStore) -> SqlStore:
    """The store in this file, or of this URL, made where missing."""
    engine = open_engine(where if isinstance(where, str) else f"sqlite:///{where}")
    migrate(engine, at)
    return kind(engine)


@dataclass
class Clock:
    """The time, which stands still until it is moved."""

    now: datetime = samples.NOW

    def __call__(self) -> datetime:
        return self.now.astimezone(UTC)

    def move(self, by: timedelta) -> None:
        """Forward, or back."""
        self.now += by


# --- mails whose meaning is plain -------------------------------------------------------------------------------------


def mail(
    who: str, subject: str, text: str, number: int, at: datetime, *, message_id: str = "", headers: tuple[str, ...] = ()
) -> bytes:
    """A mail as a person writes it."""
    lines = (
        f"From: {who.title()} Neri <{who}@posta.example>",
        f"To: {BOT}",
        f"Subject: {subject}",
        f"Date: {at:%a, %d %b %Y %H:%M:%S +0000}",
        f"Message-ID: {message_id or f'<{number}.{who}@posta.example>'}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        *headers,
        "",
        text,
        "",
        f"{who.title()} Neri",
        "",
    )
    return "\r\n".join(lines).encode()


def register(who: str, code: str, number: int, at: datetime, **more: object) -> bytes:
    """Wants in."""
    text = f"Buongiorno,\r\nvorrei iscrivermi all'incontro con {READINGS[code]}.\r\nGrazie"
    return mail(who, f"Iscrizione all'incontro con {READINGS[code]}", text, number, at, **more)  # type: ignore[arg-type]


def cancel(who: str, code: str, number: int, at: datetime, **more: object) -> bytes:
    """Wants out."""
    text = f"Buongiorno,\r\ndisdico la mia iscrizione all'incontro con {READINGS[code]}.\r\nGrazie"
    return mail(who, f"Disdico l'incontro con {READINGS[code]}", text, number, at, **more)  # type: ignore[arg-type]


def move(who: str, code: str, other: str, number: int, at: datetime, **more: object) -> bytes:
    """Wants another."""
    text = (
        f"Buongiorno,\r\ndisdico la mia iscrizione all'incontro con {READINGS[code]}. "
        f"Vorrei iscrivermi all'incontro con {READINGS[other]}.\r\nGrazie"
    )
    return mail(who, "Cambio incontro", text, number, at, **more)  # type: ignore[arg-type]


def ask(who: str, number: int, at: datetime, **more: object) -> bytes:
    """Wants to know what they are signed up for."""
    text = "Buongiorno,\r\na quali incontri sono iscritto?\r\nGrazie"
    return mail(who, "Le mie iscrizioni", text, number, at, **more)  # type: ignore[arg-type]


def erase(who: str, number: int, at: datetime, **more: object) -> bytes:
    """Wants to be forgotten."""
    text = "Vi chiedo di cancellare tutti i miei dati."
    return mail(who, "Cancellate i miei dati", text, number, at, **more)  # type: ignore[arg-type]


def confirmation(who: str, asked: bytes, number: int, at: datetime, **more: object) -> bytes:
    """Taps "Sì, confermo" in a letter that asks."""
    found = re.search(r"subject=(Confermo[^\"&]*)", html_of(asked))
    assert found, "the letter offers nothing to confirm"
    return mail(who, unquote(found[1]), "", number, at, **more)  # type: ignore[arg-type]


def html_of(raw: bytes) -> str:
    """The HTML of a letter of ours."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("html",))
    assert body is not None
    return str(body.get_content())


def away(who: str, number: int, at: datetime) -> bytes:
    """A machine answers."""
    return mail(
        who,
        "Risposta automatica: Iscrizione confermata",
        "Sono fuori ufficio fino a lunedì.",
        number,
        at,
        headers=("Auto-Submitted: auto-replied",),
    )


# --- the mailbox ------------------------------------------------------------------------------------------------------


@dataclass
class MemoryMailbox:
    """A folder that keeps what a server keeps, and fails when it is told to."""

    folder: str = "INBOX"
    uidvalidity: int = 7
    held: dict[int, Arrival] = field(default_factory=dict)
    next_uid: int = 1
    troubles: deque[str] = field(default_factory=deque)
    """The calls that fail, by name, in the order in which they come; ``fetch`` fails after its first mail."""
    moved: list[tuple[int, str]] = field(default_factory=list)

    def put(self, raw: bytes, at: datetime) -> int:
        """A mail arrives."""
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.held[uid] = Arrival(uid, raw, at, len(raw))
        return uid

    def renumber(self) -> None:
        """The server makes its index anew: another UIDVALIDITY, other UIDs."""
        self.uidvalidity += 1
        self.held = {uid: replace(arrival, uid=uid) for uid, arrival in enumerate(self.held.values(), start=1)}
        self.next_uid = len(self.held) + 1

    def _meet(self, call: str) -> None:
        if self.troubles and self.troubles[0] == call:
            self.troubles.popleft()
            raise MailboxTrouble(f"the server went away in {call}")

    def open(self) -> int:
        self._meet("open")
        return self.uidvalidity

    def uids_after(self, uid: int, since: date) -> list[int]:
        self._meet("uids_after")
        return sorted(each for each, mail in self.held.items() if each > uid and mail.received_at.date() >= since)

    def fetch(self, uids: Sequence[int]) -> Iterator[Arrival]:
        for uid in uids:
            if uid in self.held:
                yield self.held[uid]
            self._meet("fetch")

    def wait(self, seconds: float) -> None:
        self._meet("wait")

    def interrupt(self) -> None:
        pass

    def move(self, uids: Sequence[int], folder: str) -> None:
        self._meet("move")
        for uid in uids:
            if self.held.pop(uid, None):
                self.moved.append((uid, folder))

    def leave(self) -> None:
        pass

    def close(self) -> None:
        pass


# --- the postman ------------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process ends here, without a word."""


@dataclass
class ScriptedPostman:
    """Takes every mail, unless something else is lined up for the next."""

    clock: Clock
    lined_up: deque[Receipt | str] = field(default_factory=deque)
    """Receipts for the next mails; ``crash before`` and ``crash after`` (the server took it) end the process."""
    always: Receipt | None = None
    """What every mail gets while it is set."""
    accepted: list[tuple[datetime, Parcel]] = field(default_factory=list)
    tried: list[Parcel] = field(default_factory=list)
    on_accept: Callable[[Parcel], None] = lambda parcel: None

    def deliver(self, parcels: Sequence[Parcel], stopping: Callable[[], bool]) -> Iterator[tuple[Parcel, Receipt]]:
        """One after the other."""
        for parcel in parcels:
            if stopping():
                return
            if not parcel.in_time():
                continue
            self.tried.append(parcel)
            receipt = self.always or (self.lined_up.popleft() if self.lined_up else Accepted("2.0.0 ok"))
            if receipt == "crash before":
                raise Crash
            if receipt == "crash after" or isinstance(receipt, Accepted):
                self.on_accept(parcel)
                self.accepted.append((self.clock(), parcel))
            if isinstance(receipt, str):
                raise Crash
            yield parcel, receipt

    def close(self) -> None:
        pass

    def to(self, who: str) -> list[bytes]:
        """What somebody has got."""
        return [parcel.raw for _, parcel in self.accepted if parcel.recipient == f"{who}@posta.example"]

"""A town whose organisers approve each answer: the loops over one store, and what organisers do with what they get."""

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from html import unescape
from urllib.parse import unquote

from mailbot.adapters.store import SqlStore
from mailbot.core.digest import Digest
from mailbot.core.model import Address
from mailbot.loops import collect, deliver, handle, remind
from mailbot.loops.house import House
from tests.loops.world import BOT, OFFICE, SERIES, Clock, MemoryMailbox, ScriptedPostman, house, html_of

APPROVE, REJECT, ALL = "Approvo la risposta", "Non inviare la risposta", "Approvo tutte"


class Town:
    """In supervised mode until a test says otherwise; the bell is rung by ``ring`` alone."""

    def __init__(self, store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> None:
        self.store, self.mailbox, self.clock, self.postman = store, mailbox, clock, postman
        self.house: House = supervised()
        self._number = 0

    def gets(self, *raws: bytes) -> None:
        """These mails come, and are handled; what may go out goes out."""
        for raw in raws:
            self.mailbox.put(raw, self.clock())
        collect.turn(self.mailbox, self.store, self.house, self.clock)
        while handle.turn(self.store, self.house, self.clock):
            pass
        deliver.turn(self.postman, self.store, self.clock)

    def ring(self) -> None:
        """The bell rings; what is due goes out."""
        remind.turn(self.store, self.house, self.clock)
        deliver.turn(self.postman, self.store, self.clock)

    def to_office(self) -> list[bytes]:
        """What the organiser has got, digests apart."""
        mails = [parcel.raw for _, parcel in self.postman.accepted if parcel.recipient == OFFICE]
        return [raw for raw in mails if "iscrizion" not in subject(raw)]

    def tap(self, words: str, number: int | None = None, *, raw: bytes | None = None, **more: object) -> None:
        """The organiser taps a link of the last mail that asked, or of ``raw``; see ``order``."""
        self.gets(order(links(raw or self.rounds()[-1], words, number)[0], self.another(), **more))  # type: ignore[arg-type]

    def rounds(self) -> list[bytes]:
        """The mails that have asked the organiser."""
        return [raw for raw in self.to_office() if "da approvare" in subject(raw)]

    def another(self) -> int:
        """A number for a mail that no other has."""
        self._number += 1
        return self._number

    def held(self) -> dict[str, str]:
        """The registrations, by who and what."""
        return {f"{r.person.address.partition('@')[0]} {r.meeting}": r.status.value for r in self.store.registrations()}

    def letters(self) -> dict[str, int]:
        """Outgoing mails by state."""
        return dict(self.store.status(SERIES, self.clock()).letters)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the database says."""
        with self.store._read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def waiting_for(self, code: str) -> list[str]:
        """Who waits for a place, the next one first."""
        with self.store.work() as work:
            waiting = work.standings(SERIES)[code].waiting
        return [registration.person.address.partition("@")[0] for registration in waiting]

    def file_away(self) -> None:
        """What is handled is moved."""
        collect.file_away(self.mailbox, self.store, self.house, self.clock)

    def digest(self) -> Digest:
        """Of all that has happened."""
        return self.store.digest(SERIES, self.clock().date(), None)

    def why(self) -> list[str]:
        """Why mails are to be read."""
        return [item.why for item in self.digest().to_read]


def supervised(**changes: object) -> House:
    """The house of the tests, supervised by its office."""
    return house(**({"supervised": True, "organisers": (Address(OFFICE),)} | changes))  # type: ignore[arg-type]


def subject(raw: bytes) -> str:
    """Of a mail."""
    return str(message_from_bytes(raw, policy=policy.default)["Subject"])


def plain(raw: bytes) -> str:
    """The text of a mail."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def links(raw: bytes, words: str, number: int | None = None) -> list[str]:
    """The subjects that a mail offers at one tap and that begin with these words, about one proposal or all."""
    offered = re.findall(rf'href="mailto:{re.escape(BOT)}\?subject=([^"&]*)"', unescape(html_of(raw)))
    wanted = f"{words} n. {number} [" if number else words
    found = [unquote(each) for each in offered if unquote(each).startswith(wanted)]
    assert found, f"nothing to tap begins with {wanted!r}"
    return found


def order(
    title: str,
    number: int,
    *,
    sender: str = f"Ufficio <{OFFICE}>",
    text: str = "",
    headers: Sequence[str] = (),
) -> bytes:
    """A mail as a mail program makes it of a tap; ``title`` may be folded already."""
    lines = (
        f"From: {sender}",
        f"To: {BOT}",
        f"Subject: {title}",
        f"Message-ID: <order{number}@comune.valverde.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        *headers,
        "",
        text,
    )
    return "\r\n".join(lines).encode()

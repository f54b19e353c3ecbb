"""Whose letter came back: told the same day, by our own names alone; a forged bounce changes nothing."""

import re
from datetime import timedelta
from email import message_from_bytes

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.core.model import Advice, LetterKind, Undelivered
from mailbot.core.reading.bounces import read_bounce
from mailbot.core.status import LATELY
from mailbot.loops import collect, deliver, handle, remind
from tests import samples
from tests.loops import world
from tests.loops.world import BOT, OFFICE, SERIES, Clock, MemoryMailbox, ScriptedPostman, house

NOW = samples.NOW


def report(returned: bytes, *, status: str = "5.1.1", action: str = "failed", said: str = "550 5.1.1 unknown") -> bytes:
    """A delivery report (RFC 3464) with ``returned`` as its third part."""
    return (
        (
            f"From: MAILER-DAEMON@mx.posta.example\r\nTo: {BOT}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            f"Date: {NOW:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <{abs(hash(returned))}@mx.posta.example>\r\n"
            "MIME-Version: 1.0\r\nReturn-Path: <>\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.posta.example\r\n\r\n"
            f"Final-Recipient: rfc822; anna@posta.example\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: smtp; {said}\r\n\r\n--b\r\n"
        ).encode()
        + returned
        + b"\r\n--b--\r\n"
    )


def whole(ours: bytes) -> bytes:
    """The letter as it went out."""
    return b"Content-Type: message/rfc822\r\n\r\n" + ours


def headers_alone(ours: bytes) -> bytes:
    """What most servers return."""
    return b"Content-Type: text/rfc822-headers\r\n\r\n" + ours.partition(b"\r\n\r\n")[0] + b"\r\n"


def renamed(ours: bytes) -> bytes:
    """A provider gave it a Message-ID of its own; our mark is left."""
    return headers_alone(re.sub(rb"(?m)^Message-ID: [^\r]*", b"Message-ID: <0102@provider.example>", ours))


def qmail(ours: bytes) -> bytes:
    """A bounce without any structure."""
    return (
        f"From: MAILER-DAEMON@posta.example\r\nTo: {BOT}\r\nSubject: failure notice\r\nReturn-Path: <>\r\n"
        "Message-ID: <q1@posta.example>\r\n\r\n"
        "Hi. This is the qmail-send program.\r\n\r\n<anna@posta.example>:\r\n"
        "550 5.2.2 mailbox full\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
    ).encode() + ours


def certified(ours: bytes) -> bytes:
    """A provider of certified mail refuses."""
    name = message_from_bytes(ours)["Message-ID"]
    return (
        f"From: posta-certificata@gestore.example\r\nTo: {BOT}\r\nSubject: AVVISO DI MANCATA CONSEGNA\r\n"
        f"X-Ricevuta: errore-consegna\r\nX-Riferimento-Message-ID: {name}\r\nMessage-ID: <p1@gestore.example>\r\n\r\n"
        "Il messaggio non e' stato consegnato.\r\n"
    ).encode()


def sent_to_anna(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> bytes:
    """Anna's confirmation, taken by the server."""
    mailbox.put(world.register("anna", "sport", 1, NOW), clock())
    collect.turn(mailbox, store, house(), clock)
    handle.turn(store, house(), clock)
    deliver.turn(postman, store, clock)
    [ours] = postman.to("anna")
    return ours


def arrives(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, raw: bytes) -> tuple[Undelivered, ...]:
    """A mail comes; who has not got our letters then."""
    mailbox.put(raw, clock())
    collect.turn(mailbox, store, house(), clock)
    handle.turn(store, house(), clock)
    return store.digest(SERIES, NOW.date(), None).undelivered


@pytest.mark.parametrize(
    "bounce",
    [
        pytest.param(lambda ours: report(whole(ours)), id="the whole mail returned"),
        pytest.param(lambda ours: report(headers_alone(ours)), id="its headers returned"),
        pytest.param(lambda ours: report(renamed(ours)), id="with another Message-ID"),
        pytest.param(qmail, id="without structure"),
        pytest.param(certified, id="certified mail"),
    ],
)
def test_a_bounce_is_matched_to_its_letter(
    store: SqlStore,
    mailbox: MemoryMailbox,
    clock: Clock,
    postman: ScriptedPostman,
    bounce: object,
) -> None:
    """However it is written, as long as it holds the letter's own name; nothing is answered, nobody disabled."""
    ours = sent_to_anna(store, mailbox, clock, postman)
    [lost] = arrives(store, mailbox, clock, bounce(ours))  # type: ignore[operator]

    assert (lost.recipient, lost.kind) == ("anna@posta.example", LetterKind.CONFIRMATION)
    assert [r.status.value for r in store.registrations()] == ["confirmed"]
    assert deliver.turn(postman, store, clock) == 0
    assert store.status(SERIES, clock() - LATELY).bounced_lately == 1


def test_a_thread_of_letters_does_not_confuse_a_bounce(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """The second letter refers to the first in its References: the second came back."""
    first = sent_to_anna(store, mailbox, clock, postman)
    name = message_from_bytes(first)["Message-ID"]
    again = world.cancel("anna", "sport", 2, NOW, headers=(f"In-Reply-To: {name}", f"References: {name}"))
    arrives(store, mailbox, clock, again)
    deliver.turn(postman, store, clock)
    [lost] = arrives(store, mailbox, clock, report(whole(postman.to("anna")[1])))

    assert lost.kind is LetterKind.WITHDRAWAL


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(lambda ours: b"From: <bot@x.example>\r\nTo: anna@posta.example\r\n\r\nHello", id="no name at all"),
        pytest.param(
            lambda ours: b"X-Mailbot-Id: " + b"0" * 48 + b"\r\nMessage-ID: <" + b"a" * 48 + b"@x.example>\r\n\r\nHi",
            id="names that we never gave",
        ),
        pytest.param(lambda ours: re.sub(rb"[0-9a-f]{16}@", b"0" * 16 + b"@", ours)[:300] + b"\r\n\r\n", id="no seal"),
    ],
)
def test_a_forged_bounce_changes_nothing(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, forged: object
) -> None:
    """It names Anna as whoever could not be reached; only our own name for the letter would count."""
    ours = sent_to_anna(store, mailbox, clock, postman)
    ours = re.sub(rb"(?m)^X-Mailbot-Id: [^\r]*\r\n", b"", ours)
    raw = report(b"Content-Type: text/rfc822-headers\r\n\r\n" + forged(ours))  # type: ignore[operator]

    assert arrives(store, mailbox, clock, raw) == ()
    assert [r.status.value for r in store.registrations()] == ["confirmed"]


def test_a_delay_is_no_loss(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> None:
    """The server still tries; when it gives up, it says so in another report."""
    ours = sent_to_anna(store, mailbox, clock, postman)
    delayed = report(whole(ours), status="4.4.1", action="delayed", said="connection timed out")
    expired = report(headers_alone(ours), status="4.4.7", said="450 4.4.1 connection timed out")

    assert arrives(store, mailbox, clock, delayed) == ()
    [lost] = arrives(store, mailbox, clock, expired)
    assert lost.advice is Advice.LATER


def test_a_delivery_receipt_of_certified_mail_is_no_loss(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """The provider says that it arrived."""
    ours = sent_to_anna(store, mailbox, clock, postman)
    receipt = certified(ours).replace(b"errore-consegna", b"avvenuta-consegna")

    assert arrives(store, mailbox, clock, receipt) == ()


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("550 5.0.0 (casella che riceve solo Posta Certificata)", Advice.ONLY_CERTIFIED),
        ("5.7.1 la casella accetta esclusivamente messaggi di posta elettronica certificata", Advice.ONLY_CERTIFIED),
        ("550 5.1.1 <maria.rosi@posta.example>: user unknown", Advice.NO_SUCH_ADDRESS),
        ("552 5.2.2 mailbox full", Advice.FULL),
        ("450 4.4.1 connection timed out", Advice.LATER),
        ("not tried (given up: its time is over)", Advice.LATER),
        ("554 5.7.1 message rejected as spam", Advice.REFUSED),
        ("", Advice.REFUSED),
    ],
)
def test_the_organisers_are_told_what_can_be_done(said: str, advice: Advice) -> None:
    """By the server's own words."""
    assert Undelivered(NOW, LetterKind.CONFIRMATION, "anna@posta.example", said).advice is advice


def test_whose_letter_came_back_is_told_the_same_day_in_one_mail(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Within the hour, all of that hour together, once; with what the organisers can do."""
    clock.move(timedelta(hours=8))
    ours = sent_to_anna(store, mailbox, clock, postman)
    said = "550 5.0.0 (casella che riceve solo Posta Certificata)"
    arrives(store, mailbox, clock, report(whole(ours), status="5.0.0", said=said))
    for _ in range(5):
        clock.move(timedelta(minutes=30))
        remind.turn(store, house(), clock)
    deliver.turn(postman, store, clock)
    letters = [message_from_bytes(parcel.raw) for _, parcel in postman.accepted if parcel.recipient == OFFICE]
    notices = [mail for mail in letters if "non" in str(mail["Subject"]) and "arrivato" in str(mail["Subject"])]

    assert len(notices) == 1
    text = notices[0].get_payload()[0].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "anna@posta.example" in text
    assert "accetta solo posta certificata" in text


def test_no_bounce_makes_the_reader_raise() -> None:
    """Cut anywhere, and with bytes turned."""
    raw = report(whole(world.register("anna", "sport", 1, NOW)))
    for cut in range(0, len(raw), 7):
        read_bounce(raw[:cut])
        read_bounce(raw[:cut] + b"\xff\x00" + raw[cut + 2 :])

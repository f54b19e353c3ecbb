"""Mail made to harm: reading it never raises, and takes no longer than its size excuses.

The time limits are many times what reading takes, so that a busy machine does not fail them, and many times less than
what these mails cost where something is quadratic.
"""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.config import load
from mailbot.core.model import Message, Outcome, PassageKind
from mailbot.core.reading import fingerprint, parse
from mailbot.core.understanding import understand

HEADER = b"From: anna@posta.example\nSubject: hello\nMIME-Version: 1.0\n"
HTML = HEADER + b"Content-Type: text/html; charset=utf-8\n\n"
PLAIN = HEADER + b"\n"
SERIES = load(Path(__file__).parent.parent / "corpora" / "lucca-2021" / "series.toml").to_series()
LIMIT = 4.0
"""Seconds for half a megabyte, on the slowest machine that runs these tests."""


def nested(depth: int, body: bytes = b"hello\n") -> bytes:
    """Multiparts in multiparts."""
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth)
    )
    return HEADER + opened + b"Content-Type: text/plain\n\n" + body


def enclosed(depth: int) -> bytes:
    """Certified envelopes in certified envelopes, each in base64."""
    mail = b"From: anna@posta.example\n\nhello"
    for _ in range(depth):
        mail = (
            HEADER
            + b"X-Trasporto: posta-certificata\nContent-Type: message/rfc822; name=postacert.eml\n"
            + b"Content-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(mail)
        )
    return mail


def laughs() -> bytes:
    """An XML bomb where certified mail holds its facts."""
    entities = b"".join(b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12))
    xml = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + entities + b"]><postacert><intestazione><mittente>&a11;</mittente>"
    return (
        HEADER
        + b'X-Trasporto: posta-certificata\nContent-Type: application/xml; name="daticert.xml"\n\n'
        + xml
        + b"</intestazione></postacert>"
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    "multiparts a thousand deep": lambda: nested(1000),
    "multiparts a hundred deep around many lines": lambda: nested(100, b"x\n" * 200_000),
    "mails in mails": lambda: HEADER + b"Content-Type: message/rfc822\n\nFrom: a@b.example\n" * 5_000,
    "envelopes in envelopes": lambda: enclosed(12),
    "a hundred thousand parts": lambda: (
        HEADER + b'Content-Type: multipart/mixed; boundary="q"\n\n' + b"--q\n\nhi\n" * 50_000
    ),
    "a million headers": lambda: HEADER + b"X: y\n" * 1_000_000 + b"\nhi",
    "as many names of headers": lambda: HEADER + b"".join(b"X%d: y\n" % n for n in range(80_000)) + b"\nhi",
    "a header of many folds": lambda: HEADER + b"X: y\n" + b" z\n" * 200_000 + b"\nhi",
    "a header without an end": lambda: b"X-A: " + b"b" * 500_000,
    "semicolons in Content-Type": lambda: HEADER + b"Content-Type: text/plain" + b";" * 7_000 + b"\n\nhi",
    "parameters in Content-Type": lambda: HEADER + b"Content-Type: multipart/mixed" + b"; a=b" * 50_000 + b"\n\nhi",
    "semicolons in the parts": lambda: (
        HEADER
        + b'Content-Type: multipart/mixed; boundary="q"\n\n'
        + (b"--q\nContent-Type: text/plain" + b"; a=b" * 5_000 + b"\n\nhi\n") * 15
    ),
    "a long encoded subject": lambda: (
        b"Subject: " + b"=?utf-8?q?=C3=A8=C3=A8?=\n " * 8_000 + b"\nFrom: a@b.example\n\nhi"
    ),
    "an unclosed encoded subject": lambda: b"Subject: " + b"=?" * 100_000 + b"\n\nhi",
    "a hundred thousand recipients": lambda: (
        HEADER + b"To: " + b",\n ".join(b"u%d@b.example" % n for n in range(100_000)) + b"\n\nhi"
    ),
    "a hundred thousand senders": lambda: b"From: " + b'"a" <a@b.example>, ' * 30_000 + b"\n\nhi",
    "brackets in From": lambda: b"From: " + b"(" * 200_000 + b"\n\nhi",
    "identifiers": lambda: HEADER + b"References: " + b"<a@b.example>\n " * 40_000 + b"\nhi",
    "quotes, nested": lambda: PLAIN + b"".join(b">" * depth + b" q\n" for depth in range(1_000)),
    "one line of quote signs": lambda: PLAIN + b">" * 500_000,
    "ten thousand quotes": lambda: PLAIN + b"> a\nb\n" * 50_000,
    "blank lines": lambda: PLAIN + b"\n" * 500_000 + b"hi",
    "one long line": lambda: PLAIN + b"a " * 250_000,
    "attributions that never end": lambda: PLAIN + b"Il giorno 3 Rossi <a@b.example>\n" * 15_000,
    "headers repeated": lambda: PLAIN + b"Da: a\n\n" * 60_000,
    "salutations": lambda: PLAIN + b"x\nGrazie\n" + b"Gentile\n" * 60_000,
    "names": lambda: PLAIN + b"Mario Rossi\n" * 40_000,
    "drawn lines": lambda: PLAIN + b"- - - - - - - - -\n" * 25_000,
    "disclaimers": lambda: PLAIN + b"Questo messaggio\n\n" * 25_000,
    "soft line ends": lambda: HEADER + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 160_000,
    "combining characters": lambda: PLAIN + ("a" + "\u0307\u0323" * 100_000).encode(),
    "base64": lambda: HEADER + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"a" * 370_000),
    "base64 that is none": lambda: HEADER + b"Content-Transfer-Encoding: base64\n\n" + b"=!" * 250_000,
    "NUL bytes": lambda: PLAIN + b"\0" * 500_000,
    "tags nested": lambda: HTML + b"<div>" * 100_000 + b"hi",
    "quotes nested in HTML": lambda: HTML + b"<blockquote>hi" * 35_000,
    "tags crossed": lambda: HTML + b"<b><i></u>" * 50_000,
    "tags opened": lambda: HTML + b"<" * 500_000,
    "tags opened, one closed": lambda: HTML + b"<a " * 150_000 + b">",
    "attributes opened": lambda: HTML + b'<a x="' * 80_000 + b">",
    "attributes opened two ways": lambda: HTML + b"<a \"'x' \" " * 50_000 + b">",
    "comments opened": lambda: HTML + b"<!--" * 125_000 + b">",
    "declarations opened": lambda: HTML + b"<![CDATA[" * 50_000 + b">",
    "scripts opened": lambda: HTML + b"<script></scrip" * 30_000,
    "a tag of many attributes": lambda: HTML + b"<p " + b"a=b " * 120_000 + b">hi",
    "a long style": lambda: HTML + b"<p style='" + b"display: " * 50_000 + b"'>hi",
    "character references": lambda: HTML + b"&#9" * 160_000,
    "a long character number": lambda: HTML + b"&#" + b"9" * 100_000 + b";",
    "line breaks": lambda: HTML + b"<br>" * 120_000,
    "tables in tables": lambda: HTML + b"<table><tr><td>a" * 30_000,
    "a delivery report without end": lambda: (
        HEADER + b"Content-Type: message/delivery-status\n\n" + b"a: b\n\n" * 80_000
    ),
    "a refusal without end": lambda: b"Return-Path: <>\n" + PLAIN + b"<a@b.example>: x\n" * 30_000,
    "a refusal of one line": lambda: b"Return-Path: <>\n" + PLAIN + b",Q" * 250_000,
    "a calendar without end": lambda: (
        HEADER + b"Content-Type: text/calendar\n\nMETHOD:REPLY\n" + b"ATTENDEE;A\n " * 40_000
    ),
    "an XML bomb": laughs,
    "multiparts without boundaries": lambda: (
        HEADER
        + (b"Content-Type: multipart/mixed\n\n" + b"x\n" * 50 + b"--a\n") * 2_000
        + b"Content-Type: text/plain\n\nhi"
    ),
    "boundaries that are none": lambda: HEADER + b"Content-Type: multipart/mixed\n\n" + b"--a\ncontent-\n" * 35_000,
    "rare quote signs": lambda: PLAIN + "» a\n: b\n»\n".encode() * 40_000,
    "escaped quote signs": lambda: PLAIN + b"&gt; &gt;" * 50_000 + b"\n&gt; a" * 10_000,
    "white on white": lambda: HTML + b"<p style='color:#fff'>hi</p>" * 18_000,
    "sizes in sizes": lambda: HTML + b"".join(b"<i style='font-size:%dpx'>x" % (n % 3) for n in range(18_000)),
    "styles never the same": lambda: HTML + b"".join(b"<p style='color:#%06x'>x</p>" % n for n in range(17_000)),
    "struck out": lambda: PLAIN + b"~~a " * 125_000,
    "strokes": lambda: PLAIN + "a\u0336".encode() * 160_000,
    "strikes": lambda: HTML + b"<s>a" * 120_000,
    "an absence without end": lambda: PLAIN + b"sono al momento fuori in ferie per il mio rientro " * 10_000,
    "a receipt without end": lambda: (
        b"Subject: ticket " + b"richiesta n. " * 30_000 + b"\n\n" + b"click to deliver your message " * 9_000
    ),
    "a person at a no-reply address": lambda: b"From: noreply@a.example\n\n" + b"vorrei unsubscribe " * 25_000,
    "a strange codec": lambda: HEADER + b"Content-Type: text/plain; charset=punycode\n\n" + b"a" * 400_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_in_time(name: str) -> None:
    """Each of these is read within bounds, and known again within bounds."""
    raw = BOMBS[name]()
    began = time.perf_counter()

    message = parse(raw)
    fingerprint(raw)

    assert isinstance(message, Message)
    assert time.perf_counter() - began < LIMIT


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_understood_in_time(name: str) -> None:
    """Each of these is understood as well, within bounds."""
    raw = BOMBS[name]()
    began = time.perf_counter()

    understood = understand(raw, SERIES, frozenset(), datetime(2021, 1, 16, 12, tzinfo=UTC))

    assert isinstance(understood.intent.outcome, Outcome)
    assert time.perf_counter() - began < 2 * LIMIT


def test_what_stands_beside_a_bomb_is_still_read() -> None:
    """Headers behind one that is too long, and words in front of too much markup, are not lost."""
    crowded = b"To: " + b",\n ".join(b"u%d@b.example" % n for n in range(50_000)) + b"\n" + PLAIN + b"Vengo il 12.\n"
    deep = HTML + b"Vengo il 12." + b"<div>" * 50_000

    assert parse(crowded).subject == "hello"
    assert parse(crowded).text() == "Vengo il 12."
    assert parse(deep).text() == "Vengo il 12."


PIECES = [
    b"From: a@b.example\n",
    b"From: \n",
    b"From: a@b@c\n",
    b"From: (\n",
    b"Reply-To: ;\n",
    b"To: unlisted-recipients:;\n",
    b"Message-ID: <>\n",
    b"Message-ID: <a@[1.2.3>\n",
    b"Date: Mon, 99 Xxx 9999\n",
    b"Date: Fri, 31 Dec 9999 23:59:59 -1200\n",
    b"Subject: =?utf-8?b?w?=\n",
    b"Subject: =?x?q?=FF?=\n",
    b"Subject: \xff\xfe\n",
    b"Content-Type: text/html\n",
    b"Content-Type: text/plain; charset=\n",
    b"Content-Type: text/plain; charset=utf-16\n",
    b"Content-Type: ;;;\n",
    b"Content-Type: multipart/alternative; boundary=q\n",
    b"Content-Type: multipart/report; boundary=q\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: text/calendar; method=REPLY\n",
    b"Content-Disposition: attachment; filename*0*=x''%\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: x-uuencode\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"X-Trasporto: posta-certificata\n",
    b"X-Ricevuta: accettazione\n",
    b"Auto-Submitted: auto-replied\n",
    b"Return-Path: <>\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"--q\n",
    b"--q--\n",
    b"> a\n",
    b"<p>",
    b"</p>",
    b"<blockquote>",
    b"<!--",
    b"&#xD800;",
    b"&#0;",
    b"-- \n",
    b"Il giorno 3 a@b ha scritto:\n",
    b"Da: a\nInviato: b\nOggetto: c\n",
    b"\x00",
    b"\xc3",
    b"\xed\xa0\x80",
    b"METHOD:REPLY\n",
    b"UID:x\n",
    b"ATTENDEE;PARTSTAT=ACCEPTED:a\n",
    b"begin 644 a\n",
    b"=\n",
    b"Grazie\n",
    b"Mario Rossi\n",
    b"=?utf-8?q?",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=25).map(b"".join))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    """Whatever the bytes, a message comes out that keeps its promises, and can be stored."""
    message = parse(raw, frozenset(["a@b.example"]))

    assert "\n" not in message.subject
    assert "\r" not in message.subject
    assert message.date is None or message.date.utcoffset() is not None
    assert all(part.isprintable() for part in (message.message_id, *message.references))
    for passage in message.body:
        assert passage.text.strip()
        passage.text.encode("utf-8")
    for address in (message.sender, message.reply_to):
        assert address is None or ("@" in address.address and address.address == address.address.lower())
    assert len(fingerprint(raw)) == 64


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abc >|-_.:\n@", max_size=12), max_size=40))
def test_no_word_is_thrown_away(lines: list[str]) -> None:
    """Every word of a plain text is in one of its passages."""
    text = "\n".join(f"word{number} {line}" for number, line in enumerate(lines))
    message = parse(PLAIN + text.encode())
    read = message.text(*PassageKind)

    assert [number for number in range(len(lines)) if f"word{number} " not in f"{read} ".replace("\n", " ")] == []

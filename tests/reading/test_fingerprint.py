"""The same mail is known again, and no other is taken for it."""

import pytest

from mailbot.core.reading import fingerprint

MAIL = (
    b"Received: from one.example\nFrom: anna@posta.example\nTo: ascolto@comune.example\nSubject: Iscrizione\n"
    b"Date: Tue, 5 Mar 2024 09:12:44 +0100\nMessage-ID: <m1@posta.example>\n\nVengo il 12.\n"
)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"\n", b"\r\n"),
        b"Return-Path: <anna@posta.example>\nDelivered-To: b@comune.example\n" + MAIL,
        MAIL.replace(b"one.example", b"two.example"),
        MAIL.replace(b"Subject: Iscrizione", b"subject:\n Iscrizione"),
        MAIL + b"\n",
        MAIL.replace(b"\n\n", b"\nX-Spam-Status: No, score=1\n\n"),
    ],
    ids=["line ends", "trace headers", "another way", "folded", "a last line end", "a server's verdict"],
)
def test_the_same_mail_delivered_twice_is_known(other: bytes) -> None:
    """What servers add and change on the way makes no difference."""
    assert fingerprint(other) == fingerprint(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"il 12", b"il 14"),
        MAIL.replace(b"09:12:44", b"09:12:45"),
        MAIL.replace(b"anna@", b"bruno@"),
        MAIL.replace(b"Iscrizione", b"Disdetta"),
        MAIL.replace(b"<m1@", b"<m2@"),
        MAIL.replace(b"\n\n", b"\nIn-Reply-To: <x@y.example>\n\n"),
    ],
    ids=["body", "date", "sender", "subject", "identifier", "what it answers"],
)
def test_another_mail_is_another(other: bytes) -> None:
    """Two mails that share a Message-ID, as mail programs make them, are still two."""
    assert fingerprint(other) != fingerprint(MAIL)


def test_it_is_short_and_plain() -> None:
    """64 hexadecimal digits, also of nothing at all."""
    assert all(len(fingerprint(raw)) == 64 and int(fingerprint(raw), 16) for raw in (MAIL, b"", b"\n\n", b"\xff\x00"))

"""Parcels, settings, and a postman that is closed in any case."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailbot.adapters.smtp import SmtpPostman, SmtpSettings
from mailbot.core.retry import Receipt
from mailbot.ports import Parcel


def parcel(number: int = 1, recipient: str = "anna@posta.example", text: str = "ciao") -> Parcel:
    """A small mail."""
    raw = f"From: bot@comune.example\r\nTo: {recipient}\r\nSubject: {number}\r\n\r\n{text}\r\n"
    return Parcel(number, recipient, raw.encode())


def settings(port: int, **changes: object) -> SmtpSettings:
    """A server on this machine, without encryption or log-in, and little patience."""
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "username": None,
        "password": None,
        "sender": "bot@comune.example",
        "connections": 1,
        "timeout": 5.0,
        "content_timeout": 5.0,
    }
    return SmtpSettings(**(values | changes))  # type: ignore[arg-type]


@contextmanager
def postman(port: int, **changes: object) -> Iterator[SmtpPostman]:
    """A postman of these settings."""
    postman = SmtpPostman(settings(port, **changes))
    try:
        yield postman
    finally:
        postman.close()


def receipts(postman: SmtpPostman, *parcels: Parcel) -> list[Receipt]:
    """The receipt of each parcel, in the order of the parcels; every parcel has exactly one."""
    given = list(postman.deliver(parcels))
    assert sorted(each.id for each, _ in given) == sorted(each.id for each in parcels)
    by_number = {each.id: receipt for each, receipt in given}
    return [by_number[each.id] for each in parcels]

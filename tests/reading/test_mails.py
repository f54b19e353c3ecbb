"""Raw mails beside what is expected of them: ``tests/mails/NAME.eml`` and ``NAME.json``.

A mail that surprised us becomes a file first, and a fix after. ``why`` tells a reader what is special about the mail;
every other key is a fact that must come out of reading it.
"""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from mailbot.core.model import Message, PassageKind
from mailbot.core.reading import parse

MAILS = Path(__file__).parent.parent / "mails"
OWN = frozenset(["ascolto@comune.valverde.example"])

FACTS: dict[str, Callable[[Message], object]] = {
    "kind": lambda m: m.origin.kind.value,
    "sender": lambda m: m.sender and m.sender.address,
    "name": lambda m: m.sender and m.sender.name,
    "reply_to": lambda m: m.reply_to and m.reply_to.address,
    "subject": lambda m: m.subject,
    "own": lambda m: m.text(),
    "date": lambda m: m.date and m.date.isoformat(),
    "message_id": lambda m: m.message_id,
    "references": lambda m: list(m.references),
    "attachments": lambda m: list(m.attachments),
    "calendar_reply": lambda m: m.calendar_reply and [m.calendar_reply.uid, m.calendar_reply.partstat],
    "order": lambda m: [kind.value for kind, _ in groupby(m.body, key=lambda passage: passage.kind)],
}
"""Keys whose value is the fact itself."""


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_a_mail_is_read_as_expected(path: Path) -> None:
    """Every fact beside the mail is what reading it says."""
    expected: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    why = expected.pop("why")
    message = parse(path.read_bytes(), OWN)

    for key, fact in expected.items():
        if key in FACTS:
            assert FACTS[key](message) == fact, f"{key}: {why}"
        elif key == "own_has":
            assert [part for part in fact if part not in message.text()] == [], f"{message.body}: {why}"
        elif key == "nowhere":
            whole = "\n".join(passage.text for passage in message.body)
            assert [part for part in fact if part in whole] == [], f"{message.body}: {why}"
        else:
            text = message.text(PassageKind(key))
            assert [part for part in fact if part not in text] == [], f"{key}: {message.body}: {why}"


def test_every_mail_has_its_expectation() -> None:
    """No mail without expectation, and no expectation without mail."""
    assert {path.stem for path in MAILS.glob("*.eml")} == {path.stem for path in MAILS.glob("*.json")}


def test_a_date_keeps_its_zone() -> None:
    """A Date comes out aware, at the offset that it was written with."""
    message = parse(b"From: a@b.example\nDate: Tue, 5 Mar 2024 09:12:44 +0100\n\nx")

    assert message.date == datetime.fromisoformat("2024-03-05T09:12:44+01:00")

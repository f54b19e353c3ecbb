"""Whole short mails, one a line, as different people write them: what each comes to.

`sentences_it.txt` is read against `corpora/lucca-2021/series.toml` on Sunday 17 January 2021, `sentences_en.txt`
against `corpora/harwick-2025/series.toml` on Sunday 5 October 2025. Behind ``=>`` stands the outcome, then ``+`` what
is registered, ``-`` what is cancelled, ``?`` what is asked for, and ``!`` where a person must read it too.
"""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest

from mailbot.config import load
from mailbot.core.model import Series
from mailbot.core.understanding import understand

HERE = Path(__file__).parent
WRITTEN = {
    "it": ("lucca-2021", "Sun, 17 Jan 2021 10:00:00 +0100"),
    "en": ("harwick-2025", "Sun, 5 Oct 2025 10:00:00 +0100"),
}
LINES = [
    pytest.param(tongue, *line.rsplit(" => ", 1), id=line[:60])
    for tongue in WRITTEN
    for line in (HERE / f"sentences_{tongue}.txt").read_text("utf-8").splitlines()
]


@lru_cache
def series(name: str) -> Series:
    """The meetings that the sentences speak of."""
    return load(HERE.parent / "corpora" / name / "series.toml").to_series()


@pytest.mark.parametrize(("tongue", "text", "expected"), LINES)
def test_a_short_mail_comes_to(tongue: str, text: str, expected: str) -> None:
    """What a careful secretary would do with it."""
    name, date = WRITTEN[tongue]
    head = f"From: Anna Neri <anna@example.org>\r\nTo: b@example.org\r\nDate: {date}\r\nMessage-ID: <1@example.org>\r\n"
    raw = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()

    intent = understand(raw, series(name), frozenset(), datetime(2021, 1, 17, 9, tzinfo=UTC)).intent

    lists = (("+", intent.register), ("-", intent.cancel), ("?", tuple(map(str, intent.requests))))
    parts = [str(intent.outcome), *(f"{sign}{','.join(names)}" for sign, names in lists if names)]
    if intent.attention and intent.outcome != "attention":
        parts.append("!")
    assert " ".join(parts) == expected

"""Whether all is well: what is a warning, what means that people get no answer, and how a monitoring system is told."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot import console
from mailbot.core.restraint import Restraint
from mailbot.core.status import DELAY, SILENCE, Contact, Level, MeetingStanding, Status, level, troubles
from mailbot.standing import as_json, as_plugin
from tests.samples import NOW, series

MINUTE = timedelta(minutes=1)
WELL = Status(
    meetings=(MeetingStanding("sport", 4, 1, 2), MeetingStanding("musei", 3, 0, 0)),
    outcomes={"act": 7, "attention": 1},
    letters={"sent": 8},
    contacts={"imap": Contact(NOW - MINUTE, ""), "smtp": Contact(NOW - timedelta(days=2), "")},
    oldest_new=None,
    oldest_letter=None,
    set_aside_lately=0,
)


def with_contact(server: str, minutes: float | None, trouble: str) -> Status:
    """One server was last reached so long ago."""
    at = None if minutes is None else NOW - minutes * MINUTE
    return replace(WELL, contacts={**WELL.contacts, server: Contact(at, trouble)})


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (WELL, Level.OK),
        (replace(WELL, contacts={"imap": Contact(NOW, "")}), Level.OK),  # nothing had to be sent yet
        (replace(WELL, contacts={}), Level.CRITICAL),
        (with_contact("imap", 3, "connection refused"), Level.WARNING),
        (with_contact("imap", 16, "connection refused"), Level.CRITICAL),
        (with_contact("imap", 16, ""), Level.CRITICAL),  # nobody asks any more: it does not run
        (with_contact("imap", None, "password refused"), Level.CRITICAL),
        (with_contact("smtp", 3, "timed out"), Level.WARNING),
        (with_contact("smtp", 16, "timed out"), Level.CRITICAL),
        (with_contact("smtp", None, "password refused"), Level.CRITICAL),
        (replace(WELL, oldest_new=NOW - DELAY), Level.OK),
        (replace(WELL, oldest_new=NOW - DELAY - MINUTE), Level.CRITICAL),
        (replace(WELL, oldest_letter=NOW - DELAY - MINUTE), Level.CRITICAL),
        (replace(WELL, set_aside_lately=1), Level.WARNING),
        (replace(WELL, restrained_lately={Restraint.ALL: 3}), Level.CRITICAL),
        (replace(WELL, restrained_lately={"per_address_day": 3}), Level.OK),
        (replace(WELL, set_aside_lately=1, oldest_letter=NOW - 2 * DELAY), Level.CRITICAL),
    ],
)
def test_how_bad_it_is(present: Status, expected: Level) -> None:
    """Critical where people get no answer now, a warning where somebody should look today."""
    assert level(troubles(present, NOW)) is expected


FIRST_LINE = re.compile(
    r"(OK|WARNING|CRITICAL) - [^|\n]+ \| "
    r"(?:[a-z_]+=\d+s?;(?:\d+)?;(?:\d+)?;0(?: |$))+"
)


def test_a_monitoring_system_gets_one_line_with_figures_that_it_can_parse() -> None:
    """The form of the Monitoring Plugins: words, a bar, label=value[unit];warning;critical;least."""
    [line] = as_plugin(WELL, troubles(WELL, NOW), NOW).splitlines()

    assert FIRST_LINE.fullmatch(line)
    assert line.startswith("OK - imap reached 60 s ago; smtp reached 2 days ago; 0 letter(s) waiting; 7 registered | ")
    assert f"imap_contact_age=60s;;{int(SILENCE.total_seconds())};0" in line


def test_the_worst_comes_first_and_the_others_below() -> None:
    """A pager shows the first line alone; no server's words make a second bar, and no address is passed on."""
    present = replace(
        with_contact("smtp", 16, "550 |forged=1 <anna@posta.example>\nCRITICAL"),
        set_aside_lately=2,
        letters={"queued": 3, "sending": 1},
        oldest_letter=NOW - MINUTE,
    )
    first, *others = as_plugin(present, troubles(present, NOW), NOW).splitlines()

    assert FIRST_LINE.fullmatch(first)
    assert first.startswith("CRITICAL - smtp: 550 / forged=1 <[address]> CRITICAL (and 1 more) | ")
    assert "letters_waiting=4;;;0" in first
    assert "oldest_letter=60s;;3600;0" in first
    assert "set_aside=2;0;;0" in first
    assert [line.partition(" ")[0] for line in others] == ["2"]


def test_json_says_how_bad_and_has_moments_that_programs_read() -> None:
    """ISO 8601 with zone; the words as in the page."""
    present = replace(WELL, set_aside_lately=1, oldest_letter=NOW - MINUTE)
    told = json.loads(as_json(present, troubles(present, NOW)))

    assert (told["healthy"], told["level"]) == (False, "warning")
    assert told["troubles"] == ["1 mail(s) set aside by a fault of mailbot's; the digest shows them"]
    assert told["oldest_letter"] == (NOW - MINUTE).isoformat()
    assert told["contacts"]["imap"] == {"at": (NOW - MINUTE).isoformat(), "trouble": ""}


def test_the_page_begins_with_what_is_the_matter_and_says_what_waits() -> None:
    """Ages in words, beside the moments."""
    present = replace(
        WELL, set_aside_lately=1, oldest_new=NOW - 5 * MINUTE, oldest_letter=NOW - timedelta(hours=3), bounced_lately=1
    )
    page = console.status(present, troubles(present, NOW), series(), NOW)

    assert page.splitlines()[0].endswith("not well\x1b[0m")
    assert "the oldest that waits to be handled came 5 min ago" in page
    assert "the oldest that waits to be sent was written 3 hours ago" in page
    assert "set aside within a day: 1" in page
    assert "imap: last reached Fri 01 Mar 2024 11:59:00, 60 s ago" in page
    assert "healthy" in console.status(WELL, (), series(), NOW).splitlines()[0]

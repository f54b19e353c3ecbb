"""Calendar objects, read back by a calendar's own parser."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from mailbot.core.model import Address, Series
from mailbot.core.writing import invite
from mailbot.core.writing.samples import ANNA, AT, SENDER, sample_place, series
from tests.writing.reading import parsed, sample, written

ORGANISER = Address(SENDER.address, SENDER.name)


def read(made: invite.Invite) -> tuple[Calendar, Event]:
    """A calendar object and the one event in it."""
    calendar = Calendar.from_ical(made.content)
    assert isinstance(calendar, Calendar)
    (event,) = calendar.events
    return calendar, event


def requested(about: Series | None = None, attendee: Address = ANNA) -> invite.Invite:
    """An invite for the first meeting."""
    of = about or series("it")
    return invite.request(sample_place(of.meetings[0]), attendee, ORGANISER, of, "it", AT)


def test_an_invite_says_when_where_and_who() -> None:
    """What each calendar wants (RFC 5546 section 3.2.2): one UID, one attendee who has accepted, a bare organiser."""
    calendar, event = read(requested())

    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert event["UID"] == "sport.1@comune.valverde.example"
    assert event["SEQUENCE"] == 1
    assert event["STATUS"] == "CONFIRMED"
    assert event.start == datetime(2027, 3, 11, 17, 0, tzinfo=ZoneInfo("Europe/Rome"))
    assert event.end - event.start == timedelta(minutes=90)
    assert event["DTSTART"].params["TZID"] == "Europe/Rome"
    assert event["DTSTAMP"].dt == AT
    assert event["SUMMARY"] == "Incontro con le associazioni sportive"
    assert event["ORGANIZER"] == "mailto:iscrizioni@comune.valverde.example"
    assert event["ORGANIZER"].params["CN"] == "Comune di Valverde – iscrizioni"
    assert event["ATTENDEE"] == "mailto:anna.neri@posta.example"
    assert dict(event["ATTENDEE"].params) == {
        "CN": "Anna Neri",
        "PARTSTAT": "ACCEPTED",
        "ROLE": "REQ-PARTICIPANT",
        "RSVP": "FALSE",
    }


def test_the_link_stands_wherever_a_calendar_looks_for_it() -> None:
    """As the place, as the address, and first in the description."""
    _, event = read(requested())
    link = "https://zoom.example/j/814000011?pwd=sport"

    assert event["LOCATION"] == event["URL"] == link
    assert event["DESCRIPTION"].startswith(f"Link per entrare: {link}\n")


def test_an_invite_rings_a_quarter_of_an_hour_before() -> None:
    """One alarm."""
    _, event = read(requested())
    (alarm,) = event.walk("VALARM")

    assert alarm["TRIGGER"].dt == timedelta(minutes=-15)
    assert alarm["ACTION"] == "DISPLAY"


def test_a_cancellation_names_the_same_event() -> None:
    """Same UID, the sequence it is given, no alarm, no link."""
    place = replace(sample_place(series("it").meetings[0]), sequence=2)
    calendar, event = read(invite.cancel(place, ANNA, ORGANISER, series("it"), AT))

    assert calendar["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("sport.1@comune.valverde.example", 2, "CANCELLED")
    assert event.walk("VALARM") == []
    assert "zoom.example" not in event.to_ical().decode()


def test_zone_rules_are_written_around_the_meeting_alone() -> None:
    """One zone, one rule, in fewer than two kilobytes with all the rest."""
    made = requested()
    calendar, _ = read(made)

    assert [zone.tz_name for zone in calendar.timezones] == ["Europe/Rome"]
    assert made.content.count(b"BEGIN:STANDARD") + made.content.count(b"BEGIN:DAYLIGHT") == 1
    assert len(made.content) < 2000


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Atlantic/Azores"])
def test_other_zones_have_rules_too(zone: str) -> None:
    """The moment stays the same in whatever zone the series is."""
    about = series("it")
    _, event = read(requested(replace(about, timezone=ZoneInfo(zone))))

    assert event["DTSTART"].params["TZID"] == zone
    assert event.start == about.meetings[0].starts_at


def test_a_meeting_on_the_day_the_clocks_change_keeps_its_length() -> None:
    """From winter to summer time between yesterday and today: both rules are there."""
    about = series("it")
    day = replace(about.meetings[0], starts_at=datetime(2027, 3, 28, 17, 0, tzinfo=about.timezone))
    made = requested(replace(about, meetings=(day,)))
    _, event = read(made)

    assert event.start == day.starts_at
    assert event.end - event.start == day.duration
    assert made.content.count(b"BEGIN:STANDARD") == made.content.count(b"BEGIN:DAYLIGHT") == 1


@given(st.text(st.characters(codec=None), max_size=60), st.text(st.characters(codec=None), max_size=60))
@example('a"\r\nATTENDEE:mailto:evil@x.example', "b\r\nMETHOD:CANCEL")
@example("^n^'^^", "a;b,c:d\\n")
def test_nothing_from_outside_begins_a_line(name: str, title: str) -> None:
    """Whatever a name or a title holds, there is one event with one attendee, and its method is ours."""
    about = series("it")
    odd = replace(about, meetings=(replace(about.meetings[0], title=title.encode("utf-8", "replace").decode()),))
    calendar, event = read(requested(odd, replace(ANNA, name=name)))

    assert calendar["METHOD"] == "REQUEST"
    assert event["ATTENDEE"] == "mailto:anna.neri@posta.example"
    assert '"' not in event["ATTENDEE"].params.get("CN", "")


@pytest.mark.parametrize("title", ["È già così: perché l'età è metà " * 8, "会议" * 60, "🎈" * 60, "a" * 200])
def test_lines_are_folded_between_characters(title: str) -> None:
    """At most 75 octets a line, CRLF at its end, no character cut in two (RFC 5545 section 3.1)."""
    about = series("it")
    made = requested(replace(about, meetings=(replace(about.meetings[0], title=title.strip()),)))
    lines = made.content.split(b"\r\n")

    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert all(b"\n" not in line and line.decode() for line in lines[:-1])
    assert read(made)[1]["SUMMARY"] == title.strip()


@pytest.mark.parametrize("name", ["confirmation", "confirmation-moved", "promotion", "withdrawal"])
def test_the_mail_says_of_the_calendar_what_the_calendar_says(name: str) -> None:
    """One calendar beside text and HTML, the last and so the best, its ``method`` as inside (RFC 6047 section 2.4).

    The same is there as a file; each has one UID, which begins with the meeting's code.
    """
    mail = parsed(written(sample(name)))
    alternative = next(part for part in mail.walk() if part.get_content_type() == "multipart/alternative")
    kinds = [part.get_content_type() for part in alternative.iter_parts()]
    inline = list(alternative.iter_parts())[-1]
    content = inline.get_payload(decode=True)
    files = [p for p in mail.iter_attachments() if p.get_content_type() == "application/ics"]

    assert mail.get_content_type() == "multipart/mixed"
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert inline.get_param("method") == Calendar.from_ical(content)["METHOD"]  # type: ignore[arg-type, call-overload]
    assert inline.get_content_charset() == "utf-8"
    assert files[0].get_payload(decode=True) == content
    assert all(str(file.get_filename()).endswith(".ics") for file in files)
    for file in files:
        calendar = Calendar.from_ical(file.get_payload(decode=True))  # type: ignore[arg-type]
        (event,) = calendar.events
        assert event["UID"].partition(".")[0] in {meeting.code for meeting in series("it").meetings}


def test_a_calendar_holds_what_the_standard_asks_for_and_no_comment() -> None:
    """Each property that must stand once does, before a parser mends anything (RFC 5545 section 3.6.1)."""
    for made in (requested(), invite.cancel(sample_place(series("it").meetings[0]), ANNA, ORGANISER, series("it"), AT)):
        unfolded = made.content.decode().replace("\r\n ", "").split("\r\n")
        names = [line.partition(":")[0].partition(";")[0] for line in unfolded]
        for once in ("VERSION", "PRODID", "METHOD", "UID", "DTSTAMP", "SEQUENCE", "ORGANIZER", "ATTENDEE", "STATUS"):
            assert names.count(once) == 1, once
        assert "COMMENT" not in names
        assert [line for line in unfolded if line.startswith("TZID")] == ["TZID:Europe/Rome"]
        calendar, _ = read(made)
        assert [error for part in calendar.walk() for error in part.errors] == []


def test_odd_addresses_become_a_valid_link() -> None:
    """A mailto link holds no blanks, quotes or line ends (RFC 6068)."""
    _, event = read(requested(attendee=Address('"a\r\nb"@x.example')))

    assert event["ATTENDEE"] == "mailto:%22a%20b%22@x.example"

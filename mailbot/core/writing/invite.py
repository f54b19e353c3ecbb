"""iCalendar objects: an invite for a place taken, a cancellation for one given up (RFC 5545, RFC 5546).

Each object speaks of one registration, because a REQUEST may hold one UID alone (RFC 5546 section 3.2.2), and names one
attendee, because nobody is to learn who else is coming. They have said yes already: ``PARTSTAT=ACCEPTED``, and no
answer is asked for. The link stands where each calendar looks for it: LOCATION, URL and DESCRIPTION. Zone rules are
written around the meeting alone; the whole history of a zone would be six times as long as the rest.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from mailbot.core.model import Address, Language, Place, Series
from mailbot.core.writing.mime import LONGEST_NAME, one_line

ALARM_BEFORE = timedelta(minutes=15)
_DESCRIPTION: dict[Language, str] = {
    "it": "Link per entrare: {link}\n\n{series}\n{organiser}, {contact}",
    "en": "Link to join: {link}\n\n{series}\n{organiser}, {contact}",
}


@dataclass(frozen=True, slots=True)
class Invite:
    """A calendar object and what it asks the calendar to do."""

    method: Literal["REQUEST", "CANCEL"]
    meeting: str
    """The meeting's code."""
    content: bytes


def request(
    place: Place, attendee: Address, organiser: Address, series: Series, language: Language, at: datetime
) -> Invite:
    """An invite for a place that is taken; ``at`` becomes DTSTAMP."""
    event = _event(place, attendee, organiser, series, at)
    link = place.meeting.join_url
    event.add("status", "CONFIRMED")
    event.add("location", link)
    event.add("url", link)
    about = {"link": link, "series": series.name, "organiser": series.organiser, "contact": series.contact}
    event.add("description", _DESCRIPTION[language].format(**about))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", place.meeting.title)
    alarm.add("trigger", -ALARM_BEFORE)
    event.add_component(alarm)
    return _written("REQUEST", event, place, series)


def cancel(place: Place, attendee: Address, organiser: Address, series: Series, at: datetime) -> Invite:
    """A cancellation for a place that is given up. One for an invite that was never sent does nothing."""
    event = _event(place, attendee, organiser, series, at)
    event.add("status", "CANCELLED")
    return _written("CANCEL", event, place, series)


def _event(place: Place, attendee: Address, organiser: Address, series: Series, at: datetime) -> Event:
    event = Event()
    event.add("uid", place.uid)
    event.add("sequence", place.sequence)
    event.add("dtstamp", at)
    event.add("dtstart", place.meeting.starts_at.astimezone(series.timezone))
    event.add("dtend", place.meeting.ends_at.astimezone(series.timezone))
    event.add("summary", place.meeting.title)
    event.add("organizer", _person(organiser), encode=False)
    guest = _person(attendee)
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = vText("ACCEPTED")
    guest.params["RSVP"] = vText("FALSE")
    event.add("attendee", guest, encode=False)
    return event


def _person(address: Address) -> vCalAddress:
    person = vCalAddress("mailto:" + quote(one_line(address.address, 500), safe="@!#$&'*+-/=?^_`{|}~."))
    # Double quotes cannot be written in a parameter (RFC 5545 section 3.2).
    if name := one_line(address.name, LONGEST_NAME).replace('"', "").strip():
        person.params["CN"] = vText(name)
    return person


def _written(method: Literal["REQUEST", "CANCEL"], event: Event, place: Place, series: Series) -> Invite:
    calendar = Calendar()
    calendar.add("prodid", "-//mailbot//mailbot//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    day = place.meeting.starts_at.astimezone(series.timezone).date()
    calendar.add_missing_timezones(first_date=day - timedelta(days=1), last_date=day + timedelta(days=3))
    for zone in calendar.timezones:
        # It would say that the zone "only works" for these days; a VTIMEZONE has no comment (RFC 5545 section 3.6.5).
        zone.pop("COMMENT", None)
    return Invite(method, place.meeting.code, calendar.to_ical())

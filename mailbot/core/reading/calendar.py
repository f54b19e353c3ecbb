"""Calendars' answers: accepted, tentative or declined, at their owner's click (RFC 5546 section 3.2.3, RFC 6047)."""

import re
from collections.abc import Iterable
from typing import Literal

from mailbot.core.model import CalendarReply
from mailbot.core.reading.mime import Part

MOST_CALENDAR = 100_000
_PARTSTAT = re.compile(r";PARTSTAT=\"?(ACCEPTED|TENTATIVE|DECLINED)\b", re.IGNORECASE)
_STATS: dict[str, Literal["ACCEPTED", "TENTATIVE", "DECLINED"]] = {
    "ACCEPTED": "ACCEPTED",
    "TENTATIVE": "TENTATIVE",
    "DECLINED": "DECLINED",
}


def find_reply(parts: Iterable[Part]) -> CalendarReply | None:
    """The first calendar answer among the parts of a mail, or None."""
    for part in parts:
        if part.kind in ("text/calendar", "application/ics") or part.filename.lower().endswith(".ics"):
            reply = parse_reply(part.text()[:MOST_CALENDAR])
            if reply:
                return reply
    return None


def parse_reply(text: str) -> CalendarReply | None:
    """The answer in an iCalendar object, or None where it is not one (RFC 5545 section 3.1 for the folds)."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    if not any(re.fullmatch(r"METHOD\s*:\s*REPLY\s*", line, re.IGNORECASE) for line in lines):
        return None
    uid = next((line.partition(":")[2].strip() for line in lines if re.match(r"UID[;:]", line, re.IGNORECASE)), "")
    stat = next(
        (
            found[1].upper()
            for line in lines
            if re.match(r"ATTENDEE[;:]", line, re.IGNORECASE) and (found := _PARTSTAT.search(line[:2000]))
        ),
        "",
    )
    return CalendarReply(uid, _STATS[stat]) if uid and stat else None

"""Calendars' answers, as calendars write them."""

import pytest

from mailbot.core.model import CalendarReply
from mailbot.core.reading.calendar import parse_reply

REPLY = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:sport@valverde.example\nATTENDEE;{}:mailto:a@b.example\n"


@pytest.mark.parametrize("stat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_each_answer_is_read(stat: str) -> None:
    """All three answers, in either case."""
    assert parse_reply(REPLY.format(f"partstat={stat.lower()}")) == CalendarReply("sport@valverde.example", stat)


@pytest.mark.parametrize(
    "text",
    [
        REPLY.format("PARTSTAT=NEEDS-ACTION"),
        REPLY.format("PARTSTAT=DELEGATED"),
        REPLY.format("PARTSTAT=ACCEPTED").replace("REPLY", "REQUEST"),
        REPLY.format("PARTSTAT=ACCEPTED").replace("REPLY", "COUNTER"),
        REPLY.format("PARTSTAT=ACCEPTED").replace("METHOD:REPLY\n", ""),
        REPLY.format("PARTSTAT=ACCEPTED").replace("UID:sport@valverde.example\n", ""),
        "",
    ],
)
def test_what_is_no_answer_is_none(text: str) -> None:
    """Invitations, proposals of another time, and answers that say neither yes nor no."""
    assert parse_reply(text) is None


def test_folds_and_parameters_are_seen_through() -> None:
    """Lines are folded anywhere, and parameters come in any order (RFC 5545 section 3.1)."""
    text = REPLY.format('CN="Neri; Anna";ROLE=REQ-PARTICIPANT;PARTST\r\n AT=DECLINED;RSVP=TRUE')

    assert parse_reply(text) == CalendarReply("sport@valverde.example", "DECLINED")

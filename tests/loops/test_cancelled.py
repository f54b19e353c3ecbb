"""A meeting that is cancelled after people have signed up: whoever writes is told so, and nobody gets its link."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.core.model import MeetingStatus
from mailbot.loops import collect, deliver, handle, remind
from tests.loops import world
from tests.loops.world import DAY, SPORT, Clock, MemoryMailbox, ScriptedPostman, house

OFF = house(world.series(sport={"status": MeetingStatus.CANCELLED}), digest_to=())


def said(raw: bytes) -> str:
    """The text of a letter, on one line."""
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return " ".join(str(body.get_content()).split()) if body else ""


@pytest.mark.parametrize("what", ["link", "standing", "again", "newcomer"])
def test_whoever_writes_is_told_that_the_meeting_is_cancelled(
    what: str, store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """In the one answer, without link and without invite; never that it is over, or still valid."""
    mails = {
        "link": world.mail("anna", "Link", "Buongiorno, non trovo più il link per l'incontro. Grazie", 2, clock()),
        "standing": world.ask("anna", 2, clock()),
        "again": world.register("anna", "sport", 2, clock()),
        "newcomer": world.register("bruno", "sport", 2, clock()),
    }
    mailbox.put(world.register("anna", "sport", 1, clock()), clock())
    for turn_house in (house(), OFF):
        collect.turn(mailbox, store, turn_house, clock)
        handle.turn(store, turn_house, clock)
        deliver.turn(postman, store, clock)
        mailbox.put(mails[what], clock())

    answer = postman.accepted[-1][1].raw
    assert "purtroppo è stato annullato" in said(answer)
    assert "svolto" not in said(answer).replace("ancora da svolgere", "")
    assert "resta valida" not in said(answer)
    assert SPORT.join_url not in said(answer)
    assert b"text/calendar" not in answer


def test_nobody_is_reminded_of_a_cancelled_meeting(
    store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """Its reminder never falls due, and is withheld where it waits already."""
    clock.now = SPORT.starts_at - DAY * 2
    mailbox.put(world.register("anna", "sport", 1, clock()), clock())
    collect.turn(mailbox, store, house(), clock)
    handle.turn(store, house(), clock)
    deliver.turn(postman, store, clock)
    clock.now = SPORT.starts_at - DAY
    remind.turn(store, house(digest_to=()), clock)
    with store.work() as work:
        work.note_meetings(OFF.series, clock())
    clock.now = SPORT.starts_at - DAY / 24
    remind.turn(store, OFF, clock)
    deliver.turn(postman, store, clock)

    assert len(postman.accepted) == 2
    assert "è stato annullato e non si terrà" in said(postman.accepted[1][1].raw)

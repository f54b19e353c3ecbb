"""People, their places, and who is to be reminded."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import registration
from mailbot.core import reminders
from mailbot.core.model import (
    Outcome,
    Place,
)
from mailbot.core.situation import Decision, Enrolment, Newcomer
from tests import samples
from tests.store.making import CANCELLED, CONFIRMED, NOW, SERIES, enrol, letter, mail


def test_a_person_has_one_registration_a_meeting(store: SqlStore) -> None:
    """Enrolled again, the row lives again; a second row cannot be made."""
    first = enrol(store)
    gone = replace(first, status=CANCELLED, cancelled_at=NOW, sequence=1)
    with store.work() as work:
        work.apply(Decision(Outcome.ACT, withdrawn=(gone,)), None, NOW)
    again = enrol(store)

    assert (again.id, again.uid, again.status) == (first.id, first.uid, CONFIRMED)
    with pytest.raises(IntegrityError), store._write() as connection:  # the schema itself, past our own queries
        connection.execute(
            registration.insert().values(
                meeting="sport", person_id=first.person.id, status="confirmed", registered_at=NOW, uid="other"
            )
        )


def test_what_a_mail_does_not_say_of_a_person_stays_as_it_was(store: SqlStore) -> None:
    """An empty name does not overwrite a known one."""
    enrol(store)
    meeting = SERIES.meetings[1]
    place = Place(meeting, CONFIRMED, "musei.x@valverde.example", 0)
    with store.work() as work:
        newcomer = Newcomer("anna@posta.example", "", "ASD", "en")
        work.apply(Decision(Outcome.ACT, enrolled=(Enrolment(newcomer, place),)), None, NOW)
        person = work.holdings("anna@posta.example").person

    assert person is not None
    assert (person.name, person.organisation, person.language) == ("Anna", "ASD", "en")


def test_a_new_time_is_a_change_for_participants_and_a_new_title_is_none(store: SqlStore) -> None:
    """It is noted once; calendars hear of it when people are told."""
    enrol(store)
    retitled = samples.series(samples.meeting(title="Altro"), SERIES.meetings[1])
    moved = samples.series(samples.meeting(day=13), SERIES.meetings[1])
    with store.work() as work:
        assert work.note_meetings(retitled, NOW) == ()
        assert [meeting.code for meeting in work.note_meetings(moved, NOW)] == ["sport"]
        assert work.note_meetings(moved, NOW) == ()
        assert work.situation(SERIES, "anna@posta.example", None).registrations[0].sequence == 0


def test_reminders_go_to_those_who_signed_up_before_they_fell_due_and_once(store: SqlStore) -> None:
    """Late comers know already; those who were told are not told again."""
    due = reminders.Due(SERIES.meetings[0], timedelta(days=1))
    early = enrol(store, address="early@posta.example", at=due.moment - timedelta(hours=1))
    enrol(store, address="late@posta.example", at=due.moment + timedelta(hours=1))
    enrol(store, "musei", "other@posta.example", at=NOW)

    with store.work() as work:
        found = work.to_remind(due, 10)
        assert [r.person.address for r in found] == ["early@posta.example"]
        told = reminders.letter(early, due, NOW)
        work.queue(told, mail(told.purpose, "early@posta.example"), None, NOW)
        assert work.to_remind(due, 10) == []
        assert len(work.to_remind(replace(due, before=timedelta(hours=1)), 10)) == 2


def test_withdrawing_withholds_a_reminder_that_was_not_sent_yet(store: SqlStore) -> None:
    """Nobody who cancelled is reminded; a letter of another kind still goes out."""
    held = enrol(store)
    with store.work() as work:
        told = reminders.letter(held, reminders.Due(SERIES.meetings[0], timedelta(days=1)), NOW)
        work.queue(told, mail(told.purpose), None, NOW)
        work.queue(letter("promotion", registration_id=held.id), mail("promotion"), None, NOW)
        gone = replace(held, status=CANCELLED, cancelled_at=NOW, sequence=1)
        work.apply(Decision(Outcome.ACT, withdrawn=(gone,)), None, NOW)

    assert [claim.parcel.raw for claim in store.claim(10, NOW)] == [b"promotion"]
    assert store.status(SERIES, NOW).letters == {"sending": 1, "withheld": 1}

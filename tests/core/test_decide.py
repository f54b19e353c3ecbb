"""What follows from an intent, given the facts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.core.decide import decide
from mailbot.core.model import (
    ALL,
    Address,
    Attachment,
    Doubt,
    Intent,
    LetterKind,
    MeetingStatus,
    Outcome,
    RegistrationStatus,
    Request,
    Series,
)
from mailbot.core.situation import Decision, Situation, Standing
from tests import samples

CONFIRMED, WAITING, CANCELLED = RegistrationStatus


def decided(intent: Intent, situation: Situation | None = None, series: Series | None = None) -> Decision:
    """The decision on Anna's mail."""
    return decide(
        samples.message(),
        intent,
        situation or Situation(),
        series or samples.series(),
        samples.NAMES,
        "ref",
        samples.NOW,
    )


def test_a_machine_is_never_answered() -> None:
    """A mail to ignore leads to nothing at all."""
    decision = decided(Intent(outcome=Outcome.IGNORE))

    assert Decision(outcome=Outcome.IGNORE) == decision


def test_a_mail_without_a_usable_address_is_shown_to_a_person() -> None:
    """What cannot be answered is not swallowed."""
    decision = decide(
        samples.message(None),
        samples.act(register=("sport",)),
        Situation(),
        samples.series(),
        samples.NAMES,
        "ref",
        samples.NOW,
    )

    assert (decision.outcome, decision.attention, decision.letters) == (Outcome.ATTENTION, True, ())
    assert decision.enrolled == ()


def test_a_newcomer_gets_a_place_and_one_confirmation() -> None:
    """A signup is one enrolment and one letter, whose UID begins with the meeting's code."""
    decision = decided(samples.act(register=("sport",), name="Anna Neri", organisation="ASD Valverde"))

    [enrolment], [letter] = decision.enrolled, decision.letters
    assert (
        enrolment.person.address,
        enrolment.person.name,
        enrolment.person.organisation,
    ) == ("anna@posta.example", "Anna Neri", "ASD Valverde")
    assert (enrolment.place.status, enrolment.place.sequence) == (CONFIRMED, 0)
    assert enrolment.place.uid.startswith("sport.")
    assert (letter.kind, letter.purpose) == (LetterKind.CONFIRMATION, "reply:ref")
    assert letter.thread is not None


def test_registering_twice_is_one_registration_and_the_same_answer_again() -> None:
    """Who is registered already is told so; nothing is stored."""
    held = samples.registration()
    decision = decided(samples.act(register=("sport",)), Situation((held,)))

    assert decision.enrolled == ()
    [place] = decision.letters[0].registered
    assert (False, held.uid, LetterKind.CONFIRMATION) == (place.news, place.uid, decision.letters[0].kind)


def test_a_withdrawn_registration_lives_again_under_its_uid_with_a_higher_sequence() -> None:
    """Calendars must take the new REQUEST for the same event."""
    gone = samples.registration(status=CANCELLED, sequence=1)
    decision = decided(samples.act(register=("sport",)), Situation((gone,)))

    assert (gone.uid, 2) == (decision.enrolled[0].place.uid, decision.enrolled[0].place.sequence)


@pytest.mark.parametrize(
    ("confirmed", "waiting", "status"),
    [(0, 0, CONFIRMED), (1, 0, CONFIRMED), (2, 0, WAITING), (3, 0, WAITING), (1, 1, WAITING)],
)
def test_a_full_meeting_has_a_waiting_list(confirmed: int, waiting: int, status: RegistrationStatus) -> None:
    """A newcomer gets a free place only where nobody waits for it."""
    series = samples.series(samples.meeting(capacity=2))
    queue = tuple(samples.registration(90 + n, status=WAITING, address=f"w{n}@posta.example") for n in range(waiting))
    situation = Situation(standings={"sport": Standing(confirmed, queue)})

    place = decided(samples.act(register=("sport",)), situation, series).enrolled[0].place
    assert place.status == status
    assert place.queue == (waiting + 1 if status is WAITING else None)


def test_whoever_waits_is_told_their_turn() -> None:
    """Asking again, or asking where one stands, counts those before, not those after."""
    series = samples.series(samples.meeting(capacity=1))
    mine = samples.registration(6, status=WAITING)
    others = [samples.registration(n, status=WAITING, address=f"w{n}@posta.example") for n in (5, 7)]
    standings = {"sport": Standing(1, (others[0], mine, others[1]))}
    situation = Situation((mine,), standings=standings)

    again = decided(samples.act(register=("sport",)), situation, series).letters[0]
    asked = decided(samples.act(requests=(Request.STATUS,)), situation, series).letters[0]
    assert [(place.queue, place.news) for place in again.registered] == [(2, False)]
    assert [place.queue for place in asked.held] == [2]


def test_a_freed_place_goes_to_the_first_who_waits_who_is_told() -> None:
    """Withdrawing promotes one, with a letter of their own."""
    series = samples.series(samples.meeting(capacity=1))
    held = samples.registration()
    queue = tuple(samples.registration(n, status=WAITING, address=f"w{n}@posta.example") for n in (5, 6))
    situation = Situation((held,), standings={"sport": Standing(1, queue)})

    decision = decided(samples.act(cancel=("sport",)), situation, series)

    assert [promoted.id for promoted in decision.promoted] == [5]
    reply, told = decision.letters
    assert (reply.kind, told.kind) == (LetterKind.WITHDRAWAL, LetterKind.PROMOTION)
    assert told.recipient.address == "w5@posta.example"
    assert (CANCELLED, held.sequence + 1) == (decision.withdrawn[0].status, decision.withdrawn[0].sequence)


def test_leaving_the_waiting_list_promotes_nobody() -> None:
    """Only a place that was taken becomes free."""
    series = samples.series(samples.meeting(capacity=1))
    mine = samples.registration(status=WAITING)
    other = samples.registration(7, status=WAITING, address="w7@posta.example")
    situation = Situation((mine,), standings={"sport": Standing(1, (mine, other))})

    decision = decided(samples.act(cancel=("sport",)), situation, series)

    assert ([gone.id for gone in decision.withdrawn], decision.promoted) == ([1], ())


def test_cancelling_all_spares_meetings_that_have_begun() -> None:
    """What is over cannot be left any more."""
    series = samples.series(samples.meeting("over", 1, starts_at=samples.NOW - timedelta(hours=1)), samples.meeting())
    mine = (samples.registration(1, "over"), samples.registration(2, "sport"))

    decision = decided(samples.act(cancel=(ALL,)), Situation(mine), series)

    assert [gone.id for gone in decision.withdrawn] == [2]


def test_declining_without_a_registration_is_taken_kindly() -> None:
    """There is nothing to withdraw, and the letter says so."""
    decision = decided(samples.act(cancel=("sport",)))

    assert (decision.letters[0].kind, decision.letters[0].declined[0].code) == (LetterKind.WITHDRAWAL, "sport")
    assert decision.withdrawn == ()


def test_a_move_is_one_letter() -> None:
    """Leaving one meeting for another is told in one confirmation."""
    decision = decided(samples.act(register=("musei",), cancel=("sport",)), Situation((samples.registration(),)))

    [letter] = decision.letters
    assert (letter.registered[0].meeting.code, letter.withdrawn[0].meeting.code) == ("musei", "sport")
    assert letter.kind == LetterKind.CONFIRMATION


@pytest.mark.parametrize("status", [MeetingStatus.CLOSED, MeetingStatus.CANCELLED])
def test_a_meeting_that_takes_nobody_is_refused_with_the_others_to_choose_from(status: MeetingStatus) -> None:
    """Closed and cancelled meetings enrol nobody."""
    series = samples.series(samples.meeting(status=status), samples.meeting("musei", 14))

    decision = decided(samples.act(register=("sport",)), series=series)

    [letter] = decision.letters
    assert (decision.outcome, decision.enrolled, letter.kind) == (Outcome.ASK, (), LetterKind.MENU)
    assert ([m.code for m in letter.refused], [m.code for m in letter.offers]) == (["sport"], ["musei"])


def test_a_meeting_that_began_meanwhile_is_refused() -> None:
    """A mail that was long under way finds the meeting over."""
    series = samples.series(samples.meeting(starts_at=samples.NOW))

    decision = decided(samples.act(register=("sport",)), series=series)

    assert (decision.outcome, [m.code for m in decision.letters[0].refused]) == (Outcome.ASK, ["sport"])


OFF = samples.series(samples.meeting(status=MeetingStatus.CANCELLED), samples.meeting("musei", 14))
"""Sport is cancelled, the museums are not."""


@pytest.mark.parametrize("request_", [Request.LINK, Request.STATUS])
@pytest.mark.parametrize("status", [CONFIRMED, WAITING])
def test_a_place_in_a_cancelled_meeting_is_told_to_be_off(request_: Request, status: RegistrationStatus) -> None:
    """Neither its link nor its invite is given again; the letter says what has become of it."""
    held = samples.registration(status=status)

    [letter] = decided(samples.act(requests=(request_,)), Situation((held,)), OFF).letters

    assert (letter.kind, letter.held) == (LetterKind.STATUS, ())
    assert ([m.code for m in letter.refused], [m.code for m in letter.offers]) == (["sport"], ["musei"])


def test_asking_again_for_a_cancelled_meeting_is_refused() -> None:
    """Whoever held a place in it is not told that it stays valid."""
    decision = decided(samples.act(register=("sport",)), Situation((samples.registration(),)), OFF)

    [letter] = decision.letters
    assert (decision.outcome, letter.kind, letter.registered) == (Outcome.ASK, LetterKind.MENU, ())
    assert [m.code for m in letter.refused] == ["sport"]


def test_another_signup_tells_of_the_cancelled_meeting_too() -> None:
    """A confirmation is a good moment to learn it."""
    decision = decided(samples.act(register=("musei",)), Situation((samples.registration(),)), OFF)

    [letter] = decision.letters
    assert (letter.kind, [m.code for m in letter.refused]) == (LetterKind.CONFIRMATION, ["sport"])
    assert [place.meeting.code for place in letter.held] == ["musei"]


def test_a_place_in_a_cancelled_meeting_can_be_given_up() -> None:
    """It is withdrawn as any other; nobody moves up into a meeting that is off."""
    waiting = samples.registration(7, status=WAITING, address="w7@posta.example")
    situation = Situation((samples.registration(),), standings={"sport": Standing(1, (waiting,))})

    decision = decided(samples.act(cancel=("sport",)), situation, OFF)

    assert ([gone.id for gone in decision.withdrawn], decision.promoted) == ([1], ())
    assert (decision.letters[0].kind, decision.letters[0].refused) == (LetterKind.WITHDRAWAL, ())


def test_an_unclear_mail_is_offered_the_meetings_to_come() -> None:
    """Asking stores nothing and offers what is open."""
    decision = decided(Intent(outcome=Outcome.ASK, doubt=Doubt.UNNAMED))

    [letter] = decision.letters
    assert (letter.kind, [m.code for m in letter.offers]) == (LetterKind.MENU, ["sport", "musei"])


def test_what_is_offered_is_known_to_be_held_or_full() -> None:
    """The letter can say which of the meetings are the sender's already, and where they would have to wait."""
    series = samples.series(samples.meeting(), samples.meeting("musei", 14, capacity=1), samples.meeting("arte", 20))
    situation = Situation((samples.registration(),), standings={"musei": Standing(1)})

    menu = decided(Intent(outcome=Outcome.ASK, doubt=Doubt.UNNAMED), situation, series).letters[0]
    status = decided(samples.act(requests=(Request.STATUS,)), replace(situation, registrations=()), series).letters[0]

    assert [place.meeting.code for place in menu.held] == ["sport"]
    assert [m.code for m in menu.full] == [m.code for m in status.full] == ["musei"]
    assert [m.code for m in menu.offers] == ["sport", "musei", "arte"]


def test_a_question_is_acknowledged_and_shown() -> None:
    """The organisers get the question in its own words."""
    decision = decided(Intent(outcome=Outcome.ATTENTION, attention=True, question="È gratuito?"))

    assert (decision.attention, decision.why) == (True, "È gratuito?")
    assert [letter.kind for letter in decision.letters] == [LetterKind.ACKNOWLEDGEMENT]


@pytest.mark.parametrize("request_", [Request.LINK, Request.STATUS])
def test_link_and_status_are_answered_with_what_is_held(request_: Request) -> None:
    """The letter lists the places held; with none it offers the meetings."""
    held = decided(samples.act(requests=(request_,)), Situation((samples.registration(),)))
    none = decided(samples.act(requests=(request_,)))

    assert [place.meeting.code for place in held.letters[0].held] == ["sport"]
    assert (none.letters[0].kind, none.letters[0].held, len(none.letters[0].offers)) == (LetterKind.STATUS, (), 2)


def test_erasure_withdraws_everything_and_frees_the_place() -> None:
    """Who is erased holds no place any more."""
    waiting = samples.registration(9, status=WAITING, address="w9@posta.example")
    situation = Situation((samples.registration(),), standings={"sport": Standing(1, (waiting,))})
    series = samples.series(samples.meeting(capacity=1))

    decision = decided(samples.act(requests=(Request.ERASE,)), situation, series)

    assert (
        decision.erase,
        [gone.id for gone in decision.withdrawn],
        [moved.id for moved in decision.promoted],
    ) == (True, [1], [9])
    assert decision.letters[0].kind == LetterKind.ERASURE


def test_an_export_goes_with_the_letter() -> None:
    """The copy of the data is attached."""
    copy = Attachment("mailbot.json", "application/json", b"{}")

    decision = decided(samples.act(requests=(Request.EXPORT,)), Situation(export=copy))

    assert (LetterKind.EXPORT, (copy,)) == (decision.letters[0].kind, decision.letters[0].attachments)


def test_a_colleague_is_registered_under_their_own_address_and_gets_the_link() -> None:
    """The sender is answered, the colleague is invited; the sender's own places are left alone."""
    intent = samples.act(register=("sport",), attendee=Address("ugo@posta.example", "Ugo"), organisation="ASD")
    mine = samples.registration()

    decision = decided(intent, Situation((mine,)))

    assert [enrolment.person.address for enrolment in decision.enrolled] == ["ugo@posta.example"]
    reply, invitation = decision.letters
    assert (reply.recipient.address, invitation.recipient.address) == ("anna@posta.example", "ugo@posta.example")
    assert (reply.attendee.address if reply.attendee else None, invitation.attendee) == ("ugo@posta.example", None)
    assert (invitation.thread, invitation.purpose[:8]) == (None, "invited:")


def test_a_colleague_who_is_registered_already_is_not_written_to_again() -> None:
    """Nobody can be pestered by others' repeated signups."""
    intent = samples.act(register=("sport",), attendee=Address("ugo@posta.example", "Ugo"))
    theirs = samples.registration(3, address="ugo@posta.example")

    decision = decided(intent, Situation(attendee_registrations=(theirs,)))

    assert (decision.enrolled, len(decision.letters)) == ((), 1)


def test_registering_wins_over_cancelling_the_same_meeting() -> None:
    """To cancel everything, but be put down for sport, keeps the place in sport."""
    mine = (samples.registration(1, "sport"), samples.registration(2, "musei"))

    decision = decided(samples.act(register=("sport",), cancel=(ALL,)), Situation(mine))

    assert ([gone.id for gone in decision.withdrawn], decision.enrolled) == ([2], ())


def test_attention_beside_a_deed_is_kept() -> None:
    """A signup with a question is done, and shown to the organisers."""
    decision = decided(replace(samples.act(register=("sport",)), attention=True, question="C'è un attestato?"))

    assert (decision.outcome, decision.attention, decision.why) == (Outcome.ACT, True, "C'è un attestato?")
    assert decision.letters[0].attention

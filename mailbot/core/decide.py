"""What is done about a mail, and what is answered.

``decide`` takes what the sender wants (``Intent``) and the few facts that may bear on it (``Situation``), and answers
with everything that is to be stored and sent (``Decision``); nothing is looked up and nothing done in here. The deeds
follow from the intent one by one: withdraw, then register or queue, then give freed places to those who wait. The one
reply tells all of them; its kind is that of the weightiest deed. A place that becomes free is given at once to the
first who waits, who is told in a letter of their own.
"""

from dataclasses import replace
from datetime import datetime

from mailbot.core.model import (
    Address,
    Intent,
    Letter,
    LetterKind,
    Meeting,
    MeetingStatus,
    Message,
    Outcome,
    Place,
    Registration,
    RegistrationStatus,
    Request,
    Series,
    Thread,
)
from mailbot.core.names import Names
from mailbot.core.places import called_off, full, known_meeting, moved_up, place_of, places, places_held, withdrawals
from mailbot.core.retry import PATIENCE
from mailbot.core.situation import Decision, Enrolment, Newcomer, Situation


def decide(
    message: Message, intent: Intent, situation: Situation, series: Series, names: Names, reference: str, at: datetime
) -> Decision:
    """What follows from this mail at the moment ``at``. ``reference`` names the mail in the reply's purpose."""
    answered = message.reply_to
    if intent.outcome is Outcome.IGNORE or answered is None:
        unanswerable = intent.outcome is not Outcome.IGNORE
        return Decision(
            outcome=Outcome.ATTENTION if unanswerable else Outcome.IGNORE,
            attention=unanswerable,
            why="no usable sender address" if unanswerable else "",
        )

    def reply(kind: LetterKind) -> Letter:
        return _reply(kind, message, answered, intent, reference, at)

    offers = tuple(meeting for meeting in series.to_come(at) if meeting.status is MeetingStatus.OPEN)
    why = (intent.question or next(iter(intent.evidence), "")) if intent.attention else ""
    match intent.outcome:
        case Outcome.ASK:
            held = places_held(situation, (), (), series, at)
            letter = replace(reply(LetterKind.MENU), held=held, offers=offers, full=full(offers, situation))
            return Decision(Outcome.ASK, intent.attention, why, letters=(letter,))
        case Outcome.ATTENTION:
            return Decision(Outcome.ATTENTION, True, why, letters=(reply(LetterKind.ACKNOWLEDGEMENT),))
        case Outcome.ACT:
            return _act(reply(LetterKind.CONFIRMATION), intent, situation, series, names, offers, why, at)


def decide_for_a_person(message: Message, intent: Intent, reference: str, at: datetime) -> Decision:
    """Leaves a mail to a person, whatever it seems to want, and tells the sender so."""
    if message.reply_to is None:
        return Decision(Outcome.ATTENTION, attention=True)
    letter = _reply(LetterKind.ACKNOWLEDGEMENT, message, message.reply_to, intent, reference, at)
    return Decision(Outcome.ATTENTION, attention=True, letters=(letter,))


def promotion_letter(registration: Registration, meeting: Meeting, at: datetime) -> Letter:
    """Tells somebody who waited that they have a place."""
    person = registration.person
    return Letter(
        kind=LetterKind.PROMOTION,
        purpose=f"promotion:{registration.uid}:{registration.sequence}",
        recipient=Address(person.address, person.name),
        language=person.language,
        deadline=min(at + PATIENCE[LetterKind.PROMOTION], meeting.ends_at),
        registered=(Place(meeting, RegistrationStatus.CONFIRMED, registration.uid, registration.sequence),),
        registration_id=registration.id,
    )


def _reply(
    kind: LetterKind, message: Message, answered: Address, intent: Intent, reference: str, at: datetime
) -> Letter:
    """The answer to a mail, before it is known what it tells."""
    return Letter(
        kind=kind,
        purpose=f"reply:{reference}",
        recipient=Address(answered.address, intent.name or answered.name),
        language=intent.language,
        deadline=at + PATIENCE[kind],
        thread=Thread(message.subject, message.message_id, message.references),
        doubt=intent.doubt,
        requests=intent.requests,
        attention=intent.attention,
    )


def _act(
    reply: Letter,
    intent: Intent,
    situation: Situation,
    series: Series,
    names: Names,
    offers: tuple[Meeting, ...],
    why: str,
    at: datetime,
) -> Decision:
    """The deeds of an intent that can be told, and the reply that tells them."""
    withdrawn, declined = withdrawals(intent, situation, series, at)
    attendee = _attendee(intent, reply.recipient)
    mine = situation.attendee_registrations if attendee.address != reply.recipient.address else situation.registrations
    taken, refused = places(intent, attendee.address, mine, situation, series, names, at)
    enrolled = tuple(Enrolment(attendee, place) for place in taken if place.news)
    promoted = moved_up(withdrawn, situation, series, at)
    held = places_held(situation, withdrawn, () if attendee.address != reply.recipient.address else taken, series, at)

    erase = Request.ERASE in intent.requests
    letter = replace(
        reply,
        registered=taken if attendee.address == reply.recipient.address else tuple(map(_untold, taken)),
        withdrawn=tuple(place_of(registration, series, situation) for registration in withdrawn),
        declined=declined,
        refused=refused,
        held=held,
        attendee=intent.attendee if attendee.address != reply.recipient.address else None,
        attachments=(situation.export,) if situation.export else (),
    )
    kind = _kind(letter, erase)
    if kind in (LetterKind.MENU, LetterKind.STATUS):
        letter = replace(letter, offers=offers, full=full(offers, situation))
    off = tuple(m for m in called_off(situation, withdrawn, series, at) if m not in refused)
    letter = replace(letter, kind=kind, refused=refused + off, deadline=at + PATIENCE[kind])
    letters = [letter, *(promotion_letter(moved, known_meeting(series, moved.meeting), at) for moved in promoted)]
    if letter.attendee and enrolled:
        letters.append(_invitation(letter, attendee, enrolled))
    return Decision(
        outcome=Outcome.ASK if kind is LetterKind.MENU else Outcome.ACT,
        attention=intent.attention,
        why=why,
        withdrawn=withdrawn,
        enrolled=enrolled,
        promoted=promoted,
        erase=erase,
        letters=tuple(letters),
    )


def _kind(letter: Letter, erase: bool) -> LetterKind:
    """The kind of the one reply: that of the weightiest deed it tells."""
    if erase:
        return LetterKind.ERASURE
    if letter.registered:
        return LetterKind.CONFIRMATION
    if letter.withdrawn or letter.declined:
        return LetterKind.WITHDRAWAL
    if letter.refused:
        return LetterKind.MENU
    if Request.EXPORT in letter.requests:
        return LetterKind.EXPORT
    return LetterKind.STATUS


def _untold(place: Place) -> Place:
    """Somebody else's place, as whoever signed them up is told of it: not whether it was theirs already, or waits."""
    return replace(place, status=RegistrationStatus.CONFIRMED, news=True, queue=None)


def _attendee(intent: Intent, recipient: Address) -> Newcomer:
    """Who is to be registered: the person named with an address of their own, else whoever is answered."""
    if intent.attendee:
        named = intent.attendee
        return Newcomer(named.address, named.name, intent.organisation, intent.language)
    return Newcomer(recipient.address, recipient.name, intent.organisation, intent.language)


def _invitation(reply: Letter, attendee: Newcomer, enrolled: tuple[Enrolment, ...]) -> Letter:
    """The confirmation for somebody whom a colleague has signed up: the link goes to them alone."""
    places = tuple(enrolment.place for enrolment in enrolled)
    return replace(
        reply,
        kind=LetterKind.CONFIRMATION,
        purpose="invited:" + ",".join(f"{place.uid}:{place.sequence}" for place in places),
        recipient=Address(attendee.address, attendee.name),
        thread=None,
        registered=places,
        withdrawn=(),
        declined=(),
        refused=(),
        held=places,
        requests=(),
        attention=False,
        attendee=None,
        attachments=(),
    )

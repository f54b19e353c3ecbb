"""How often anybody is answered, as the outbox tells it, and the alarm when answering stops."""

from datetime import datetime

from mailbot.core.model import Letter, LetterKind, Outcome
from mailbot.core.restraint import restraint, why
from mailbot.core.retry import PATIENCE
from mailbot.core.situation import Decision
from mailbot.loops.house import House, queue_letter
from mailbot.ports import Work


def restrained(decision: Decision, work: Work, house: House, at: datetime) -> Decision:
    """The decision, or where a limit is reached the one to leave the mail to a person: kept, shown, not answered."""
    if not decision.letters:
        return decision
    written_to = [
        decision.letters[0].recipient,
        *([decision.letters[0].attendee] if decision.letters[0].attendee else []),
    ]
    for who in written_to:
        which = restraint(decision, work.answered(who.address, at), house.limits)
        if which is not None:
            because = why(which, house.limits, house.series.language)
            return Decision(Outcome.ATTENTION, attention=True, why=because, restrained=which)
    return decision


def sound_alarm(work: Work, house: House, at: datetime) -> None:
    """Tells the organisers, once a day, that answering has stopped."""
    day = at.astimezone(house.series.timezone).date()
    for recipient in house.digest_to:
        letter = Letter(
            kind=LetterKind.ALARM,
            purpose=f"alarm:{day}:{recipient.address}",
            recipient=recipient,
            language=house.series.language,
            deadline=at + PATIENCE[LetterKind.ALARM],
            limit=house.limits.per_hour,
        )
        queue_letter(work, house, letter, None, at)

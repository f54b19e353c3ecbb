"""How often anybody is answered, as the outbox tells it; and what organisers must know before the next digest."""

from datetime import datetime

from mailbot.core.model import Letter, LetterKind, Outcome, Undelivered
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


def sound_alarm(work: Work, house: House, at: datetime) -> int:
    """Tells the organisers, once a day, that answering has stopped; answers to how many it was queued."""
    day = at.astimezone(house.series.timezone).date()
    return _tell(work, house, f"alarm:{day}", at, limit=house.limits.per_hour)


def tell_of_lost(work: Work, house: House, lost: tuple[Undelivered, ...], purpose: str, at: datetime) -> int:
    """Tells the organisers of letters that did not arrive; answers to how many it was queued."""
    return _tell(work, house, purpose, at, lost=lost)


def _tell(
    work: Work, house: House, purpose: str, at: datetime, *, limit: int = 0, lost: tuple[Undelivered, ...] = ()
) -> int:
    letters = (
        Letter(
            kind=LetterKind.ALARM,
            purpose=f"{purpose}:{recipient.address}",
            recipient=recipient,
            language=house.series.language,
            deadline=at + PATIENCE[LetterKind.ALARM],
            limit=limit,
            lost=lost,
        )
        for recipient in house.digest_to
    )
    return sum(queue_letter(work, house, letter, None, at) for letter in letters)

"""The calendar → store. Each time the bell rings, the rows are asked what is due: reminders, free places, the digest.

The bell itself (``daemon``) knows nothing of what is due and may ring late, twice or not at all: what was queued is
known by its purpose, and what is late is asked for at the next ring.
"""

import logging
from datetime import datetime, timedelta

from mailbot.core import reminders
from mailbot.core.decide import promotion_letter
from mailbot.core.digest import Digest
from mailbot.core.discretion import event
from mailbot.core.model import Letter, Mail, Outcome, Registration
from mailbot.core.places import promotions
from mailbot.core.reminders import Due
from mailbot.core.situation import Decision, Standing
from mailbot.core.writing import compose_digest
from mailbot.loops import supervise
from mailbot.loops.batches import one_by_one
from mailbot.loops.house import House, carry_out, queue_letter
from mailbot.loops.restrain import tell_of_lost
from mailbot.loops.tell import tell_changes
from mailbot.ports import Clock, Store, StoreTrouble, Work

log = logging.getLogger(__name__)

SETTLING = timedelta(minutes=1)
"""What happened so shortly before a digest is told in the next: it may have been decided, but not committed yet."""


def turn(store: Store, house: House, clock: Clock) -> int:
    """Queues every letter that is due.

    They are independent: a fault of ours in one keeps neither of the others.

    Returns:
        How many were queued.

    Raises:
        StoreTrouble: the database cannot be read or written; what was queued before is queued.
    """
    queued = 0
    for step in (supervise.turn, fill_places, tell_changes, remind, tell_lost, send_digest):
        try:
            queued += step(store, house, clock)
        except StoreTrouble:
            raise
        except Exception:
            log.exception(
                "remind: a fault of mailbot's own; it is tried again at the next ring", extra=event("remind-failed")
            )
    return queued


def remind(store: Store, house: House, clock: Clock) -> int:
    """Queues the reminders whose moment has come. One that cannot be written, by a fault of ours, keeps no other."""
    return sum(_remind_of(due, store, house, clock) for due in reminders.due(house.series, house.reminders, clock()))


def _remind_of(due: Due, store: Store, house: House, clock: Clock) -> int:
    def write(work: Work, registration: Registration, at: datetime) -> None:
        queue_letter(work, house, reminders.letter(registration, due, at), None, at)

    def failed(registration: Registration) -> None:
        fields = event("reminder-failed", registration=registration.id)
        log.exception("registration %d: its reminder could not be written", registration.id, extra=fields)

    return one_by_one(store, clock, lambda work, most: work.to_remind(due, most), write, failed)


def fill_places(store: Store, house: House, clock: Clock) -> int:
    """Gives places that are free, as after a change of capacity, to those who wait."""
    at = clock()
    with store.work() as work:
        standings = work.standings(house.series)
        moved = [
            (registration, meeting)
            for meeting in house.series.to_come(at)
            for registration in promotions(meeting, standings.get(meeting.code, Standing()), at)
        ]
        for registration, meeting in moved:
            letter = promotion_letter(registration, meeting, at)
            carry_out(work, house, Decision(Outcome.ACT, promoted=(registration,), letters=(letter,)), None, at)
    return len(moved)


def tell_lost(store: Store, house: House, clock: Clock) -> int:
    """Tells the organisers of the letters that came back within the last whole hour, in one mail.

    They can still do something today; the digest tells it once more.
    """
    upto = clock().replace(minute=0, second=0, microsecond=0)
    with store.work() as work:
        lost = work.bounced(upto - timedelta(hours=1), upto)
        return tell_of_lost(work, house, lost, f"lost:{upto:%Y-%m-%dT%HZ}", clock()) if lost else 0


def send_digest(store: Store, house: House, clock: Clock) -> int:
    """Queues the organisers' digest, once a day."""
    at = clock()
    last = store.last_digest()
    day = reminders.digest_day(at, house.digest_at, house.series, last[0] if last else None, house.first_start)
    if day is None:
        return 0
    upto = at - SETTLING
    with store.work() as work:
        digest = work.digest(house.series, day, last[1] if last else None, upto)
        for recipient in house.digest_to:
            letter = reminders.digest_letter(recipient, f"digest:{day}", house.series, at)
            work.queue(letter, _written(digest, letter, house, at), None, at)
        work.note_digest(day, upto)
    return len(house.digest_to)


def digest_mails(store: Store, house: House, clock: Clock) -> list[Mail]:
    """The digest of all since the last one, to each organiser, without queueing it or noting that it was sent."""
    at = clock()
    last = store.last_digest()
    day = at.astimezone(house.series.timezone).date()
    digest = store.digest(house.series, day, last[1] if last else None)
    return [
        _written(digest, reminders.digest_letter(recipient, f"digest:{at.isoformat()}", house.series, at), house, at)
        for recipient in house.digest_to
    ]


def _written(digest: Digest, letter: Letter, house: House, at: datetime) -> Mail:
    message_id = house.names.message_id(letter.purpose)
    return compose_digest(digest, letter.recipient, house.series, house.sender, house.texts, at, message_id)


def retire(store: Store, house: House, clock: Clock) -> int:
    """Ends personal data whose time is over: mails, letters, and people whose last meeting is long past.

    Returns:
        How many rows were touched.

    Raises:
        StoreTrouble: the database cannot be written.
    """
    return store.forget_before(clock() - house.retention)

"""Store → SMTP. A mail is marked as being sent before the first byte goes out, and as sent only once the server has it.

Between the server's 250 and our commit lies the one moment in which a crash makes a mail go out twice; it then
carries the same Message-ID, because every try sends the same bytes.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from mailbot.core.discretion import event, without_addresses
from mailbot.core.retry import Again, GivenUp, Sent, Verdict, verdict
from mailbot.ports import Claimed, Clock, Postman, Store, StoreTrouble, Unreachable

log = logging.getLogger(__name__)

BATCH = 100


def turn(
    postman: Postman, store: Store, clock: Clock, stopping: Callable[[], bool] = lambda: False, limit: int = BATCH
) -> int:
    """Tries every mail that is due, once.

    Args:
        postman: takes the mails.
        store: holds them.
        clock: tells the time.
        stopping: asked before each mail; once it says yes the rest go back into the queue.
        limit: the most mails to take in hand: no more than a rate limit lets through in a minute, because what has
            been taken in hand is not looked at again but for its deadline.

    Returns:
        How many were tried; 0 where none is due.

    Raises:
        StoreTrouble: the database cannot be read or written. Mails may still be marked as being sent then;
            ``Store.recover`` puts them back.
    """
    claimed = {claim.parcel.id: claim for claim in store.claim(limit, clock())}
    if not claimed:
        return 0
    waiting, back = dict(claimed), store.in_trouble("smtp")
    reached, trouble = False, ""
    unsettled: list[tuple[int, Verdict, datetime]] = []

    def stops() -> bool:
        # The first that shows that the server is back lets the oldest go first: note_contact makes them due.
        return bool(unsettled) or (back and reached) or stopping()

    parcels = [replace(claim.parcel, in_time=partial(_in_time, claim, clock)) for claim in claimed.values()]
    deliveries = postman.deliver(parcels, stops)
    for parcel, receipt in deliveries:
        claim = waiting.pop(parcel.id)
        at = clock()
        outcome = verdict(receipt, claim.tries, claim.deadline, at)
        try:
            store.settle(parcel.id, outcome, at)
        except StoreTrouble as failed:
            # Nothing more is begun, but what the server has already is remembered, lest it be sent twice.
            told = event("letter-unsettled", letter=parcel.id)
            log.warning("letter %d: what became of it could not be noted yet: %s", parcel.id, failed, extra=told)
            unsettled.append((parcel.id, outcome, at))
        _tell(parcel.id, outcome)
        if isinstance(receipt, Unreachable):
            trouble = receipt.reason
        else:
            reached = True
    for letter, outcome, at in unsettled:
        store.settle(letter, outcome, at)
    for letter in waiting:
        store.settle(letter, Again(clock(), "not begun"), clock())
    if reached or trouble:
        store.note_contact("smtp", clock(), "" if reached else trouble)
    return len(claimed) - len(waiting)


def _in_time(claim: Claimed, clock: Clock) -> bool:
    return clock() < claim.deadline


def _tell(letter: int, outcome: Verdict) -> None:
    match outcome:
        case Sent():
            log.info("letter %d: sent", letter, extra=event("letter-sent", letter=letter))
        case Again(moment, reply):
            told = event("letter-again", letter=letter)
            at = moment.strftime("%H:%M:%S")
            log.warning("letter %d: again at %s: %s", letter, at, without_addresses(reply), extra=told)
        case GivenUp(reply):
            told = event("letter-given-up", letter=letter)
            log.error("letter %d: given up: %s", letter, without_addresses(reply), extra=told)

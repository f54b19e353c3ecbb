"""Store → SMTP. A mail is marked as being sent before the first byte goes out, and as sent only once the server has it.

Between the server's 250 and our commit lies the one moment in which a crash makes a mail go out twice; it then
carries the same Message-ID, because every try sends the same bytes.
"""

import logging
from collections.abc import Callable

from mailbot.core.retry import Again, GivenUp, Sent, verdict
from mailbot.ports import Clock, Postman, Store, Unreachable

log = logging.getLogger(__name__)

BATCH = 100


def turn(postman: Postman, store: Store, clock: Clock, stopping: Callable[[], bool] = lambda: False) -> int:
    """Tries every mail that is due, once.

    Args:
        postman: takes the mails.
        store: holds them.
        clock: tells the time.
        stopping: asked between two mails; once it says yes the rest go back into the queue.

    Returns:
        How many were tried; 0 where none is due.

    Raises:
        StoreTrouble: the database cannot be read or written.
    """
    claimed = {claim.parcel.id: claim for claim in store.claim(BATCH, clock())}
    if not claimed:
        return 0
    waiting = dict(claimed)
    reached, trouble = False, ""
    for parcel, receipt in postman.deliver([claim.parcel for claim in claimed.values()]):
        claim = waiting.pop(parcel.id)
        at = clock()
        outcome = verdict(receipt, claim.tries, claim.deadline, at)
        store.settle(parcel.id, outcome, at)
        match outcome:
            case Sent():
                log.info("letter %d: sent", parcel.id)
            case Again(moment, reply):
                log.warning("letter %d: again at %s: %s", parcel.id, moment.strftime("%H:%M:%S"), reply)
            case GivenUp(reply):
                log.error("letter %d: given up: %s", parcel.id, reply)
        if isinstance(receipt, Unreachable):
            trouble = receipt.reason
        else:
            reached = True
        if stopping():
            break
    for parcel_id in waiting:
        store.settle(parcel_id, Again(clock(), "stopped before it was tried"), clock())
    store.note_contact("smtp", clock(), "" if reached else trouble)
    return len(claimed) - len(waiting)

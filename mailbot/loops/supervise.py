"""Supervised mode: the organisers are asked about what waits, their taps are obeyed, and what is late is undone.

The rules are those of ``core.approval``. In automatic mode the same turn sends whatever still waits from before.
"""

import logging
from datetime import datetime

from mailbot.core import approval
from mailbot.core.approval import Refusal
from mailbot.core.discretion import event
from mailbot.core.mandate import Mandate
from mailbot.core.model import Answer, Message, Order, Outcome
from mailbot.core.situation import Decision
from mailbot.loops.house import House, queue_letter
from mailbot.ports import Clock, Store, Work

log = logging.getLogger(__name__)

AT_ONCE = 1_000
"""Proposals that one ring sends or undoes; the next ring has the rest."""


def turn(store: Store, house: House, clock: Clock) -> int:
    """Undoes what is late; then asks the organisers, or in automatic mode sends what waits.

    Returns:
        How many proposals were sent, or letters to organisers queued.

    Raises:
        StoreTrouble: the database cannot be read or written; nothing was done.
    """
    at = clock()
    with store.work() as work:
        if late := work.proposals.late(at)[:AT_ONCE]:
            work.proposals.undo(late, Answer.EXPIRED, approval.why_undone(Answer.EXPIRED, house.series.language), at)
            log.warning(
                "%d proposal(s) that nobody has answered are of no use any more; their mails are left to a person",
                len(late),
                extra=event("proposals-expired", count=len(late)),
            )
        waiting = work.proposals.waiting()
        if not house.supervised:
            ids = [each.id for each in waiting[:AT_ONCE]]
            released = work.proposals.send(ids, Answer.RELEASED, at) if ids else ()
            if released:
                fields = event("proposals-released", count=len(released))
                log.info("automatic mode: %d proposal(s) that waited are sent", len(released), extra=fields)
            return len(released)
        listed = approval.next_round(waiting, work.proposals.last_round(), at)
        if not listed:
            return 0
        number = work.proposals.note_round(listed, at)
        proposals, unlisted = work.proposals.shown(listed), len(waiting) - len(listed)
        for organiser in house.organisers:
            letter = approval.round_letter(proposals, number, unlisted, organiser, house.series, house.names, at)
            queue_letter(work, house, letter, None, at)
        fields = event("proposals-asked", count=len(listed))
        log.info("round %d: organisers are asked about %d proposal(s)", number, len(listed), extra=fields)
        return len(house.organisers)


def obey(
    ordered: Mandate | Refusal, message: Message, reference: str, work: Work, house: House, at: datetime
) -> Decision:
    """Does what an organiser's mail orders, and tells them; a mail that is not obeyed is shown to a person.

    Args:
        ordered: what ``approval.read_order`` has found.
        message: the mail.
        reference: names it.
        work: the transaction at hand.
        house: the configuration.
        at: the present moment.
    """
    language = house.series.language
    if isinstance(ordered, Refusal):
        # Nothing is answered: it may be a stranger's, or a machine's.
        return Decision(Outcome.ATTENTION, attention=True, why=approval.why_refused(ordered, language))
    order, proposals = Order(ordered.purpose), work.proposals
    wanted = proposals.listed(ordered.number) if order is Order.APPROVE_ALL else (ordered.number,)
    if order is Order.REJECT:
        done = proposals.undo(wanted, Answer.REJECTED, approval.why_undone(Answer.REJECTED, language), at)
    else:
        done = proposals.send(wanted, Answer.APPROVED, at)
    if not done:
        return Decision(Outcome.ATTENTION, attention=True, why=approval.why_refused(Refusal.USED, language))
    organiser = next(each for each in house.organisers if message.sender and each.address == message.sender.address)
    asked_for = [number for number in done if number in wanted]
    letter = approval.done_letter(
        order, proposals.shown(asked_for), len(done) - len(asked_for), organiser, reference, house.series, at
    )
    queue_letter(work, house, letter, None, at)
    fields = event("order-obeyed", kind=str(order), count=len(done))
    log.info("%s: proposal(s) %s", order, ", ".join(map(str, done)), extra=fields)
    return Decision(Outcome.ACT)

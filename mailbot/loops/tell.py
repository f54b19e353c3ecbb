"""The series → store. People are told of what has changed in it since they were last told, once a grace has passed.

What a person knows is a row, and moves with the letter that tells them the rest, in one transaction: after a crash the
rows say who is left.
"""

import logging
from dataclasses import replace
from datetime import datetime

from mailbot.core import changes
from mailbot.core.changes import Edition, News, Notice
from mailbot.core.discretion import event
from mailbot.core.model import Registration
from mailbot.loops.batches import one_by_one
from mailbot.loops.house import House, queue_letter
from mailbot.ports import Clock, Store, Work

log = logging.getLogger(__name__)


def tell_changes(store: Store, house: House, clock: Clock) -> int:
    """Queues the notices whose grace is over. One that cannot be written, by a fault of ours, keeps no other.

    Returns:
        How many were queued.

    Raises:
        StoreTrouble: the database cannot be read or written; what was queued before is queued.
    """
    at = clock()
    found = changes.notices(store.knowledge(), house.grace, at)
    return sum(_tell(store, house, notice, clock) for notice in found if notice.due_at <= at)


def _tell(store: Store, house: House, notice: Notice, clock: Clock) -> int:
    meeting = house.series.meeting(notice.audience.meeting)
    if notice.news is News.CALLED_OFF:
        meeting = notice.was.to_meeting()
    elif meeting is None or not Edition.of(meeting, notice.now.noted_at).is_told_by(notice.now, link=True):
        return 0  # a configuration was taken over in this moment; the next ring has it too

    def write(work: Work, registration: Registration, at: datetime) -> None:
        told = replace(registration, sequence=registration.sequence + 1)
        queue_letter(work, house, changes.letter(told, notice, meeting, at), None, at)
        work.note_told(told, notice, at)

    def failed(registration: Registration) -> None:
        fields = event("change-untold", registration=registration.id)
        log.exception("registration %d: the change could not be told", registration.id, extra=fields)

    queued = one_by_one(store, clock, lambda work, most: work.to_tell(notice, most), write, failed)
    if queued:
        fields = event("change-told", meeting=notice.audience.meeting, count=queued)
        log.info("meeting %s: %d told that it is %s", notice.audience.meeting, queued, notice.news, extra=fields)
    return queued

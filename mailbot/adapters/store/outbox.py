"""Queries on outgoing mail: queueing it, claiming it for a try, and what became of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from mailbot.adapters.store.dialect import insert
from mailbot.adapters.store.tables import outbox
from mailbot.core.model import Letter, LetterKind, LetterState, Mail
from mailbot.core.retry import Again, GivenUp, Sent, Verdict
from mailbot.ports import Claimed, Parcel

_LEAVING = (LetterState.QUEUED, LetterState.SENDING)


def queue(connection: Connection, letter: Letter, mail: Mail, inbound_id: int | None, at: datetime) -> bool:
    """Puts a mail into the outbox, unless one with the same purpose is there already.

    Returns:
        Whether it was put there.
    """
    added = connection.execute(
        insert(connection, outbox)
        .values(
            purpose=letter.purpose,
            kind=letter.kind,
            recipient=mail.recipient,
            message_id=mail.message_id,
            state=LetterState.QUEUED,
            queued_at=at,
            next_try_at=at,
            deadline=letter.deadline,
            inbound_id=inbound_id,
            registration_id=letter.registration_id,
            raw=mail.raw,
        )
        .on_conflict_do_nothing(index_elements=[outbox.c.purpose])
    )
    return added.rowcount == 1


def claim(connection: Connection, limit: int, at: datetime) -> list[Claimed]:
    """The mails that are due for a try, oldest first, marked as being sent."""
    due = (
        select(outbox.c.id)
        .where(outbox.c.state == LetterState.QUEUED, outbox.c.next_try_at <= at)
        .order_by(outbox.c.next_try_at, outbox.c.id)
        .limit(limit)
    )
    ids = connection.execute(due).scalars().all()
    if not ids:
        return []
    claimed = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(state=LetterState.SENDING, claimed_at=at, tries=outbox.c.tries + 1)
        .returning(outbox.c.id, outbox.c.recipient, outbox.c.raw, outbox.c.tries, outbox.c.deadline)
    )
    rows = sorted(claimed, key=lambda row: ids.index(row.id))
    return [Claimed(Parcel(row.id, row.recipient, row.raw), row.tries, row.deadline) for row in rows]


def settle(connection: Connection, outbox_id: int, verdict: Verdict, at: datetime) -> None:
    """What became of a try."""
    match verdict:
        case Sent(reply):
            news = {"state": LetterState.SENT, "settled_at": at, "last_reply": reply}
        case GivenUp(reply):
            news = {"state": LetterState.FAILED, "settled_at": at, "last_reply": reply}
        case Again(moment, reply):
            news = {"state": LetterState.QUEUED, "next_try_at": moment, "last_reply": reply}
    connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(claimed_at=None, **news))


def recover(connection: Connection, at: datetime) -> int:
    """Puts mails back into the queue that a process was sending when it ended: whether they went out is not known."""
    recovered = connection.execute(
        update(outbox)
        .where(outbox.c.state == LetterState.SENDING)
        .values(state=LetterState.QUEUED, claimed_at=None, next_try_at=at)
    )
    return recovered.rowcount


def next_try_at(connection: Connection) -> datetime | None:
    """When the next queued mail is due."""
    query = select(func.min(outbox.c.next_try_at)).where(outbox.c.state == LetterState.QUEUED)
    return connection.execute(query).scalar_one_or_none()


def withhold_reminders(connection: Connection, registration_ids: Iterable[int], at: datetime) -> None:
    """Reminders that still wait to be sent are not wanted any more."""
    connection.execute(
        update(outbox)
        .where(
            outbox.c.registration_id.in_(list(registration_ids)),
            outbox.c.kind == LetterKind.REMINDER,
            outbox.c.state == LetterState.QUEUED,
        )
        .values(state=LetterState.WITHHELD, settled_at=at, last_reply="the place was given up")
    )


def forget_settled(connection: Connection, before: datetime) -> int:
    """Empties mails that were settled before a moment of everything personal; the counts remain."""
    emptied = connection.execute(
        update(outbox)
        .where(outbox.c.settled_at < before, outbox.c.raw.is_not(None))
        .values(raw=None, recipient="", last_reply=None)
    )
    return emptied.rowcount


def forget_recipient(connection: Connection, address: str, at: datetime) -> int:
    """Empties every mail to one recipient of everything personal; one that still waits is withheld."""
    connection.execute(
        update(outbox)
        .where(outbox.c.recipient == address, outbox.c.state.in_(_LEAVING))
        .values(state=LetterState.WITHHELD, settled_at=at, claimed_at=None)
    )
    emptied = connection.execute(
        update(outbox).where(outbox.c.recipient == address).values(raw=None, recipient="", last_reply=None)
    )
    return emptied.rowcount

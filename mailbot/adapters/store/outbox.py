"""Queries on outgoing mail: queueing it, claiming it for a try, and what became of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, String, Update, and_, cast, func, literal, or_, select, update

from mailbot.adapters.store.dialect import insert
from mailbot.adapters.store.postgresql import Lock, take_turn
from mailbot.adapters.store.tables import outbox, registration
from mailbot.core.model import TO_ORGANISERS, Letter, LetterKind, LetterState, Mail, RegistrationStatus
from mailbot.core.retry import WAITS, Again, GivenUp, Sent, Verdict
from mailbot.ports import Claimed, Parcel

_NOTICES = (LetterKind.CHANGE, LetterKind.CANCELLATION)
_ABOUT_PLACES = (LetterKind.REMINDER, *_NOTICES)
_LEAVING = (LetterState.QUEUED, LetterState.SENDING, LetterState.PROPOSED)


def queue(
    connection: Connection, letter: Letter, mail: Mail, inbound_id: int | None, at: datetime, proposal: int | None
) -> bool:
    """Puts a mail into the outbox, unless one with the same purpose is there already; as part of a proposal it waits.

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
            state=LetterState.QUEUED if proposal is None else LetterState.PROPOSED,
            proposal_id=proposal,
            queued_at=at,
            next_try_at=at,
            deadline=letter.deadline,
            inbound_id=inbound_id,
            registration_id=letter.registration_id,
            raw=mail.raw,
        )
        .on_conflict_do_nothing(index_elements=[outbox.c.purpose])
        .returning(outbox.c.id)
    )
    return added.one_or_none() is not None


def claim(connection: Connection, limit: int, at: datetime, by: int | None = None) -> list[Claimed]:
    """The mails that are due for a try, oldest first, marked as being sent.

    What waits is looked at once more before that, because the process may have stood still meanwhile: a letter whose
    time is over is given up, and a reminder or a notice about a place that is held no more is withheld. A letter whose
    next try lies further ahead than any wait is due: the clock was set back.

    Where several daemons share the outbox, ``by`` is the number of this one. They claim one after the other and wait
    for no row: one that somebody else is changing is left to the next turn. A letter to somebody to whom another
    daemon is just sending an earlier one is left too, so that both arrive in their order.
    """
    take_turn(connection, Lock.CLAIM)
    waiting = outbox.c.state == LetterState.QUEUED
    connection.execute(
        update(outbox)
        .where(_free(waiting, outbox.c.deadline <= at))
        .values(
            state=LetterState.FAILED,
            settled_at=at,
            last_reply=func.coalesce(outbox.c.last_reply, "not tried").concat(" (given up: its time is over)"),
        )
    )
    held = select(registration.c.id).where(registration.c.status == RegistrationStatus.CONFIRMED)
    given_up = select(registration.c.id).where(registration.c.status == RegistrationStatus.CANCELLED)
    unwanted = or_(
        and_(outbox.c.kind == LetterKind.REMINDER, outbox.c.registration_id.not_in(held)),
        and_(outbox.c.kind.in_(_NOTICES), outbox.c.registration_id.in_(given_up)),
    )
    connection.execute(
        update(outbox)
        .where(_free(waiting, unwanted))
        .values(state=LetterState.WITHHELD, settled_at=at, last_reply="the place was given up")
    )
    due = (
        select(outbox.c.id)
        .where(waiting, or_(outbox.c.next_try_at <= at, outbox.c.next_try_at > at + WAITS[-1]))
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if by is not None:
        due = due.where(~_behind_anothers())
    ids = connection.execute(due).scalars().all()
    if not ids:
        return []
    claimed = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(state=LetterState.SENDING, claimed_at=at, claimed_by=by, tries=outbox.c.tries + 1)
        .returning(outbox.c.id, outbox.c.recipient, outbox.c.raw, outbox.c.tries, outbox.c.deadline)
    )
    rows = sorted(claimed, key=lambda row: ids.index(row.id))
    return [Claimed(Parcel(row.id, row.recipient, row.raw), row.tries, row.deadline) for row in rows]


def _free(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The rows that nobody else is just changing; with SQLite nobody else is."""
    return outbox.c.id.in_(select(outbox.c.id).where(*conditions).with_for_update(skip_locked=True))


def _behind_anothers() -> ColumnElement[bool]:
    """Another daemon is sending an earlier letter to the same recipient."""
    earlier = outbox.alias("earlier")
    sending = earlier.c.state == LetterState.SENDING
    return (
        select(earlier.c.id)
        .where(earlier.c.recipient == outbox.c.recipient, sending, earlier.c.id < outbox.c.id)
        .correlate(outbox)
        .exists()
    )


def settle(connection: Connection, outbox_id: int, verdict: Verdict, at: datetime, by: int | None = None) -> None:
    """What became of a try. A letter that was withheld or erased meanwhile stays so.

    Where another daemon has taken it over from ``by`` meanwhile, it is that one's to say; but what was sent was sent.
    """
    whose = outbox.c.state == LetterState.SENDING
    if by is not None:
        whose = outbox.c.state.in_(_LEAVING) if isinstance(verdict, Sent) else and_(whose, outbox.c.claimed_by == by)
    match verdict:
        case Sent(reply):
            news = {"state": LetterState.SENT, "settled_at": at, "last_reply": reply}
        case GivenUp(reply):
            news = {"state": LetterState.FAILED, "settled_at": at, "last_reply": reply}
        case Again(moment, reply):
            news = {"state": LetterState.QUEUED, "next_try_at": moment, "last_reply": reply}
    connection.execute(
        update(outbox).where(outbox.c.id == outbox_id, whose).values(claimed_at=None, claimed_by=None, **news)
    )
    # The letter that tells of an erasure is the last thing that knew the address.
    connection.execute(
        update(outbox)
        .where(outbox.c.id == outbox_id, outbox.c.kind == LetterKind.ERASURE, outbox.c.settled_at.is_not(None))
        .values(raw=None, recipient="", last_reply=None)
    )


def recover(connection: Connection, at: datetime, numbers: Iterable[int] | None = None) -> int:
    """Puts mails back into the queue that a process was sending when it ended: whether they went out is not known.

    Where several daemons share the outbox, only what bears one of these ``numbers``, or none.
    """
    left = outbox.c.state == LetterState.SENDING
    if numbers is not None:
        left = and_(left, or_(outbox.c.claimed_by.in_(list(numbers)), outbox.c.claimed_by.is_(None)))
    recovered = connection.execute(
        update(outbox).where(left).values(state=LetterState.QUEUED, claimed_at=None, claimed_by=None, next_try_at=at)
    )
    return recovered.rowcount


def hasten(connection: Connection, at: datetime) -> None:
    """Mails that wait for their next try are due now, in the order in which they were queued."""
    connection.execute(
        update(outbox).where(outbox.c.state == LetterState.QUEUED, outbox.c.next_try_at > at).values(next_try_at=at)
    )


def anything_due(connection: Connection, at: datetime) -> bool:
    """Whether a letter waits that nobody has claimed."""
    due = select(outbox.c.id).where(outbox.c.state == LetterState.QUEUED, outbox.c.next_try_at <= at)
    return bool(connection.execute(select(due.exists())).scalar_one())


def next_try_at(connection: Connection) -> datetime | None:
    """When the next queued mail is due."""
    query = select(func.min(outbox.c.next_try_at)).where(outbox.c.state == LetterState.QUEUED)
    return connection.execute(query).scalar_one_or_none()


def withhold(connection: Connection, registration_ids: Iterable[int], at: datetime) -> None:
    """Reminders and notices about these places, which were given up, are not wanted any more."""
    concerned = (outbox.c.registration_id.in_(list(registration_ids)), outbox.c.kind.in_(_ABOUT_PLACES))
    connection.execute(_withheld(*concerned).values(settled_at=at, last_reply="the place was given up"))


def withhold_reminders_of(connection: Connection, code: str, at: datetime) -> None:
    """Reminders of a meeting that still wait to be sent tell what may not be true any more.

    Where that was a slip they are due again, so their purpose is not served.
    """
    places = select(registration.c.id).where(registration.c.meeting == code)
    concerned = (outbox.c.registration_id.in_(places), outbox.c.kind == LetterKind.REMINDER)
    number = literal("withheld:").concat(cast(outbox.c.id, String))
    connection.execute(
        _withheld(*concerned).values(
            settled_at=at, last_reply="the meeting has changed, or is off", purpose=number, message_id=number
        )
    )


def _withheld(*concerned: ColumnElement[bool]) -> Update:
    return update(outbox).where(*concerned, outbox.c.state == LetterState.QUEUED).values(state=LetterState.WITHHELD)


def forget_settled(connection: Connection, before: datetime) -> int:
    """Empties mails that were settled before a moment of everything personal; the counts remain."""
    ended = (outbox.c.settled_at < before, outbox.c.recipient != "")
    # The purpose of what goes to organisers names them; nothing so old is queued again.
    connection.execute(
        update(outbox)
        .where(*ended, outbox.c.kind.in_(TO_ORGANISERS))
        .values(purpose=literal("ended:").concat(cast(outbox.c.id, String)))
    )
    emptied = connection.execute(
        update(outbox).where(*ended).values(raw=None, recipient="", last_reply=None, bounce_reply=None)
    )
    return emptied.rowcount


def forget_recipient(connection: Connection, address: str, at: datetime) -> int:
    """Empties every mail to one recipient of everything personal; one that still waits is withheld.

    Purpose and Message-ID go too: they are derived from the address, and whoever comes back after an erasure is to
    be written to as anybody else.
    """
    connection.execute(
        update(outbox)
        .where(outbox.c.recipient == address, outbox.c.state.in_(_LEAVING))
        .values(state=LetterState.WITHHELD, settled_at=at, claimed_at=None, claimed_by=None)
    )
    # What went to others and tells of them: letters to whoever signed them up, and what the organisers have got.
    signups = select(outbox.c.inbound_id).where(outbox.c.recipient == address, outbox.c.purpose.startswith("invited:"))
    elsewhere = or_(outbox.c.inbound_id.in_(signups), outbox.c.kind.in_(TO_ORGANISERS))
    connection.execute(update(outbox).where(elsewhere, outbox.c.state.not_in(_LEAVING)).values(raw=None))
    emptied = connection.execute(
        update(outbox)
        .where(outbox.c.recipient == address)
        .values(
            raw=None,
            recipient="",
            last_reply=None,
            bounce_reply=None,
            purpose=literal("erased:").concat(cast(outbox.c.id, String)),
            message_id=literal("erased:").concat(cast(outbox.c.id, String)),
        )
    )
    return emptied.rowcount

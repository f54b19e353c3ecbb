"""Queries on collected mail: keeping it, taking it in hand, and what became of it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, true, update

from mailbot.adapters.store.dialect import insert
from mailbot.adapters.store.proposals import waits_for_an_answer
from mailbot.adapters.store.tables import cursor, inbound, outbox, sighting
from mailbot.core.model import InboundState, Outcome
from mailbot.ports import Cursor, Filing, Handled, Inbound, Kept, StoreTrouble

_EMPTY = dict.fromkeys(("raw", "sender", "subject", "opening", "why", "error", "evidence", "awaits", "awaits_until"))
"""What is left of a mail whose personal data has come to its end: counts."""
HEADER_BYTES = 65_536
_FROM = re.compile(rb"^from:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)


def read_cursor(connection: Connection, folder: str) -> Cursor | None:
    """How far this folder has been read."""
    row = connection.execute(select(cursor).where(cursor.c.folder == folder)).one_or_none()
    return None if row is None else Cursor(row.folder, row.uidvalidity, row.uid)


def keep(connection: Connection, kept: Sequence[Kept], upto: Cursor, at: datetime) -> int:
    """Keeps mails and moves the cursor; a mail that was kept before gets another sighting.

    Returns:
        How many mails were new.
    """
    new = 0
    for mail in kept:
        arrival = mail.arrival
        added = connection.execute(
            insert(connection, inbound)
            .values(
                fingerprint=mail.fingerprint,
                received_at=arrival.received_at,
                collected_at=at,
                size=arrival.size,
                truncated=arrival.truncated,
                state=InboundState.NEW,
                raw=arrival.raw,
            )
            .on_conflict_do_nothing(index_elements=[inbound.c.fingerprint])
            .returning(inbound.c.id)
        ).scalar_one_or_none()
        new += added is not None
        connection.execute(
            insert(connection, sighting)
            .values(
                folder=upto.folder,
                uidvalidity=upto.uidvalidity,
                uid=arrival.uid,
                inbound_id=added
                or select(inbound.c.id).where(inbound.c.fingerprint == mail.fingerprint).scalar_subquery(),
            )
            .on_conflict_do_nothing()
        )
    place = {"uidvalidity": upto.uidvalidity, "uid": upto.uid}
    connection.execute(
        insert(connection, cursor)
        .values(folder=upto.folder, **place)
        .on_conflict_do_update(index_elements=[cursor.c.folder], set_=place)
    )
    return new


def take(
    connection: Connection, limit: int, most_tries: int, at: datetime, *, calm: bool, by: int | None = None
) -> list[Inbound]:
    """The oldest mails that wait to be handled, each counted as tried once more.

    A mail that was tried before comes alone, so that one that ends the process takes no other with it; after
    ``most_tries`` it is set aside. Mails keep their order, because a person may write twice; only one that failed
    alone too goes behind all others, so that it holds nobody up.

    The last try of a mail with which the process has ended is made only when all is ``calm``: whoever kills the process
    again and again for reasons of their own must not have a mail set aside that only happened to be in hand.

    Where several daemons share the inbox, ``by`` is the number of this one. While another has mails in hand nothing is
    taken, so that nobody's mail is overtaken.
    """
    if by is not None and _in_hand_elsewhere(connection, by):
        return []
    connection.execute(
        update(inbound)
        .where(inbound.c.state == InboundState.NEW, inbound.c.tries >= most_tries)
        .values(
            state=InboundState.SET_ASIDE,
            handled_at=at,
            claimed_by=None,
            error=func.coalesce(inbound.c.error, "the process ended while this mail was being handled"),
        )
    )
    waiting = (
        select(inbound.c.id, inbound.c.tries)
        .where(inbound.c.state == InboundState.NEW)
        .where(true() if calm else or_(inbound.c.tries < most_tries - 1, inbound.c.error.is_not(None)))
        .order_by(case((inbound.c.tries > 1, 1), else_=0), inbound.c.id)
        .limit(limit)
    )
    rows = _in_order_of_each_sender(connection, connection.execute(waiting).all())
    fresh = [row.id for row in takewhile(lambda row: row.tries == 0, rows)]
    ids = fresh or [row.id for row in rows[:1]]
    if not ids:
        return []
    connection.execute(update(inbound).where(inbound.c.id.in_(ids)).values(tries=inbound.c.tries + 1, claimed_by=by))
    columns = (inbound.c.id, inbound.c.fingerprint, inbound.c.raw, inbound.c.received_at, inbound.c.truncated)
    taken = connection.execute(select(*columns).where(inbound.c.id.in_(ids)).order_by(inbound.c.id))
    return [Inbound(row.id, row.fingerprint, row.raw, row.received_at, row.truncated) for row in taken]


def _in_hand_elsewhere(connection: Connection, by: int) -> bool:
    """Whether another daemon has mails in hand."""
    theirs = select(inbound.c.id).where(inbound.c.state == InboundState.NEW, inbound.c.claimed_by != by)
    return bool(connection.execute(select(theirs.exists())).scalar_one())


def _in_order_of_each_sender(connection: Connection, rows: Sequence[Any]) -> list[Any]:
    """Those of the ``rows`` that overtake no mail of the same sender that has been put back behind others.

    Whoever registers and then cancels must not be registered because of a crash. Nothing is understood of these mails
    yet, so a sender is no more than what stands in From.
    """
    back = select(inbound.c.id, inbound.c.raw).where(inbound.c.state == InboundState.NEW, inbound.c.tries > 1)
    first: dict[bytes, int] = {}
    for held in connection.execute(back.order_by(inbound.c.id)):
        first.setdefault(_sender(held.raw), held.id)
    first.pop(b"", None)
    if not first:
        return list(rows)
    query = select(inbound.c.id, inbound.c.raw).where(inbound.c.id.in_([row.id for row in rows]))
    senders = {row.id: _sender(row.raw) for row in connection.execute(query)}
    return [row for row in rows if first.get(senders[row.id], row.id) >= row.id]


def _sender(raw: bytes) -> bytes:
    """What stands in From, the address alone where it can be told."""
    found = _FROM.search(raw[:HEADER_BYTES])
    field = found[1] if found else b""
    return (field.rpartition(b"<")[2].partition(b">")[0] if b"<" in field else field).strip().lower()


def give_back(connection: Connection, inbound_ids: Sequence[int], by: int | None = None) -> None:
    """These mails were taken, but not tried; those that another daemon has taken over meanwhile are not ``by``'s."""
    connection.execute(
        update(inbound)
        .where(inbound.c.id.in_(inbound_ids), inbound.c.state == InboundState.NEW, inbound.c.tries > 0, *_still(by))
        .values(tries=inbound.c.tries - 1, claimed_by=None)
    )


def _still(by: int | None) -> tuple[ColumnElement[bool], ...]:
    """Where several daemons share the inbox, only what this one has in hand."""
    return () if by is None else (inbound.c.state == InboundState.NEW, inbound.c.claimed_by == by)


def recover(connection: Connection, numbers: Iterable[int]) -> int:
    """Lets go of mails that daemons with these numbers had in hand when they ended; their tries count."""
    left = (inbound.c.state == InboundState.NEW, inbound.c.claimed_by.in_(list(numbers)))
    return connection.execute(update(inbound).where(*left).values(claimed_by=None)).rowcount


def anything_new(connection: Connection) -> bool:
    """Whether a mail waits that nobody has in hand."""
    new = select(inbound.c.id).where(inbound.c.state == InboundState.NEW, inbound.c.claimed_by.is_(None))
    return bool(connection.execute(select(new.exists())).scalar_one())


def settle(connection: Connection, inbound_id: int, handled: Handled, at: datetime, by: int | None = None) -> None:
    """This mail is handled.

    Raises:
        StoreTrouble: another daemon has taken it over from ``by``, which was thought to be gone.
    """
    settled = connection.execute(
        update(inbound)
        .where(inbound.c.id == inbound_id, *_still(by))
        .values(
            state=InboundState.HANDLED,
            handled_at=at,
            outcome=handled.outcome,
            kind=handled.kind,
            attention=handled.attention,
            sender=handled.sender,
            subject=handled.subject,
            opening=handled.opening,
            why=handled.why,
            awaits=handled.awaits or None,
            awaits_until=handled.awaits_until,
            restrained=handled.restrained or None,
            claimed_by=None,
        )
    )
    if by is not None and settled.rowcount != 1:
        raise StoreTrouble(f"mail {inbound_id} is in another daemon's hands now; what was begun with it is undone")


def note_failure(
    connection: Connection, inbound_id: int, error: str, most_tries: int, at: datetime, by: int | None = None
) -> bool:
    """Handling this mail failed by a fault of ours.

    Returns:
        Whether that was the last try, and the mail is set aside.
    """
    last = inbound.c.tries >= most_tries
    changed = connection.execute(
        update(inbound)
        .where(inbound.c.id == inbound_id, *_still(by))
        .values(
            error=error,
            claimed_by=None,
            state=case((last, InboundState.SET_ASIDE.value), else_=InboundState.NEW.value),
            handled_at=case((last, at), else_=None),
        )
        .returning(inbound.c.state)
    ).scalar_one_or_none()
    return bool(changed == InboundState.SET_ASIDE)


def unfiled(connection: Connection, folder: str, uidvalidity: int, limit: int) -> list[Filing]:
    """Mails of this folder that are handled and still lie in it; those that wait for an organiser are not, quite."""
    query = (
        select(sighting.c.uid, inbound.c.state, inbound.c.outcome, inbound.c.attention)
        .join(inbound, inbound.c.id == sighting.c.inbound_id)
        .where(
            sighting.c.folder == folder,
            sighting.c.uidvalidity == uidvalidity,
            sighting.c.filed_at.is_(None),
            inbound.c.state != InboundState.NEW,
            ~waits_for_an_answer(inbound.c.id),
        )
        .order_by(sighting.c.uid)
        .limit(limit)
    )
    return [
        Filing(
            row.uid,
            Outcome(row.outcome) if row.outcome else None,
            to_read=row.attention or row.state == InboundState.SET_ASIDE,
        )
        for row in connection.execute(query)
    ]


def note_filed(connection: Connection, folder: str, uidvalidity: int, uids: Sequence[int], at: datetime) -> None:
    """These mails have been filed, or need not be."""
    connection.execute(
        update(sighting)
        .where(sighting.c.folder == folder, sighting.c.uidvalidity == uidvalidity, sighting.c.uid.in_(uids))
        .values(filed_at=at)
    )


def forget_handled(connection: Connection, before: datetime) -> int:
    """Empties mails that were handled before a moment of everything personal; the counts remain."""
    emptied = connection.execute(
        update(inbound).where(inbound.c.handled_at < before, inbound.c.raw.is_not(None)).values(_EMPTY)
    )
    return emptied.rowcount


def forget_sender(connection: Connection, address: str) -> int:
    """Empties the mails of one sender of everything personal.

    So it does with those that came about them: bounces of our letters to them, mails by which somebody signed them up,
    and mails that were set aside before their sender was read.
    """
    about_them = outbox.c.recipient == address
    bounces = select(outbox.c.bounced_by).where(about_them, outbox.c.bounced_by.is_not(None))
    signups = select(outbox.c.inbound_id).where(about_them, outbox.c.purpose.startswith("invited:"))
    aside = connection.execute(
        select(inbound.c.id, inbound.c.raw).where(
            inbound.c.state == InboundState.SET_ASIDE, inbound.c.sender.is_(None), inbound.c.raw.is_not(None)
        )
    )
    named = [row.id for row in aside if address.encode() in row.raw.lower()]
    whose = or_(
        inbound.c.sender == address, inbound.c.id.in_(bounces), inbound.c.id.in_(signups), inbound.c.id.in_(named)
    )
    emptied = connection.execute(update(inbound).where(whose, inbound.c.state != InboundState.NEW).values(_EMPTY))
    return emptied.rowcount

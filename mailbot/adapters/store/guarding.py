"""Queries that keep people from harm: how often somebody was answered, what waits to be confirmed, what came back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from mailbot.adapters.store.tables import history, inbound, installation, outbox
from mailbot.core.model import LetterState
from mailbot.core.restraint import ASKED_FOR, Answered
from mailbot.ports import Inbound

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(slots=True)
class Tally:
    """The answers of the last hour, by domain: counted once a transaction, because the whole hour has to be read."""

    domains: Counter[str] | None = None

    def of_last_hour(self, connection: Connection, at: datetime) -> Counter[str]:
        """How many answers each domain got."""
        if self.domains is None:
            lately = select(outbox.c.recipient).where(outbox.c.queued_at > at - _HOUR, outbox.c.inbound_id.is_not(None))
            self.domains = Counter(domain_of(recipient) for recipient in connection.execute(lately).scalars())
        return self.domains

    def add(self, recipient: str) -> None:
        """One more, in the transaction at hand."""
        if self.domains is not None:
            self.domains[domain_of(recipient)] += 1


def domain_of(address: str) -> str:
    """What stands behind the last ``@``."""
    return address.rpartition("@")[2]


def answered(connection: Connection, tally: Tally, address: str, at: datetime) -> Answered:
    """How many answers there were until now: letters that a mail has led to."""
    lately = tally.of_last_hour(connection, at)
    unchanged = ~select(history.c.id).where(history.c.inbound_id == outbox.c.inbound_id).exists()
    to_address = connection.execute(
        select(
            func.count().label("all_of_them"),
            func.count().filter(unchanged, outbox.c.kind.not_in(ASKED_FOR)).label("unchanged"),
        ).where(outbox.c.recipient == address, outbox.c.queued_at > at - _DAY, outbox.c.inbound_id.is_not(None))
    ).one()
    return Answered(to_address.all_of_them, to_address.unchanged, lately[domain_of(address)], lately.total())


def take_awaiting(connection: Connection, code: str, at: datetime) -> Inbound | None:
    """The mail whose wish this code confirms, where it still waits; a code serves once."""
    row = connection.execute(
        update(inbound)
        .where(inbound.c.awaits == code, inbound.c.awaits_until > at, inbound.c.raw.is_not(None))
        .values(awaits=None, awaits_until=None)
        .returning(inbound.c.id, inbound.c.fingerprint, inbound.c.raw, inbound.c.received_at, inbound.c.truncated)
    ).one_or_none()
    return None if row is None else Inbound(row.id, row.fingerprint, row.raw, row.received_at, row.truncated)


def note_bounce(connection: Connection, names: Sequence[str], reply: str, inbound_id: int, at: datetime) -> bool:
    """The letter with the first of these names that was sent has come back; the first bounce counts.

    Returns:
        Whether there is such a letter.
    """
    for name in names:
        known = outbox.c.message_id.startswith(f"<{name}@", autoescape=True)
        sent = outbox.c.state.in_([LetterState.SENT, LetterState.SENDING])
        found = connection.execute(select(outbox.c.id, outbox.c.bounced_at).where(known, sent)).first()
        if found is None:
            continue
        if found.bounced_at is None:
            connection.execute(
                update(outbox)
                .where(outbox.c.id == found.id)
                .values(bounced_at=at, bounce_reply=reply, bounced_by=inbound_id)
            )
        return True
    return False


def note_left_alone(connection: Connection, count: int) -> None:
    """So many mails lay in the mailbox at the first start and were left alone."""
    connection.execute(update(installation).where(installation.c.left_alone.is_(None)).values(left_alone=count))

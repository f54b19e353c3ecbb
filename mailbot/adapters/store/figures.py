"""Queries that only count: what a monitoring system is told."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from mailbot.adapters.store import reports
from mailbot.adapters.store.dialect import seconds_between
from mailbot.adapters.store.tables import inbound, outbox
from mailbot.core.figures import ANSWER_SECONDS, Answers, Figures
from mailbot.core.model import LetterState
from mailbot.core.status import LATELY


def figures(connection: Connection, codes: Iterable[str], at: datetime) -> Figures:
    """Everything that is counted, at the moment ``at``."""
    settled = (
        select(outbox.c.kind, outbox.c.state, func.count().label("n"))
        .where(outbox.c.settled_at.is_not(None))
        .group_by(outbox.c.kind, outbox.c.state)
    )
    restrained = (
        select(inbound.c.restrained, func.count().label("n"))
        .where(inbound.c.restrained.is_not(None))
        .group_by(inbound.c.restrained)
    )
    bounced = select(func.count()).select_from(outbox).where(outbox.c.bounced_at.is_not(None))
    return Figures(
        status=reports.status(connection, codes, at - LATELY),
        settled={(row.kind, row.state): row.n for row in connection.execute(settled)},
        restrained={row.restrained: row.n for row in connection.execute(restrained)},
        bounced=connection.execute(bounced).scalar_one(),
        answers=_answers(connection),
    )


def _answers(connection: Connection) -> Answers:
    """How long each mail waited for the first letter about it."""
    waited = seconds_between(connection, inbound.c.received_at, func.min(outbox.c.settled_at))
    each = (
        select(waited.label("seconds"))
        .join(outbox, outbox.c.inbound_id == inbound.c.id)
        .where(outbox.c.state == LetterState.SENT)
        .group_by(inbound.c.id, inbound.c.received_at)
        .subquery()
    )
    # The mailbox has another clock than we: what seems to be answered before it came was answered at once.
    seconds = case((each.c.seconds > 0, each.c.seconds), else_=0)
    row = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(seconds), 0),
            *(func.coalesce(func.sum(case((seconds <= bound, 1), else_=0)), 0) for bound in ANSWER_SECONDS),
        ).select_from(each)
    ).one()
    count, total, *within = row
    return Answers(tuple(int(number) for number in within), int(count), float(total))

"""Queries that only look: the digest, the status, and what is held on a person."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, func, or_, select

from mailbot.adapters.store import editions, registrations
from mailbot.adapters.store.tables import (
    UtcDateTime,
    contact,
    digest,
    history,
    inbound,
    installation,
    outbox,
    person,
    proposal,
    registration,
)
from mailbot.core.digest import Change, Deed, Digest, MeetingCount, Proposed, SetAside, ToRead, counted, lasting
from mailbot.core.model import (
    TO_ORGANISERS,
    Holdings,
    InboundState,
    LetterKind,
    LetterState,
    PassageKind,
    RegistrationStatus,
    Series,
    Undelivered,
)
from mailbot.core.reading import parse
from mailbot.core.status import Contact, MeetingStanding, Status


def make_digest(
    connection: Connection, series: Series, day: date, since: datetime | None, upto: datetime | None = None
) -> Digest:
    """What the organisers are told of all that happened after ``since`` and until ``upto``, where these are given."""
    codes = [meeting.code for meeting in series.meetings]
    changes = _changes(connection, codes, *_within(history.c.at, since, upto))
    counts = _counts(connection, codes)
    return Digest(
        day=day,
        since=since,
        meetings=tuple(
            MeetingCount(
                meeting=meeting,
                confirmed=counts.get((meeting.code, RegistrationStatus.CONFIRMED), 0),
                waiting=counts.get((meeting.code, RegistrationStatus.WAITING), 0),
                new=new,
                withdrawn=withdrawn,
            )
            for meeting in series.meetings
            for new, withdrawn in (counted(changes, meeting.code),)
        ),
        changes=lasting(changes),
        to_read=tuple(
            ToRead(
                row.received_at,
                row.sender or "",
                row.subject or "",
                row.opening or "",
                row.why or "",
                done=_changes(connection, codes, history.c.inbound_id == row.id, history.c.deed != Deed.PROMOTED),
                cut=row.truncated,
            )
            for row in _mails(connection, since, upto, inbound.c.attention, inbound.c.state == InboundState.HANDLED)
        ),
        undelivered=undelivered(connection, since, upto),
        set_aside=tuple(
            SetAside(row.received_at, row.sender or "", row.subject or "", row.error or "")
            for row in _mails(connection, since, upto, inbound.c.state == InboundState.SET_ASIDE)
        ),
        registrations=registrations.all_registrations(connection, codes),
        told=editions.told(connection, *_within(outbox.c.queued_at, since, upto)),
        left_alone=connection.execute(select(installation.c.left_alone)).scalar() or 0,
        proposed=_proposed(connection),
    )


def _proposed(connection: Connection) -> Proposed | None:
    """How many proposals wait for an organiser, and since when; None where none does."""
    query = select(func.count(), func.min(proposal.c.proposed_at)).where(proposal.c.answered_at.is_(None))
    count, oldest = connection.execute(query).one()
    return Proposed(count, oldest) if count else None


def undelivered(
    connection: Connection, since: datetime | None, upto: datetime | None, *, bounced_only: bool = False
) -> tuple[Undelivered, ...]:
    """Letters that were given up in that time, and those that a server took and that came back."""
    failed = and_(outbox.c.state == LetterState.FAILED, *_within(outbox.c.settled_at, since, upto))
    bounced = and_(outbox.c.bounced_at.is_not(None), *_within(outbox.c.bounced_at, since, upto))
    moment = func.coalesce(outbox.c.bounced_at, outbox.c.settled_at, type_=UtcDateTime)
    said = func.coalesce(outbox.c.bounce_reply, outbox.c.last_reply)
    query = select(moment.label("at"), outbox.c.kind, outbox.c.recipient, said.label("said"))
    rows = connection.execute(query.where(bounced if bounced_only else or_(failed, bounced)).order_by("at"))
    return tuple(Undelivered(row.at, LetterKind(row.kind), row.recipient, row.said or "") for row in rows)


_MAIL = tuple(inbound.c[name] for name in "id received_at sender subject opening why error truncated".split())


def _mails(
    connection: Connection, since: datetime | None, upto: datetime | None, *conditions: ColumnElement[bool]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Mails handled in that time, without their bytes."""
    within = _within(inbound.c.handled_at, since, upto)
    yield from connection.execute(select(*_MAIL).where(*conditions, *within).order_by(inbound.c.id))


def _within(moment: Column[datetime], since: datetime | None, upto: datetime | None) -> tuple[ColumnElement[bool], ...]:
    after = () if since is None else (moment > since,)
    return after if upto is None else (*after, moment <= upto)


def _changes(connection: Connection, codes: Iterable[str], *conditions: ColumnElement[bool]) -> tuple[Change, ...]:
    query = (
        select(
            history.c.at, history.c.deed, registration.c.meeting, person.c.name, person.c.address, person.c.organisation
        )
        .join(registration, registration.c.id == history.c.registration_id)
        .join(person, person.c.id == registration.c.person_id)
        .where(registration.c.meeting.in_(list(codes)), ~history.c.undone, *conditions)
        .order_by(history.c.id)
    )
    return tuple(
        Change(row.at, Deed(row.deed), row.meeting, row.name, row.address, row.organisation)
        for row in connection.execute(query)
    )


def _counts(connection: Connection, codes: Iterable[str] | None = None) -> dict[tuple[str, str], int]:
    query = select(registration.c.meeting, registration.c.status, func.count().label("n")).group_by(
        registration.c.meeting, registration.c.status
    )
    if codes is not None:
        query = query.where(registration.c.meeting.in_(list(codes)))
    return {(row.meeting, row.status): row.n for row in connection.execute(query)}


def last_digest(connection: Connection) -> tuple[date, datetime] | None:
    """The day and the moment of the last digest."""
    row = connection.execute(select(digest).order_by(digest.c.day.desc()).limit(1)).one_or_none()
    return None if row is None else (row.day, row.at)


def in_trouble(connection: Connection, server: str) -> bool:
    """Whether a server could not be reached when it was last tried."""
    return bool(connection.execute(select(contact.c.trouble).where(contact.c.server == server)).scalar_one_or_none())


def status(connection: Connection, codes: Iterable[str], lately: datetime) -> Status:
    """How the service stands; mails set aside after ``lately`` are counted apart."""
    counts = _counts(connection)
    states = {
        row.state: row.n
        for row in connection.execute(select(outbox.c.state, func.count().label("n")).group_by(outbox.c.state))
    }
    outcomes = {
        str(row.outcome or row.state): row.n
        for row in connection.execute(
            select(inbound.c.state, inbound.c.outcome, func.count().label("n")).group_by(
                inbound.c.state, inbound.c.outcome
            )
        )
    }
    return Status(
        meetings=tuple(
            MeetingStanding(code, *(counts.get((code, state), 0) for state in RegistrationStatus)) for code in codes
        ),
        outcomes=outcomes,
        letters=states,
        contacts={row.server: Contact(row.at, row.trouble or "") for row in connection.execute(select(contact))},
        oldest_new=connection.execute(
            select(func.min(inbound.c.collected_at)).where(inbound.c.state == InboundState.NEW)
        ).scalar_one(),
        oldest_letter=connection.execute(
            select(func.min(outbox.c.queued_at)).where(outbox.c.state.in_([LetterState.QUEUED, LetterState.SENDING]))
        ).scalar_one(),
        set_aside_lately=connection.execute(
            select(func.count())
            .select_from(inbound)
            .where(inbound.c.state == InboundState.SET_ASIDE, inbound.c.handled_at > lately)
        ).scalar_one(),
        restrained_lately={
            str(row.restrained): row.n
            for row in connection.execute(
                select(inbound.c.restrained, func.count().label("n"))
                .where(inbound.c.restrained.is_not(None), inbound.c.handled_at > lately)
                .group_by(inbound.c.restrained)
            )
        },
        bounced_lately=connection.execute(
            select(func.count()).select_from(outbox).where(outbox.c.bounced_at > lately)
        ).scalar_one(),
        to_read=connection.execute(
            select(func.count())
            .select_from(inbound)
            .where(inbound.c.attention, inbound.c.state == InboundState.HANDLED)
        ).scalar_one(),
        proposed=_proposed(connection),
    )


def _words(raw: bytes | None) -> str:
    """All that a mail says."""
    return parse(raw).text(*PassageKind) if raw else ""


def holdings(connection: Connection, address: str) -> Holdings:
    """Everything held on whoever has this address."""
    mails = connection.execute(
        select(inbound.c.received_at, inbound.c.subject, inbound.c.opening, inbound.c.raw)
        .where(inbound.c.sender == address)
        .order_by(inbound.c.id)
    )
    letters = connection.execute(
        select(outbox.c.queued_at, outbox.c.kind, outbox.c.state, outbox.c.raw, outbox.c.bounced_at)
        .where(outbox.c.recipient == address)
        .order_by(outbox.c.id)
    )
    deeds = connection.execute(
        select(history.c.at, history.c.deed, history.c.undone, registration.c.meeting)
        .join(registration, registration.c.id == history.c.registration_id)
        .join(person, person.c.id == registration.c.person_id)
        .where(person.c.address == address)
        .order_by(history.c.id)
    )
    return Holdings(
        person=registrations.find_person(connection, address),
        registrations=tuple(r for r in registrations.all_registrations(connection) if r.person.address == address),
        mails=tuple((row.received_at, row.subject or "", _words(row.raw) or row.opening or "") for row in mails),
        letters=tuple(
            (row.queued_at, row.kind, "came back" if row.bounced_at else row.state, _words(row.raw))
            for row in letters
            if row.kind not in TO_ORGANISERS
        ),
        history=tuple((row.at, f"{row.deed}, undone" if row.undone else row.deed, row.meeting) for row in deeds),
    )

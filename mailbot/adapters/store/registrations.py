"""Queries on people and their registrations."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, literal, or_, select, update

from mailbot.adapters.store.dialect import insert
from mailbot.adapters.store.editions import says
from mailbot.adapters.store.proposals import untold, untold_until
from mailbot.adapters.store.tables import edition, history, meeting, outbox, person, registration
from mailbot.core.changes import Notice
from mailbot.core.digest import Deed
from mailbot.core.model import Person, Registration, RegistrationStatus
from mailbot.core.reminders import Due, purpose_around_uid
from mailbot.core.situation import Enrolment, Newcomer, Standing

_ROW = (
    registration.c.id,
    registration.c.meeting,
    registration.c.status,
    registration.c.registered_at,
    registration.c.cancelled_at,
    registration.c.uid,
    registration.c.sequence,
    person.c.id.label("person_id"),
    person.c.address,
    person.c.name,
    person.c.organisation,
    person.c.language,
)


def _all() -> Select[tuple[object, ...]]:
    return select(*_ROW).join(person, person.c.id == registration.c.person_id)


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(row.person_id, row.address, row.name, row.organisation, row.language)


def _registration(row: Row[tuple[object, ...]]) -> Registration:
    return Registration(
        id=row.id,
        meeting=row.meeting,
        person=_person(row),
        status=RegistrationStatus(row.status),
        registered_at=row.registered_at,
        uid=row.uid,
        sequence=row.sequence,
        cancelled_at=row.cancelled_at,
    )


def find_person(connection: Connection, address: str) -> Person | None:
    """Whoever has this address."""
    row = connection.execute(
        select(person.c.id.label("person_id"), *(c for c in person.c if c.name != "id")).where(
            person.c.address == address
        )
    ).one_or_none()
    return None if row is None else _person(row)


def of_address(connection: Connection, address: str, codes: Iterable[str]) -> tuple[Registration, ...]:
    """All registrations of an address in these meetings, withdrawn ones included, in order of id."""
    query = _all().where(person.c.address == address, registration.c.meeting.in_(list(codes)))
    return tuple(map(_registration, connection.execute(query.order_by(registration.c.id))))


def all_registrations(connection: Connection, codes: Iterable[str] | None = None) -> tuple[Registration, ...]:
    """All registrations, or those of these meetings, by meeting and then by time."""
    query = _all().order_by(registration.c.meeting, registration.c.registered_at, registration.c.id)
    if codes is not None:
        query = query.where(registration.c.meeting.in_(list(codes)))
    return tuple(map(_registration, connection.execute(query)))


def standing(connection: Connection, code: str) -> Standing:
    """How full a meeting is, and who waits for it, in the order in which they were put on the list.

    That order is the history's: moments can be the same for a whole batch, and a clock can be set back.
    """
    confirmed = connection.execute(
        select(func.count())
        .select_from(registration)
        .where(registration.c.meeting == code, registration.c.status == RegistrationStatus.CONFIRMED)
    ).scalar_one()
    put_on_the_list = (
        select(func.max(history.c.id))
        .where(history.c.registration_id == registration.c.id, history.c.deed == Deed.QUEUED, ~history.c.undone)
        .scalar_subquery()
    )
    waiting = connection.execute(
        _all()
        .where(registration.c.meeting == code, registration.c.status == RegistrationStatus.WAITING)
        .order_by(put_on_the_list, registration.c.id)
    )
    return Standing(confirmed, tuple(map(_registration, waiting)))


def _known_person(connection: Connection, newcomer: Newcomer) -> int:
    """The id of whoever has the newcomer's address, made where missing; what a mail does not say stays as it was."""
    row = insert(connection, person).values(
        address=newcomer.address,
        name=newcomer.name,
        organisation=newcomer.organisation,
        language=newcomer.language,
    )
    news = {
        "name": func.coalesce(func.nullif(row.excluded.name, ""), person.c.name),
        "organisation": func.coalesce(func.nullif(row.excluded.organisation, ""), person.c.organisation),
        "language": row.excluded.language,
    }
    known = row.on_conflict_do_update(index_elements=[person.c.address], set_=news).returning(person.c.id)
    return int(connection.execute(known).scalar_one())


def enrol(
    connection: Connection, enrolment: Enrolment, edition_id: int | None, inbound_id: int | None, at: datetime
) -> None:
    """Gives somebody a place, or puts them on the waiting list; a registration that was withdrawn lives again.

    ``edition_id`` is the edition of the meeting that they are told.
    """
    place = enrolment.place
    state = {
        "status": place.status,
        "registered_at": at,
        "cancelled_at": None,
        "sequence": place.sequence,
        "edition_id": edition_id,
        "told_at": None,
    }
    registration_id = connection.execute(
        insert(connection, registration)
        .values(
            meeting=place.meeting.code,
            person_id=_known_person(connection, enrolment.person),
            uid=place.uid,
            **state,
        )
        .on_conflict_do_update(index_elements=[registration.c.meeting, registration.c.person_id], set_=state)
        .returning(registration.c.id)
    ).scalar_one()
    deed = Deed.QUEUED if place.status is RegistrationStatus.WAITING else Deed.REGISTERED
    _tell(connection, registration_id, deed, inbound_id, at)


def withdraw(connection: Connection, withdrawn: Registration, inbound_id: int | None, at: datetime) -> None:
    """Ends a registration."""
    connection.execute(
        update(registration)
        .where(registration.c.id == withdrawn.id)
        .values(status=RegistrationStatus.CANCELLED, cancelled_at=at, sequence=withdrawn.sequence)
    )
    _tell(connection, withdrawn.id, Deed.WITHDRAWN, inbound_id, at)


def promote(connection: Connection, promoted: Registration, inbound_id: int | None, at: datetime) -> None:
    """Gives somebody who waited a place."""
    connection.execute(
        update(registration)
        .where(registration.c.id == promoted.id)
        .values(status=RegistrationStatus.CONFIRMED, sequence=promoted.sequence)
    )
    _tell(connection, promoted.id, Deed.PROMOTED, inbound_id, at)


def _tell(connection: Connection, registration_id: int, deed: Deed, inbound_id: int | None, at: datetime) -> None:
    connection.execute(
        history.insert().values(registration_id=registration_id, deed=deed, at=at, inbound_id=inbound_id)
    )


def to_remind(connection: Connection, reminder: Due, limit: int) -> list[Registration]:
    """Those with a place who signed up before the reminder fell due and have not been queued it.

    Somebody who has moved up from the waiting list since then, or was told of a change, knows from another letter; so
    does somebody whose confirmation waited for an organiser and went out since then. Where it still waits, there is
    nothing to remind of, and who has yet to be told of a change is not reminded of what may still be a slip.
    """
    before_uid, after_uid = purpose_around_uid(reminder)
    told = outbox.c.purpose == literal(before_uid).concat(registration.c.uid).concat(after_uid)
    moved_up = and_(
        history.c.registration_id == registration.c.id,
        history.c.deed == Deed.PROMOTED,
        ~history.c.undone,
        history.c.at >= reminder.moment,
    )
    present = reminder.meeting
    knows = and_(edition.c.id == registration.c.edition_id, says(present))
    return _where(
        connection,
        registration.c.meeting == present.code,
        registration.c.status == RegistrationStatus.CONFIRMED,
        registration.c.registered_at < reminder.moment,
        ~select(outbox.c.id).where(told).exists(),
        ~select(history.c.id).where(moved_up).exists(),
        or_(registration.c.told_at.is_(None), registration.c.told_at < reminder.moment),
        or_(registration.c.edition_id.is_(None), select(edition.c.id).where(knows).exists()),
        ~untold_until(reminder.moment),
        limit=limit,
    )


def to_tell(connection: Connection, notice: Notice, limit: int) -> list[Registration]:
    """Who is to get this notice and has not been queued it. Whose place waits to be told at all is told it first."""
    audience = notice.audience
    return _where(
        connection,
        registration.c.meeting == audience.meeting,
        registration.c.edition_id == audience.edition,
        registration.c.status == audience.status,
        ~untold(),
        limit=limit,
    )


def _where(connection: Connection, *conditions: ColumnElement[bool], limit: int) -> list[Registration]:
    """The first registrations that meet these conditions."""
    query = _all().where(*conditions).order_by(registration.c.id).limit(limit)
    return [_registration(row) for row in connection.execute(query)]


def forget_person(connection: Connection, address: str) -> int:
    """Erases whoever has this address, with their registrations and their history."""
    return connection.execute(delete(person).where(person.c.address == address)).rowcount


def forget_of_meetings_before(connection: Connection, before: datetime) -> int:
    """Erases everybody whose last meeting began before a moment, and who waits for none."""
    last = (
        select(registration.c.person_id, func.max(meeting.c.starts_at).label("last"))
        .join(meeting, meeting.c.code == registration.c.meeting)
        .group_by(registration.c.person_id)
        .subquery()
    )
    gone: Sequence[int] = connection.execute(select(last.c.person_id).where(last.c.last < before)).scalars().all()
    connection.execute(delete(person).where(person.c.id.in_(gone)))
    return len(gone)

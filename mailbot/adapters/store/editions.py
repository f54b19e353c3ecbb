"""Queries on the editions of meetings: which there are, who was last told which, and how many were told of late."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from mailbot.adapters.store.dialect import insert
from mailbot.adapters.store.tables import edition, meeting, outbox, registration
from mailbot.core.changes import PURPOSE, Audience, Edition, Knowledge, News, new_editions
from mailbot.core.digest import Told
from mailbot.core.model import Meeting, Registration, RegistrationStatus, Series

_LIVE = registration.c.status != RegistrationStatus.CANCELLED


def known_editions(connection: Connection) -> dict[str, tuple[Edition, ...]]:
    """Those of each meeting, oldest first."""
    known: dict[str, tuple[Edition, ...]] = {}
    for row in connection.execute(select(edition).order_by(edition.c.id)):
        length = timedelta(minutes=row.minutes)
        present = Edition(row.id, row.meeting, row.noted_at, row.title, row.starts_at, length, row.join_url, row.off)
        known[row.meeting] = (*known.get(row.meeting, ()), present)
    return known


def knowledge(connection: Connection) -> Knowledge:
    """What people know."""
    told = (registration.c.meeting, registration.c.edition_id, registration.c.status)
    query = select(*told, func.count().label("n")).where(_LIVE, registration.c.edition_id.is_not(None))
    rows = connection.execute(query.group_by(*told).order_by(*told))
    audiences = (Audience(row.meeting, row.edition_id, RegistrationStatus(row.status), row.n) for row in rows)
    return Knowledge(known_editions(connection), tuple(audiences))


def note_told(connection: Connection, told: Registration, edition_id: int, at: datetime) -> None:
    """This person knows this edition; the registration has the SEQUENCE that they were told."""
    connection.execute(
        update(registration)
        .where(registration.c.id == told.id)
        .values(edition_id=edition_id, told_at=at, sequence=told.sequence)
    )


def note_shown(connection: Connection, registration_id: int, present: Meeting) -> None:
    """A letter with the place has told this person the meeting as it is ``present`` there."""
    known = edition_of(connection, present)
    connection.execute(update(registration).where(registration.c.id == registration_id).values(edition_id=known))


def edition_of(connection: Connection, present: Meeting) -> int | None:
    """The latest edition that says the same as this meeting, whatever has been noted since it was read."""
    query = select(edition.c.id).where(edition.c.meeting == present.code, says(present))
    return connection.execute(query.order_by(edition.c.id.desc()).limit(1)).scalar_one_or_none()


def says(present: Meeting) -> ColumnElement[bool]:
    """Whether an edition says the same of this meeting to those who have a place."""
    return and_(
        edition.c.starts_at == present.starts_at,
        edition.c.minutes == _minutes(present.duration),
        func.coalesce(edition.c.join_url, present.join_url) == present.join_url,
        edition.c.off.is_not(True),
    )


def told(connection: Connection, *within: ColumnElement[bool]) -> tuple[Told, ...]:
    """How many notices of each change were queued ``within`` some time."""
    purposes = connection.execute(select(outbox.c.purpose).where(outbox.c.purpose.startswith(PURPOSE), *within))
    counts: Counter[tuple[int, News]] = Counter()
    for purpose in purposes.scalars():
        news, _, rest = purpose.removeprefix(PURPOSE).partition(":")
        counts[int(rest.rpartition(":")[2]), News(news)] += 1
    known = {each.id: each for of in known_editions(connection).values() for each in of}
    return tuple(Told(known[number].to_meeting(), news, n) for (number, news), n in sorted(counts.items()))


def note_meetings(connection: Connection, series: Series, at: datetime) -> tuple[Meeting, ...]:
    """Takes over the meetings as the configuration has them: an edition for each that differs from its latest one.

    Returns:
        The meetings of which participants may have to be told.
    """
    _complete(connection, series)
    known = known_editions(connection)
    changed = []
    for new in new_editions(known, series, at):
        values = {"title": new.title, "starts_at": new.starts_at, "minutes": _minutes(new.duration)}
        row = insert(connection, meeting).values(code=new.meeting, **values)
        connection.execute(row.on_conflict_do_update(index_elements=[meeting.c.code], set_=values))
        more = {"noted_at": new.noted_at, "join_url": new.join_url, "off": new.off}
        connection.execute(edition.insert().values(meeting=new.meeting, **values, **more))
        if (before := known.get(new.meeting)) and not before[-1].is_told_by(new, link=True):
            changed.append(series.meeting(new.meeting) or new.to_meeting())
    return tuple(changed)


def _complete(connection: Connection, series: Series) -> None:
    """What a version before this one did not keep is taken from the configuration: nobody is told of it."""
    for old in [of[-1] for of in known_editions(connection).values() if of[-1].off is None]:
        present = series.meeting(old.meeting)
        off = Edition.of(present, old.noted_at).off if present else True
        values = {"off": off, "join_url": present.join_url if present else None}
        connection.execute(update(edition).where(edition.c.id == old.id).values(**values))


def _minutes(duration: timedelta) -> int:
    return int(duration / timedelta(minutes=1))

"""What SQLAlchemy leaves to each database: an INSERT that says what to do about a row already there, and durations."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Float, Table, cast, func
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> sqlite.Insert:
    """An INSERT with ``on_conflict_…`` for the database at hand; both dialects have the same methods."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)  # type: ignore[return-value]  # a sibling with the methods used here
    return sqlite.insert(table)


def seconds_between(
    connection: Connection, start: ColumnElement[datetime], end: ColumnElement[datetime]
) -> ColumnElement[float]:
    """The seconds from one moment to another, for the database at hand."""
    if connection.dialect.name == "postgresql":
        return cast(func.extract("epoch", end) - func.extract("epoch", start), Float)
    return (func.julianday(end, type_=Float) - func.julianday(start, type_=Float)) * 86_400.0

"""The one thing that SQLAlchemy leaves to each database: an INSERT that says what to do about a row already there."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> sqlite.Insert:
    """An INSERT with ``on_conflict_…`` for the database at hand; both dialects have the same methods."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)  # type: ignore[return-value]  # a sibling with the methods used here
    return sqlite.insert(table)

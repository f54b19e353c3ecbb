"""A database file, and a store on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate
from tests.store.making import NOW, SERIES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "mailbot.sqlite"


@pytest.fixture
def on_file(file: Path) -> Iterator[SqlStore]:
    """A store on an SQLite file, for what is peculiar to it."""
    yield from _known(f"sqlite:///{file}")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> SqlStore:
    """A store that knows the series, on each kind of database."""
    return request.getfixturevalue({"sqlite": "on_file", "postgresql": "on_server"}[request.param])


@pytest.fixture
def on_server(database: str) -> Iterator[SqlStore]:
    """A store on a PostgreSQL database. Mark the test ``postgresql``."""
    yield from _known(database)


def _known(url: str) -> Iterator[SqlStore]:
    engine = open_engine(url)
    migrate(engine, NOW)
    store = SqlStore(engine)
    with store.work() as work:
        work.note_meetings(SERIES, NOW)
    yield store
    store.close()

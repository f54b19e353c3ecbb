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
def store(file: Path) -> Iterator[SqlStore]:
    """A store that knows the series."""
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine, NOW)
    store = SqlStore(engine)
    with store.work() as work:
        work.note_meetings(SERIES, NOW)
    yield store
    store.close()

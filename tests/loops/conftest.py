"""A store on a file that knows the series, and the world around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.adapters.store import SqlStore
from tests.loops.world import SERIES, Clock, MemoryMailbox, ScriptedPostman, open_store


@pytest.fixture
def clock() -> Clock:
    """It stands still until it is moved."""
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "mailbot.sqlite"


@pytest.fixture
def store(file: Path, clock: Clock) -> Iterator[SqlStore]:
    """The real one."""
    store = open_store(file, clock())
    with store.work() as work:
        work.note_meetings(SERIES, clock())
    yield store
    store.close()


@pytest.fixture
def mailbox() -> MemoryMailbox:
    """Empty."""
    return MemoryMailbox()


@pytest.fixture
def postman(clock: Clock) -> ScriptedPostman:
    """It takes everything until it is told otherwise."""
    return ScriptedPostman(clock)

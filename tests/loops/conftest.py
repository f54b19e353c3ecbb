"""A store that knows the series, and the world around it."""

import os
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


KINDS = [
    "sqlite",
    pytest.param(
        "postgresql",
        marks=[
            pytest.mark.postgresql,
            pytest.mark.skipif("MAILBOT_REQUIRE_SERVERS" not in os.environ, reason="on SQLite alone but in .ci/run"),
        ],
    ),
]
"""The queries themselves are tried on both at every run, in tests/store."""


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, file: Path) -> str:
    """Where the database is, of each kind."""
    return str(request.getfixturevalue("database")) if request.param == "postgresql" else f"sqlite:///{file}"


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[SqlStore]:
    """The real one."""
    store = open_store(url, clock())
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

"""The small world of the loops, borrowed, and a town that is supervised."""

import pytest

from mailbot.adapters.store import SqlStore
from tests.approval.town import Town
from tests.loops.conftest import clock, file, mailbox, postman, store, url
from tests.loops.world import Clock, MemoryMailbox, ScriptedPostman

__all__ = ["clock", "file", "mailbox", "postman", "store", "url"]


@pytest.fixture
def town(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> Town:
    """Nobody has written yet."""
    return Town(store, mailbox, clock, postman)

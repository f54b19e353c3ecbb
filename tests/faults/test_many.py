"""Three daemons on one PostgreSQL database that are killed in turn, in small; `make many` does it with 2,000 mails."""

import pytest

from benchmarks.many import many
from tests.servers.postgresql import Postgresql

MAILS = 40


@pytest.mark.slow
@pytest.mark.postgresql
def test_daemons_that_share_a_database_and_are_killed_lose_nothing(postgresql: Postgresql) -> None:
    """Every mail has one answer, everybody just what they want, no meeting a place too many, letters in order."""
    with many(postgresql, MAILS, seed=7, rate=5.0) as run:
        told = run.table()
        losses = run.losses()
        assert len(run.kills) >= 3
        assert run.crowd.written >= MAILS
        assert len(run.servers.delivered) >= MAILS

    assert losses == [], told

"""`kill -9` at any moment, in small; `make chaos` does it hundreds of times (benchmarks/chaos.py)."""

import pytest

from benchmarks.chaos import chaos

KILLS = 15


@pytest.mark.slow
def test_no_kill_costs_a_mail_an_answer_or_a_registration() -> None:
    """Every mail has one answer, everybody just what they want, and what went out twice was the same bytes."""
    with chaos(KILLS, seed=7) as run:
        told = run.table()
        losses = run.losses()
        assert sum(run.ended_by.values()) == KILLS
        assert run.crowd.written > KILLS / 2
        assert len(run.smtp.acceptances) >= run.crowd.written / 2

    assert losses == [], told

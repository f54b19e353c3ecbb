"""When a letter is tried again, and when it is given up."""

from datetime import timedelta

import pytest

from mailbot.core.model import LetterKind
from mailbot.core.retry import (
    PATIENCE,
    RECONNECT_WAITS,
    WAITS,
    Accepted,
    Again,
    GivenUp,
    Receipt,
    Refused,
    Sent,
    Unreachable,
    next_attempt,
    reconnect_wait,
    verdict,
)
from tests.samples import NOW

LATER = NOW + timedelta(days=3)


@pytest.mark.parametrize(
    ("tries", "minutes"), [(1, 1), (2, 3), (3, 5), (4, 10), (5, 15), (6, 30), (7, 60), (8, 60), (99, 60)]
)
def test_the_waits_are_those_of_the_list_and_the_last_repeats(tries: int, minutes: int) -> None:
    """One row a try."""
    assert NOW + timedelta(minutes=minutes) == next_attempt(tries, LATER, NOW)


def test_there_is_no_attempt_past_the_deadline() -> None:
    """A letter that would come too late is given up now, not then."""
    assert next_attempt(1, NOW + WAITS[0], NOW) is None
    assert next_attempt(1, NOW + WAITS[0] + timedelta(seconds=1), NOW) is not None


@pytest.mark.parametrize(
    ("receipt", "expected"),
    [
        (Accepted("2.0.0 ok"), Sent("2.0.0 ok")),
        (Refused(550, "no such user"), GivenUp("550 no such user")),
        (Refused(554, "rejected"), GivenUp("554 rejected")),
        (Refused(550, "5.4.5 Daily limit"), Again(NOW + WAITS[0], "550 5.4.5 Daily limit")),
        (Refused(421, "busy"), Again(NOW + WAITS[0], "421 busy")),
        (Refused(432, "concurrent"), Again(NOW + WAITS[0], "432 concurrent")),
        (Refused(451, "greylisted"), Again(NOW + WAITS[0], "451 greylisted")),
        (Unreachable("connection refused"), Again(NOW + WAITS[0], "connection refused")),
    ],
)
def test_what_follows_from_a_receipt(receipt: Receipt, expected: object) -> None:
    """4xx and silence are for now, 5xx is for good."""
    assert expected == verdict(receipt, 1, LATER, NOW)


def test_a_letter_past_its_patience_is_given_up_with_the_last_reason() -> None:
    """The organisers are told why it never arrived."""
    assert GivenUp("451 greylisted (given up after 4 tries)") == verdict(Refused(451, "greylisted"), 4, NOW, NOW)


def test_every_kind_of_letter_has_its_patience() -> None:
    """A new kind of letter must say how long it is worth sending."""
    assert set(LetterKind) == set(PATIENCE)


def test_lost_connections_wait_longer_each_time_with_some_chance() -> None:
    """Chance spreads the waits by a quarter either way."""
    assert [reconnect_wait(1, chance) for chance in (0.0, 0.5, 1.0)] == [0.75, 1.0, 1.25]
    assert RECONNECT_WAITS[-1] == reconnect_wait(1000, 0.5)

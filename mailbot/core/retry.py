"""When to try again, and when to give up.

A refusal with 4xx, or a server that cannot be reached, is the world's trouble: the letter is tried again after the
next of the ``WAITS``, until its deadline. A refusal with 5xx is for good, but for one that speaks of a daily limit.
How long a letter is worth sending depends on its kind (``PATIENCE``). The waits of a lost connection are another,
shorter list, with chance added, so that many daemons do not come back in step; chance is drawn outside and handed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.core.model import LetterKind


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took it: from here on it is theirs."""

    reply: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no, for now (4xx) or for good (5xx)."""

    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The server could not be talked to, or fell silent; whether it took the mail is not known."""

    reason: str


Receipt = Accepted | Refused | Unreachable


WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 3, 5, 10, 15, 30, 60))
"""Between one try of a letter and the next; the last one repeats."""

DAILY_LIMIT = "5.4.5"
"""The enhanced code by which Google says that no more may be sent today: it comes with 550, and is gone tomorrow."""

PATIENCE = {
    LetterKind.CONFIRMATION: timedelta(days=3),
    LetterKind.WITHDRAWAL: timedelta(days=3),
    LetterKind.MENU: timedelta(days=3),
    LetterKind.ACKNOWLEDGEMENT: timedelta(days=2),
    LetterKind.STATUS: timedelta(days=3),
    LetterKind.EXPORT: timedelta(days=3),
    LetterKind.ERASURE: timedelta(days=3),
    LetterKind.VERIFICATION: timedelta(days=3),
    LetterKind.PROMOTION: timedelta(days=3),
    LetterKind.CHANGE: timedelta(days=3),
    LetterKind.CANCELLATION: timedelta(days=3),
    LetterKind.REMINDER: timedelta(days=1),
    LetterKind.DIGEST: timedelta(hours=20),
    LetterKind.ALARM: timedelta(days=1),
    LetterKind.APPROVAL: timedelta(days=1),
    LetterKind.DONE: timedelta(days=1),
}
"""How long after being queued a letter is still worth sending; a meeting's start may end it sooner."""

RECONNECT_WAITS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds before a lost or refused connection is tried again; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has it."""

    reply: str


@dataclass(frozen=True, slots=True)
class Again:
    """To be tried again."""

    at: datetime
    reply: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Not to be tried again."""

    reply: str


Verdict = Sent | Again | GivenUp


def verdict(receipt: Receipt, tries: int, deadline: datetime, at: datetime) -> Verdict:
    """What follows from the ``receipt`` that came at the moment ``at`` for the ``tries``-th try (1 is the first)."""
    match receipt:
        case Accepted(reply):
            return Sent(reply)
        case Refused(code, reply) if 500 <= code <= 599 and not reply.startswith(DAILY_LIMIT):
            return GivenUp(f"{code} {reply}")
        case Refused(code, reply):
            return _again(f"{code} {reply}", tries, deadline, at)
        case Unreachable(reason):
            return _again(reason, tries, deadline, at)


def _again(reply: str, tries: int, deadline: datetime, at: datetime) -> Verdict:
    moment = next_attempt(tries, deadline, at)
    return Again(moment, reply) if moment else GivenUp(f"{reply} (given up after {tries} tries)")


def next_attempt(tries: int, deadline: datetime, at: datetime) -> datetime | None:
    """When to try again after ``tries`` tries, or None where that would be past the ``deadline``."""
    moment = at + WAITS[min(tries, len(WAITS)) - 1]
    return moment if moment < deadline else None


def reconnect_wait(failures: int, chance: float) -> float:
    """Seconds to wait after ``failures`` failures in a row (1 for the first); ``chance`` from 0 to 1 spreads them."""
    return RECONNECT_WAITS[min(failures, len(RECONNECT_WAITS)) - 1] * (0.75 + chance / 2)

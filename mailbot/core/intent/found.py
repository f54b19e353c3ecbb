"""What was found in a clause: words that name meetings, or a day without one."""

from dataclasses import dataclass

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.lexicon import Cue


@dataclass(frozen=True, slots=True)
class Found:
    """Words of a clause that name meetings, or a day without one."""

    start: int
    end: int
    codes: frozenset[str]
    """The meetings it may mean; empty where there is none on that day."""
    by: str
    """``date``, ``weekday``, ``month``, ``sector``, ``theme``, ``turn``, ``hour``, ``time`` or ``order``."""
    words: str
    """The words themselves."""
    note: str = ""
    """What is to be known of it: ``wrong weekday``, ``no such date``, ``past date``, ``several``, ``other hour`` (none
    begins at it), ``relative`` (a day counted from today), ``together`` (all of its meetings are meant)."""
    kin: bool = True
    """The meetings it may mean are of one sector."""
    weight: int = 3
    """How much the words tell, from 1 (a typing error away, or loosely of a theme) to 3 (the very words)."""


def finding(clause: Clause, start: int, end: int, codes: frozenset[str], by: str, note: str = "") -> Found:
    """A finding between these places of a clause, with the words as they were written."""
    return Found(start, end, codes, by, as_written(clause, start, end), note)


def as_written(clause: Clause, start: int, end: int) -> str:
    """The words between these places, with the signs between them, on one line."""
    words = "".join(
        f"{'' if n == start else sign.replace(chr(10), ' ') or '’'}{_shown(clause, n)}"
        for n, sign in enumerate(clause.signs[start:end], start=start)
    )
    return " ".join(words.split())


def _shown(clause: Clause, at: int) -> str:
    written = clause.written[at].replace("\u2024", ".")
    return written if written.isalnum() or "." in written else clause.words[at]


def at_cue(clause: Clause, cue: Cue, codes: frozenset[str], by: str, note: str = "") -> Found:
    """A finding where a cue stands."""
    return finding(clause, cue.start, cue.end, codes, by, note)


def small_number(word: str) -> int | None:
    """A number of one or two digits, or None."""
    return int(word) if word.isdecimal() and len(word) <= 2 else None

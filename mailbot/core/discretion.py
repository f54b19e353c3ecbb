"""What logs may say: text without addresses, names of events, and rows by their numbers.

Whoever reads a log need not learn who wrote.
"""

import re
from typing import TypedDict, Unpack

_ADDRESS = re.compile(r"[^\s<>()\[\]{}\"'`:;,=/|]{1,200}@[^\s<>()\[\]{}\"'`:;,=/|@]{1,255}")
HIDDEN = "[address]"


def without_addresses(text: str) -> str:
    """The text, each mail address in it hidden."""
    return _ADDRESS.sub(HIDDEN, text) if "@" in text else text


class Rows(TypedDict, total=False):
    """What a log line may tell beside its words; none of it comes from a stranger."""

    mail: int
    letter: int
    registration: int
    meeting: str
    uid: int
    folder: str
    outcome: str
    kind: str
    limit: str
    server: str
    count: int
    wait: int


FIELDS = ("event", *Rows.__annotations__)


def event(name: str, **rows: Unpack[Rows]) -> dict[str, object]:
    """The ``extra`` of a log line: the name of the event, and what it concerns."""
    return {"event": name, **rows}

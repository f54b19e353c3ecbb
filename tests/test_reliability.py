"""The page of promises (docs/reliability.md) names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_named_in_the_promises_exists() -> None:
    """With the file, and the function in it."""
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    named = NAMED.findall(page)
    assert len(named) > 50
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists()
        or (name and name not in {getattr(node, "name", "") for node in ast.parse((ROOT / file).read_text()).body})
    ]

    assert missing == []


def test_every_promise_has_its_test() -> None:
    """No row of a table of promises or faults is without one."""
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8").partition("## What is not promised")[0]
    rows = [
        line
        for line in page.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| promise", "| fault"))
    ]

    assert [row for row in rows if not NAMED.search(row)] == []

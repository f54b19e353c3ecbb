"""The word files: in order, without repetition, and every group of use to somebody."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailbot.core.intent import lexicon, masks
from mailbot.core.intent.deeds import REQUESTS
from mailbot.core.intent.lexicon import NUMBERED, THEMES, Matcher, plain, read_shipped

WORDS = read_shipped()
FOLDER = Path(lexicon.__file__).parent / "words"
CODE = "\n".join(path.read_text("utf-8") for path in Path(lexicon.__file__).parent.glob("*.py"))
COUNTED = re.compile(r"(item|order)_\d")
"""Groups whose names the code makes."""


def lists(content: dict[str, Any], before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every plain list of words with its name."""
    for name, entries in content.items():
        if isinstance(entries, dict):
            yield from lists(entries, f"{name}.")
        elif name not in NUMBERED:
            yield f"{before}{name}", entries


ALL = [(file, name, entries) for file, content in WORDS.items() for name, entries in lists(content)]
NAMED = [pytest.param(*one, id=f"{one[0]}.{one[1]}") for one in ALL]


def covers(one: str, other: str) -> bool:
    """Whether wherever the second entry stands the first does too, over the same words."""
    ours, theirs = one.split(), other.split()
    return len(ours) == len(theirs) and all(
        mine == yours or (mine.endswith("*") and yours not in "~_" and yours.rstrip("*").startswith(mine[:-1]))
        for mine, yours in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize(("file", "name", "entries"), NAMED)
def test_a_list_is_in_order_and_says_nothing_twice(file: str, name: str, entries: list[str]) -> None:
    """Alphabetical, no entry twice, and none that another with an asterisk covers."""
    assert entries == sorted(set(entries), key=lambda entry: (entry.replace("*", ""), entry))
    if file == THEMES:
        return  # there, whole words also tell which theme a meeting is of
    stars = [entry for entry in entries if "*" in entry]
    assert [(one, other) for one in stars for other in entries if one != other and covers(one, other)] == []


@pytest.mark.parametrize(("file", "name", "entries"), NAMED)
def test_an_entry_is_written_as_it_is_compared(file: str, name: str, entries: list[str]) -> None:
    """Lower case, no accents, no signs but the asterisk, the gap and the blank for any word."""
    for entry in entries:
        words = entry.split()
        assert words, f"{file}.{name} has an empty entry"
        assert all(word in ("~", "_") or plain(word.rstrip("*")) == word.rstrip("*") for word in words), entry
        assert words[0] not in ("~", "_"), entry


def test_the_counted_lists_have_their_number() -> None:
    """Seven weekdays, twelve months, thirty-one days."""
    for content in WORDS.values():
        for name in NUMBERED.keys() & content.keys():
            assert len(content[name]) <= NUMBERED[name]
            assert name not in ("weekdays", "months") or len(content[name]) == NUMBERED[name]


def used() -> set[str]:
    """Every name that the code gives in words."""
    lists_of_names = re.findall(r'"([a-z_0-9 ]+)"(?:\.split)?', CODE)
    return {name for names in lists_of_names for name in names.split()}


def test_every_group_is_read_by_the_code() -> None:
    """A list that nobody reads misleads whoever adds to it."""
    groups = {name for file, name, _ in ALL if file != THEMES} | set(NUMBERED)
    assert {group for group in groups if not COUNTED.fullmatch(group)} - used() - {"stop"} == set()


def test_every_group_that_the_code_reads_is_there() -> None:
    """A group without words is a rule that never holds."""
    groups = {name for file, name, _ in ALL if file != THEMES}
    asked = {
        name
        for call in re.findall(r"\.(?:has|spans|begins)\(([^()]*)\)", CODE)
        for name in re.findall(r'"([a-z_0-9]+)"', call)
    }
    masked = {*masks.MASKS, *(group for hidden in masks.MASKS.values() for group in hidden)}
    assert (asked | masked | REQUESTS.keys()) - groups == set()


def test_every_wide_theme_is_a_theme() -> None:
    """A line under [heads] is about a list above it."""
    assert WORDS[THEMES]["heads"].keys() <= WORDS[THEMES].keys()


@pytest.mark.parametrize("file", WORDS)
def test_every_list_is_explained_and_fits_the_screen(file: str) -> None:
    """A comment above each list of the Italian, the English and the themes; no line over 120 characters."""
    lines = (FOLDER / f"{file}.toml").read_text("utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []
    if file == "others":
        return
    until = lines.index("[heads]") if file == THEMES else len(lines)
    for number, line in enumerate(lines[:until]):
        if re.match(r"[a-z_0-9]+ = \[", line):
            assert lines[number - 1].startswith("# "), f"{line} has no comment"


@pytest.mark.parametrize(
    ("entry", "text", "ends"),
    [
        ("iscriv*", "ci iscriviamo domani", [2]),
        ("mi segno", "mi segno", [2]),
        ("mi segno", "mi segna", []),
        ("perso ~ link", "perso il vostro link", [4]),
        ("perso ~ link", "perso uno due tre quattro link", []),
        ("il _ turno", "il primo turno", [3]),
        ("senz altro", "senz'altro", [2]),
    ],
)
def test_an_entry_is_found(entry: str, text: str, ends: list[int]) -> None:
    """An asterisk stands for any ending, ``~`` for three words at most, ``_`` for one."""
    cues = Matcher({"group": [entry]}).find(plain(text).split())
    assert [cue.end for cue in cues] == ends


def test_no_entry_reaches_across_a_comma() -> None:
    """A wall parts what stands on its sides."""
    matcher = Matcher({"group": ["mi segno", "perso ~ link"]})
    assert matcher.find(["mi", "segno"], frozenset({1})) == []
    assert matcher.find(["perso", "il", "link"], frozenset({2})) == []

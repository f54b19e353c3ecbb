"""The words of each language, from ``words/*.toml``, made ready for looking up.

The TOML is for people who know the language and no Python; ``words/it.toml`` says how an entry is written. Here each
group of entries becomes one matcher over a text's *plain form*: lower case, no accents, apostrophes and signs as
blanks, one blank between words. A matcher is a single pattern without nested repetition, so that it takes time in
proportion to the text.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mailbot.core.model import Language

LANGUAGES: tuple[Language, ...] = ("it", "en")
_SIGNS = re.compile(r"[^a-z0-9]+")
_GAP = r"(?: \w+){0,3}?"
"""What ``~`` stands for in an entry: at most three words."""


def plain(text: str) -> str:
    """The plain form of a text."""
    lowered = text.lower().replace("ß", "ss")
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode("ascii")
    return _SIGNS.sub(" ", lowered).strip()


def pattern(entries: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all of these entries; the longest that fits wins."""
    written = sorted({_one(entry) for entry in entries if entry.strip()}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)" if written else r"(?!)")


def _one(entry: str) -> str:
    words = []
    for word in entry.split():
        if word == "~":
            words.append(_GAP)
        elif word == "_":
            words.append(r" \w+")
        else:
            stem = plain(word.rstrip("*"))
            words.append(" " + re.escape(stem) + (r"\w*" if word.endswith("*") else ""))
    return "".join(words).removeprefix(" ").replace(r"\ ", " ")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything the reader knows of words."""

    groups: Mapping[str, re.Pattern[str]]
    """By the name of the group, such as ``join``: both languages together, since people mix them."""
    weekdays: Mapping[str, int]
    """By word: 0 is Monday."""
    months: Mapping[str, int]
    day_words: Mapping[str, int]
    turns: tuple[re.Pattern[str], ...]
    themes: Mapping[str, tuple[str, ...]]
    stop_words: Mapping[Language, frozenset[str]]
    before_day: frozenset[str]
    before_other: frozenset[str]
    after_other: frozenset[str]

    def __hash__(self) -> int:
        """By identity: there are as many lexicons as configurations."""
        return id(self)


_LISTS_OF_LISTS = ("weekdays", "months", "turns")
_WORD_SETS = ("days_in_words", "before_day", "before_other", "after_other", "stop")


def build(words: Mapping[Language, Mapping[str, Any]], themes: Mapping[str, Iterable[str]]) -> Lexicon:
    """A lexicon of parsed word files, by language, and of parsed themes."""
    names = {name for groups in words.values() for name in groups} - {*_LISTS_OF_LISTS, *_WORD_SETS}
    return Lexicon(
        groups={name: pattern(e for groups in words.values() for e in groups.get(name, ())) for name in names},
        weekdays=_numbered(words, "weekdays", 0),
        months=_numbered(words, "months", 1),
        day_words={
            plain(word): number
            for groups in words.values()
            for number, word in enumerate(groups.get("days_in_words", ()), start=1)
        },
        turns=tuple(
            pattern(e for groups in words.values() for e in (groups.get("turns", [])[n : n + 1] or [[]])[0])
            for n in range(max(len(groups.get("turns", ())) for groups in words.values()))
        ),
        themes={name: tuple(entries) for name, entries in themes.items()},
        stop_words={language: frozenset(groups.get("stop", ())) for language, groups in words.items()},
        before_day=_set(words, "before_day"),
        before_other=_set(words, "before_other"),
        after_other=_set(words, "after_other"),
    )


def _numbered(words: Mapping[Language, Mapping[str, Any]], name: str, first: int) -> dict[str, int]:
    return {
        plain(word): number
        for groups in words.values()
        for number, several in enumerate(groups.get(name, ()), start=first)
        for word in several
    }


def _set(words: Mapping[Language, Mapping[str, Any]], name: str) -> frozenset[str]:
    return frozenset(plain(entry) for groups in words.values() for entry in groups.get(name, ()))


@lru_cache(maxsize=1)
def shipped() -> Lexicon:
    """The lexicon that comes with the program."""
    folder = files("mailbot.core.intent") / "words"

    def read(name: str) -> dict[str, Any]:
        return tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))

    return build({language: read(language) for language in LANGUAGES}, read("themes"))

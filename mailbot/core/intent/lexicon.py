"""The words of each language, from ``words/*.toml``, made ready for looking up.

The TOML is for people who know the language and no Python; ``words/it.toml`` says how an entry is written. An entry
belongs to a *group*, such as ``join``, and where its words stand in a sentence there is a *cue* of that group. All
groups of all languages are looked for together, word by word, since people mix languages; the time it takes grows
with the text and with nothing else. Words are compared in their *plain form*: lower case, no accents, apostrophes and
signs as blanks.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mailbot.core.model import Language

FILES = ("it", "en", "others")
"""The word files; the language of a letter can be that of the first two alone."""
THEMES = "themes"
"""The file of kinds of associations and what they do."""
LANGUAGES: tuple[Language, ...] = ("it", "en")
_SIGNS = re.compile(r"[^a-z0-9]+")
_GAP = "~"
_ANY = "_"
MOST_REMEMBERED = 4096
"""Words for which it is remembered what may begin with them."""
MOST_GAP = 3
"""Words that ``~`` stands for, at most."""


def plain(text: str) -> str:
    """The plain form of a text."""
    lowered = text.lower().replace("ß", "ss")
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode("ascii")
    return _SIGNS.sub(" ", lowered).strip()


@dataclass(frozen=True, slots=True)
class Cue:
    """A place in a sentence where the words of a group stand."""

    start: int
    """The first of its words, counted from 0."""
    end: int
    """One behind the last."""
    group: str


@dataclass(frozen=True, slots=True)
class _Entry:
    group: str
    rest: tuple[str, ...]
    """The words behind the first, ``*`` and gaps included."""


@dataclass(frozen=True, slots=True)
class _Start:
    """All that may begin with a word."""

    alone: tuple[str, ...]
    """The groups of the word by itself."""
    followed: Mapping[str, Sequence[_Entry]]
    """Entries of more words, by the second, where that is a whole word."""
    gapped: Mapping[str, Sequence[_Entry]]
    """Entries whose first word a gap follows, by the word behind it, where that is a whole word."""
    others: Sequence[_Entry]


class Matcher:
    """Finds the entries of many groups in one pass over the words of a sentence."""

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        """Takes the entries by group."""
        self._whole: dict[str, list[_Entry]] = defaultdict(list)
        self._begun: dict[str, list[_Entry]] = defaultdict(list)
        for group, entries in groups.items():
            for written in entries:
                first, *rest = _words(written)
                begun = first.endswith("*")
                (self._begun if begun else self._whole)[first.rstrip("*")].append(_Entry(group, tuple(rest)))
        self._shortest = min(map(len, self._begun), default=0)
        self._from = lru_cache(MOST_REMEMBERED)(self._look_up)

    def find(self, words: Sequence[str], walls: frozenset[int] = frozenset()) -> list[Cue]:
        """The cues among ``words``, in order, the longest of each group at each place.

        ``walls`` are the places behind which a new part begins (a comma, a bracket): no entry reaches across one.
        """
        cues: list[Cue] = []
        last = len(words) - 1
        for at, word in enumerate(words):
            start = self._from(word)
            if start is None:
                continue
            best = dict.fromkeys(start.alone, at + 1)
            if at < last and at + 1 not in walls:
                beyond = [e for w in {*words[at + 1 : at + 2 + MOST_GAP]} for e in start.gapped.get(w, ())]
                for entry in (*start.followed.get(words[at + 1], ()), *beyond, *start.others):
                    end = _reach(entry.rest, words, at + 1, walls)
                    if end > best.get(entry.group, 0):
                        best[entry.group] = end
            cues += [Cue(at, end, group) for group, end in best.items()]
        return cues

    def _look_up(self, word: str) -> _Start | None:
        """What may begin with this word. Remembered, since people use few words."""
        alone: dict[str, None] = {}
        followed: dict[str, list[_Entry]] = defaultdict(list)
        gapped: dict[str, list[_Entry]] = defaultdict(list)
        others: list[_Entry] = []
        for entry in self._entries(word):
            if not entry.rest:
                alone[entry.group] = None
            elif _is_whole(entry.rest[0]):
                followed[entry.rest[0]].append(entry)
            elif entry.rest[0] == _GAP and _is_whole(entry.rest[1]):
                gapped[entry.rest[1]].append(entry)
            else:
                others.append(entry)
        found = alone or followed or gapped or others
        return _Start(tuple(alone), followed, gapped, others) if found else None

    def _entries(self, word: str) -> Iterator[_Entry]:
        yield from self._whole.get(word, ())
        for length in range(self._shortest, len(word) + 1):
            yield from self._begun.get(word[:length], ())


def _is_whole(word: str) -> bool:
    return word not in (_GAP, _ANY) and not word.endswith("*")


def _words(written: str) -> list[str]:
    words: list[str] = []
    for word in written.split():
        if word in (_GAP, _ANY):
            words.append(word)
        else:
            pieces = plain(word.rstrip("*")).split()
            words += [*pieces[:-1], pieces[-1] + ("*" if word.endswith("*") else "")]
    return words


def _reach(rest: Sequence[str], words: Sequence[str], at: int, walls: frozenset[int]) -> int:
    """Where the entry ends if its ``rest`` stands at ``at``; 0 where it does not."""
    if not rest:
        return at
    if at >= len(words) or at in walls:
        return 0
    want, behind = rest[0], rest[1:]
    if want == _GAP:
        for skipped in range(MOST_GAP + 1):
            if end := _reach(behind, words, at + skipped, walls):
                return end
            if at + skipped in walls:
                break
        return 0
    fits = want == _ANY or (words[at].startswith(want[:-1]) if want.endswith("*") else words[at] == want)
    return _reach(behind, words, at + 1, walls) if fits else 0


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Everything the reader knows of words. Compared by identity: there are as many as configurations."""

    matcher: Matcher
    weekdays: Mapping[str, int]
    """By word: 0 is Monday."""
    months: Mapping[str, int]
    day_words: Mapping[str, int]
    hour_words: Mapping[str, int]
    sets: Mapping[str, frozenset[str]]
    """Plain sets of words or short phrases, by name."""
    themes: Mapping[str, tuple[str, ...]]
    heads: Mapping[str, tuple[str, ...]]
    """Of wide themes: the words that make a meeting one of the whole theme."""
    stop_words: Mapping[Language, frozenset[str]]


NUMBERED = {"weekdays": 7, "months": 12, "days_in_words": 31, "hours_in_words": 24}
"""The groups whose entries are counted: a list each, and how many there are."""
_SETS = ("before_day", "before_other", "after_other", "small", "common", "past", "greeting", "street")


def build(words: Mapping[str, Mapping[str, Any]], themes: Mapping[str, Any]) -> Lexicon:
    """A lexicon of parsed word files, by file name, and of parsed themes."""
    apart = {*NUMBERED, *_SETS, "stop"}
    groups: dict[str, list[str]] = defaultdict(list)
    for of_file in words.values():
        for name, entries in of_file.items():
            if name not in apart:
                groups[name] += entries
    return Lexicon(
        matcher=Matcher(groups),
        weekdays=_numbered(words, "weekdays", 0),
        months=_numbered(words, "months", 1),
        day_words=_numbered(words, "days_in_words", 1),
        hour_words=_numbered(words, "hours_in_words", 1),
        sets={name: _set(words, name) for name in _SETS},
        themes={name: tuple(entries) for name, entries in themes.items() if name != "heads"},
        heads={name: tuple(entries) for name, entries in themes.get("heads", {}).items()},
        stop_words={language: frozenset(words[language].get("stop", ())) for language in LANGUAGES},
    )


def _numbered(words: Mapping[str, Mapping[str, Any]], name: str, first: int) -> dict[str, int]:
    return {
        plain(word): number
        for of_file in words.values()
        for number, several in enumerate(of_file.get(name, ()), start=first)
        for word in several
    }


def _set(words: Mapping[str, Mapping[str, Any]], name: str) -> frozenset[str]:
    return frozenset(plain(entry) for of_file in words.values() for entry in of_file.get(name, ()))


def read_shipped() -> dict[str, dict[str, Any]]:
    """The word files that come with the program, parsed, by name."""
    folder = files("mailbot.core.intent") / "words"
    return {name: tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in (*FILES, THEMES)}


@lru_cache(maxsize=1)
def shipped() -> Lexicon:
    """The lexicon that comes with the program."""
    words = read_shipped()
    return build(words, words.pop(THEMES))

"""Words of the sysadmin's own beside those shipped: proved, and merged with them.

A folder beside the configuration may hold ``it.toml``, ``en.toml`` and ``themes.toml`` in the form of the shipped
files, with as few groups as wanted. Their entries are added to those shipped. Every mistake is a sentence that names
file and key and says what to do; where there is any, nothing of the folder counts.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from mailbot.core.intent.lexicon import NUMBERED, THEMES, Lexicon, build, plain, read_shipped

NAMES = ("it", "en", THEMES)
"""The files that a folder may hold, each with ``.toml`` behind it."""


def extended(texts: Mapping[str, str]) -> Lexicon:
    """The shipped words with these files, by name, added.

    Raises:
        ValueError: there are mistakes; the message has them, one a line.
    """
    faults = list(problems(texts))
    if faults:
        raise ValueError("\n".join(faults))
    words = read_shipped()
    for name, text in texts.items():
        words[name] = _merged(words[name], tomllib.loads(text))
    return build(words, words.pop(THEMES))


def problems(texts: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with these files, by name; nothing where all are well."""
    known = {group for name, groups in read_shipped().items() if name != THEMES for group in groups}
    for name, text in texts.items():
        if name not in NAMES:
            yield f"{name}.toml: no such file of words; use {', '.join(f'{n}.toml' for n in NAMES)}"
            continue
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            yield f"{name}.toml: is not valid TOML: {error}"
            continue
        if name == THEMES:
            yield from _in_themes(content)
        else:
            yield from _in_words(name, content, known)


def _in_words(name: str, content: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for group, entries in content.items():
        where = f"{name}.toml, {group}"
        if group not in known:
            near = difflib.get_close_matches(group, known, n=1)
            mend = f"do you mean {near[0]!r}?" if near else "docs/reading.md names those there are"
            yield f"{where}: no such group of words; {mend}"
        elif group in NUMBERED:
            most = NUMBERED[group]
            rows = entries if isinstance(entries, list) else [entries]
            if len(rows) > most or not all(isinstance(row, list) for row in rows):
                yield f"{where}: must be a list of at most {most} lists, in order; write [] for one that stays as it is"
            else:
                for row in rows:
                    yield from _entries(where, row)
        else:
            yield from _entries(where, entries)


def _in_themes(content: Mapping[str, Any]) -> Iterator[str]:
    heads = content.get("heads", {})
    if not isinstance(heads, dict):
        yield f"{THEMES}.toml, heads: must be a table, [heads], with a list for each wide theme"
        return
    for theme, entries in content.items():
        if theme != "heads":
            yield from _entries(f"{THEMES}.toml, {theme}", entries)
    themes = {*read_shipped()[THEMES], *content} - {"heads"}
    for theme, entries in heads.items():
        if theme not in themes:
            yield f"{THEMES}.toml, heads.{theme}: no such theme; add {theme} = [...] above [heads]"
        yield from _entries(f"{THEMES}.toml, heads.{theme}", entries)


def _entries(where: str, entries: object) -> Iterator[str]:
    """The mistakes in one list of words."""
    if not isinstance(entries, list):
        yield f'{where}: must be a list of words, ["one", "another"]'
        return
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str):
            yield f"{where}: entry {number} is {entry!r}; put words between quotation marks"
        elif not entry.split() or not all(word in ("~", "_") or plain(word) for word in entry.split()):
            yield f"{where}: entry {number}, {entry!r}, has no letters; write words, or take it out"
        elif not plain(entry.split()[0]) or entry.split()[-1] in ("~", "_"):
            yield f"{where}: entry {number}, {entry!r}, must begin and end with a word rather than with ~ or _"
        elif "*" in entry.replace("* ", " ").removesuffix("*") or (len(plain(entry.split()[0])) < 2 and "*" in entry):
            yield f"{where}: entry {number}, {entry!r}: an asterisk stands at the end of a word of two letters or more"


def _merged(shipped: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(shipped)
    for name, entries in own.items():
        before = merged.get(name)
        if isinstance(entries, dict):
            merged[name] = _merged(before or {}, entries)
        elif name in NUMBERED and before:
            rows = [*entries, *([[]] * (len(before) - len(entries)))]
            merged[name] = [[*old, *new] for old, new in zip(before, rows, strict=False)]
        else:
            merged[name] = [*(before or ()), *entries]
    return merged

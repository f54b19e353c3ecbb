"""Which meetings a word speaks of: by the series' own words, and by themes.

The words of a meeting's title, sector and keywords are its own, as far as no other sector shares them. Around them
lie the themes of ``words/themes.toml``: a meeting belongs to a theme if one of its own words does, and then every word
of the theme speaks of it. So "judo" finds the meeting of the sports clubs whether or not its keywords say judo, and a
series whose sectors are in no theme works on its own words. Words are compared by stem, since Italian and English
inflect at the end; long ones are known with one letter wrong.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from mailbot.core.intent.dates import Found
from mailbot.core.intent.lexicon import Lexicon, plain
from mailbot.core.intent.small import COMMON, SMALL
from mailbot.core.model import Series

LONGEST_ENDING = 3
"""Letters by which two words of one stem may differ."""
SHORTEST_STEM = 4
SHORTEST_TYPO = 7
"""Letters that a word needs to be known with one of them wrong."""


def stem(word: str) -> str:
    """A word without its ending: "sportive" and "sportivo", "biblioteche" and "biblioteca" have one stem."""
    bare = word.rstrip("aeiou") if len(word) > 3 else word
    bare = bare if len(bare) >= 3 else word
    if bare.endswith("s") and len(bare) > 4 and not bare.endswith("ss"):
        bare = bare[:-1].rstrip("e") if len(bare) > 5 else bare[:-1]
    return bare.removesuffix("h") if bare.endswith(("ch", "gh")) and len(bare) > 4 else bare


def _alike(one: str, other: str) -> bool:
    """Whether two stems are of one word."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTEST_STEM and len(long) - len(short) <= LONGEST_ENDING and long.startswith(short)


Prefixes = tuple[tuple[str, frozenset[str]], ...]
Phrases = tuple[tuple[re.Pattern[str], frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Sectors:
    """A series' words, ready for looking up."""

    words: dict[str, frozenset[str]]
    """Stem of a single word → the meetings it speaks of."""
    phrases: tuple[tuple[tuple[str, ...], frozenset[str]], ...]
    """Stems that stand together, in order, within a few words."""
    themes: dict[str, frozenset[str]]
    """Stem, or word with an asterisk's prefix, of a theme → the meetings of the theme."""
    theme_phrases: tuple[tuple[re.Pattern[str], frozenset[str]], ...]
    prefixes: tuple[tuple[str, frozenset[str]], ...]
    long: tuple[str, ...]
    """Stems that are long enough to be known with a letter wrong."""


@lru_cache(maxsize=16)
def index(series: Series, lexicon: Lexicon) -> Sectors:
    """The words of a series. Made once for each, because series are frozen."""
    groups: dict[str, list[str]] = defaultdict(list)
    for meeting in series.meetings:
        groups[plain(meeting.sector)].append(meeting.code)
    own: dict[str, set[str]] = defaultdict(set)
    phrases: list[tuple[tuple[str, ...], str]] = []
    for meeting in series.meetings:
        group = plain(meeting.sector)
        for text in (meeting.sector, meeting.title):
            for word in _telling(text):
                own[stem(word)].add(group)
        for keyword in meeting.keywords:
            telling = _telling(keyword, keep_common=True)
            if len(telling) == 1:
                own[stem(telling[0])].add(group)
            elif telling:
                phrases.append((tuple(map(stem, telling)), group))
    codes = {group: frozenset(members) for group, members in groups.items()}
    words = {word: codes[next(iter(of))] for word, of in own.items() if len(of) == 1}
    by_theme = _themes(own, phrases, lexicon)
    theme_words, prefixes, theme_phrases = _theme_entries(by_theme, codes, lexicon)
    return Sectors(
        words=words,
        phrases=tuple((stems, codes[group]) for stems, group in phrases),
        themes=theme_words,
        theme_phrases=theme_phrases,
        prefixes=prefixes,
        long=tuple(word for word in words if len(word) >= SHORTEST_TYPO - 1),
    )


def _telling(text: str, *, keep_common: bool = False) -> list[str]:
    """The words of a name that may tell one sector from another."""
    words = [word for word in plain(text).split() if word not in SMALL and len(word) > 2]
    kept = [word for word in words if word not in COMMON]
    return words if keep_common and len(words) > 1 else kept


def _themes(
    own: dict[str, set[str]], phrases: list[tuple[tuple[str, ...], str]], lexicon: Lexicon
) -> dict[str, set[str]]:
    """The sectors of each theme: those with a word of their own in it."""
    found: dict[str, set[str]] = defaultdict(set)
    for theme, entries in lexicon.themes.items():
        for entry in entries:
            stems = tuple(stem(plain(word.rstrip("*"))) for word in entry.split())
            if len(stems) > 1:
                found[theme] |= {group for phrase, group in phrases if phrase == stems}
            else:
                of_one = ((word, of) for word, of in own.items() if len(of) == 1)
                found[theme] |= {group for word, of in of_one if _is_entry(word, entry, stems[0]) for group in of}
    return found


def _is_entry(word: str, entry: str, entry_stem: str) -> bool:
    """Whether a stem of the series is this entry of a theme; looser comparison would join sport and patience."""
    return word == entry_stem or (entry.endswith("*") and word.startswith(plain(entry[:-1])))


def _theme_entries(
    by_theme: dict[str, set[str]], codes: dict[str, frozenset[str]], lexicon: Lexicon
) -> tuple[
    dict[str, frozenset[str]],
    tuple[tuple[str, frozenset[str]], ...],
    tuple[tuple[re.Pattern[str], frozenset[str]], ...],
]:
    words: dict[str, frozenset[str]] = {}
    prefixes: list[tuple[str, frozenset[str]]] = []
    phrases: list[tuple[re.Pattern[str], frozenset[str]]] = []
    for theme, of in by_theme.items():
        meetings = frozenset().union(*(codes[group] for group in of))
        for entry in lexicon.themes[theme]:
            if " " in entry:
                key = r"\s".join(
                    re.escape(plain(w.rstrip("*"))) + (r"\w*" if w.endswith("*") else "") for w in entry.split()
                )
                phrases.append((re.compile(rf"(?<!\w){key}(?!\w)"), meetings))
            elif entry.endswith("*"):
                prefixes.append((plain(entry[:-1]), meetings))
            else:
                words[plain(entry)] = words.get(plain(entry), frozenset()) | meetings
    return words, tuple(prefixes), tuple(phrases)


def find(text: str, sectors: Sectors, lexicon: Lexicon) -> list[Found]:
    """The sectors that a plain text speaks of, by their place in it; a series' own words before themes."""
    hidden = lexicon.groups["idioms"].sub(lambda match: "#" * len(match[0]), text)
    tokens = [(match.start(), match.end(), match[0]) for match in re.finditer(r"\w+", hidden)]
    stems = [stem(word) for _, _, word in tokens]
    found = [*_phrases(tokens, stems, sectors)]
    for phrase, codes in sectors.theme_phrases:
        found += [Found(m.start(), m.end(), codes, "theme", m[0]) for m in phrase.finditer(hidden)]
    for (start, end, word), bare in zip(tokens, stems, strict=True):
        if word in SMALL or any(start >= f.start and end <= f.end for f in found):
            continue
        if codes := _own(word, bare, sectors):
            found.append(Found(start, end, codes, "sector", word))
        elif codes := _by_theme(word, sectors):
            found.append(Found(start, end, codes, "theme", word))
    return sorted(found, key=lambda item: item.start)


def _phrases(tokens: list[tuple[int, int, str]], stems: list[str], sectors: Sectors) -> Iterable[Found]:
    for phrase, codes in sectors.phrases:
        for at, bare in enumerate(stems):
            if bare != phrase[0]:
                continue
            place = at
            for part in phrase[1:]:
                place = next((n for n in range(place + 1, min(place + 4, len(stems))) if stems[n] == part), -1)
                if place < 0:
                    break
            if place > at or (place == at and len(phrase) == 1):
                start, end = tokens[at][0], tokens[place][1]
                yield Found(start, end, codes, "sector", " ".join(token[2] for token in tokens[at : place + 1]))


def _own(word: str, bare: str, sectors: Sectors) -> frozenset[str]:
    if bare in sectors.words:
        return sectors.words[bare]
    if len(word) < SHORTEST_STEM + 1 or word in COMMON:
        return frozenset()
    near = [codes for other, codes in sectors.words.items() if _alike(bare, other)]
    if not near and len(word) >= SHORTEST_TYPO:
        near = [
            sectors.words[other]
            for other in sectors.long
            if other[0] == bare[0] and DamerauLevenshtein.distance(bare, other, score_cutoff=1) <= 1
        ]
    return near[0] if near and all(codes == near[0] for codes in near) else frozenset()


def _by_theme(word: str, sectors: Sectors) -> frozenset[str]:
    found = sectors.themes.get(word, frozenset())
    for prefix, codes in sectors.prefixes:
        if word.startswith(prefix):
            found |= codes
    return found

"""Which meetings a word speaks of: by the series' own words, and by themes.

The words of a meeting's title, sector and keywords are its own. Around them lie the themes of ``words/themes.toml``: a
meeting belongs to a theme if one of its own words does, and then every word of the theme speaks of it, less surely. So
"judo" finds the meeting of the sports clubs whether or not its keywords say judo, and a series whose sectors are in no
theme works on its own words. Meetings whose sectors differ in their turn alone ("primo turno", "mattina") are of one
sector. Words are compared by stem, since Italian and English inflect at the end; long ones are known with a letter or
two wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.found import Found
from mailbot.core.intent.lexicon import Lexicon, Matcher, plain
from mailbot.core.model import Series

SHORTEST_STEM = 4
SHORTEST_TYPO = 7
"""Letters that a word needs to be known with one of them wrong."""
SURE, LIKELY, LOOSE = 3, 2, 1
"""The weights of a meeting's own words, of its themes' words, and of words that are only near."""

Codes = frozenset[str]
Phrase = tuple[tuple[str, ...], Codes]
"""Stems, and the meetings that they speak of."""


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without its ending: "sportive" and "sportivo", "biblioteche" and "biblioteca" have one stem."""
    for ending in ("ings", "ing", "ers", "er"):
        if len(word) >= 8 and word.endswith(ending):
            return word.removesuffix(ending)
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
    if len(short) < SHORTEST_STEM or not long.startswith(short):
        return False
    # The longer the common beginning, the longer the ending it may carry.
    return len(long) - len(short) <= (1 if len(short) < 5 else 2 if len(short) < 7 else 3)


@dataclass(frozen=True, slots=True, eq=False)
class Sectors:
    """A series' words, ready for looking up."""

    words: dict[str, Codes]
    """Stem of a single word → the meetings it speaks of."""
    phrases: dict[str, tuple[Phrase, ...]]
    """Stems that stand together, in order, within a few words; by the first of them."""
    themes: Matcher
    """The words of the themes; a cue's group is the theme."""
    of_theme: dict[str, tuple[Codes, int]]
    """The meetings of each theme, and how surely they belong to it."""
    kin: tuple[Codes, ...]
    """The meetings of each sector."""
    long: tuple[str, ...]
    """Stems that are long enough to be known with a letter wrong."""
    common: frozenset[str]
    small: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Own:
    """A meeting's own word or phrase."""

    stems: tuple[str, ...]
    group: str
    in_sector: bool
    """Of the sector or title, rather than a keyword."""


@lru_cache(maxsize=16)
def index(series: Series, lexicon: Lexicon) -> Sectors:
    """The words of a series. Made once for each, because series are frozen."""
    small, common = lexicon.sets["small"], lexicon.sets["common"]
    groups: dict[str, set[str]] = defaultdict(set)
    own: list[_Own] = []
    for meeting in series.meetings:
        telling = _telling(meeting.sector, small, common)
        group = " ".join(telling) or plain(meeting.sector)
        groups[group].add(meeting.code)
        own += [_Own((stem(word),), group, True) for word in (*telling, *_telling(meeting.title, small, common))]
        for keyword in meeting.keywords:
            words = _telling(keyword, small, frozenset()) or plain(keyword).split()
            if len(words) > 1 or (words and words[0] not in common):
                own.append(_Own(tuple(map(stem, words)), group, False))
    codes = {group: frozenset(members) for group, members in groups.items()}
    return Sectors(
        words=_words(own, codes),
        phrases=_by_first((o.stems, codes[o.group]) for o in own if len(o.stems) > 1),
        themes=_themes(lexicon),
        of_theme=_of_theme(own, codes, lexicon),
        kin=tuple(codes.values()),
        long=tuple({o.stems[0] for o in own if len(o.stems) == 1 and len(o.stems[0]) >= SHORTEST_TYPO - 1}),
        common=common,
        small=small,
    )


@lru_cache(maxsize=16)
def _themes(lexicon: Lexicon) -> Matcher:
    """The words of the themes, which are the same for every series."""
    return Matcher(lexicon.themes)


def _by_first(phrases: Iterable[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, list[Phrase]] = defaultdict(list)
    for phrase, codes in dict.fromkeys(phrases):
        found[phrase[0]].append((phrase, codes))
    return {first: tuple(of) for first, of in found.items()}


def _telling(text: str, small: frozenset[str], common: frozenset[str]) -> list[str]:
    """The words of a name that may tell one sector from another."""
    return [word for word in plain(text).split() if word not in small and word not in common and len(word) > 2]


def _words(own: Sequence[_Own], codes: dict[str, Codes]) -> dict[str, Codes]:
    """Single words; one that several sectors share speaks of all of them, one that most share of none."""
    sharing: dict[str, set[str]] = defaultdict(set)
    for one in own:
        if len(one.stems) == 1:
            sharing[one.stems[0]].add(one.group)
    most = max(1, min(3, len(codes) // 2))
    return {word: frozenset().union(*(codes[group] for group in of)) for word, of in sharing.items() if len(of) <= most}


def _of_theme(own: Sequence[_Own], codes: dict[str, Codes], lexicon: Lexicon) -> dict[str, tuple[Codes, int]]:
    """The meetings of each theme: those of the sectors that have most of their own words in it."""
    found: dict[str, tuple[Codes, int]] = {}
    for theme, entries in lexicon.themes.items():
        within = [one for one in set(own) if _is_of(one, entries)]
        ties: Counter[str] = Counter()
        for one in within:
            ties[one.group] += 2 if one.in_sector else 1
        if theme in lexicon.heads:
            led = {one.group for one in own if _is_of(one, lexicon.heads[theme])}
            ties = Counter({group: count for group, count in ties.items() if group in led})
        if ties:
            top = max(ties.values())
            best = [group for group, count in ties.items() if 2 * count > top]
            found[theme] = (frozenset().union(*(codes[g] for g in best)), LIKELY if top > 1 else LOOSE)
    return found


def _is_of(one: _Own, entries: tuple[str, ...]) -> bool:
    """Whether a meeting's own word is one of these entries."""
    exact, begun = _forms(entries)
    return one.stems in exact or (len(one.stems) == 1 and one.stems[0].startswith(begun))


@lru_cache(maxsize=256)
def _forms(entries: tuple[str, ...]) -> tuple[frozenset[tuple[str, ...]], tuple[str, ...]]:
    """The stems of whole entries, and the beginnings of those with an asterisk."""
    exact = frozenset(tuple(stem(plain(word)) for word in entry.split()) for entry in entries if "*" not in entry)
    return exact, tuple(plain(entry[:-1]) for entry in entries if entry.endswith("*") and " " not in entry)


def find(clause: Clause, sectors: Sectors) -> list[Found]:
    """The words of a clause that speak of meetings by what they are about, in order."""
    hiding = clause.spans("idioms", "greets", "elsewhere", "join", "leave", "held", "wish_question")
    hidden = {at for cue in hiding for at in range(cue.start, cue.end)}
    words = tuple("" if at in hidden else word for at, word in enumerate(clause.words))
    stems = tuple(stem(word) for word in words)
    found = list(_phrases(clause, stems, sectors))
    taken = {at for item in found for at in range(item.start, item.end)}
    cues = sorted(sectors.themes.find(words), key=lambda cue: cue.start - cue.end)
    for cue in cues:
        # A phrase of a theme before single words: "arti marziali" are no "arte".
        codes, weight = sectors.of_theme.get(cue.group, (frozenset(), 0))
        if cue.end - cue.start > 1 and not taken & set(range(cue.start, cue.end)):
            taken |= set(range(cue.start, cue.end))
            found += [_named(clause, cue.start, cue.end, codes, "theme", weight)] if codes else []
    for at, word in enumerate(words):
        if at in taken or word in sectors.small or len(word) < 3:
            continue
        codes, weight = _own(word, stems[at], sectors)
        if codes:
            taken.add(at)
            item = _named(clause, at, at + 1, codes, "sector", weight)
            found.append(replace(item, kin=any(codes <= kin for kin in sectors.kin)))
    for cue in cues:
        codes, weight = sectors.of_theme.get(cue.group, (frozenset(), 0))
        if cue.end - cue.start == 1 and codes and not taken & set(range(cue.start, cue.end)):
            found.append(_named(clause, cue.start, cue.end, codes, "theme", weight))
    return _merged(found)


def _merged(found: list[Found]) -> list[Found]:
    """In order; where several themes share words, those that say the same are one and the surer come first."""
    at_place: dict[tuple[int, int], Found] = {}
    furthest = 0
    for item in sorted(found, key=lambda f: (f.start, -(f.end - f.start), -f.weight)):
        place = (item.start, item.end)
        if place in at_place:
            before = at_place[place]
            if item.weight == before.weight:
                at_place[place] = replace(before, codes=before.codes | item.codes)
        elif item.end > furthest:  # else it lies within one that begins before it
            at_place[place] = item
            furthest = item.end
    return list(at_place.values())


def _named(clause: Clause, start: int, end: int, codes: Codes, by: str, weight: int) -> Found:
    return Found(start, end, codes, by, " ".join(clause.words[start:end]), weight=weight)


def _phrases(clause: Clause, stems: tuple[str, ...], sectors: Sectors) -> Iterator[Found]:
    for at, bare in enumerate(stems):
        for phrase, codes in sectors.phrases.get(bare, ()):
            place = at
            for part in phrase[1:]:
                place = next((n for n in range(place + 1, min(place + 4, len(stems))) if stems[n] == part), -1)
                if place < 0:
                    break
            if place > at:
                yield _named(clause, at, place + 1, codes, "sector", SURE)


@lru_cache(maxsize=8192)
def _own(word: str, bare: str, sectors: Sectors) -> tuple[Codes, int]:
    """The meetings whose own word this is, and how surely."""
    if bare in sectors.words and word not in sectors.common:
        return sectors.words[bare], SURE
    if len(word) <= SHORTEST_STEM or word in sectors.common:
        return frozenset(), 0
    near = [codes for other, codes in sectors.words.items() if _alike(bare, other)]
    weight = LIKELY
    if not near and len(word) >= SHORTEST_TYPO:
        near, weight = [sectors.words[o] for o in sectors.long if o in sectors.words and _mistyped(bare, o)], LOOSE
    same = near and all(codes == near[0] for codes in near)
    return (near[0], weight) if same else (frozenset(), 0)


def _mistyped(bare: str, other: str) -> bool:
    """Whether one stem is the other with a letter or two wrong."""
    most = 2 if min(len(bare), len(other)) >= 10 else 1
    return bare[0] == other[0] and DamerauLevenshtein.distance(bare, other, score_cutoff=most) <= most


def inside(glued: str, sectors: Sectors) -> Codes:
    """Sectors whose words are part of a name in which words are written together, such as a domain."""
    found = [codes for word, codes in sectors.words.items() if len(word) >= 5 and word in glued]
    return frozenset().union(*found) if found else frozenset()

"""Text → sentences → clauses: the stretches within which a "no" or a wish reaches.

A mail's words are cut into sentences at full stops, question marks and line ends that end a thought, and each sentence
into clauses: at commas, colons, brackets and dashes; before words of contrast ("ma", "invece", "but"); before an "e"
or "and" behind which another deed begins; before the wish that follows a reason ("visto che il 21 lavoro mi segno per
il 22"); and behind a bare "no" or "sì" that closes what stands before it ("martedì no giovedì sì"). The words of a
sentence are looked up in the lexicon once, before it is cut.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from mailbot.core.intent.cuts import TOPIC, inner_cuts
from mailbot.core.intent.lexicon import Cue, Lexicon
from mailbot.core.intent.masks import unmasked
from mailbot.core.intent.tokens import APOSTROPHES, DOT, Token, calmed, words_of

MOST_TEXT = 5_000
"""Characters of a text that are heard, five times what people write: who needs more is read by a person."""
MOST_CLAUSES = 200
"""Clauses of a text that are heard, six times what people write: a text of single words would take long."""
MOST_SENTENCE = 1_500
"""Characters of a sentence that are heard together: nobody means more, and the time stays in proportion."""
_SENTENCE = re.compile(r"[!?]+|;|\.{2,}|…|\.(?=\s|$)|\n\s*\n|\n(?=\s*(?:[-*•·–]|\d{1,2}[.)])\s)")


class Source(StrEnum):
    """Where the words stand."""

    OWN = "own"
    SUBJECT = "subject"
    QUOTE = "quote"
    MARK = "mark"
    """A quoted line that the sender has marked."""
    SIGNATURE = "signature"
    NAME = "name"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of words within which a "no" reaches."""

    text: str
    """As written, on one line."""
    words: tuple[str, ...]
    """In plain form."""
    cues: tuple[Cue, ...]
    """Where the lexicon's words stand, counted within the clause."""
    groups: frozenset[str]
    """The groups of the cues."""
    sentence: int
    """The number of its sentence."""
    asks: bool
    """Its sentence ends in a question mark."""
    contrasts: bool
    """It begins with a word of contrast."""
    signs: tuple[str, ...]
    """What stands before each word: blanks, a slash between the numbers of a date."""
    written: tuple[str, ...]
    """Each word as written."""
    whole: bool
    """It is the whole of its sentence."""
    source: Source

    @property
    def plain(self) -> str:
        """The words, one blank between them."""
        return " ".join(self.words)

    def has(self, *groups: str) -> bool:
        """Whether a cue of one of these groups stands in it."""
        return not self.groups.isdisjoint(groups)

    def spans(self, *groups: str) -> list[Cue]:
        """The cues of these groups, in order."""
        return [] if self.groups.isdisjoint(groups) else [cue for cue in self.cues if cue.group in groups]

    def begins(self, group: str, most: int) -> bool:
        """Whether a cue of the group stands at its beginning, behind ``most`` words at most."""
        return group in self.groups and any(cue.group == group and cue.start <= most for cue in self.cues)


def split(text: str, lexicon: Lexicon, source: Source = Source.OWN) -> tuple[Clause, ...]:
    """The clauses of a text, in order."""
    return tuple(islice(_clauses(text[:MOST_TEXT], lexicon, source), MOST_CLAUSES))


def is_cut_short(text: str, clauses: Sequence[Clause]) -> bool:
    """Whether a text is longer than its clauses that are heard."""
    return len(text) > MOST_TEXT or len(clauses) >= MOST_CLAUSES


def _clauses(text: str, lexicon: Lexicon, source: Source) -> Iterator[Clause]:
    calm = calmed(text)
    start = 0
    ends = [*((m.start(), m[0]) for m in _SENTENCE.finditer(calm)), (len(calm), "")]
    for number, (end, stop) in enumerate(ends):
        while end - start > MOST_SENTENCE:
            blank = calm.rfind(" ", start + 1, start + MOST_SENTENCE)
            cut = blank if blank > 0 else start + MOST_SENTENCE
            yield from _of_sentence(calm, start, cut, number, "?" in stop, lexicon, source)
            start = cut
        yield from _of_sentence(calm, start, end, number, "?" in stop, lexicon, source)
        start = end + len(stop)


def _is_elided(cue: Cue, tokens: list[Token]) -> bool:
    """Whether an English "all" is the "all'" of "all'incontro"."""
    behind = tokens[cue.start + 1 : cue.start + 2]
    return cue.group in ("all", "all_alone") and bool(behind) and behind[0].sign in APOSTROPHES


def _of_sentence(
    calm: str, start: int, end: int, number: int, asks: bool, lexicon: Lexicon, source: Source
) -> Iterator[Clause]:
    tokens = words_of(calm, start, end)
    if not tokens:
        return
    words = [token.word for token in tokens]
    walls = frozenset(at for at, token in enumerate(tokens) if token.wall and not _is_dated(tokens, at, lexicon))
    cues = unmasked([cue for cue in lexicon.matcher.find(words, walls) if not _is_elided(cue, tokens)])
    cuts = sorted({0, *walls, *inner_cuts([_and_or_is(calm, token) for token in tokens], walls, cues, lexicon)})
    starts = [cue.start for cue in cues]
    for begin, stop in zip(cuts, [*cuts[1:], len(tokens)], strict=True):
        within = cues[bisect_left(starts, begin) : bisect_left(starts, stop)]
        inside = tuple(Cue(cue.start - begin, cue.end - begin, cue.group) for cue in within if cue.end <= stop)
        written = " ".join(calm[tokens[begin].start : tokens[stop - 1].end].replace(DOT, ".").split())
        contrasts = any(cue.group == "contrast" and cue.start <= TOPIC for cue in inside)
        yield Clause(
            written,
            tuple(words[begin:stop]),
            inside,
            frozenset(cue.group for cue in inside),
            number,
            asks,
            contrasts,
            tuple(token.sign for token in tokens[begin:stop]),
            tuple(calm[token.start : token.end] for token in tokens[begin:stop]),
            len(cuts) == 1,
            source,
        )


def _is_dated(tokens: list[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether a comma is that of "Thursday, April 9" or "giovedì, 9 aprile"."""
    if not at or tokens[at].sign.strip() != "," or tokens[at - 1].word not in lexicon.weekdays:
        return False
    words = [token.word for token in tokens[at : at + 2]]
    months = [word in lexicon.months for word in words]
    return len(words) == 2 and ((months[0] and words[1][:1].isdigit()) or (months[1] and words[0][:1].isdigit()))


def _and_or_is(calm: str, token: Token) -> str:
    """The word of a token; the verb "è" as itself, which in plain form is "e"."""
    accented = calm[token.start : token.end] in ("è", "È", "é", "É") or calm[token.end : token.end + 1] in APOSTROPHES
    return "è" if token.word == "e" and accented else token.word

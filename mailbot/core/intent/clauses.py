"""Text → clauses: the stretches within which a "no" or a wish reaches.

A mail's own words are cut at sentence ends, commas, dashes, brackets and line ends that end a thought, and at words of
contrast ("ma", "invece", "but"). Each clause keeps its plain form, in which the lexicon looks things up, and the words
as they were written, for the evidence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.core.intent.lexicon import Lexicon, plain

MOST_TEXT = 20_000
"""Characters of a text that are read; who needs more to sign up is read by a person."""

_ABBREVIATIONS = re.compile(
    r"\b(sig|sigg|sig\.ra|sig\.na|dott|dott\.ssa|dr|prof|prof\.ssa|avv|ing|arch|geom|rag|spett|gent|gent\.mi|egr|ill|ass|on|cav|"
    r"mr|mrs|ms|st|no|nr|n|art|prot|tel|cell|p\.v|c\.m|u\.s|c\.a|p\.s|s\.p\.a|s\.r\.l|ecc|es|lun|mar|mart|mer|merc|gio|giov|ven|sab|dom|"
    r"gen|genn|feb|mar|apr|mag|giu|lug|ago|set|sett|ott|nov|dic|mon|tue|wed|thu|fri|sat|sun|jan|jun|jul|aug|sep|sept|oct|dec|pol|polisp)\.(?=\s)",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,6}")
_SENTENCE = re.compile(r"[!?;]+|\.{2,}|\.(?=\s|$)|\n\s*\n|\n(?=\s*[-*•·–]\s)")
_PART = re.compile(r"[,:()\[\]]|\s[-–—/]+\s|\s[-–—]|[-–—]\s|\n\s*[-*•·–]")


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of words within which a "no" reaches."""

    text: str
    """As written, on one line."""
    plain: str
    sentence: int
    """The number of its sentence."""
    asks: bool
    """Its sentence ends in a question mark."""


def split(text: str, lexicon: Lexicon) -> tuple[Clause, ...]:
    """The clauses of a text, in order."""
    return tuple(_clauses(text[:MOST_TEXT], lexicon))


def _clauses(text: str, lexicon: Lexicon) -> Iterator[Clause]:
    calm = _INITIALS.sub(lambda found: found[0].replace(".", "\u2024"), text)
    calm = _ABBREVIATIONS.sub(lambda found: found[1] + "\u2024", calm)
    start = 0
    ends = [*((m.start(), m[0]) for m in _SENTENCE.finditer(calm)), (len(calm), "")]
    for number, (end, stop) in enumerate(ends):
        sentence = calm[start:end]
        for part in _PART.split(sentence):
            for piece in _at_contrast(" ".join(part.split()), lexicon):
                written = piece.replace("\u2024", ".")
                if words := plain(written):
                    yield Clause(written, words, number, "?" in stop)
        start = end + len(stop)


_AND = frozenset(("e", "ed", "and"))


def _refuses(words: list[str], lexicon: Lexicon) -> bool:
    start = plain(" ".join(words))
    return bool(lexicon.groups["leave"].match(start) or lexicon.groups["negation"].match(start))


def _at_contrast(part: str, lexicon: Lexicon) -> Iterator[str]:
    """The part, cut before each word of contrast, and before an "and" with a refusal right behind it."""
    words = part.split(" ")
    held: list[str] = []
    for number, word in enumerate(words):
        contrast = lexicon.groups["contrast"].fullmatch(plain(word))
        if held and (contrast or (plain(word) in _AND and _refuses(words[number + 1 : number + 3], lexicon))):
            yield " ".join(held)
            held = []
        held.append(word)
    yield " ".join(held)

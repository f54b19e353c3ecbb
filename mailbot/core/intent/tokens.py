"""Text → words: what the clauses are made of, with the signs that stand before each.

Dots that end no sentence are put out of the way first ("sig.ra", "a.s.d."), and line ends that end a thought are made
plain. Then each word is taken in plain form: without accents, with what is typed short on phones written out, and with
the "sì" that is a yes told from the "si" that is none.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from mailbot.core.intent.lexicon import plain

SHORT_LINE = 50
"""A line shorter than this, before a line that begins anew, ends a thought."""

_ABBREVIATIONS = re.compile(
    r"\b(sig|sigg|sig\.ra|sig\.na|sigg\.ri|dott|dott\.ssa|dr|prof|prof\.ssa|proff|fasc|rep|class|rif|ref|cod|doc|ns|avv|ing|arch|geom|rag|spett|gent|gent\.mi|gent\.ma|"
    r"egr|ill|ass|on|cav|mr|mrs|ms|st|no|nr|n|art|prot|tel|cell|p\.v|c\.m|u\.s|c\.a|p\.s|s\.p\.a|s\.r\.l|ecc|es|approx|dept|"
    r"lun|mar|mart|mer|merc|gio|giov|ven|vener|sab|dom|gen|genn|feb|febb|apr|mag|giu|lug|ago|set|sett|ott|nov|dic|"
    r"mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun|jan|jun|jul|aug|sep|sept|oct|dec|pol|polisp|vs|vs\.|pres|segr|p\.zza|v\.le|loc|fraz)\.(?=\s|\d)",
    re.IGNORECASE,
)
APOSTROPHES = ("'", "’", "`")
"""As they are typed; behind a letter also for its accent."""
DOT = "\u2024"
"""The one-dot leader stands for a dot within an abbreviation."""
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,6}")
_URL = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_TICKED = re.compile("[\u2705\u2714\u2611\U0001f44d]\ufe0f?")
_CROSSED = re.compile("[\u274c\u2716\u2717\u2718\U0001f6ab\U0001f44e]\ufe0f?")
_DICTATED = re.compile(r"\bvirgola\b|\bcomma\b", re.IGNORECASE)
_COMMA = re.compile(r"\s+(?:virgola|comma)\b", re.IGNORECASE)
_STOP = re.compile(r"\s+(?:punto(?: a capo)?|full stop|new line)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:\u2024[^\W_]+)*\u2024?")
_WALL = re.compile(r"[,:()\[\]«»\"“”|]|\s[-–—/]+\s|\s[-–—]|[-–—]\s|\n\s*[-*•·–]|->|=>|\s\+\s")
_SHORTENED = {
    "nn": "non", "sn": "sono", "cmq": "comunque", "qnd": "quando", "xche": "perche", "xke": "perche", "xk": "perche",
}  # fmt: skip
"""Words as they are typed on phones."""
_HOUR = re.compile(r"\b(?:alle|dalle|ore|h|at|from|until)\.?\s{0,3}\d{1,2}\Z", re.IGNORECASE)
_GLUED = re.compile(
    r"(?<=\d)(?=(?:gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic|jan|may|jun|jul|aug|sep|oct|dec)[a-z]{0,6}\b)",
    re.IGNORECASE,
)
"""Between a day and its month ("21gennaio")."""
_DAYISH = re.compile(r"\d|(?:lun|mar|mer|gio|ven|sab|dom)[a-zì.]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, and where it stands."""

    word: str
    """In plain form."""
    start: int
    end: int
    wall: bool
    """A sign before it parts it from the word before."""
    sign: str
    """What stands before it."""


def calmed(text: str) -> str:
    """The text with the dots that end no sentence out of the way, and the line ends that do made plain."""
    calm = _GLUED.sub(" ", _URL.sub(lambda found: " " * len(found[0]), text))
    calm = _CROSSED.sub(" no ", _TICKED.sub(" sì ", calm))
    if _DICTATED.search(calm):
        calm = _STOP.sub(".", _COMMA.sub(",", calm))
    calm = _INITIALS.sub(lambda found: found[0].replace(".", DOT), calm)
    calm = _ABBREVIATIONS.sub(lambda found: found[1].replace(".", DOT) + DOT, calm)
    lines = calm.split("\n")
    for at, (line, after) in enumerate(pairwise(lines)):
        begins = after.lstrip()[:1]
        if line.strip() and len(line) < SHORT_LINE and (begins.isupper() or begins.isdigit()):
            lines[at] = line + "\n"
    return "\n".join(lines)


def words_of(calm: str, start: int, end: int) -> list[Token]:
    """The words between two places of a calmed text."""
    found_so_far: list[Token] = []
    before = start
    for found in _WORD.finditer(calm, start, end):
        between = calm[before : found.start()]
        wall = bool(_WALL.search(between)) or any(_is_symbol(sign) for sign in between)
        if between == ":" and found[0][:1].isdigit() and calm[before - 1 : before].isdigit():
            wall = False  # an hour
        elif between == "," and found[0].isdecimal() and _HOUR.search(calm, max(start, before - 12), before):
            wall, between = False, ":"  # "alle 18,30"
        pieces = _pieces(found[0])
        if pieces == ("si",) and _says_yes(calm, found.end(), found[0], end):
            pieces = ("yes",)
        elif pieces == ("x",) and found_so_far and not wall and _goes_on(calm, between, found.end(), end):
            pieces = ("per",)  # elsewhere it is a cross or a kiss
        elif len(pieces) == 1:
            pieces = (_SHORTENED.get(pieces[0], pieces[0]),)
        for piece in pieces:
            found_so_far.append(Token(piece, found.start(), found.end(), wall, between))
            wall, between = False, ""
        before = found.end()
    return found_so_far


@lru_cache(maxsize=8192)
def _pieces(written: str) -> tuple[str, ...]:
    """A word in plain form; an abbreviation's letters are one word ("a.s.d."), what it shortens apart ("sig.Rossi")."""
    initials = len(written) > 3 and DOT in written[:-1]
    return tuple(plain(written.replace(DOT, "" if initials else " ")).split())


def _says_yes(calm: str, after: int, written: str, end: int) -> bool:
    """Whether "si" is a yes: with its accent, or with nothing behind it, rather than "si avvisa"."""
    words_behind = calm[after:end].split()[:1]
    accented = written.lower() in ("sì", "sí") or calm[after : after + 1] in APOSTROPHES
    behind = calm[after:end].strip()[:1]
    return accented or not behind or behind in ",;:.-–()" or bool(words_behind and _DAYISH.match(words_behind[0]))


def _goes_on(calm: str, between: str, after: int, end: int) -> bool:
    """Whether a word stands amid a line, with another behind it."""
    return "\n" not in between and calm[after:end].lstrip(" ")[:1].isalnum()


def _is_symbol(sign: str) -> bool:
    """Emoji part what stands around them."""
    return sign > "\u2190" and unicodedata.category(sign) in ("So", "Sk", "Cs")

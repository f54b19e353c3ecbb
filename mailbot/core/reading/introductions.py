"""What introduces mail by somebody else: attributions, repeated headers, "forwarded message" lines.

An attribution that no quote signs follow makes all the rest a quote, so it has to be a sure one, with an address or a
time of day: people write "il 18 la vostra collega mi ha scritto:" too. For the same reason a line "Da:" in a text is
nothing by itself; it takes the block of headers that mail programs repeat.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mailbot.core.model import PassageKind
from mailbot.core.reading import marks
from mailbot.core.reading.lines import Line

MOST_HEADER_LINES = 16
MOST_MARKED_LINES = 40
FEWEST_QUOTED = 3
"""Lines behind a rare sign, a blank one among them, that no attribution introduces."""

OWN, QUOTE, FORWARD = PassageKind.OWN, PassageKind.QUOTE, PassageKind.FORWARD
Bare = tuple[str, bool]
"""A line without its quote signs, and whether it is quoted."""


class Introduction(NamedTuple):
    """How many lines introduce somebody else's mail, and whose the lines after them are."""

    lines: int
    following: PassageKind


NOTHING = Introduction(0, OWN)


def unquoted(lines: Sequence[Line]) -> list[Bare]:
    """Each line without its quote signs, cut to a bound."""
    bare = [_unquoted(line) for line in lines]
    at = 0
    while at < len(bare):
        sign = "" if bare[at][1] else marks.rare_quote_sign(bare[at][0])
        end = at + 1
        while sign and end < len(bare) and not bare[end][1] and marks.rare_quote_sign(bare[end][0]) == sign:
            end += 1
        if sign and _is_quoted_with(sign, bare, at, end):
            bare[at:end] = [(text.lstrip().removeprefix(sign).removeprefix(" "), True) for text, _ in bare[at:end]]
        at = end
    return bare


def _is_quoted_with(sign: str, bare: Sequence[Bare], at: int, end: int) -> bool:
    """Whether a sign that people also begin lists with quotes these lines: it is set before blank ones too."""
    above = next((bare[n][0].strip() for n in range(at - 1, max(at - 4, -1), -1) if bare[n][0].strip()), "")
    introduced = marks.is_attribution(above) or marks.ends_as_attribution(above) or marks.is_original_line(above)
    blank = any(bare[number][0].strip() == sign for number in range(at, end))
    return introduced or (blank and end - at >= FEWEST_QUOTED)


def _unquoted(line: Line) -> Bare:
    whole = line.text[: marks.LONGEST_LINE]
    text = whole.lstrip(" \t")
    if not text.startswith((">", "|", "&gt;")):
        return whole, line.mark is QUOTE or line.mark is FORWARD
    if marks.is_between_arrows(text.rstrip()):
        return text, False
    if text.startswith("&gt;"):
        text = marks.with_plain_signs(text)
    if not text.startswith((">", "|")) or (text.startswith("|") and text.count("|") > 1):
        return whole, line.mark is QUOTE or line.mark is FORWARD
    while text.startswith((">", "|")):
        text = text[1:].removeprefix(" ")
    return text, True


def find(lines: Sequence[Line], bare: Sequence[Bare], at: int) -> Introduction:
    """What is introduced by the lines from here on."""
    text = bare[at][0]
    if lines[at].mark is PassageKind.ATTRIBUTION and text.strip():
        return _marked(lines, bare, at)
    if not marks.may_introduce(text):
        return NOTHING
    start = at
    if marks.is_rule(text):
        start = next((n for n in range(at + 1, min(at + 3, len(bare))) if bare[n][0].strip()), at)
    found = _worded(bare, start)
    if not found.lines or (start > at and not marks.label(bare[start][0])):
        return NOTHING
    return Introduction(found.lines + start - at, found.following)


def _marked(lines: Sequence[Line], bare: Sequence[Bare], at: int) -> Introduction:
    """What the markup calls an introduction. People's own words get into it: only its last paragraph counts."""
    end = at
    while end < min(at + MOST_MARKED_LINES, len(lines)) and lines[end].mark is PassageKind.ATTRIBUTION:
        end += 1
    worded = _worded(bare, at)
    if worded.lines:
        return Introduction(worded.lines if worded.following is OWN else max(worded.lines, end - at), worded.following)
    last = end
    while not bare[last - 1][0].strip():
        last -= 1
    gap = any(not bare[number][0].strip() for number in range(at, last))
    if gap or any(_worded(bare, number).lines for number in range(at + 1, end)):
        return NOTHING
    return Introduction(end - at, OWN if _quotes_follow(bare, end) else QUOTE)


def _worded(bare: Sequence[Bare], at: int) -> Introduction:
    """What is introduced by words that mail programs write."""
    text, quoted = bare[at]
    if marks.is_forwarded_line(text):
        return Introduction(1 + _headers(bare, at + 1), FORWARD)
    if marks.is_original_line(text):
        return Introduction(1 + _headers(bare, at + 1), QUOTE)
    if marks.label(text) in ("from", "sent", "subject") and (count := _headers(bare, at)):
        return Introduction(count, QUOTE)
    joined = ""
    for count in (1, 2, 3, 4):
        number = at + count - 1
        if number >= len(bare) or not bare[number][0].strip() or bare[number][1] != quoted:
            break
        joined = f"{joined} {bare[number][0].strip()}".strip()
        if not quoted and marks.ends_as_attribution(joined) and _quotes_follow(bare, at + count):
            return Introduction(count, OWN)
        if marks.is_attribution(joined):
            if _quotes_follow(bare, at + count):
                return Introduction(count, OWN)
            return Introduction(count, QUOTE) if marks.is_sure_attribution(joined) else NOTHING
        if count == 1 and not marks.may_start_attribution(joined):
            break
    return NOTHING


def _headers(bare: Sequence[Bare], at: int) -> int:
    """How many lines from here on repeat the headers of a mail; 0 where they are too few to be that."""
    labels: set[str] = set()
    program = False
    last = at
    for number in range(at, min(at + MOST_HEADER_LINES, len(bare))):
        line = bare[number][0]
        if name := marks.label(line):
            labels.add(name)
            program = program or marks.is_sure_attribution(line)
            last = number + 1
        elif not line.strip():
            if labels and number > last + 1:
                break
        elif not labels or number > last + 2 or "subject" in labels:
            break
    # People begin letters with "Da:", "A:" and "Oggetto:"; programs add when it was sent, with the time or an address.
    told = "sent" in labels and program
    return last - at if len(labels) >= 3 and "from" in labels and told else 0


def _quotes_follow(bare: Sequence[Bare], at: int) -> bool:
    following = next((number for number in range(at, min(at + 6, len(bare))) if bare[number][0].strip()), None)
    return following is not None and bare[following][1]

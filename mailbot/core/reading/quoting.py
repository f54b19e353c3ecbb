"""Whose words are whose: a body's lines as passages, in order; only what lies beyond ``MOST_LINES`` is left out.

The lines are walked once. A mark that a mail program has set (a quote sign or a ``blockquote``, an attribution, a block
of repeated headers, a "forwarded message" line, ``-- ``) changes whose the following lines are. What is left to the
sender is then looked at from its end: disclaimers, lines that programs add, and a signature without a mark
(``signing``) are taken off where they are plain to see, and an announcement pasted below a signature is known by its
own salutation. When it is not plain, the words are the sender's.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from mailbot.core.model import Passage, PassageKind
from mailbot.core.reading import introductions, marks, signing
from mailbot.core.reading.lines import Line, plain_lines

MOST_LINES = 1_500
PASTED_LINES = 5
"""An announcement pasted below is at least so long."""

OWN, ATTRIBUTION, QUOTE, FORWARD, SIGNATURE, DISCLAIMER = (
    PassageKind.OWN,
    PassageKind.ATTRIBUTION,
    PassageKind.QUOTE,
    PassageKind.FORWARD,
    PassageKind.SIGNATURE,
    PassageKind.DISCLAIMER,
)
Sorted = tuple[PassageKind, str]
"""A line, and whose words it holds."""


def split(body: str | Sequence[Line], signer: str = "") -> tuple[Passage, ...]:
    """The passages of a body, in the order in which they are written.

    Args:
        body: its text, or its lines with what markup says of them.
        signer: the sender's name as From shows it; knowing it makes a signature easier to see.
    """
    lines = plain_lines(body) if isinstance(body, str) else body
    names = frozenset(word for word in signer.lower().replace(",", " ").split() if len(word) > 2)
    return tuple(_passages(_look_at_the_end(list(_walk(lines[:MOST_LINES])), names)))


def _passages(lines: Iterable[Sorted]) -> Iterator[Passage]:
    """Lines of one kind together; blank lines stay with what is before them."""
    held: list[Sorted] = []
    for kind, line in lines:
        held.append((held[-1][0] if held and not line.strip() else kind, line))
    for kind, run in groupby(held, key=lambda item: item[0]):
        text = "\n".join(line.rstrip() for _, line in run).strip("\n")
        if text.strip():
            yield Passage(kind, text)


# --- the walk ---------------------------------------------------------------------------------------------------------


def _walk(lines: Sequence[Line]) -> Iterator[Sorted]:
    """Each line with its kind, by the marks that mail programs set."""
    bare = introductions.unquoted(lines)
    kind = OWN
    at = 0
    while at < len(lines):
        text, quoted = bare[at]
        found = introductions.find(lines, bare, at)
        if found.lines:
            yield from ((ATTRIBUTION, bare[at + offset][0]) for offset in range(found.lines))
            at += found.lines
            # What introduces a quote inside a quote changes nothing for the lines outside.
            kind = kind if quoted or kind in (QUOTE, FORWARD) else found.following
            continue
        if quoted:
            kind = OWN if kind is SIGNATURE else kind
            yield (FORWARD if kind is FORWARD else QUOTE), text
        elif kind is OWN and lines[at].mark is SIGNATURE:
            yield SIGNATURE, text
        else:
            kind = SIGNATURE if kind is OWN and marks.is_signature_line(text) else kind
            yield kind, text
        at += 1


# --- the end of the sender's own words --------------------------------------------------------------------------------


def _look_at_the_end(lines: list[Sorted], signer: frozenset[str]) -> list[Sorted]:
    """The same lines, with what a sender's own runs end in told apart."""
    looked: list[Sorted] = []
    said = False
    for kind, run in groupby(lines, key=lambda item: item[0]):
        texts = [text for _, text in run]
        if kind is OWN:
            looked += _own_run(texts, signer)
            said = said or any(text.strip() for text in texts)
        elif kind is SIGNATURE:
            looked += _signature_run(texts, said=said)
        else:
            looked += [(kind, text) for text in texts]
    return looked


def _own_run(texts: list[str], signer: frozenset[str]) -> list[Sorted]:
    pasted = _pasted_from(texts)
    words = [(DISCLAIMER if legal else OWN, text) for text, legal in _with_disclaimers(texts[:pasted])]
    own = [text if kind is OWN and not marks.is_app_line(text) else "" for kind, text in words]
    signed = signing.signature(own, signer)
    sorted_ = [
        (SIGNATURE if number in signed and kind is OWN else kind, text) for number, (kind, text) in enumerate(words)
    ]
    return [*_apps(sorted_), *((FORWARD, text) for text in texts[pasted:])]


def _signature_run(texts: list[str], *, said: bool) -> list[Sorted]:
    """A signature that is marked: footers told apart; a postscript, and words where none stand above, are the sender's.

    Some programs set the signature above the place where the sender writes.
    """
    lines: list[Sorted] = []
    kind = SIGNATURE
    for text, legal in _with_disclaimers(texts):
        if not text.strip():
            kind = SIGNATURE
        elif signing.is_postscript(text) or (not said and signing.is_sentence(text)):
            kind = OWN
        lines.append((DISCLAIMER if legal else kind, text))
    return _apps(lines)


def _apps(lines: list[Sorted]) -> list[Sorted]:
    """Lines that programs add, "Inviato da iPhone", with a bare link below them."""
    looked: list[Sorted] = []
    below = False
    for kind, text in lines:
        app = marks.is_app_line(text) or (below and marks.is_link(text))
        below = app or (below and not text.strip())
        looked.append((DISCLAIMER if app else kind, text))
    return looked


def _pasted_from(texts: list[str]) -> int:
    """Where an announcement begins that the sender has pasted below: a second salutation, after a closing."""
    left = sum(bool(text.strip()) for text in texts)
    closed = False
    for number, line in enumerate(texts):
        if closed and marks.is_salutation(line) and left >= PASTED_LINES:
            return number
        closed = closed or (number > 0 and marks.is_closing(line) and not marks.is_salutation(line))
        left -= bool(line.strip())
    return len(texts)


def _with_disclaimers(texts: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a legal footer.

    A footer begins with a paragraph that speaks as a lawyer. It goes on to the end, but for paragraphs in which the
    sender speaks again; before any other words only a long one is taken for a footer.
    """
    legal = seen_words = False
    for paragraph in _paragraphs(texts):
        words = " ".join(line for line in paragraph if not marks.is_rule(line)).strip()
        if marks.is_disclaimer(words) and (seen_words or legal or len(words) > 300):
            legal = True
        elif legal and words and (marks.is_personal(words) or not seen_words):
            legal = False
        seen_words = seen_words or (bool(words) and not legal)
        yield from ((line, legal) for line in paragraph)


def _paragraphs(texts: list[str]) -> Iterator[list[str]]:
    """Runs of lines, each with the drawn lines above and the blank lines below it."""
    paragraph: list[str] = []
    blank = False
    for line in texts:
        if paragraph and ((blank and line.strip()) or (marks.is_rule(line) and not marks.is_rule(paragraph[-1]))):
            yield paragraph
            paragraph = []
        paragraph.append(line)
        blank = not line.strip() or (blank and marks.is_rule(line))
    if paragraph:
        yield paragraph

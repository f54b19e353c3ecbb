"""HTML → lines that still know whose they are.

Mail programs mark what they quote (``blockquote``, Outlook's ``divRplyFwdMsg``, Yahoo's ``yahoo_quoted`` …), the lines
that introduce a quote (``gmail_attr``, ``moz-cite-prefix``) and what they sign with (``gmail_signature`` …). The walk
below keeps those marks with each line; ``quoting`` reads marked and plain lines alike. Gmail's ``gmail_quote`` around
a whole thread is no mark, because answers between the quotes stand inside it too; the ``blockquote``s within it are.
What a reader does not see (``looks``) and what the sender has struck out is left out: it is not said. There is no
recursion, so that nothing that is nested deeper than any person would nest it can do harm.
"""

import re

from mailbot.core.model import PassageKind
from mailbot.core.reading import looks
from mailbot.core.reading.charsets import clean
from mailbot.core.reading.lines import Line
from mailbot.core.reading.looks import PLAIN, Look
from mailbot.core.reading.markup import End, Start, tokens

MOST_HTML = 500_000
"""Characters of HTML that are looked at."""
MOST_DEPTH = 1_000
"""Elements open at once; deeper ones are read as if their tags were not there."""
LOOKED_BACK = 60
"""How many open elements an end tag may close at once."""

_BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr html li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_HIDDEN_TAGS = frozenset("head script style title template noscript object svg math select textarea xml".split())
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_STRUCK_TAGS = frozenset("s strike del".split())
_STRIKES = re.compile(r"<(?:s|strike|del)[\s>]|line-through", re.IGNORECASE)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol table blockquote".split())

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TIGHT = re.compile(r"\bMso(?:Normal|PlainText)|margin(?:-bottom)?\s{0,3}:\s{0,3}0", re.IGNORECASE)
"""Paragraphs that stand below each other like lines."""
_INDENT = re.compile(r"webkit-indent-blockquote|border\s{0,3}:\s{0,3}none\b(?!.{0,200}border-left)", re.IGNORECASE)
_OUTLOOK_QUOTE = re.compile(
    r"border-left\s{0,3}:\s{0,3}(?:solid blue|solid #?[0-9a-f]{3,6} 1\.5pt|blue 1\.5pt solid)", re.IGNORECASE
)

_NAMES = (
    (
        PassageKind.ATTRIBUTION,
        re.compile(
            r"\b(?:x_)?(?:gmail_attr|moz-cite-prefix|moz-email-headers-table|divRplyFwdMsg|yahoo-quoted-begin)\b"
        ),
    ),
    (
        PassageKind.QUOTE,
        re.compile(
            r"\b(?:x_)?(?:yahoo_quoted|zmail_extra|protonmail_quote|ms-outlook-mobile-reference-message"
            r"|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|moz-forward-container|cite_message)\b"
        ),
    ),
    (
        PassageKind.SIGNATURE,
        re.compile(
            r"\b(?:x_)?(?:gmail_signature|moz-signature|ms-outlook-mobile-signature|AppleMailSignature"
            r"|protonmail_signature_block|Signature|signature_block|zmail_signature|_signature)\b"
        ),
    ),
)
"""What the names that mail programs give to elements, in ``class`` or ``id``, say of the words inside."""

_HIDE = "hide"
_PRE = "pre"
_Role = PassageKind | str


class _Walk:
    """The state of one pass: the elements that are open, the line that is being written, the lines so far."""

    def __init__(self, *, colours: bool) -> None:
        self.lines: list[Line] = []
        self.faint = False
        """Some words were left out for their colour or size alone."""
        self._colours = colours
        self._look = PLAIN
        self._known: dict[tuple[Start, Look], tuple[_Role, Look, bool]] = {}
        """What tags say that have come before: programs write the same few again and again."""
        self._line: list[str] = []
        self._open: list[tuple[str, _Role, bool, Look]] = []
        self._marks: list[PassageKind] = []
        self._hidden = 0
        self._pre = 0

    def start(self, tag: Start) -> None:
        """An element begins."""
        name = tag.name
        if name == "br":
            self._end_line(keep_blank=True)
            return
        if name in _BLOCKS:
            self._end_line()
        if name in ("td", "th") and self._line:
            self._line.append(" ")
        elif name == "li":
            self._line.append("- ")
        if name in _VOID or len(self._open) >= MOST_DEPTH:
            return
        look = self._look
        known = self._known.get((tag, look))
        if known is None:
            marks = tag.attributes() if "=" in tag.source or "hidden" in tag.source else {}
            spaced = name in _PARAGRAPHS and not _TIGHT.search(tag.source[:500])
            known = self._known[tag, look] = (_role(name, marks), look.within(marks), spaced)
        role, self._look, spaced = known
        if isinstance(role, PassageKind):
            self._end_line()
            self._marks.append(role)
        self._hidden += role == _HIDE
        self._pre += role == _PRE
        self._open.append((name, role, spaced, look))

    def end(self, name: str) -> None:
        """An element ends. A stray end tag ends nothing; one that skips others ends them too."""
        if name in _VOID:
            return
        if name in _BLOCKS:
            self._end_line()
        first = max(0, len(self._open) - LOOKED_BACK)
        at = next((at for at in range(len(self._open) - 1, first - 1, -1) if self._open[at][0] == name), None)
        if at is None:
            return
        spaced = self._open[at][2]
        self._look = self._open[at][3]
        for _, role, _, _ in self._open[at:]:
            if isinstance(role, PassageKind):
                self._end_line()
                self._marks.pop()
            self._hidden -= role == _HIDE
            self._pre -= role == _PRE
        del self._open[at:]
        if spaced and self.lines and self.lines[-1].text:
            self._add("")

    def text(self, text: str) -> None:
        """Words."""
        if self._hidden:
            return
        if self._colours and self._look.is_faint and text.strip():
            self.faint = True
            return
        if not self._pre:
            self._line.append(_BLANKS.sub(" ", text))
            return
        first, *rest = text.split("\n")
        self._line.append(first)
        for line in rest:
            self._end_line(keep_blank=True)
            self._line.append(line)

    def finish(self) -> None:
        """The last line ends."""
        self._end_line()

    def _end_line(self, *, keep_blank: bool = False) -> None:
        text = "".join(self._line)
        blank = "\xa0" in text  # what mail programs write for an empty line
        text = clean(text)
        self._line = []
        if text.strip():
            self._add(text.rstrip() if self._pre else text.strip())
        elif (keep_blank or blank) and not self._hidden:
            self._add("")

    def _add(self, text: str) -> None:
        self.lines.append(Line(text, self._mark()))

    def _mark(self) -> PassageKind | None:
        """Whose words stand here: what is quoted is quoted whatever stands inside, but for what introduces quotes."""
        if not self._marks:
            return None
        if self._marks[-1] is PassageKind.ATTRIBUTION:
            return PassageKind.ATTRIBUTION
        return PassageKind.QUOTE if PassageKind.QUOTE in self._marks[:50] else self._marks[-1]


def _role(name: str, marks: dict[str, str]) -> _Role:
    """What an element says of the words inside it."""
    if name in _HIDDEN_TAGS or name in _STRUCK_TAGS:
        return _HIDE
    style = marks.get("style", "")[:2_000]
    if "hidden" in marks or (style and looks.is_hidden(style)):
        return _HIDE
    names = f"{marks.get('class', '')[:500]} {marks.get('id', '')[:500]}"
    if name == "blockquote":
        indented = (
            marks.get("type", "").lower() != "cite"
            and "gmail_quote" not in names
            and _INDENT.search(f"{names} {style}")
        )
        return "" if indented else PassageKind.QUOTE
    if name == "div" and style and _OUTLOOK_QUOTE.search(style):
        return PassageKind.QUOTE
    if names.strip():
        for kind, pattern in _NAMES:
            if pattern.search(names):
                return kind
    return _PRE if name == "pre" else ""


def strikes_out(source: str) -> bool:
    """Whether some words are struck out, of which a plain form of the same text may know nothing."""
    return bool(_STRIKES.search(source[:MOST_HTML]))


def to_lines(source: str) -> list[Line]:
    """The readable lines of an HTML mail, each with what the mail program's marks say of it."""
    walk = _walked(source, colours=True)
    # Programs in dark colours send what people write in white: where nothing else is left, white is said.
    if walk.faint and not any(line.text.strip() and line.mark is None for line in walk.lines):
        walk = _walked(source, colours=False)
    return walk.lines


def _walked(source: str, *, colours: bool) -> _Walk:
    walk = _Walk(colours=colours)
    for token in tokens(source[:MOST_HTML]):
        if isinstance(token, str):
            walk.text(token)
        elif isinstance(token, Start):
            walk.start(token)
        elif isinstance(token, End):
            walk.end(token.name)
    walk.finish()
    return walk

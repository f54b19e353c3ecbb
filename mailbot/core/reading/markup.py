"""HTML → tokens: tags and text, in one pass over the source, whatever it is.

Python's own parser takes time that grows with the square of the length on a dozen kinds of broken markup, and mail is
full of broken markup. Mail needs little: start tags with their attributes, end tags, text. Whatever is not a tag is
text, so that nothing a person wrote is lost to a missing bracket; comments and declarations are skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

LONGEST_TAG = 8_000
_TAG = re.compile(r"<(/?)([A-Za-z][^\s<>/\"']{0,60})((?:[^<>\"']++|\"[^\"]*\"|'[^']*')*+)>")
_ATTRIBUTE = re.compile(r"([A-Za-z][\w:-]{0,30})\s{0,9}(?:=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_RAW = frozenset(["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"])
"""Elements whose content is not markup: it ends at their end tag and nowhere else."""


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag."""

    name: str
    source: str
    """What stands between its name and the closing bracket."""

    def attributes(self) -> dict[str, str]:
        """Its attributes, names in lower case; the first of several that share a name."""
        found: dict[str, str] = {}
        for name, double, single, bare in _ATTRIBUTE.findall(self.source):
            found.setdefault(name.lower(), double or single or bare)
        return found


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    name: str


def tokens(source: str) -> Iterator[Start | End | str]:
    """The tags and the text of a document, in order; the content of scripts and styles left out."""
    at = 0
    last = source.rfind(">")  # behind it nothing is a tag; looking for one at every "<" would take long
    while at < len(source):
        bracket = source.find("<", at)
        if bracket < 0 or bracket > last:
            yield _text(source[at:])
            return
        if bracket > at:
            yield _text(source[at:bracket])
        if source.startswith(("<!", "<?"), bracket):
            at = _after_declaration(source, bracket)
            continue
        found = _TAG.match(source, bracket, bracket + LONGEST_TAG)
        if found is None or "@" in found[2]:  # <anna@posta.example> is an address that somebody forgot to escape
            at = found.end() if found else bracket + 1
            yield source[bracket:at]
            continue
        at = found.end()
        name = found[2].lower()
        if found[1]:
            yield End(name)
            continue
        yield Start(name, found[3])
        if name in _RAW:
            at = _after_raw(source, at, name)
            yield End(name)


def _after_declaration(source: str, at: int) -> int:
    """Where a comment, a declaration or a processing instruction is over; one without an end has no end."""
    # <!--> is an empty comment: it hides nothing, and Word's conditional comments count on that.
    end = source.find("-->", at + 2) + 2 if source.startswith("<!--", at) else source.find(">", at)
    return end + 1 if end > at else len(source)


def _after_raw(source: str, at: int, name: str) -> int:
    found = re.compile(f"</{name}", re.IGNORECASE).search(source, at)
    if found is None:
        return len(source)
    end = source.find(">", found.end())
    return end + 1 if end >= 0 else len(source)


def _text(source: str) -> str:
    if "&" not in source:
        return source
    try:
        return unescape(source)
    except ValueError:  # a character number of thousands of digits
        return source

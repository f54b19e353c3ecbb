"""Bytes → parts: the tree of a mail, made flat, with bounds on its depth, its number of parts and its header.

The tree is parsed by Python's ``email`` with its old policy, which alone keeps what it does not understand. Its time
grows with the number of headers, with depth times lines, and with the square of a parameter list's length; so all
three are cut before it sees them. A tree that is nested beyond reason is read as plain text.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email._policybase import Compat32

from mailbot.core.reading.charsets import clean, decode
from mailbot.core.reading.headers import LONGEST_VALUE, MimeMessage, decoded, first_raw, value

MOST_HEADER_BYTES = 64_000
"""A header over this size is thinned."""
MOST_FIELDS = 500
MOST_FIELD_BYTES = 8_000
MOST_PARTS = 300
MOST_DEPTH = 30
MOST_MENDED = 3
"""So deep a multipart whose boundary is missing is mended."""
MOST_PREAMBLE = 20_000
MOST_BOUNDARIES = 150
"""More than these is no mail that a person wrote."""
MOST_CHECKS = 2_000_000
"""Lines times boundaries: the parser compares each with each."""
MOST_REPORT_LINES = 20_000
"""Of a delivery report: the parser makes a part of every paragraph."""
MOST_TEXT = 1_000_000
"""Bytes of a text part that are looked at."""
_NAME_TRASH = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_BOUNDARY = re.compile(rb"boundary\s{0,9}\*?\s{0,9}=|message/(?:rfc822|global|delivery-status)", re.IGNORECASE)
_BOUNDARY_LINE = re.compile(rb"^--([\w'()+,./:=?-]{1,70})[ \t]*\r?\ncontent-", re.IGNORECASE | re.MULTILINE)


class _Policy(Compat32):
    """The old policy, with a bound on each header, also those of parts, and headers that are always text."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value.encode("ascii", "replace").decode("ascii")

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_VALUE]


_POLICY = _Policy(message_factory=MimeMessage)


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the tree."""

    mime: MimeMessage
    kind: str
    """Media type, lower case, such as ``text/plain``."""
    alternative: int
    """Which ``multipart/alternative`` it is a form of the text of; 0 where of none."""
    filename: str
    attached: bool
    """Marked as an attachment."""

    def content(self) -> bytes:
        """Its bytes, the transfer encoding undone as far as it goes."""
        return _content(self.mime)

    def text(self) -> str:
        """Its text, clean."""
        return clean(decode(self.content()[:MOST_TEXT], parameter(self.mime, "charset")))


def from_base64(raw: bytes) -> bytes:
    """Base64 undone, tolerant of what stands between and of a missing end."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    return base64.b64decode(letters[: len(letters) // 4 * 4] + _padded(letters[len(letters) // 4 * 4 :]))


def _padded(rest: bytes) -> bytes:
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def parse_tree(raw: bytes) -> MimeMessage:
    """The tree of a mail; of one that is nested beyond reason, its header and all else as plain text."""
    mail = _thinned(raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))
    boundaries = len(_BOUNDARY.findall(mail))
    if boundaries <= MOST_BOUNDARIES:
        try:
            report = b"message/delivery-status" in mail
            return _parsed(_shortened(mail, MOST_REPORT_LINES if report else MOST_CHECKS // (boundaries + 1)))
        except (RecursionError, ValueError, LookupError, IndexError, TypeError, AttributeError):
            pass  # a tree that the parser cannot make is read as below
    header, _, body = mail.replace(b"\r\n", b"\n").partition(b"\n\n")
    flat = re.sub(rb"(?im)^content-(?=type:|transfer-encoding:)", b"X-Content-", header)
    return _parsed(flat + b"\n\n" + body[:MOST_TEXT])


def _parsed(mail: bytes) -> MimeMessage:
    tree = message_from_bytes(mail, policy=_POLICY)
    assert isinstance(tree, MimeMessage)
    return tree


def _shortened(mail: bytes, most_lines: int) -> bytes:
    """The mail, cut after so many lines: what a person wrote stands before what they attached."""
    if mail.count(b"\n") <= most_lines:
        return mail
    return b"".join(mail[: most_lines * 1_000].splitlines(keepends=True)[:most_lines])


def _thinned(mail: bytes) -> bytes:
    """The mail, its header within bounds: each field cut to its first lines, and not too many of one name."""
    ends = [end for mark in (b"\r\n\r\n", b"\n\n") if (end := mail.find(mark)) >= 0]
    end = min(ends, default=len(mail))
    if end <= MOST_HEADER_BYTES and mail.count(b"\n", 0, end) <= MOST_FIELDS:
        return mail
    kept: list[bytes] = []
    seen: dict[bytes, int] = {}
    room = 0
    for line in mail[:end].split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            name = line.partition(b":")[0][:80].lower()
            seen[name] = seen.get(name, 0) + 1
            room = MOST_FIELD_BYTES if seen[name] <= 50 and len(seen) <= MOST_FIELDS else 0
        if room > 0:
            kept.append(line[:room].rstrip(b"\r"))
            room -= len(line) + 40  # short lines cost the parser as much as long ones
    return b"\n".join(kept) + b"\n\n" + mail[end:].lstrip(b"\r\n")


def parts(tree: MimeMessage) -> Iterator[Part]:
    """The leaves, in order. A mail inside a mail is a leaf; its own parts are another tree's."""
    waiting: list[tuple[MimeMessage, int, int]] = [(tree, 0, 0)]
    count = 0
    while waiting and count < MOST_PARTS:
        mime, depth, alternative = waiting.pop()
        count += 1
        kind = media_type(mime)
        if kind.startswith("multipart/") and not mime.is_multipart() and depth < MOST_MENDED:
            mime = _with_boundary_found(mime)
            kind = kind if mime.is_multipart() else _kind_of_text(mime)
        if kind.startswith("multipart/") and mime.is_multipart() and depth < MOST_DEPTH:
            within = count if kind == "multipart/alternative" else alternative
            waiting += [(part, depth + 1, within) for part in reversed(_children(mime))]
            continue
        disposition = value(mime, "Content-Disposition").lower()
        yield Part(mime, kind, alternative, filename(mime), disposition.startswith("attachment"))


def _with_boundary_found(mime: MimeMessage) -> MimeMessage:
    """A multipart that names no boundary, or not the one it keeps to, read by the first line that looks like one."""
    content = _content(mime)
    found = _BOUNDARY_LINE.search(content[:MOST_PREAMBLE])
    if found is None:
        return mime
    mended = _parsed(b'Content-Type: multipart/mixed; boundary="%b"\n\n' % found[1] + content)
    return mended if any(part.is_multipart() or _content(part) for part in _children(mended)) else mime


def _kind_of_text(mime: MimeMessage) -> str:
    """What a multipart without parts is read as."""
    return (
        "text/html" if _content(mime)[:200].lstrip().lower().startswith((b"<html", b"<!doctype html")) else "text/plain"
    )


def media_type(mime: MimeMessage) -> str:
    """The media type, lower case; plain text where it is missing or nonsense (RFC 2045 section 5.2)."""
    text = value(mime, "Content-Type").split(";", 1)[0].strip().lower()
    if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", text):
        return text
    return "multipart/mixed" if mime.is_multipart() else "text/plain"


def parameter(mime: MimeMessage, name: str, header: str = "Content-Type") -> str:
    """A parameter of a header, undecoded, or an empty string. Only the first 2,000 characters are looked at."""
    text = first_raw(mime, header)[:2_000]
    found = re.search(
        rf";\s{{0,80}}{name}\s{{0,9}}=\s{{0,9}}(\"[^\"]{{0,400}}\"|[^\s;\"]{{1,400}})", text, re.IGNORECASE
    )
    return found[1].strip('"') if found else ""


def filename(mime: MimeMessage) -> str:
    """The name of an attachment: without folders, control characters, or more than 120 characters (RFC 2231)."""
    headers = (first_raw(mime, "Content-Disposition"), first_raw(mime, "Content-Type"))
    if not any("name" in header for header in headers):
        return ""
    try:
        name = mime.get_filename("") if max(map(len, headers)) < 2_000 else ""
    except (ValueError, LookupError, TypeError, IndexError, AttributeError):
        name = ""
    name = name or parameter(mime, "filename", "Content-Disposition") or parameter(mime, "name")
    return _NAME_TRASH.sub("_", decoded(str(name))).strip("._ ")[:120]


def inner_mail(part: Part) -> MimeMessage | None:
    """The mail inside a ``message/rfc822`` part, also where a gateway has base64-encoded it against RFC 2046."""
    children = _children(part.mime)
    if not children:
        content = part.content()
        return parse_tree(content) if content.strip() else None
    inner = children[0]
    if inner.keys():
        return inner
    encoded = _content(inner)
    return parse_tree(from_base64(encoded)) if encoded.strip() else None


def _children(mime: MimeMessage) -> list[MimeMessage]:
    # Asked of a leaf, ``get_payload`` may raise; of a multipart it does not.
    return [part for part in mime.get_payload() if isinstance(part, MimeMessage)] if mime.is_multipart() else []


def _content(mime: MimeMessage) -> bytes:
    """The bytes of a leaf, the transfer encoding undone as far as it goes."""
    try:
        payload = mime.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        return b""
    return payload if isinstance(payload, bytes) else b""

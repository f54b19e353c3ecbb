"""Mail on the wire: parts, header lines, encodings (RFC 2045, 2046, 2047, 5322).

Written by hand rather than with the ``email`` package, for three reasons: that one draws boundaries by chance, breaks
long References into encoded words that no mail program reads back, and takes a header for what it is only by setting
it. Here the same letter is the same bytes every time. All bodies are quoted-printable or base64, so that no server
needs 8BITMIME; a boundary holds ``=_``, which neither encoding can produce.

What a stranger wrote is made harmless on entry: ``one_line`` for text, ``message_ids`` for references, ``mailbox`` for
names and addresses. A value that is no single line is refused by ``whole``, as a last lock.
"""

import re
import unicodedata
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.header import Header

from mailbot.core.model import Address

WIDTH = 76
LONGEST_SUBJECT = 200
LONGEST_NAME = 80
LONGEST_ID = 500
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")
_DOT_ATOM = re.compile(r"[^\x00-\x20\"(),:;<>@\[\\\]\x7f]+")
_REPLY_MARKS = frozenset({"re", "r", "aw", "sv", "rif", "antw", "ref"})
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+>")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mail: header lines without their ends, and an encoded body with CRLF line ends."""

    headers: tuple[str, ...]
    body: bytes

    def __bytes__(self) -> bytes:
        """As it stands on the wire."""
        return "\r\n".join(self.headers).encode() + b"\r\n\r\n" + self.body


def text_part(text: str, subtype: str) -> Part:
    """A text in UTF-8, readable on the wire as far as it is ASCII."""
    lines = "\r\n".join(_lines(text))
    encoded = b2a_qp(lines.encode(), istext=True)
    # A line that begins so is changed by programs that keep mail in mbox files.
    safe = encoded.replace(b"\r\nFrom ", b"\r\n=46rom ")
    return Part((f"Content-Type: text/{subtype}; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"), safe)


def base64_part(content_type: str, content: bytes, filename: str = "") -> Part:
    """Bytes as they are; with a file name, as an attachment of that name (ASCII, RFC 2183)."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in filename)
    disposition = (f'Content-Disposition: attachment; filename="{name}"',) if name else ()
    lines = [b64encode(content[start : start + 57]) for start in range(0, len(content), 57)]
    headers = (f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *disposition)
    return Part(headers, b"\r\n".join(lines) + b"\r\n")


def multipart(subtype: str, parts: Sequence[Part], boundary: str) -> Part:
    """Parts together; ``boundary`` must be unlike that of any part inside."""
    mark = f"=_{boundary}"
    body = b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), bytes(part)) for part in parts)
    return Part((f'Content-Type: multipart/{subtype};\r\n boundary="{mark}"',), body + b"--%b--\r\n" % mark.encode())


def whole(headers: Mapping[str, str], content: Part) -> bytes:
    """A mail: its headers, each folded already, and its content.

    Raises:
        ValueError: a value has an end of line that is no fold.
    """
    for name, value in headers.items():
        if any(line[:1] not in (" ", "\t") or "\n" in line or "\r" in line for line in f" {value}".split("\r\n")):
            raise ValueError(f"{name} would begin another header")
    lines = (f"{name}: {value}" for name, value in headers.items())
    return bytes(Part((*lines, "MIME-Version: 1.0", *content.headers), content.body))


# --- header values ----------------------------------------------------------------------------------------------------


def one_line(text: str, longest: int) -> str:
    """A text on one line, without control characters, halves of characters or marks of direction, cut to a bound."""
    head = text[: longest * 8]
    spaced = "".join(" " if c.isspace() else c for c in head if c.isspace() or unicodedata.category(c)[0] != "C")
    line = " ".join(spaced.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def reply_subject(theirs: str) -> str:
    """Their subject with one "Re:" before it; empty where they gave none.

    The marks of other mail programs go ("R:" in Italian, "AW:" in German, "Re[2]:"), those of forwarding stay.
    """
    bare = one_line(theirs, LONGEST_SUBJECT)
    while True:
        mark, colon, rest = bare.partition(":")
        if not colon or mark.strip().rstrip("0123456789[]()").lower() not in _REPLY_MARKS:
            break
        bare = rest.lstrip()
    return f"Re: {bare}" if bare else ""


def header_text(name: str, text: str) -> str:
    """The value of an unstructured header: as it is where it fits, else in encoded words (RFC 2047 section 2)."""
    plain = text.isascii() and "=?" not in text
    if plain and len(name) + 2 + len(text) <= WIDTH:
        return text
    return Header(text, "us-ascii" if plain else "utf-8", maxlinelen=WIDTH, header_name=name).encode(linesep="\r\n")


def mailbox(address: Address, header: str) -> str:
    """The value of From or To: a name, without double quotes, and an address (RFC 5322 section 3.4).

    A non-ASCII address stays as it is (RFC 6532); the mail then needs SMTPUTF8, as its recipient does.
    """
    name = one_line(address.name, LONGEST_NAME).replace('"', "").replace("\\", "").strip()
    local, _, domain = one_line(address.address, LONGEST_ID).rpartition("@")
    if not _DOT_ATOM.fullmatch(local):
        local = '"{}"'.format(local.removeprefix('"').removesuffix('"').replace("\\", "").replace('"', ""))
    bare = f"{local}@{''.join(c for c in domain if c not in '<>,; ')}"
    if not name:
        return bare
    if not name.isascii() or "=?" in name:
        name = Header(name, "utf-8", maxlinelen=WIDTH, header_name=header).encode(linesep="\r\n")
    elif not _ATOMS.fullmatch(name):
        name = f'"{name}"'
    return f"{name}\r\n <{bare}>" if len(header) + len(name) + len(bare) > WIDTH - 5 else f"{name} <{bare}>"


def message_ids(ids: Iterable[str]) -> list[str]:
    """Those that are a Message-ID in printable ASCII, each once; what else a stranger's mail holds is left out."""
    return list(dict.fromkeys(each for each in ids if len(each) <= LONGEST_ID and _ID.fullmatch(each)))


def _lines(text: str) -> list[str]:
    """Lines without control characters or halves of characters."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")

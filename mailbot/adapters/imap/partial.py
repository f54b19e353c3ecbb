"""A large mail without its attachments: which of its parts are text, and how they become a small mail again.

A BODYSTRUCTURE (RFC 3501 section 7.4.2) says which parts there are. The first readable ones are fetched, up to a bound,
and wrapped into a mail with the original header, whose own Content-Type gives way to that of the new body.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MOST_HEADER = 256_000
MOST_TEXT = 300_000
MOST_PARTS = 4
BOUNDARY = "=_mailbot_readable_parts"
_REPLACED = re.compile(rb"(?im)^(content-[\w-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*")


@dataclass(frozen=True, slots=True)
class TextPart:
    """A readable part of a large mail."""

    number: str
    """Its section number, such as ``1.2``."""
    kind: str
    charset: str
    encoding: str


def readable_parts(structure: Any) -> list[TextPart]:
    """The first readable parts of a mail."""
    return list(_readable(structure, ""))[:MOST_PARTS]


def _readable(structure: Any, number: str) -> Iterator[TextPart]:
    if isinstance(structure[0], list | tuple):
        # A multipart: imapclient gathers its parts into one list.
        children = structure[0] if isinstance(structure[0], list) else [c for c in structure if isinstance(c, tuple)]
        for index, child in enumerate(children, start=1):
            yield from _readable(child, f"{number}.{index}" if number else str(index))
        return
    kind = f"{_text(structure[0])}/{_text(structure[1])}"
    if kind in ("text/plain", "text/html", "text/calendar"):
        parameters = structure[2] or ()
        pairs = dict(zip(map(_text, parameters[::2]), map(_text, parameters[1::2]), strict=False))
        yield TextPart(number or "1", kind, pairs.get("charset", "utf-8"), _text(structure[5]))


def _text(value: Any) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")).lower()


def put_together(header: bytes, texts: Sequence[tuple[TextPart, bytes]]) -> bytes:
    """A mail with this header and these parts as its body."""
    bare = _REPLACED.sub(b"", header.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n")
    lines = [bare, b"MIME-Version: 1.0\n", f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\n\n'.encode()]
    for part, content in texts:
        safe = re.sub(r"[^\w./+-]", "", part.charset) or "utf-8"
        encoding = part.encoding if part.encoding in ("base64", "quoted-printable", "8bit", "7bit") else "8bit"
        lines.append(f"--{BOUNDARY}\nContent-Type: {part.kind}; charset={safe}\n".encode())
        lines.append(f"Content-Transfer-Encoding: {encoding}\n\n".encode() + content.replace(b"\r\n", b"\n") + b"\n")
    lines.append(f"--{BOUNDARY}--\n".encode())
    return b"".join(lines)


def in_place_of(uid: int, folder: str, reason: str) -> bytes:
    """A note in place of a mail that the server will not hand over, for a person to read."""
    shown = re.sub(r"[^\x20-\x7e]+", " ", f"UID {uid} in {folder}")
    text = (
        f"The IMAP server will not hand over the mail with {shown}; please look at it there.\nIt says: {reason}\n"
    ).encode("utf-8", "replace")
    return (
        f"Subject: A mail that could not be fetched ({shown})\nMIME-Version: 1.0\n"
        'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n'
    ).encode() + text

"""Headers as strangers write them: decoded, unfolded, bounded, and never a reason to raise.

Python's ``email`` package raises in a dozen ways on real headers (a malformed Message-ID, an unknown charset, an
address list that mail servers write themselves), and some of its parsers take time that grows with the square of the
length. Here every value is cut to a bound first, and what cannot be read is empty.
"""

import binascii
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cached_property

from mailbot.core.model import Address
from mailbot.core.reading.addresses import mailboxes
from mailbot.core.reading.charsets import clean, decode

LONGEST_VALUE = 8_000
"""Characters of a header value that are looked at."""
MOST_VALUES = 50
"""Values of one header that are looked at."""
YEARS = range(1980, 2200)
"""A Date outside of these is no date."""

# Some mailers leave blanks inside an encoded word, which RFC 2047 forbids.
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=(\s+(?==\?))?")
_QUOTED = re.compile(rb"=([0-9A-Fa-f]{2})")
_ID = re.compile(r"<[^<>\s]{1,400}>")


class MimeMessage(Message):
    """A mail, or a part of one, whose headers can be asked for often."""

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """Name in lower case → values as they stand, in order; bytes beyond ASCII as lone surrogates."""
        found: dict[str, list[str]] = {}
        # Not ``items``: it answers 8-bit values with question marks in place of what was written.
        for name, value in self.raw_items():
            values = found.setdefault(name.lower(), [])
            if len(values) < MOST_VALUES:
                values.append(str(value)[:LONGEST_VALUE])
        return found


def first_raw(mime: MimeMessage, name: str) -> str:
    """The first value of a header as it stands, or an empty string."""
    return next(iter(mime.fields.get(name.lower(), ())), "")


def values(mime: MimeMessage, name: str) -> tuple[str, ...]:
    """Every value of a header, decoded, each on one line."""
    return tuple(decoded(value) for value in mime.fields.get(name.lower(), ()))


def value(mime: MimeMessage, name: str) -> str:
    """The first value of a header, or an empty string."""
    return decoded(first_raw(mime, name))


def decoded(raw: str) -> str:
    """A header's value without folds and encoded words (RFC 2047), on one line."""
    if not raw:
        return ""  # most headers that are asked for are not there
    text = _unfolded(raw)
    if "=?" in text:
        text = _without_encoded_words(text)
    return " ".join(clean(text).split())


def _unfolded(raw: str) -> str:
    text = " ".join(raw[:LONGEST_VALUE].split())
    if text.isascii():
        return text
    # Bare 8-bit bytes, which the parser hands over as lone surrogates, as the characters they stand for.
    return decode(text.encode("utf-8", "surrogateescape"), None)


def _without_encoded_words(text: str) -> str:
    """Words of one charset that stand together are joined before they are decoded: mailers cut characters in two."""
    read: list[str] = []
    held, charset = b"", ""
    at = 0
    for word in _WORD.finditer(text):
        if held and (word.start() > at or word[1].lower() != charset):
            read.append(decode(held, charset))
            held = b""
        read.append(text[at : word.start()])
        held, charset = held + _word_bytes(word[2], word[3]), word[1].lower()
        at = word.end()
    return "".join([*read, decode(held, charset) if held else "", text[at:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    if encoding in "qQ":
        return _QUOTED.sub(lambda found: bytes([int(found[1], 16)]), raw.replace(b"_", b" "))
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    rest = len(letters) % 4
    # A single letter is left where the word was cut: it stands for nothing.
    letters = letters[:-1] if rest == 1 else letters + b"=" * (-len(letters) % 4)
    try:
        return binascii.a2b_base64(letters)
    except binascii.Error:
        return raw


def addresses(mime: MimeMessage, name: str) -> tuple[Address, ...]:
    """The usable addresses of a header, in order, in lower case and otherwise as they stand."""
    found: list[Address] = []
    for raw in mime.fields.get(name.lower(), ()):
        text = _unfolded(raw)
        found += _usable(text) or (_usable(decoded(raw)) if "=?" in text else [])
    return tuple(found)


def _usable(text: str) -> list[Address]:
    return [
        Address(clean(address).lower(), decoded(shown).strip("\"' "))
        for shown, address in mailboxes(text[:LONGEST_VALUE])
    ]


def message_ids(mime: MimeMessage, name: str) -> tuple[str, ...]:
    """The message identifiers of a header, with angle brackets (RFC 5322 section 3.6.4)."""
    return tuple(
        found for text in values(mime, name) for found in _ID.findall(text) if found.isascii() and found.isprintable()
    )


def date(mime: MimeMessage) -> datetime | None:
    """The Date, aware, or None where it is missing or unusable. Without a zone it is taken as UTC."""
    text = value(mime, "Date")[:100]
    try:
        found = parsedate_to_datetime(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        return found if found.astimezone(UTC).year in YEARS else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

"""Bytes → text, whatever charset they claim, and text without what no one can see.

What a mail says of its charset is believed where it works; otherwise UTF-8 is tried, which does not succeed by
accident, and then Windows-1252, which never fails.
"""

import codecs
import re
import unicodedata

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff\ufffe\uffff]"
)
_SPACES = re.compile("[\xa0\u2000-\u200a\u202f\u205f\u3000]")
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
_MAY_COMPOSE = re.compile("[\u0300-\U0010ffff]")
_PIECES = re.compile(r"[^\n]{1,1000}\n?|\n")
_ALIASES = {
    "unknown-8bit": "",
    "ascii": "",
    "us-ascii": "",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "cp-850": "cp850",
}
_NOT_FOR_MAIL = frozenset(["punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"])
"""Codecs of Python's own, by their canonical names: some take quadratic time, some warn, none is in use in mail."""


def decode(raw: bytes, charset: str | None) -> str:
    """The text of these bytes; never raises, never holds a replacement character that the sender did not write."""
    for encoding in _candidates(raw, charset):
        try:
            return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return raw.decode("cp1252", "replace").replace("\ufffd", "?")


def _candidates(raw: bytes, charset: str | None) -> list[str]:
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    marked = [encoding for mark, encoding in marks if raw.startswith(mark)]
    claimed = (charset or "").strip().strip("\"'").lower()[:40]
    named = _ALIASES.get(claimed, claimed)
    # A claim of Latin-1 over bytes that are valid UTF-8 is a mailer's mistake more often than the truth.
    if named in ("cp1252", "") or not _is_text_codec(named):
        return [*marked, "utf-8", "cp1252"]
    return [*marked, named, "utf-8", "cp1252"]


def _is_text_codec(name: str) -> bool:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return bool(found._is_text_encoding) and found.name.replace("_", "-") not in _NOT_FOR_MAIL


def clean(text: str) -> str:
    """Text in NFC with plain spaces and line ends, without control characters and what has no width."""
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", _BREAKS.sub("\n", text))
    if text.isascii():
        return text
    text = _SPACES.sub(" ", text)
    if not _MAY_COMPOSE.search(text):
        return text
    # Piece by piece: sorting a long run of combining characters takes quadratic time.
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECES.findall(text))

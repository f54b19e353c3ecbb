"""Bytes → ``Message``: the one entry of this room. No bytes make it raise.

The tree is flattened (``mime``), the text that its sender typed is chosen among the alternatives, split into passages
(``quoting``), and the headers that matter are read (``headers``). A certified mail is opened first: the mail inside is
what counts, its envelope only names the kind.
"""

import re
from itertools import groupby

from mailbot.core.model import Address, Kind, Message, Origin, Passage, PassageKind
from mailbot.core.reading import calendar, headers, html, machine, pec, quoting
from mailbot.core.reading.headers import MimeMessage
from mailbot.core.reading.lines import Line, plain_lines
from mailbot.core.reading.looks import without_struck
from mailbot.core.reading.mime import Part, inner_mail, parse_tree, parts

MOST_BODY = 300_000
"""Characters of readable text that are looked at."""
MOST_HEADER_NAMES = 200
FEW_WORDS = 40
"""A covering note to an attached text has no more."""
MOST_FILE_WORDS = 400
"""An attached text that is longer is a document, not somebody's request."""
_ATTACHED = re.compile(r"allegat|accluso|attach|enclosed|\bfile\b", re.IGNORECASE)
_TAG_OR_BLANK = re.compile(r"<[^<>]*>|&nbsp;")
_SPOKEN = (PassageKind.OWN, PassageKind.SIGNATURE, PassageKind.DISCLAIMER)
_SHOWN = frozenset(["text/plain", "text/html", "text/enriched", "text/richtext"])


def parse(raw: bytes, own: frozenset[str] = frozenset()) -> Message:
    """Reads a mail.

    Args:
        raw: the mail as a server hands it over (RFC 5322).
        own: our own addresses, lower case.

    Returns:
        What could be read; what is missing or broken is empty.
    """
    outer = parse_tree(raw)
    leaves = list(parts(outer))
    if pec.is_envelope(outer):
        return _certified(outer, leaves, own)
    return _message(outer, outer, leaves, own)


def _certified(outer: MimeMessage, leaves: list[Part], own: frozenset[str]) -> Message:
    """The mail inside an envelope; where it cannot be read, what the envelope says of it."""
    envelope = pec.open_envelope(leaves)
    if envelope.mail is not None:
        return _message(outer, envelope.mail, list(parts(envelope.mail)), own, envelope)
    return _message(outer, outer, [], own, envelope)


def _message(
    outer: MimeMessage, mime: MimeMessage, leaves: list[Part], own: frozenset[str], envelope: pec.Envelope | None = None
) -> Message:
    sender = _first(headers.addresses(mime, "From"))
    reply_to = _first(headers.addresses(mime, "Reply-To")) or sender
    subject = headers.value(mime, "Subject")
    if envelope is not None and envelope.mail is None:
        sender = _plain(envelope.sender) or _plain(pec.sender_named(outer)) or sender
        reply_to = _plain(envelope.reply_to) or sender
        subject = envelope.subject or subject
    if reply_to is not None and reply_to.address in own:
        reply_to = sender  # an answer would come back to us
    body = _body(leaves, _names(sender))
    reply = calendar.find_reply(leaves)
    origin = machine.find_origin(
        mime,
        leaves,
        sender,
        own,
        subject,
        "\n".join(passage.text for passage in body if passage.kind in _SPOKEN),
        "\n".join(passage.text for passage in body if passage.kind is PassageKind.OWN),
        has_calendar_reply=reply is not None,
    )
    if envelope is not None and origin.kind is Kind.PERSON:
        origin = Origin(Kind.PEC, origin.clues)
    return Message(
        sender=sender,
        reply_to=reply_to,
        subject=subject,
        date=headers.date(mime) or headers.date(outer),
        message_id=next(iter(headers.message_ids(outer, "Message-ID")), ""),
        in_reply_to=next(iter(headers.message_ids(mime, "In-Reply-To")), ""),
        references=headers.message_ids(mime, "References")[-20:],
        body=body,
        origin=origin,
        calendar_reply=reply,
        attachments=tuple(leaf.filename for leaf in leaves if leaf.filename)[:50],
        headers=_all_headers(outer),
    )


def _first(found: tuple[Address, ...]) -> Address | None:
    return found[0] if found else None


def _names(sender: Address | None) -> str:
    """All that tells what the sender is called: ``anna.neri@…`` signs as Anna."""
    return f"{sender.name} {re.sub(r'[._+-]', ' ', sender.address.partition('@')[0])}" if sender else ""


def _plain(address: str) -> Address | None:
    return Address(address.lower()) if "@" in address else None


def _all_headers(mime: MimeMessage) -> dict[str, tuple[str, ...]]:
    return {name: headers.values(mime, name) for name in list(mime.fields)[:MOST_HEADER_NAMES]}


# --- the text that was typed ------------------------------------------------------------------------------------------


def _body(leaves: list[Part], signer: str) -> tuple[Passage, ...]:
    """The passages of all that is to be read, in order."""
    passages = [passage for lines in _typed(leaves) for passage in quoting.split(lines, signer)]
    if _points_to_a_file(passages):
        passages += [passage for leaf in leaves if _is_text_file(leaf) for passage in _in_file(leaf, signer)]
    for leaf in leaves:
        if leaf.kind == "message/rfc822" and (inner := inner_mail(leaf)) is not None:
            lines = [line.text for lines in _typed(list(parts(inner))) for line in lines]
            subject = headers.value(inner, "Subject")
            text = "\n".join([subject, *lines]).strip()[:MOST_BODY]
            passages += [Passage(PassageKind.FORWARD, text)] if text else []
    return tuple(passages)


def _points_to_a_file(passages: list[Passage]) -> bool:
    """Whether the request can stand in an attached text alone: nothing is said, or little but that it is attached."""
    own = " ".join(passage.text for passage in passages if passage.kind is PassageKind.OWN)
    return len(own.split()) <= FEW_WORDS and (not own.split() or bool(_ATTACHED.search(own)))


def _is_text_file(leaf: Part) -> bool:
    named = leaf.filename.lower().endswith((".txt", ".text"))
    return (leaf.attached or bool(leaf.filename)) and (leaf.kind == "text/plain" or named)


def _in_file(leaf: Part, signer: str) -> tuple[Passage, ...]:
    text = leaf.text()[:MOST_BODY]
    return quoting.split(text, signer) if len(text.split()) <= MOST_FILE_WORDS else ()


def _typed(leaves: list[Part]) -> list[list[Line]]:
    """The inline texts; of a plain and an HTML form of the same text, the one that says more."""
    shown = [leaf for leaf in leaves if leaf.kind in _SHOWN and not leaf.attached]
    # A text that is named and stands behind another is an attachment, whatever it is marked as.
    shown = [leaf for at, leaf in enumerate(shown) if at == 0 or not leaf.filename]
    texts: list[list[Line]] = []
    for alternative, run in groupby(shown, key=lambda leaf: leaf.alternative):
        forms = list(run)
        texts += [_chosen(forms)] if alternative else [_lines(leaf) for leaf in forms]
    return [lines for lines in texts if any(line.text.strip() for line in lines)]


def _chosen(forms: list[Part]) -> list[Line]:
    """Of the forms of one text, the plain one, unless it leaves things out, or says what is struck out in the other."""
    plain = [line for form in forms if form.kind != "text/html" for line in _lines(form)]
    source = next((form.text() for form in forms if form.kind == "text/html"), "")
    struck = html.strikes_out(source)
    if not struck and not _may_be_stub(_joined(plain), source):
        return plain
    rich = html.to_lines(source)
    return rich if rich and (struck or _is_stub(_joined(plain), _joined(rich))) else plain


def _joined(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines)


def _lines(leaf: Part) -> list[Line]:
    if leaf.kind == "text/html":
        return html.to_lines(leaf.text())
    return plain_lines(without_struck(_unflowed(leaf)[:MOST_BODY]))


def _unflowed(leaf: Part) -> str:
    """The text; with soft line ends joined where it says that it is flowed (RFC 3676)."""
    text = leaf.text()
    flowed = headers.first_raw(leaf.mime, "Content-Type")[:500].lower().replace(" ", "").replace('"', "")
    if "format=flowed" not in flowed:
        return text
    glue = "" if "delsp=yes" in flowed else " "
    written: list[str] = []
    soft = False
    for line in text.split("\n"):
        unstuffed = line.removeprefix(" ")
        quoted = unstuffed.startswith(">")
        fixed = quoted or unstuffed == "-- "
        if written:
            written.append("\n" if fixed or not soft else glue)
        soft = unstuffed.endswith(" ") and not fixed
        written.append(unstuffed.rstrip(" ") if soft else unstuffed)
    return "".join(written)


def _may_be_stub(plain: str, source: str) -> bool:
    """Whether it is worth while to read the HTML: by the words of its source, of which there are no fewer."""
    return "html" in plain.lower() or len(_TAG_OR_BLANK.sub(" ", source).split()) > _most_words(plain)


def _most_words(plain: str) -> int:
    return 3 * len(plain.split()) + 3


def _is_stub(plain: str, rich: str) -> bool:
    """Whether the plain form says nothing, or only that there is another."""
    words = plain.split()
    speaks_of_itself = len(words) < 60 and "html" in plain.lower() and "html" not in rich.lower()
    return speaks_of_itself or len(rich.split()) > _most_words(plain)

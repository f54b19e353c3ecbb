"""Which of our letters came back, and why.

A bounce quotes the addresses of whoever it likes; anybody can write one. So it counts for a letter only where it holds
that letter's own name, which nobody but its recipient and the servers on the way have seen: the mark or the Message-ID
in the part that is returned, what a certified receipt refers to, or what the bounce answers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.core.reading import pec
from mailbot.core.reading.charsets import clean
from mailbot.core.reading.headers import MimeMessage, message_ids, value
from mailbot.core.reading.machine import OWN_MARK
from mailbot.core.reading.mime import Part, inner_mail, parameter, parse_tree, parts

MOST_TEXT = 100_000
LONGEST_REPLY = 300
_NAMED = re.compile(rf"^[>\s]{{0,20}}{OWN_MARK}:\s{{0,9}}([0-9a-f]{{48}})\b", re.IGNORECASE | re.MULTILINE)
_IDENTIFIED = re.compile(
    r"^[>\s]{0,20}(?:x-original-|original-|x-riferimento-)?message-id:\s{0,9}<?([0-9a-f]{48})@",
    re.IGNORECASE | re.MULTILINE,
)
_ACTION = re.compile(r"^\s{0,9}Action:\s{0,9}(\w{1,20})", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^\s{0,9}Status:\s{0,9}([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_DIAGNOSTIC = re.compile(
    r"^\s{0,9}Diagnostic-Code:\s{0,9}(?:[\w-]{1,20}\s{0,9};)?([^\n]{1,600}(?:\n[ \t][^\n]{1,600}){0,5})",
    re.IGNORECASE | re.MULTILINE,
)
_SAID = re.compile(r"^.{0,300}(?:\b[45]\d\d[ -]|\b[45]\.\d{1,3}\.\d{1,3}\b).{0,300}$", re.MULTILINE)
_REFUSALS = ("errore-consegna", "non-accettazione", "rilevazione-virus")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that says that a mail was not delivered."""

    names: tuple[str, ...]
    """Of our letters, as they may be: what stands in a Message-ID before the ``@``. The likeliest first."""
    status: str
    """RFC 3463, such as ``5.1.1``; empty where none is told."""
    reply: str
    """What the server said, on one line."""


def read_bounce(raw: bytes) -> Bounce | None:
    """What a bounce, or a certified receipt, says of a letter of ours; None where it tells of no refusal."""
    tree = parse_tree(raw)
    leaves = list(parts(tree))
    if receipt := pec.receipt_kind(tree, leaves):
        return _refused_by_provider(tree, leaves, receipt) if receipt in _REFUSALS else None
    if parameter(tree, "report-type").lower() in ("feedback-report", "disposition-notification"):
        return None
    report = "\n".join(_text(leaf) for leaf in leaves if leaf.kind in _REPORTS)
    if _is_delay(report):
        return None
    told = [_text(leaf) for leaf in leaves if leaf.kind.startswith("text/") or leaf.kind in _REPORTS]
    names = dict.fromkeys([*_marked(leaves, told), *_ids_in(message_ids(tree, "In-Reply-To"))])
    words = "\n".join([report, *told, value(tree, "Subject")])
    status = _STATUS.search(words)
    said = _DIAGNOSTIC.search(report) or _SAID.search(_unreturned(words))
    reply = said[1 if said.re is _DIAGNOSTIC else 0] if said else value(tree, "Subject")
    return Bounce(tuple(names), status[1] if status else _status_in(reply), _line(reply, status[1] if status else ""))


_REPORTS = ("message/delivery-status", "message/global-delivery-status")


def _refused_by_provider(tree: MimeMessage, leaves: list[Part], receipt: str) -> Bounce:
    """Certified mail: the receipt refers to the letter by its Message-ID (RFC 6109 section 2.2)."""
    names = _ids_in(message_ids(tree, "X-Riferimento-Message-ID"))
    facts = "\n".join(_text(leaf) for leaf in leaves if leaf.filename.lower() == "daticert.xml")
    within = re.findall(r"<msgid>\s{0,9}(?:&lt;|<)?([0-9a-f]{48})@", facts)
    why = re.search(r"<errore-esteso>(.{1,600}?)</errore-esteso>", facts, re.DOTALL)
    return Bounce(tuple(dict.fromkeys([*names, *within])), "", _line(f"{receipt} {why[1] if why else ''}", ""))


def _marked(leaves: list[Part], told: list[str]) -> Iterator[str]:
    """The names in what is returned: of the mail inside, of its headers alone, or of its copy below the text."""
    for leaf in leaves:
        if leaf.kind in ("message/rfc822", "message/global") and (inner := inner_mail(leaf)) is not None:
            yield from re.findall(r"\b[0-9a-f]{48}\b", value(inner, OWN_MARK))
            yield from _ids_in(message_ids(inner, "Message-ID"))
        elif leaf.kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            told.append(_text(leaf))
    for pattern in (_NAMED, _IDENTIFIED):
        for text in told:
            yield from (found.lower() for found in pattern.findall(text))


def _ids_in(ids: tuple[str, ...]) -> list[str]:
    return [each.strip("<>").partition("@")[0] for each in ids]


def _is_delay(report: str) -> bool:
    """Whether it tells that delivery is still being tried (RFC 3464 section 2.3.3): the end is told by another."""
    actions = {action.lower() for action in _ACTION.findall(report)}
    return bool(actions) and not actions & {"failed"}


def _text(leaf: Part) -> str:
    if not leaf.mime.is_multipart():
        return leaf.text()[:MOST_TEXT]
    # The parser makes a part of each paragraph of a delivery report.
    paragraphs = (part for part in leaf.mime.get_payload() if isinstance(part, MimeMessage))
    lines = ("\n".join(f"{name}: {field}" for name, field in part.raw_items()) for part in paragraphs)
    return clean("\n\n".join(lines)[:MOST_TEXT])


def _unreturned(words: str) -> str:
    """The words above the copy of our own letter."""
    cut = re.search(r"^[>\s]{0,20}(?:message-id|return-path|received):", words, re.IGNORECASE | re.MULTILINE)
    return words[: cut.start()] if cut else words


def _status_in(reply: str) -> str:
    found = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", reply)
    return found[0] if found else ""


def _line(reply: str, status: str) -> str:
    line = " ".join(reply.split())
    return (line if not status or status in line else f"{status} {line}")[:LONGEST_REPLY]

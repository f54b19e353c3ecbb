"""Italian certified mail, PEC (RFC 6109): envelopes opened, receipts known.

A provider wraps every certified mail into an envelope of its own, signed; the mail itself is inside, as
``postacert.eml``, and its sender is the one who is answered. A receipt is a provider's, never a person's, and has to be
known before any envelope is opened: the receipt of a delivery contains our own mail.
"""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from mailbot.core.reading.headers import MimeMessage, value
from mailbot.core.reading.mime import Part, inner_mail

_ENVELOPES = ("posta-certificata", "errore")
_RECEIPTS = frozenset(
    [
        "accettazione",
        "non-accettazione",
        "presa-in-carico",
        "avvenuta-consegna",
        "posta-consegna",
        "errore-consegna",
        "preavviso-errore-consegna",
        "rilevazione-virus",
    ]
)
_ON_BEHALF = re.compile(r"per conto di:?\s{0,9}<?([^\s<>\"@]{1,64}@[^\s<>\"@]{1,255})", re.IGNORECASE)
MOST_XML = 200_000


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a certified mail's envelope holds."""

    mail: MimeMessage | None
    """The mail inside; None where it is missing or unreadable."""
    sender: str
    """From ``daticert.xml``: who sent it, and below where answers go; empty where it is missing."""
    reply_to: str
    subject: str


def receipt_kind(mime: MimeMessage, parts: list[Part] | None = None) -> str:
    """The kind of receipt, such as ``avvenuta-consegna``, or an empty string.

    Where the header got lost on the way, ``daticert.xml`` tells, in a mail from a provider's own address.
    """
    if kind := value(mime, "X-Ricevuta").lower():
        return kind
    if parts is None or value(mime, "X-Trasporto") or not _is_from_provider(mime):
        return ""
    return next((kind for part in parts if _is_facts(part) and (kind := _root_kind(part)) in _RECEIPTS), "")


def _is_from_provider(mime: MimeMessage) -> bool:
    return "posta-certificata@" in value(mime, "From").lower()


def _is_facts(part: Part) -> bool:
    return part.filename.lower() == "daticert.xml"


def _root_kind(part: Part) -> str:
    root = _root(part.content())
    return root.get("tipo", "").lower() if root is not None else ""


def is_envelope(mime: MimeMessage) -> bool:
    """Whether this is a transport or anomaly envelope, and no receipt."""
    return value(mime, "X-Trasporto").lower() in _ENVELOPES and not receipt_kind(mime)


def open_envelope(parts: list[Part]) -> Envelope:
    """What is inside an envelope."""
    mails = [part for part in parts if part.kind == "message/rfc822" or part.filename.lower() == "postacert.eml"]
    named = [part for part in mails if part.filename.lower() == "postacert.eml"]
    inner = next((mail for part in named or mails if (mail := inner_mail(part)) is not None), None)
    facts = next((part for part in parts if _is_facts(part)), None)
    sender, reply_to, subject = _facts(facts.content()) if facts else ("", "", "")
    return Envelope(inner, sender, reply_to, subject)


def sender_named(mime: MimeMessage) -> str:
    """The address in "Per conto di: anna@pec.example", as envelopes show whom they are from; or an empty string."""
    found = _ON_BEHALF.search(value(mime, "From")[:500])
    return found[1] if found else ""


def _root(xml: bytes) -> Element | None:
    try:
        return fromstring(xml[:MOST_XML])
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None


def _facts(xml: bytes) -> tuple[str, str, str]:
    root = _root(xml)
    if root is None:
        return "", "", ""

    def text(name: str) -> str:
        return " ".join((root.findtext(f"intestazione/{name}") or "").split())

    return text("mittente"), text("risposte"), text("oggetto")

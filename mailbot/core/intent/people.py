"""Who writes, for which organisation, and whom they sign up: for the organisers' lists, where the mail says so."""

import re

from mailbot.core.model import Address, Message, PassageKind

_ADDRESS = re.compile(r"[A-Za-z0-9][\w.+'-]{0,63}@[A-Za-z0-9][\w.-]{1,200}\.[A-Za-z]{2,24}")
_NAME = re.compile(r"(?:[A-ZÀ-Þ][\w'’.-]{1,25}\s){1,3}[A-ZÀ-Þ][\w'’-]{1,25}")
_KINDS = r"""
    A\.?S\.?D\.? S\.?S\.?D\.? A\.?P\.?S\.? O\.?D\.?V\.? Onlus Associazione Ass\. Circolo Museo Polisportiva Comitato
    Gruppo Fondazione Cooperativa Coop\.? Pro\sLoco Istituto Liceo Scuola Centro Società Consulta Confraternita
    Biblioteca Compagnia Club Society Association Trust Choir Band Museum School Foundation Council Centre Church
    Charity
    """.split()
_WORD_OF_A_NAME = r"\s(?:[A-ZÀ-Þ\"«“&'’]|d\w{0,4}['’\s])[^\s,;\n|()]{0,30}"
_ORGANISATION = re.compile(rf"\b(?:{'|'.join(_KINDS)})(?!\w)(?:{_WORD_OF_A_NAME}){{0,7}}")


def name_of(message: Message) -> str:
    """The sender's name: as signed where a signature begins with one, else as in From."""
    shown = message.sender.name if message.sender else ""
    first = next(iter(message.text(PassageKind.SIGNATURE).lstrip("- \n").splitlines()), "").strip(" ,.-*_")
    signed = _NAME.fullmatch(first)
    if signed and not _ORGANISATION.search(first):
        return first
    return "" if "@" in shown else shown


def organisation_of(message: Message) -> str:
    """The organisation named in the sender's words, the signature, or the sender's shown name."""
    shown = message.sender.name if message.sender else ""
    for text in (message.text(), message.text(PassageKind.SIGNATURE), shown):
        if found := _ORGANISATION.search(text):
            return " ".join(found[0].split()).strip(" .-–")[:80]
    return ""


def attendee_of(message: Message, ours: frozenset[str]) -> Address | None:
    """Another person with an address of their own in the sender's words, or None."""
    known = ours | {a.address for a in (message.sender, message.reply_to) if a}
    text = message.text()
    for found in _ADDRESS.finditer(text[:20_000]):
        address = found[0].lower().rstrip(".")
        if address not in known:
            names = _NAME.findall(text[max(0, found.start() - 60) : found.start()])
            return Address(address, names[-1].strip() if names else "")
    return None

"""Who writes, for which organisation, and whom they sign up: for the organisers' lists, where the mail says so.

A name is taken as signed, else as somebody introduces themselves ("sono Maria Rossi"), else as in From. An organisation
begins with a word for its kind. Another person's address counts only in the sender's own words, and not where the
sender merely asks to be written to there.
"""

import re

from mailbot.core.model import Address, Message, PassageKind

MOST_TEXT = 20_000
"""Characters of the own words in which an organisation or an address is looked for."""
_UPPER = "A-ZÀ-Þ"
_LOWER = "a-zß-ÿ"
_ADDRESS = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+'-]{0,63}@[A-Za-z0-9][\w.-]{1,200}\.[A-Za-z]{2,24}")
_PERSON = rf"(?:[{_UPPER}][\w'’.-]{{1,25}}\s){{1,3}}[{_UPPER}][\w'’-]{{1,25}}"
_NAME = re.compile(_PERSON)
_ROLE = re.compile(
    r"(?:per\s+)?(?:(?:il|la|lo|the|your)\s+|l['’])?(?:vice\s?)?"
    r"(?:president\w*|segretari\w+|segreteria|dirett\w+|tesorier\w+|responsabile|coordinat\w+|dirigente|referente|"
    r"sindac\w+|parroco|chair\w*|secretary|treasurer|manager|director|team manager|legale rappresentante)\b[\s,:.-]*",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?:(?:dott|dr|ing|avv|prof|rag|geom|arch|cav|sig)(?:\.?(?:ssa|ra|na))?\.?\s+)+", re.IGNORECASE)
_INTRODUCED = re.compile(
    rf"\b(?:[Ss]ono|[Mm]i chiamo|[Ii]l mio nome è|[Mm]y name is|[Tt]his is|I am|I['’]m)\s+({_PERSON})(?=[\s,.;:!]|$)"
)
_WRITE_TO = re.compile(
    r"\b(?:scriv|rispond|rispost|contatt|recapit|repl(?:y|ies)|writ|reach|contact|e-?mail me)[^.!?\n@]{0,50}$",
    re.IGNORECASE,
)
_KINDS = r"""
    A\.?S\.?D\.? S\.?S\.?D\.? A\.?P\.?S\.? O\.?D\.?V\.? Onlus Associazione Ass\. Circolo Museo Polisportiva Comitato
    Gruppo Fondazione Cooperativa Coop\.? Pro\sLoco Istituto Liceo Scuola Centro Società Consulta Confraternita
    Biblioteca Compagnia
    """.split()
_ENGLISH_KINDS = """
    Club Society Association Trust Choir Band Museum School Foundation Council Centre Church Charity
    """.split()
_QUALITIES = """
    genitori culturale culturali sportiva sportivo sociale musicale teatrale femminile paesano volontari amici donne
    comunale comprensivo statale giovanile parrocchiale dilettantistica ricreativo ricreativa anziani cittadino
    """.split()
_WORD_OF_A_NAME = (
    rf" (?:[{_UPPER}\"«“&'’]|(?:{'|'.join(_QUALITIES)})\b|"
    rf"(?:(?:per|in|of|for|and|the|e)\s)(?:l['’]|il\s|la\s|the\s)?(?=[{_UPPER}])|d[{_LOWER}]{{0,4}}['’\s])[^\s,;:\n|()]{{0,30}}"
)
_ORGANISATION = re.compile(rf"\b(?:{'|'.join(_KINDS)})(?!\w)(?:{_WORD_OF_A_NAME}){{1,8}}")
_KIND = re.compile(rf"\b(?:{'|'.join((*_KINDS, *_ENGLISH_KINDS))})(?!\w)")
_ENGLISH = re.compile(rf"\b(?:[{_UPPER}][\w'’]{{1,25}} (?:(?:&|and|of|the) )?){{1,6}}(?:{'|'.join(_ENGLISH_KINDS)})\b")
"""In English the kind stands behind: "Thornby & District Angling Club"."""
_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")
LONGEST = 80


def name_of(message: Message) -> str:
    """The sender's name: as signed, else as they introduce themselves, else as in From."""
    shown = message.sender.name if message.sender else ""
    for line in message.text(PassageKind.SIGNATURE).splitlines()[:4]:
        if signed := _signed(line):
            return shown if _is_fuller(shown, signed) else signed
    if (not shown or "@" in shown or _ORGANISATION.search(shown)) and (
        told := _INTRODUCED.search(message.text()[:MOST_TEXT])
    ):
        return told[1]
    return "" if "@" in shown else shown


def _signed(line: str) -> str:
    """The name that a line of a signature begins with, behind a role; nothing where it is an organisation's."""
    bare = line.strip(" ,.-–*_")
    for before in (_ROLE, _TITLE):
        bare = bare[found.end() :] if (found := before.match(bare)) else bare
    found = _NAME.match(bare)
    if found is None or _ORGANISATION.search(line):
        return ""
    return found[0] if not bare[found.end() :].strip() or bare[found.end()] in ",-–(/|" else ""


def _is_fuller(shown: str, signed: str) -> bool:
    """Whether the shown name is the signed one in full ("E. Rovai", "Emanuele Rovai")."""
    whole = {word for word in signed.split() if len(word) > 2 and "." not in word}
    same = bool(whole) and whole <= set(shown.split())
    return same and len(shown) >= len(signed) and not _KIND.search(shown)


def organisation_of(message: Message) -> str:
    """The organisation named in the sender's words, the signature, or the sender's shown name."""
    shown = message.sender.name if message.sender else ""
    own = _LINE_END.sub(" ", message.text()[:MOST_TEXT])
    signature = message.text(PassageKind.SIGNATURE)[:MOST_TEXT]
    found = _ORGANISATION.search(own) or _ORGANISATION.search(signature) or _ENGLISH.search(signature)
    found = found or _ORGANISATION.search(shown)
    name = found[0] if found else shown if _KIND.search(shown) else ""
    return " ".join(name.split()).strip(' .-–"“”«»')[:LONGEST]


def attendee_of(message: Message, ours: frozenset[str]) -> Address | None:
    """Another person with an address of their own in the sender's words, or None.

    Args:
        message: the mail.
        ours: addresses that are the organisers' or the bot's.
    """
    known = ours | {a.address for a in (message.sender, message.reply_to) if a}
    text = message.text()[:MOST_TEXT]
    for found in _ADDRESS.finditer(text):
        address, before = found[0].lower().rstrip("."), text[max(0, found.start() - 60) : found.start()]
        if address not in known and not _WRITE_TO.search(before):
            names = _NAME.findall(before)
            return Address(address, names[-1].strip() if names else "")
    return None

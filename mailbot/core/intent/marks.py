"""Clues that are not the sender's own sentences: what is quoted, where an answer stands, who the sender is."""

import re

from mailbot.core.intent import mentions, sectors
from mailbot.core.intent.choose import Choice
from mailbot.core.intent.clauses import split
from mailbot.core.intent.dates import Calendar
from mailbot.core.intent.hearing import Hearing, Stance
from mailbot.core.intent.lexicon import Lexicon, plain
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import Sectors
from mailbot.core.model import Doubt, Message, PassageKind

_REPEATED = re.compile(r"^\s*(?:re|r|fwd?|fw|i|aw|wg|rif|inoltra|tr|rv|ri)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
MOST_QUOTED = 6_000


def is_repeated(subject: str) -> bool:
    """Whether a subject repeats that of the mail answered or passed on."""
    return bool(_REPEATED.match(subject))


def own_text(message: Message, lexicon: Lexicon) -> str:
    """The sender's own words."""
    return message.text()


def quoted_meeting(message: Message, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Choice:
    """The ONE meeting that the quoted or forwarded mail, or the subject it repeats, speaks of."""
    text = message.text(PassageKind.QUOTE, PassageKind.FORWARD)[:MOST_QUOTED]
    if is_repeated(message.subject):
        text = f"{message.subject.partition(':')[2]}\n\n{text}"
    days: list[Mention] = []
    named: list[Mention] = []
    for clause in split(text, lexicon):
        for mention in mentions.find(clause, calendar, words, lexicon):
            certain = (
                mention.by_date and mention.found.by == "date" and mention.found.note == "" and len(mention.codes) == 1
            )
            days += [mention] if certain and not mention.found.words.isdigit() else []
            named += [mention] if mention.found.by == "sector" and len(mention.codes) == 1 else []
    for found in (days, named):
        codes = frozenset().union(*(m.codes for m in found)) if found else frozenset()
        if len(codes) == 1:
            return Choice(codes, None, tuple(found[:1]))
        if codes:
            break
    return Choice(frozenset(), Doubt.UNNAMED, ())


def marked_between_quotes(message: Message, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Choice:
    """A mark of the sender's below a quoted line: it refers to the item just above it."""
    body = [p for p in message.body if p.kind in (PassageKind.OWN, PassageKind.QUOTE, PassageKind.SIGNATURE)]
    found: list[Mention] = []
    for above, own, below in zip(body, body[1:], [*body[2:], None], strict=False):
        if above.kind is not PassageKind.QUOTE or own.kind is not PassageKind.OWN:
            continue
        inside = below is not None and below.kind is PassageKind.QUOTE
        said = plain(own.text)
        marked = bool(lexicon.groups["yes"].match(said)) or bool(lexicon.groups["join"].search(said))
        if not (inside and marked) or lexicon.groups["negation"].search(lexicon.groups["not_negation"].sub("#", said)):
            continue
        last = next((line for line in reversed(above.text.splitlines()) if line.strip()), "")
        item = [m for clause in split(last, lexicon) for m in mentions.find(clause, calendar, words, lexicon)]
        days = [m for m in item if m.by_date and len(m.codes) == 1] or [m for m in item if len(m.codes) == 1]
        found += days[:1]
    codes = frozenset().union(*(m.codes for m in found)) if found else frozenset()
    return Choice(codes, None if codes else Doubt.UNNAMED, tuple(found))


def organisation(
    message: Message, taken: list[Mention], own: Hearing, calendar: Calendar, words: Sectors, lexicon: Lexicon
) -> Choice:
    """The meeting of the sender's organisation: as the own words, the signature, the shown name or the address tell."""
    spoken = [s.mention for s in own.spoken(Stance.TAKEN, Stance.BARE, Stance.HELD) if not s.mention.by_date]
    if spoken:
        return _of_one_sector(spoken)
    sender = message.sender
    shown = sender.name if sender else ""
    address = re.sub(r"[^a-z0-9]+", " ", sender.address.rpartition("@")[2].rpartition(".")[0] if sender else "")
    local = re.sub(r"[^a-z0-9]+", " ", sender.address.partition("@")[0] if sender else "")
    for text in (message.text(PassageKind.SIGNATURE), shown, address, local):
        found = [
            mention
            for clause in split(text, lexicon)
            for mention in mentions.find(clause, calendar, words, lexicon)
            if not mention.by_date
        ]
        if found:
            return _of_one_sector(found)
        glued = _inside(plain(text), words) if text in (address, local) else frozenset()
        if len(glued) == 1:
            return Choice(glued, None, ())
    return Choice(frozenset(), Doubt.UNNAMED, ())


def _of_one_sector(found: list[Mention]) -> Choice:
    codes = frozenset().union(*(m.codes for m in found))
    if len(codes) == 1:
        return Choice(codes, None, tuple(found))
    common = found[0].codes.intersection(*(m.codes for m in found[1:]))
    return Choice(common, None, tuple(found)) if len(common) == 1 else Choice(frozenset(), Doubt.SEVERAL, tuple(found))


def _inside(domain: str, words: Sectors) -> frozenset[str]:
    """Sectors whose words are part of a domain's name, in which words are written together."""
    found = [codes for word, codes in words.words.items() if len(word) >= 5 and word in domain.replace(" ", "")]
    found += [codes for prefix, codes in words.prefixes if len(prefix) >= 5 and prefix in domain.replace(" ", "")]
    return frozenset().union(*found) if found else frozenset()


__all__ = ["is_repeated", "marked_between_quotes", "organisation", "own_text", "quoted_meeting", "sectors"]

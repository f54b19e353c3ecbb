"""Clues that are not the sender's own sentences: what is quoted, where an answer stands, who the sender is."""

import re
from collections.abc import Iterator
from dataclasses import replace

from mailbot.core.intent import mentions, sectors
from mailbot.core.intent.calendar import NOBODY, Calendar
from mailbot.core.intent.choose import UNNAMED, Choice, choose
from mailbot.core.intent.clauses import Clause, Source, split
from mailbot.core.intent.found import Found, finding
from mailbot.core.intent.heard import Heard, Hearing, Stance
from mailbot.core.intent.lexicon import Lexicon, plain
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import SURE, Codes, Sectors
from mailbot.core.model import Doubt, Message, PassageKind

_REPEATED = re.compile(
    r"^\s*(?:re|r|fwd?|fw|i|aw|wg|rif|inoltra|tr|rv|ri|res|antw|sv)\s*(?:\[\d+\])?\s*:", re.IGNORECASE
)
_CITED = re.compile(r"[\"“«][^\"“”«»]{60,4000}[\"”»]")
MOST_QUOTED = 6_000
MOST_PASSAGES = 60
"""Passages of a body among which marks are looked for."""
MOST_MARK = 9
"""Words of a mark between quoted lines."""
_UNSURE = frozenset("tues tue mon".split())


def is_repeated(subject: str) -> bool:
    """Whether a subject repeats that of the mail answered or passed on."""
    return bool(_REPEATED.match(subject))


def own_text(message: Message) -> str:
    """The sender's own words, without what they cite between quotation marks over more than a line."""
    return _CITED.sub(" ", message.text())


def find_all(text: str, source: Source, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> list[Mention]:
    """Every mention of a text, however it is spoken of."""
    return [m for clause in split(text, lexicon, source) for m in mentions.find(clause, calendar, words, lexicon)]


def quoted_meeting(message: Message, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Choice:
    """The ONE meeting that the quoted or forwarded mail, or the subject it repeats, speaks of."""
    text = message.text(PassageKind.QUOTE, PassageKind.FORWARD)[:MOST_QUOTED]
    if is_repeated(message.subject):
        text = f"{message.subject.partition(':')[2]}\n\n{text}"
    found = find_all(text, Source.QUOTE, calendar, words, lexicon)
    days = [m for m in found if m.found.by == "date" and not m.found.note and _is_dated(m.found.words)]
    keys = [m for m in found if m.narrows]
    named = [m for m in found if m.found.by == "sector" and m.found.weight == SURE]
    for group in (days, named):
        codes = NOBODY.union(*(m.codes for m in group))
        common = codes.intersection(*(m.codes for m in group))
        if len(codes) > 1 and common:
            codes = common
            # One day with several meetings: an hour or the sector beside it tells which.
            for key in (*keys, *named):
                codes = codes & key.codes or codes
        if len(codes) == 1:
            return Choice(codes, None, tuple(group[:1]))
        if codes:
            break
    return UNNAMED


def _is_dated(words: str) -> bool:
    """Whether a date of quoted mail stands by itself: "domani" was another day when it was written."""
    return any(sign.isdigit() for sign in words) and not words.isdigit()


def marked_between_quotes(message: Message, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Choice:
    """A mark of the sender's below a quoted line: it refers to the item just above it."""
    body = [p for p in message.body if p.kind is not PassageKind.ATTRIBUTION][:MOST_PASSAGES]
    found: list[Mention] = []
    codes: set[str] = set()
    between = False
    for at in range(1, len(body)):
        above, own, below = body[at - 1], body[at], body[at + 1 : at + 2]
        if above.kind not in (PassageKind.QUOTE, PassageKind.FORWARD) or own.kind is not PassageKind.OWN:
            continue
        inside = between or (bool(below) and below[0].kind is above.kind)
        between = inside
        if not _is_mark(own.text, inside, lexicon):
            continue
        last = next((line for line in reversed(above.text.splitlines()) if line.strip()), "")
        item = find_all(last, Source.MARK, calendar, words, lexicon)
        days = [m for m in item if m.by_date and not m.narrows]
        choice = choose([*days[:1], *(m for m in item if m.narrows)] if days else item, calendar)
        if choice.codes:
            codes |= choice.codes
            found += choice.why[:1]
    return Choice(frozenset(codes), None, tuple(found)) if codes else UNNAMED


def _is_mark(text: str, inside: bool, lexicon: Lexicon) -> bool:
    """Whether words between quoted lines say yes to the line above them."""
    said = split(text, lexicon)
    if not said or any(clause.has("negation") and not clause.has("eager") for clause in said):
        return False
    first = said[0]
    marked = first.has("mark", "nod") and first.spans("mark", "nod")[0].start <= 1
    if inside:
        return marked or any(clause.has("join", "this_one") for clause in said)
    return len(plain(text).split()) <= MOST_MARK and first.words[0] in ("questo", "questa", "this", "x", "xx", "xxx")


def numbered_item(message: Message, own: Hearing, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Choice:
    """The item of a quoted numbered list that a bare number chooses ("il numero 3, grazie")."""
    numbers = {number for one in own.heard for number in _numbers(one)}
    if len(numbers) != 1 or sum(len(one.clause.words) for one in own.heard) > MOST_MARK + 4:
        return UNNAMED
    number = numbers.pop()
    quoted = message.text(PassageKind.QUOTE, PassageKind.FORWARD)[:MOST_QUOTED]
    for line in quoted.splitlines():
        if re.match(rf"\s*{number}\s*[.):-]", line):
            return choose(find_all(line.partition(str(number))[2], Source.MARK, calendar, words, lexicon), calendar)
    return UNNAMED


def _numbers(one: Heard) -> Iterator[int]:
    """The numbers of a list that a clause names: a digit by itself or behind "numero", an ordinal."""
    words = one.clause.words
    led = {cue.end for cue in one.clause.spans("number")}
    for at, word in enumerate(words):
        if word.isdigit() and len(word) == 1 and (at in led or len(words) == 1):
            yield int(word)
    for number in range(1, 7):
        if one.clause.has(f"item_{number}"):
            yield number


def is_confirmation(message: Message, lexicon: Lexicon) -> bool:
    """Whether the quoted mail tells that the sender is signed up already."""
    text = f"{message.subject}\n\n{message.text(PassageKind.QUOTE, PassageKind.FORWARD)[:MOST_QUOTED]}"
    return any(clause.has("confirmation") for clause in split(text, lexicon))


def organisation(message: Message, own: Hearing, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Choice:
    """The meeting of the sender's organisation: as the own words, the signature, the shown name or the address tell."""
    spoken = own.mentions(Stance.TAKEN, Stance.BARE, Stance.HELD)
    keys = [m for m in spoken if m.narrows]
    if about := [m for m in spoken if not m.by_date]:
        choice = choose([*about, *keys], calendar)
        if choice.codes or choice.doubt not in (Doubt.UNNAMED, Doubt.SEVERAL):
            return choice
    sender = message.sender
    shown = sender.name if sender else ""
    domain = sender.address.rpartition("@")[2].rpartition(".")[0] if sender else ""
    local = sender.address.partition("@")[0] if sender else ""
    told = (
        (message.text(PassageKind.SIGNATURE), Source.SIGNATURE),
        (shown, Source.NAME),
        (_spaced(domain), Source.ADDRESS),
        (_spaced(local), Source.ADDRESS),
    )
    for text, source in told:
        found = [m for m in find_all(text, source, calendar, words, lexicon) if not m.by_date]
        if found:
            # Where the own words fit two sectors, the name may tell which of them.
            loose = [m for m in about if m.found.weight < SURE]
            if len({m.codes for m in about if m.found.weight == SURE}) > 1:
                return choose([*about, *keys], calendar)
            choice = choose([*(replace(m, named=False) for m in (*loose, *found)), *keys], calendar)
            against = any(m.found.weight == SURE and not m.codes & choice.codes for m in about)
            if not against and (choice.codes or (choice.doubt is not Doubt.UNNAMED and not about)):
                return choice
    if about:
        return choose([*about, *keys], calendar)
    for name in (domain, local):
        glued = sectors.inside(plain(name).replace(" ", ""), words)
        if len(glued) == 1:
            whole = split(plain(name), lexicon, Source.ADDRESS)[:1]
            return Choice(glued, None, tuple(Mention(_whole(clause, glued), clause, named=False) for clause in whole))
    return UNNAMED


def _whole(clause: Clause, codes: Codes) -> Found:
    return finding(clause, 0, len(clause.words), codes, "sector")


def _spaced(name: str) -> str:
    return re.sub(r"[^a-z]+", " ", name)

"""What templates may say: the names that stand open in each of them, filled in for one letter.

``docs/texts.md`` lists them for people who change the texts.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from mailbot.core.digest import Change, Digest, SetAside, ToRead
from mailbot.core.model import (
    Address,
    Language,
    Letter,
    Meeting,
    Proposal,
    RegistrationStatus,
    Request,
    Series,
    Undelivered,
)
from mailbot.core.writing import dates
from mailbot.core.writing.mime import WIDTH, one_line
from mailbot.core.writing.sender import Sender
from mailbot.core.writing.wishes import Wishes

LONGEST_NAME = 40
LONGEST_SAYING = 400
"""Characters of anything that a stranger wrote and a digest repeats."""
_PARTICLES = frozenset("d da de dei del della delle degli di la le lo van von".split())
_NO_PERSON = frozenset(
    "admin amministrazione asd associazione associazioni association biblioteca circolo club comitato comune "
    "contatti cooperativa ente fondazione foundation gruppo group info istituto library mail museo museum odv office "
    "onlus parrocchia posta presidente pro polisportiva protocollo scuola school segreteria società ssd staff team "
    "ufficio unione università".split()
)
"""Words of a display name that tell an office or an association rather than a person."""
_Item = TypeVar("_Item", Change, ToRead, Undelivered, SetAside, Proposal)
_NAME = re.compile(r"[^\W\d_][^\d_@:/<>\"(){}\[\]|\\=+*#%&!?;^~$€]*")


def letter_words(letter: Letter, series: Series, sender: Sender, at: datetime, *, invited: int) -> dict[str, Any]:
    """The words for a letter; ``invited`` says how many calendar invites go with it."""
    news = [place for place in letter.registered if place.news]
    told = {place.uid for place in letter.registered}
    changed = [(letter.was, place.meeting) for place in letter.registered if letter.was]
    asked = Request.LINK in letter.requests or Request.STATUS in letter.requests
    return {
        **_common(letter.recipient, letter.language, series, sender, at),
        "letter": replace(
            letter,
            lost=tuple(map(_harmless, letter.lost)),
            proposals=tuple(map(_legible, letter.proposals)),
        ),
        "seated": [place for place in news if place.status is RegistrationStatus.CONFIRMED],
        "queued": [place for place in news if place.status is RegistrationStatus.WAITING],
        "already": [place for place in letter.registered if not place.news],
        "others": [place for place in letter.held if place.uid not in told] if asked else [],
        "attendee": (speakable_name(letter.attendee.name) or letter.attendee.address) if letter.attendee else "",
        "invited": invited,
        "moved": any((then.starts_at, then.duration) != (m.starts_at, m.duration) for then, m in changed),
        "relinked": any(then.join_url != m.join_url for then, m in changed),
        "full": lambda meeting: meeting in letter.full,
        "mine": lambda meeting: next((place for place in letter.held if place.meeting.code == meeting.code), None),
    }


def digest_words(digest: Digest, recipient: Address, series: Series, sender: Sender, at: datetime) -> dict[str, Any]:
    """The words for a digest."""
    return {
        **_common(recipient, series.language, series, sender, at),
        "digest": replace(
            digest,
            changes=tuple(map(_harmless, digest.changes)),
            to_read=tuple(replace(_harmless(item), done=tuple(map(_harmless, item.done))) for item in digest.to_read),
            undelivered=tuple(map(_harmless, digest.undelivered)),
            set_aside=tuple(map(_harmless, digest.set_aside)),
        ),
        "new": sum(count.new for count in digest.meetings),
        "withdrawn": sum(count.withdrawn for count in digest.meetings),
        "meeting_of": series.meeting,
    }


def wishes(language: Language, series: Series, sender: Sender) -> Wishes:
    """The one-tap mails of a letter in this language."""
    return Wishes(sender.address, language, series.timezone)


def speakable_name(name: str) -> str:
    """A name as one may greet with, or empty.

    A stranger may forge a sender and write into the name what they want a third person to read in the town's mail; so
    what holds more than a name does (links, digits, many words) is not repeated.
    """
    line = one_line(name.replace('"', ""), LONGEST_NAME * 2)
    fits = len(line) <= LONGEST_NAME and len(line.split()) <= 5 and _NAME.fullmatch(line) is not None
    return line if fits and "." not in line.rstrip(".").replace(". ", " ") else ""


def greeting_name(name: str) -> str:
    """A person's name to greet with, or empty where it is not surely one: better no name than a wrong one.

    "MARIA ROSSI" is "Maria Rossi"; "info", "ASD Pallavolo" and "maria.r" are no names to greet with.
    """
    line = speakable_name(name)
    words = line.replace("'", " ").replace("’", " ").split()
    if len(words) > 1 and line.isupper():
        line, words = line.title(), [word.title() for word in words]
    shouted = len(words) == 1 and line.isupper()
    proper = not shouted and all(not word[:1].islower() or word in _PARTICLES for word in words)
    return line if proper and not _NO_PERSON & {word.strip(".").casefold() for word in words} else ""


def _harmless(item: _Item) -> _Item:
    """What strangers wrote, each on one line, without marks of direction, and of a bounded length."""
    said = {field.name: getattr(item, field.name) for field in fields(item)}
    texts = {name: text for name, text in said.items() if isinstance(text, str) and not isinstance(text, StrEnum)}
    lines: dict[str, Any] = {name: one_line(text, LONGEST_SAYING) for name, text in texts.items()}
    return replace(item, **lines)


def _legible(proposal: Proposal) -> Proposal:
    """A proposal as it can be shown: a stranger's words harmless, our letters' lines as they were before they were cut.

    Their lines will be cut again, further in; and each is as long as a reader's window is wide in HTML.
    """
    letters = tuple(
        replace(letter, subject=one_line(letter.subject, LONGEST_SAYING), text=_uncut(letter.text))
        for letter in proposal.letters
    )
    evidence = tuple(one_line(clue, LONGEST_SAYING) for clue in proposal.evidence)
    return replace(_harmless(proposal), letters=letters, evidence=evidence)


def _uncut(text: str) -> str:
    """The text of a letter of ours, without the line ends that only its width has made."""
    lines: list[str] = []
    last = ""
    for line in text.splitlines():
        words = line.strip()
        if words == "--":
            continue  # it would begin a signature
        first = words.partition(" ")[0]
        cut = last.strip() and words and not words.startswith("* ") and len(last) + 1 + len(first) > WIDTH
        if cut:
            lines[-1] += f" {words}"
        else:
            lines.append(line.rstrip())
        last = line
    return "\n".join(lines)


def _common(recipient: Address, language: Language, series: Series, sender: Sender, at: datetime) -> Mapping[str, Any]:
    zone = series.timezone

    def start(meeting: Meeting) -> datetime:
        return meeting.starts_at.astimezone(zone)

    return {
        "lang": language,
        "series": series,
        "sender": sender,
        "recipient": recipient,
        "name": greeting_name(recipient.name),
        "wish": wishes(language, series, sender),
        "day": lambda meeting: dates.day(start(meeting), language),
        "short_day": lambda meeting: dates.short_day(start(meeting), language),
        "hours": lambda meeting: dates.hours(start(meeting), meeting.ends_at.astimezone(zone), language),
        "at_hour": lambda meeting: dates.at_hour(start(meeting), language),
        "zone": lambda meeting: dates.zone(zone, start(meeting), language),
        "lasting": lambda meeting: dates.lasting(meeting.duration, language),
        "soon": lambda meeting: dates.soon(start(meeting), at, language),
        "date": lambda moment: dates.short_day(moment.astimezone(zone), language),
        "clock": lambda moment: dates.hour(moment.astimezone(zone), language),
    }

"""A mandate: what entitles an organiser's mail to order one thing, by one tap.

It stands in the subject of a mail that a ``mailto:`` link has made ready, behind words that say what is ordered:

    Approvo la risposta n. 12 [mb:approve.12.28934567.3f9a0c27d1e84b6fa5c0d2e7]

purpose, number of what it is about, the minute until which it is good, and a keyed hash over the three with the
installation's secret: nobody can make one, nor make another of one. That it serves once is a matter of the row that it
is about. Nor is it enough by itself: ``core.approval`` says from whom it is taken.

Mail programs put "Re:" before a subject, break it and mark it; so it is looked for without regard to blanks and case.
In a body it counts only at the beginning of the sender's own words, for those who reply with a line of the text, and
only where it is the one: whoever quotes our letter without a mark of quoting has all of its mandates in there.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailbot.core.model import Message
from mailbot.core.names import Names

LONGEST = 2_000
"""Characters of a mail's own words that are searched."""
BEFORE = 120
"""Characters, blanks apart, that may stand before it in a body: the words of the line to reply with."""
_FORM = re.compile(r"\[mb:([a-z-]{1,20})\.([0-9]{1,15})\.([0-9]{1,12})\.([0-9a-f]{24})\]")
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mandate:
    """What is ordered, about what, and until when it may be."""

    purpose: str
    """A word of lower-case letters and hyphens."""
    number: int
    until: datetime
    """A whole minute."""


def sign(purpose: str, number: int, until: datetime, names: Names) -> str:
    """A mandate as it stands in a subject."""
    minute = str((until - _EPOCH) // _MINUTE)
    return f"[mb:{purpose}.{number}.{minute}.{names.mandate(purpose, str(number), minute)}]"


def written(message: Message) -> str:
    """The one mandate that a mail sends back, ours or not, or an empty string."""
    subject = [found.group() for found in _FORM.finditer(_packed(message.subject))]
    if subject:
        return subject[0] if len(set(subject)) == 1 else ""
    body = list(_FORM.finditer(_packed(message.text()[:LONGEST])))
    return body[0].group() if len(body) == 1 and body[0].start() <= BEFORE else ""


def read(text: str, names: Names) -> Mandate | None:
    """What the mandate says that ``written`` has found; None where it is not ours."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    purpose, number, minute, proof = found.groups()
    if not hmac.compare_digest(proof, names.mandate(purpose, number, minute)):
        return None
    return Mandate(purpose, int(number), _EPOCH + int(minute) * _MINUTE)


def _packed(text: str) -> str:
    return "".join(text.split()).lower()

"""Bytes → what the sender wants: reading and intent in one step, as the daemon and ``mailbot explain`` both take it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.core.intent import Lexicon, read_intent
from mailbot.core.model import Intent, Kind, Message, Origin, Outcome, Series
from mailbot.core.names import Names
from mailbot.core.reading import parse

LATE = timedelta(days=7)
EARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Understood:
    """A mail as read, and what its sender wants."""

    message: Message
    intent: Intent
    at: datetime
    """The moment from which "tomorrow" and "is over" were judged."""


def understand(
    raw: bytes,
    series: Series,
    own: frozenset[str],
    now: datetime,
    received_at: datetime | None = None,
    lexicon: Lexicon | None = None,
) -> Understood:
    """Reads one mail as its sender meant it at the moment of writing.

    Args:
        raw: the mail as the server hands it over; no bytes make this raise.
        series: the meetings that it may speak of.
        own: our own addresses, lower case.
        now: stands in where the mail has no usable Date and ``received_at`` is not known.
        received_at: when the server got it. A Date far from it is a wrong clock's, and not believed.
        lexicon: the words; those shipped where none are given.
    """
    message = parse(raw, own)
    at = message.date or received_at or now
    if received_at is not None and not received_at - LATE <= at <= received_at + EARLY:
        at = received_at
    return Understood(message, read_intent(message, series, at, lexicon), at)


_IDS = ("message-id", "x-original-message-id", "x-google-original-message-id", "x-microsoft-original-message-id")
"""Where a Message-ID stands; providers that give a mail one of their own keep the first elsewhere."""


def without_our_own(understood: Understood, names: Names) -> Understood:
    """The same, but for a mail of ours that has come back without its mark: known by the Message-ID that we gave it."""
    ids = (each for name in _IDS for each in understood.message.headers.get(name, ()))
    if understood.message.origin.kind.is_machine or not any(names.is_ours(each) for each in ids):
        return understood
    clue = "its Message-ID is one of ours"
    message = replace(understood.message, origin=Origin(Kind.OWN, (clue,)))
    intent = Intent(Outcome.IGNORE, language=understood.intent.language, evidence=(clue,))
    return replace(understood, message=message, intent=intent)

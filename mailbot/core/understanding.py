"""Bytes → what the sender wants: reading and intent in one step, as the daemon and ``mailbot explain`` both take it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.core.intent import Lexicon, read_intent
from mailbot.core.model import Intent, Message, Series
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

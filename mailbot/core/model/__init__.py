"""The nouns: what the rooms of the core hand to each other.

A mail comes in as bytes and becomes a ``Message``; read against a ``Series`` of ``Meeting``s it becomes an ``Intent``;
with the few facts that may bear on it (a ``Situation``, in ``core.decide``) the intent becomes a decision, which holds
``Letter``s; a letter, written out, is an outgoing ``Mail``. All of them are frozen: nobody changes what
somebody else has read. Every ``datetime`` in here is aware. Addresses are compared and stored in lower case.
"""

from mailbot.core.model.came import (
    Authentication,
    CalendarReply,
    InboundState,
    Kind,
    Message,
    Origin,
    Passage,
    PassageKind,
)
from mailbot.core.model.held import (
    Address,
    Holdings,
    Language,
    Meeting,
    MeetingStatus,
    Person,
    Registration,
    RegistrationStatus,
    Series,
)
from mailbot.core.model.proposed import Answer, Order, Proposal, ProposedLetter, Waiting
from mailbot.core.model.sent import (
    TO_ORGANISERS,
    Advice,
    Attachment,
    Letter,
    LetterKind,
    LetterState,
    Mail,
    Place,
    Thread,
    Undelivered,
)
from mailbot.core.model.wanted import ALL, Doubt, Intent, Outcome, Request

__all__ = [
    "ALL",
    "TO_ORGANISERS",
    "Address",
    "Advice",
    "Answer",
    "Attachment",
    "Authentication",
    "CalendarReply",
    "Doubt",
    "Holdings",
    "InboundState",
    "Intent",
    "Kind",
    "Language",
    "Letter",
    "LetterKind",
    "LetterState",
    "Mail",
    "Meeting",
    "MeetingStatus",
    "Message",
    "Order",
    "Origin",
    "Outcome",
    "Passage",
    "PassageKind",
    "Person",
    "Place",
    "Proposal",
    "ProposedLetter",
    "Registration",
    "RegistrationStatus",
    "Request",
    "Series",
    "Thread",
    "Undelivered",
    "Waiting",
]

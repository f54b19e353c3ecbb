"""What is done at once, and what its sender must confirm first.

Anybody can write somebody else's address into From. Signing up stays easy all the same: the answer goes to the address
that is signed up, and a place costs nobody anything. What takes something away is another matter:

- A mail that *failed* authentication cancels, moves, erases and copies nothing until whoever has the address confirms.
- Erasure, which cannot be undone, also needs that where nobody has said whom the mail is from.

The letter that asks goes to the address concerned, and holds a code that nobody else can know. The mail that was asked
about is kept as it came; the code says which one, serves once, and only for a few days.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.core.model import Address, Authentication, Intent, LetterKind, Message, Outcome, Request
from mailbot.core.retry import PATIENCE
from mailbot.core.situation import Decision, Situation

CODE_LASTS = timedelta(days=3)
"""How long a code can be used."""
_CODE = re.compile(r"\b(?:confermo|confirm)\b.{0,60}?\b([0-9a-f]{24})\b", re.IGNORECASE)


def code_in(message: Message) -> str:
    """The code that a mail sends back, or an empty string: in its subject or its own words, never in what it quotes."""
    if message.origin.kind.is_machine:
        return ""
    found = _CODE.search(message.subject) or _CODE.search(" ".join(message.text()[:2_000].split()))
    return found[1].lower() if found else ""


def must_be_confirmed(decision: Decision, intent: Intent, situation: Situation, authentication: Authentication) -> bool:
    """Whether what was decided waits until the sender confirms."""
    known = situation.person is not None or bool(situation.registrations)
    if authentication is Authentication.PASSED or not known:
        return False
    if decision.erase:
        return True
    takes_away = bool(decision.withdrawn) or Request.EXPORT in intent.requests
    return authentication is Authentication.FAILED and takes_away


def asking(decision: Decision, situation: Situation, code: str, at: datetime) -> Decision:
    """The decision to ask first: nothing else is done, and the one letter goes to the address that is concerned.

    It answers no thread and greets by the name that we know: the mail may be a stranger's, its words their own.
    """
    letter = decision.letters[0]
    known = situation.person
    asked = replace(
        letter,
        kind=LetterKind.VERIFICATION,
        recipient=Address(letter.recipient.address, known.name if known else ""),
        language=known.language if known else letter.language,
        deadline=at + PATIENCE[LetterKind.VERIFICATION],
        thread=None,
        held=(),
        refused=(),
        offers=(),
        attachments=(),
        attention=False,
        code=code,
    )
    return Decision(Outcome.ASK, decision.attention, decision.why, letters=(asked,), awaits=code)

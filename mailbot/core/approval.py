"""Supervised mode: what the bot would do waits for an organiser, who approves or rejects it at one tap.

All that one mail led to is one **proposal**: its deeds are stored (so that the next mail is judged by what would be
so), its letters are written but not sent. Approved, they go out as they are. Rejected, the deeds are undone as if they
had never been, nothing is sent, and the mail is left to a person. What nobody answers in time is as if rejected.

Organisers are asked in **rounds**: one mail for all that has come together, at most one in ``ROUND_EVERY``, fewer while
they do not answer, and once a day again while anything waits. A tap is obeyed where it comes from an organiser's
address, does not fail to prove it, and holds a mandate that is ours, in time, and not used.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from mailbot.core import mandate
from mailbot.core.mandate import Mandate
from mailbot.core.model import (
    Address,
    Answer,
    Authentication,
    Language,
    Letter,
    LetterKind,
    Meeting,
    Message,
    Order,
    Proposal,
    ProposedLetter,
    Series,
    Waiting,
)
from mailbot.core.names import Names
from mailbot.core.retry import PATIENCE

LASTS = timedelta(days=14)
"""How long a proposal waits at most."""
ROUND_EVERY = timedelta(minutes=15)
"""The least time between two rounds."""
UNANSWERED_EVERY = timedelta(hours=1)
"""The same, while nothing has been answered since the last."""
AGAIN_AFTER = timedelta(days=1)
"""When what was asked about is asked about again."""
MOST_LISTED = 12
"""Proposals in one round: more would be cut off by mail programs, and read by nobody."""
_CODE = re.compile(r"\b[0-9a-f]{24}\b")


class Proposals(Protocol):
    """What the store knows of proposals, within one write transaction."""

    def propose(self, inbound_id: int | None, until: datetime, evidence: Sequence[str], at: datetime) -> int:
        """A new proposal; its number."""

    def waiting(self) -> tuple[Waiting, ...]:
        """Those that nobody has answered, oldest first."""

    def shown(self, ids: Sequence[int]) -> tuple[Proposal, ...]:
        """These as organisers are shown them, oldest first, with the letters that wait."""

    def last_round(self) -> tuple[datetime, bool] | None:
        """When the organisers were last asked, and whether they have answered anything since."""

    def note_round(self, ids: Sequence[int], at: datetime) -> int:
        """The organisers are asked about these; the round's number."""

    def listed(self, round_number: int) -> tuple[int, ...]:
        """What a round has listed."""

    def send(self, ids: Sequence[int], answer: Answer, at: datetime) -> tuple[int, ...]:
        """The letters of those that still wait, and are not too late, are due now; answers which."""

    def undo(self, ids: Sequence[int], answer: Answer, why: str, at: datetime) -> tuple[int, ...]:
        """Those that still wait are undone, and later ones that build on them; answers which, these first.

        Their mails are left to a person, with ``why``.
        """

    def late(self, at: datetime) -> tuple[int, ...]:
        """Those that wait and are of no use any more."""


def worth_until(letters: Sequence[Letter], at: datetime) -> datetime:
    """When these letters are of no use any more: the last of the meetings that they are about has begun."""
    if any(letter.kind is LetterKind.VERIFICATION for letter in letters):
        return at + PATIENCE[LetterKind.VERIFICATION]
    starts = [meeting.starts_at for letter in letters for meeting in _about(letter) if meeting.starts_at > at]
    return min(max(starts, default=at + LASTS), at + LASTS)


def _about(letter: Letter) -> tuple[Meeting, ...]:
    """The meetings whose news a letter tells; those that it only shows besides, where there are no news."""
    news = (*(place.meeting for place in (*letter.registered, *letter.withdrawn)), *letter.declined)
    return news or (*(place.meeting for place in letter.held), *letter.offers)


def next_round(waiting: Sequence[Waiting], last: tuple[datetime, bool] | None, at: datetime) -> tuple[int, ...]:
    """What the organisers are to be asked about now; empty where the moment has not come.

    New ones first, and with what room is left those that were asked about before; in the order of their numbers.
    """
    new = [each.id for each in waiting if not each.asked]
    if last is not None:
        passed = at - last[0]
        pause = (ROUND_EVERY if last[1] else UNANSWERED_EVERY) if new else AGAIN_AFTER
        if timedelta(0) <= passed < pause:  # a clock that was set back must not silence us
            return ()
    before = [each.id for each in waiting if each.asked]
    return tuple(sorted([*new, *before][:MOST_LISTED]))


def round_letter(
    proposals: Sequence[Proposal],
    number: int,
    unlisted: int,
    organiser: Address,
    series: Series,
    names: Names,
    at: datetime,
) -> Letter:
    """Asks one organiser about these proposals, with a mandate for each answer."""

    def signed(order: Order, about: int, until: datetime) -> str:
        return mandate.sign(order, about, until, names)

    ready = tuple(
        replace(
            proposal,
            letters=tuple(map(_without_codes, proposal.letters)),
            approve=signed(Order.APPROVE, proposal.id, proposal.until),
            reject=signed(Order.REJECT, proposal.id, proposal.until),
        )
        for proposal in proposals
    )
    return Letter(
        kind=LetterKind.APPROVAL,
        purpose=f"approval:{number}:{organiser.address}",
        recipient=organiser,
        language=series.language,
        deadline=at + PATIENCE[LetterKind.APPROVAL],
        proposals=ready,
        unlisted=unlisted,
        code=signed(Order.APPROVE_ALL, number, max(proposal.until for proposal in proposals)),
    )


def _without_codes(letter: ProposedLetter) -> ProposedLetter:
    """What its reader alone may send back to confirm (``core.trust``) is not shown to others."""
    return replace(letter, text=_CODE.sub("…", letter.text))


def done_letter(
    order: Order, done: Sequence[Proposal], also: int, organiser: Address, reference: str, series: Series, at: datetime
) -> Letter:
    """Tells an organiser what was done at their tap; ``reference`` names the mail that ordered it."""
    return Letter(
        kind=LetterKind.DONE,
        purpose=f"done:{reference}",
        recipient=organiser,
        language=series.language,
        deadline=at + PATIENCE[LetterKind.DONE],
        proposals=tuple(done),
        order=order,
        also=also,
    )


# --- from whom an order is taken --------------------------------------------------------------------------------------


class Refusal(StrEnum):
    """Why a mail that holds a mandate is not obeyed."""

    MACHINE = "machine"
    STRANGER = "stranger"
    UNPROVEN = "unproven"
    FORGED = "forged"
    EXPIRED = "expired"
    USED = "used"


def read_order(
    message: Message, names: Names, organisers: Sequence[Address], proof: Authentication, *, judged: bool, at: datetime
) -> Mandate | Refusal | None:
    """What a mail orders, why it is not obeyed, or None where it holds no mandate.

    Args:
        message: the mail.
        names: what our mandates are signed with.
        organisers: from whom orders are taken.
        proof: whether the mail is from whom it names.
        judged: whether our own server has looked into that; then the mail must have passed.
        at: the present moment.
    """
    found = mandate.written(message)
    if not found:
        return None
    if message.origin.kind.is_machine:
        return Refusal.MACHINE
    if message.sender is None or message.sender.address not in {organiser.address for organiser in organisers}:
        return Refusal.STRANGER
    if proof is Authentication.FAILED or (judged and proof is not Authentication.PASSED):
        return Refusal.UNPROVEN
    ordered = mandate.read(found, names)
    if ordered is None or ordered.purpose not in set(Order):
        return Refusal.FORGED
    return ordered if at < ordered.until else Refusal.EXPIRED


_REFUSED: dict[Language, dict[Refusal, str]] = {
    "it": {
        Refusal.MACHINE: "un comando in una risposta automatica: non eseguito",
        Refusal.STRANGER: "un comando riservato all'organizzazione, da un altro indirizzo: non eseguito",
        Refusal.UNPROVEN: "un comando da un indirizzo dell'organizzazione, ma non è provato che il messaggio venga "
        "davvero da lì: non eseguito",
        Refusal.FORGED: "un comando con un codice che non è nostro: non eseguito",
        Refusal.EXPIRED: "un comando con un codice scaduto: non eseguito",
        Refusal.USED: "un comando su risposte già decise: nulla da fare",
    },
    "en": {
        Refusal.MACHINE: "a command in an automatic answer: not obeyed",
        Refusal.STRANGER: "a command for organisers alone, from another address: not obeyed",
        Refusal.UNPROVEN: "a command from an organiser's address, but nothing proves that the mail is really from "
        "there: not obeyed",
        Refusal.FORGED: "a command with a code that is not ours: not obeyed",
        Refusal.EXPIRED: "a command with a code that is out of date: not obeyed",
        Refusal.USED: "a command on answers that have been decided on already: nothing to do",
    },
}
_UNDONE: dict[Language, dict[Answer, str]] = {
    "it": {
        Answer.REJECTED: "la risposta preparata non è stata approvata: nulla è stato inviato né registrato",
        Answer.EXPIRED: "la risposta preparata non è stata approvata in tempo: nulla è stato inviato né registrato",
    },
    "en": {
        Answer.REJECTED: "the prepared answer was not approved: nothing was sent or stored",
        Answer.EXPIRED: "the prepared answer was not approved in time: nothing was sent or stored",
    },
}


def why_refused(refusal: Refusal, language: Language) -> str:
    """Why a command was not obeyed, for the organisers."""
    return _REFUSED[language][refusal]


def why_undone(answer: Answer, language: Language) -> str:
    """Why a mail that had a proposal is left to a person, for the organisers."""
    return _UNDONE[language][answer]

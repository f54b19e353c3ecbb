"""What the loops know of the house they serve: the series, the texts, and the rules of the configuration.

It is frozen. A new configuration makes a new house, which the loops are handed at their next turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from mailbot.core.approval import worth_until
from mailbot.core.changes import GRACE
from mailbot.core.intent import Lexicon
from mailbot.core.model import Address, Letter, Series
from mailbot.core.names import Names
from mailbot.core.restraint import Limits
from mailbot.core.situation import Decision
from mailbot.core.writing import Sender, Texts, compose
from mailbot.ports import Work


@dataclass(frozen=True, slots=True)
class House:
    """One configuration, as the loops need it."""

    series: Series
    names: Names
    sender: Sender
    texts: Texts
    own: frozenset[str]
    """Addresses that are ours: mail from them is our own come back."""
    first_start: datetime
    """When mailbot first ran on this database."""
    since: date
    """Mail that the server got before this day is left alone."""
    reminders: tuple[timedelta, ...]
    digest_at: time
    digest_to: tuple[Address, ...]
    retention: timedelta
    filing: Mapping[str, str] | None
    """Folders for handled mail: ``done``, ``to_read``, ``ignored``; None where nothing is moved."""
    words: Lexicon | None = None
    """The words that mails are read with; those shipped where None."""
    limits: Limits = field(default_factory=Limits)
    grace: timedelta = GRACE
    """How long a change of the series waits before people are told of it."""
    authserv_id: str | None = None
    """The name of our own server in the authentication results that it writes; None where none is configured."""
    supervised: bool = False
    """Whether what a mail leads to waits for an organiser (``core.approval``)."""
    organisers: tuple[Address, ...] = ()
    """Who is asked about it, and whose orders are obeyed."""


def queue_letter(
    work: Work, house: House, letter: Letter, inbound_id: int | None, at: datetime, proposal: int | None = None
) -> bool:
    """Writes a letter out and puts it into the outbox; False where its purpose has been served already."""
    mail = compose(letter, house.series, house.sender, house.texts, at, house.names.message_id(letter.purpose))
    return work.queue(letter, mail, inbound_id, at, proposal)


def carry_out(
    work: Work,
    house: House,
    decision: Decision,
    inbound_id: int | None,
    at: datetime,
    evidence: Sequence[str] = (),
) -> None:
    """Stores what was decided and queues its letters, in the transaction at hand; supervised, as a proposal.

    An erasure is none: it cannot be undone, so that it has been asked about and confirmed already.
    """
    work.apply(decision, inbound_id, at)
    if decision.erase:
        work.forget(decision.letters[0].recipient.address, at)
    proposal = None
    if house.supervised and decision.letters and not decision.erase:
        proposal = work.proposals.propose(inbound_id, worth_until(decision.letters, at), evidence, at)
    for letter in decision.letters:
        queue_letter(work, house, letter, inbound_id, at, proposal)

"""Queries on proposals: what waits for an organiser, sent on approval, undone on rejection; see ``core.approval``.

An answer is one update of rows that have none, so that it is given once, whoever taps at the same moment. To undo a
mail is to mark its lines of the history as undone; a registration then stands as the last line says that is not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from mailbot.adapters.store.tables import approval_round, history, inbound, outbox, person, proposal, registration
from mailbot.core.digest import Deed
from mailbot.core.model import (
    Answer,
    LetterKind,
    LetterState,
    Proposal,
    ProposedLetter,
    RegistrationStatus,
    Waiting,
)
from mailbot.core.reading.ours import plain_words
from mailbot.core.retry import PATIENCE
from mailbot.core.trust import CODE_LASTS

_OPEN = proposal.c.answered_at.is_(None)
_TELL_ALL = (LetterKind.STATUS, LetterKind.EXPORT, LetterKind.MENU)
"""Letters that tell all that somebody holds."""
_STATUS = {
    Deed.REGISTERED: RegistrationStatus.CONFIRMED,
    Deed.PROMOTED: RegistrationStatus.CONFIRMED,
    Deed.QUEUED: RegistrationStatus.WAITING,
    Deed.WITHDRAWN: RegistrationStatus.CANCELLED,
}


class SqlProposals:
    """See ``core.approval.Proposals``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def propose(self, inbound_id: int | None, until: datetime, evidence: Sequence[str], at: datetime) -> int:
        """A new proposal; its number."""
        if inbound_id is not None:
            self._connection.execute(
                update(inbound).where(inbound.c.id == inbound_id).values(evidence="\n".join(evidence))
            )
        made = proposal.insert().values(inbound_id=inbound_id, proposed_at=at, until=until).returning(proposal.c.id)
        return int(self._connection.execute(made).scalar_one())

    def waiting(self) -> tuple[Waiting, ...]:
        """Those that nobody has answered, oldest first."""
        query = select(proposal.c.id, proposal.c.asked_at).where(_OPEN, _has_letters()).order_by(proposal.c.id)
        return tuple(Waiting(row.id, asked=row.asked_at is not None) for row in self._connection.execute(query))

    def shown(self, ids: Sequence[int]) -> tuple[Proposal, ...]:
        """These as organisers are shown them, oldest first."""
        query = (
            select(
                proposal.c.id,
                proposal.c.proposed_at,
                proposal.c.until,
                inbound.c.sender,
                inbound.c.subject,
                inbound.c.opening,
                inbound.c.evidence,
            )
            .outerjoin(inbound, inbound.c.id == proposal.c.inbound_id)
            .where(proposal.c.id.in_(ids))
            .order_by(proposal.c.id)
        )
        return tuple(
            Proposal(
                id=row.id,
                at=row.proposed_at,
                sender=row.sender or "",
                subject=row.subject or "",
                opening=row.opening or "",
                evidence=tuple(row.evidence.splitlines()) if row.evidence else (),
                letters=self._letters(row.id),
                until=row.until,
            )
            for row in self._connection.execute(query).all()
        )

    def _letters(self, of: int) -> tuple[ProposedLetter, ...]:
        query = select(outbox.c.recipient, outbox.c.raw).where(outbox.c.proposal_id == of, outbox.c.raw.is_not(None))
        return tuple(
            ProposedLetter(row.recipient, *plain_words(row.raw))
            for row in self._connection.execute(query.order_by(outbox.c.id))
        )

    def last_round(self) -> tuple[datetime, bool] | None:
        """When the organisers were last asked, and whether they have answered anything since."""
        at = self._connection.execute(
            select(approval_round.c.at).order_by(approval_round.c.id.desc()).limit(1)
        ).scalar_one_or_none()
        if at is None:
            return None
        said = proposal.c.answer.in_([Answer.APPROVED, Answer.REJECTED])
        since = select(exists().where(said, proposal.c.answered_at >= at))
        return at, bool(self._connection.execute(since).scalar_one())

    def note_round(self, ids: Sequence[int], at: datetime) -> int:
        """The organisers are asked about these; the round's number."""
        self._connection.execute(
            update(proposal).where(proposal.c.id.in_(ids)).values(asked_at=func.coalesce(proposal.c.asked_at, at))
        )
        made = approval_round.insert().values(at=at, listed=",".join(map(str, ids))).returning(approval_round.c.id)
        return int(self._connection.execute(made).scalar_one())

    def listed(self, round_number: int) -> tuple[int, ...]:
        """What a round has listed."""
        listed = self._connection.execute(
            select(approval_round.c.listed).where(approval_round.c.id == round_number)
        ).scalar_one_or_none()
        return tuple(map(int, listed.split(","))) if listed else ()

    def send(self, ids: Sequence[int], answer: Answer, at: datetime) -> tuple[int, ...]:
        """The letters of those that still wait, and are not too late, are due now; answers which."""
        closed = self._close(ids, answer, at, proposal.c.until > at, _has_letters())
        letters = select(outbox.c.id, outbox.c.kind, proposal.c.until, outbox.c.inbound_id).join(
            proposal, proposal.c.id == outbox.c.proposal_id
        )
        for row in self._connection.execute(letters.where(proposal.c.id.in_(closed), _PROPOSED)).all():
            kind = LetterKind(row.kind)
            self._connection.execute(
                update(outbox)
                .where(outbox.c.id == row.id)
                .values(state=LetterState.QUEUED, next_try_at=at, deadline=min(at + PATIENCE[kind], row.until))
            )
            if kind is LetterKind.VERIFICATION:
                self._connection.execute(
                    update(inbound)
                    .where(inbound.c.id == row.inbound_id, inbound.c.awaits.is_not(None))
                    .values(awaits_until=at + CODE_LASTS)
                )
        return closed

    def undo(self, ids: Sequence[int], answer: Answer, why: str, at: datetime) -> tuple[int, ...]:
        """Those that still wait are undone, and later ones that build on them; answers which, these first."""
        closed = self._close(ids, answer, at)
        if not closed:
            return ()
        if answer is Answer.REJECTED:
            closed += self._close(self._built_on(closed), answer, at)
        self._connection.execute(
            update(outbox)
            .where(outbox.c.proposal_id.in_(closed), _PROPOSED)
            .values(state=LetterState.WITHHELD, settled_at=at, last_reply=f"not approved: {answer}")
        )
        mails = self._connection.execute(
            select(proposal.c.inbound_id).where(proposal.c.id.in_(closed), proposal.c.inbound_id.is_not(None))
        ).scalars()
        self._undo_mails(list(mails), why, at)
        return closed

    def late(self, at: datetime) -> tuple[int, ...]:
        """Those that wait and are of no use any more: too late, or without a letter, as after an erasure."""
        query = select(proposal.c.id).where(_OPEN, or_(proposal.c.until <= at, ~_has_letters()))
        return tuple(self._connection.execute(query.order_by(proposal.c.id)).scalars())

    def _built_on(self, rejected: Sequence[int]) -> Sequence[int]:
        """Later proposals that tell of what is so no more, or have changed it further."""
        changed = (
            select(history.c.registration_id)
            .join(proposal, proposal.c.inbound_id == history.c.inbound_id)
            .where(proposal.c.id.in_(rejected))
        )
        change_it = select(history.c.inbound_id).where(history.c.registration_id.in_(changed))
        concerned = select(outbox.c.recipient).where(outbox.c.proposal_id.in_(rejected), outbox.c.recipient != "")
        tell_of_it = select(outbox.c.proposal_id).where(
            _PROPOSED, outbox.c.recipient.in_(concerned), outbox.c.kind.in_(_TELL_ALL)
        )
        later = select(proposal.c.id).where(
            _OPEN,
            proposal.c.id > min(rejected),
            or_(proposal.c.inbound_id.in_(change_it), proposal.c.id.in_(tell_of_it)),
        )
        return self._connection.execute(later).scalars().all()

    def _close(
        self, ids: Iterable[int], answer: Answer, at: datetime, *conditions: ColumnElement[bool]
    ) -> tuple[int, ...]:
        """Gives this answer to those that have none; answers which these are, oldest first."""
        closed = self._connection.execute(
            update(proposal)
            .where(proposal.c.id.in_(list(ids)), _OPEN, *conditions)
            .values(answer=answer, answered_at=at)
            .returning(proposal.c.id)
        ).scalars()
        return tuple(sorted(closed))

    def _undo_mails(self, inbound_ids: Sequence[int], why: str, at: datetime) -> None:
        """Leaves these mails to a person, and everything as if nothing had been done about them."""
        self._connection.execute(
            update(inbound)
            .where(inbound.c.id.in_(inbound_ids), inbound.c.raw.is_not(None))
            .values(attention=True, why=why, handled_at=at, awaits=None, awaits_until=None)
        )
        undone = self._connection.execute(
            update(history)
            .where(history.c.inbound_id.in_(inbound_ids))
            .values(undone=True)
            .returning(history.c.registration_id)
        ).scalars()
        for registration_id in sorted(set(undone)):
            last = self._connection.execute(
                select(history.c.deed)
                .where(history.c.registration_id == registration_id, ~history.c.undone)
                .order_by(history.c.id.desc())
                .limit(1)
            ).scalar_one_or_none()
            status = _STATUS[Deed(last)] if last else RegistrationStatus.CANCELLED
            gone = status is RegistrationStatus.CANCELLED
            self._connection.execute(
                update(registration)
                .where(registration.c.id == registration_id, registration.c.status != status)
                # A number more: a calendar that knows of an earlier time must take what is said next.
                .values(
                    status=status,
                    cancelled_at=at if gone else None,
                    sequence=registration.c.sequence + 1,
                )
            )


_PROPOSED = outbox.c.state == LetterState.PROPOSED


def _has_letters() -> ColumnElement[bool]:
    return exists().where(outbox.c.proposal_id == proposal.c.id, _PROPOSED)


def waits_for_an_answer(inbound_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether what this mail led to waits for an organiser."""
    return exists().where(proposal.c.inbound_id == inbound_id, _OPEN)


def untold_until(moment: datetime) -> ColumnElement[bool]:
    """Whether somebody's registration waits to be told, or has been told since this moment, because it waited.

    For a query on ``registration`` and ``person``: who learns now of a place needs no reminder of it.
    """
    sends = [answer for answer in Answer if answer.sends]
    return _proposed(or_(_OPEN, proposal.c.answer.in_(sends) & (proposal.c.answered_at >= moment)))


def untold() -> ColumnElement[bool]:
    """Whether somebody's registration waits to be told, for such a query: there is no change to tell of it yet."""
    return _proposed(_OPEN)


def _proposed(within: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a letter of such a proposal tells of the registration."""
    of_the_mail = (
        exists()
        .where(
            history.c.registration_id == registration.c.id,
            ~history.c.undone,
            history.c.inbound_id == outbox.c.inbound_id,
        )
        .correlate(registration, outbox)
    )
    return (
        exists(outbox.c.id)
        .where(
            outbox.c.proposal_id == proposal.c.id,
            outbox.c.recipient == person.c.address,
            or_(outbox.c.registration_id == registration.c.id, of_the_mail),
            within,
        )
        .correlate(registration, person)
    )

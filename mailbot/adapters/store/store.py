"""The store as the rest of the program sees it: queries of the modules beside, with the transactions around them."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from mailbot.adapters.store import editions, guarding, inbox, outbox, registrations, reports
from mailbot.adapters.store import figures as counting
from mailbot.adapters.store.dialect import insert
from mailbot.adapters.store.engine import copies_beside, trouble_told
from mailbot.adapters.store.fellows import Duty
from mailbot.adapters.store.proposals import SqlProposals
from mailbot.adapters.store.sharing import SharedDatabase
from mailbot.adapters.store.tables import contact, digest, installation
from mailbot.core.changes import Knowledge, Notice
from mailbot.core.digest import Digest
from mailbot.core.figures import Figures
from mailbot.core.model import (
    Holdings,
    Letter,
    LetterKind,
    Mail,
    Meeting,
    MeetingStatus,
    Registration,
    Series,
    Undelivered,
)
from mailbot.core.reminders import Due
from mailbot.core.restraint import Answered
from mailbot.core.retry import Verdict
from mailbot.core.situation import Decision, Situation, Standing
from mailbot.core.status import Status
from mailbot.ports import Claimed, Cursor, Filing, Handled, Inbound, Kept, StoreTrouble

RESTART = 20.0
"""Seconds for which a database server that went away is waited for, where nothing but time is lost by it."""
MOST_TRIES = 3
"""How often a mail is tried before it is set aside."""


class SqlWork:
    """One write transaction; see ``ports.Work``."""

    def __init__(self, connection: Connection, by: int | None = None) -> None:
        self._connection = connection
        self._by = by
        self._answers = guarding.Tally()
        self.proposals = SqlProposals(connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is done inside is undone alone where an exception leaves it."""
        with trouble_told(self._connection.engine.url), self._connection.begin_nested():
            yield

    def situation(self, series: Series, address: str, attendee: str | None) -> Situation:
        """The facts that a decision about a mail from ``address`` may look at, its ``export`` aside."""
        codes = [meeting.code for meeting in series.meetings]
        return Situation(
            person=registrations.find_person(self._connection, address),
            registrations=registrations.of_address(self._connection, address, codes),
            attendee_registrations=registrations.of_address(self._connection, attendee, codes) if attendee else (),
            standings=self.standings(series),
        )

    def holdings(self, address: str) -> Holdings:
        """Everything held on whoever has this address."""
        return reports.holdings(self._connection, address)

    def apply(self, decision: Decision, inbound_id: int | None, at: datetime) -> None:
        """Stores what was decided about places; letters and erasure apart."""
        for withdrawn in decision.withdrawn:
            registrations.withdraw(self._connection, withdrawn, inbound_id, at)
        for enrolment in decision.enrolled:
            edition_id = editions.edition_of(self._connection, enrolment.place.meeting)
            registrations.enrol(self._connection, enrolment, edition_id, inbound_id, at)
        for promoted in decision.promoted:
            registrations.promote(self._connection, promoted, inbound_id, at)
        outbox.withhold(self._connection, (gone.id for gone in decision.withdrawn), at)

    def answered(self, address: str, at: datetime) -> Answered:
        """How many answers there were until now, to this address, its domain, and in all."""
        return guarding.answered(self._connection, self._answers, address, at)

    def take_awaiting(self, code: str, at: datetime) -> Inbound | None:
        """The mail whose wish this code confirms, where it still waits; a code serves once."""
        return guarding.take_awaiting(self._connection, code, at)

    def note_bounce(self, names: Sequence[str], reply: str, inbound_id: int, at: datetime) -> bool:
        """The letter with one of these names has come back; False where we sent none."""
        return guarding.note_bounce(self._connection, names, reply, inbound_id, at)

    def bounced(self, since: datetime, upto: datetime) -> tuple[Undelivered, ...]:
        """The letters that came back after ``since`` and until ``upto``."""
        return reports.undelivered(self._connection, since, upto, bounced_only=True)

    def queue(
        self, letter: Letter, mail: Mail, inbound_id: int | None, at: datetime, proposal: int | None = None
    ) -> bool:
        """Puts a mail into the outbox, as part of a proposal or not; False where its purpose is served already."""
        queued = outbox.queue(self._connection, letter, mail, inbound_id, at, proposal)
        if letter.kind is LetterKind.PROMOTION and letter.registration_id is not None:
            editions.note_shown(self._connection, letter.registration_id, letter.registered[0].meeting)
        if queued and inbound_id is not None:
            self._answers.add(mail.recipient)
        return queued

    def settle(self, inbound_id: int, handled: Handled, at: datetime) -> None:
        """This collected mail is handled."""
        inbox.settle(self._connection, inbound_id, handled, at, self._by)

    def forget(self, address: str, at: datetime) -> int:
        """Erases whoever has this address, but for counts; answers how many rows were touched."""
        touched = inbox.forget_sender(self._connection, address)
        touched += outbox.forget_recipient(self._connection, address, at)
        return touched + registrations.forget_person(self._connection, address)

    def standings(self, series: Series) -> Mapping[str, Standing]:
        """How full each meeting is, by code."""
        return {meeting.code: registrations.standing(self._connection, meeting.code) for meeting in series.meetings}

    def to_remind(self, reminder: Due, limit: int) -> list[Registration]:
        """Who is to get this reminder and has not been queued it."""
        return registrations.to_remind(self._connection, reminder, limit)

    def digest(self, series: Series, day: date, since: datetime | None, upto: datetime | None = None) -> Digest:
        """What the digest of a day says of all that happened after ``since`` and until ``upto``."""
        return reports.make_digest(self._connection, series, day, since, upto)

    def note_digest(self, day: date, at: datetime) -> None:
        """The digest of this day is queued."""
        self._connection.execute(insert(self._connection, digest).values(day=day, at=at).on_conflict_do_nothing())

    def note_meetings(self, series: Series, at: datetime) -> tuple[Meeting, ...]:
        """Takes over the meetings as the configuration has them; answers those that changed for participants."""
        changed = editions.note_meetings(self._connection, series, at)
        off = (meeting for meeting in series.meetings if meeting.status is MeetingStatus.CANCELLED)
        for meeting in (*changed, *off):
            outbox.withhold_reminders_of(self._connection, meeting.code, at)
        return changed

    def to_tell(self, notice: Notice, limit: int) -> list[Registration]:
        """Who is to get this notice and has not been queued it."""
        return registrations.to_tell(self._connection, notice, limit)

    def note_told(self, told: Registration, notice: Notice, at: datetime) -> None:
        """This person knows; ``told`` has the SEQUENCE that they were told."""
        editions.note_told(self._connection, told, notice.now.id, at)


class SqlStore(SharedDatabase):
    """The rows between the loops; see ``ports.Store``."""

    @contextmanager
    def work(self) -> Iterator[SqlWork]:
        """One write transaction."""
        with self._in_turn() as connection:
            yield SqlWork(connection, self._by)

    def copies(self) -> list[Path]:
        """The copies of the database that were made before it was brought up to date."""
        return copies_beside(self._engine.url)

    # --- collect

    def cursor(self, folder: str) -> Cursor | None:
        """How far this folder has been read."""
        with self._read() as connection:
            return inbox.read_cursor(connection, folder)

    def keep(self, kept: Sequence[Kept], upto: Cursor, at: datetime) -> int:
        """Keeps mails and moves the cursor; answers how many of them were not known."""
        with self._write() as connection:
            if self._fellows is not None:
                self._fellows.require(connection, Duty.COLLECT)
            return inbox.keep(connection, kept, upto, at)

    def note_left_alone(self, count: int) -> None:
        """So many mails lay in the mailbox at the first start and are left alone."""
        with self._write() as connection:
            guarding.note_left_alone(connection, count)

    def unfiled(self, folder: str, uidvalidity: int, limit: int) -> list[Filing]:
        """Handled mails that still lie in the folder."""
        with self._read() as connection:
            return inbox.unfiled(connection, folder, uidvalidity, limit)

    def note_filed(self, folder: str, uidvalidity: int, uids: Sequence[int], at: datetime) -> None:
        """These mails have been filed, or need not be."""
        with self._write() as connection:
            inbox.note_filed(connection, folder, uidvalidity, uids, at)

    # --- handle

    def take(self, limit: int, at: datetime, *, calm: bool = True) -> list[Inbound]:
        """The oldest mails that wait to be handled, counted as tried; one tried before comes alone.

        The last try of a mail with which the process has ended is left for when all is ``calm``.
        """
        with self._in_turn() as connection:
            return inbox.take(connection, limit, MOST_TRIES, at, calm=calm, by=self._by)

    def give_back(self, inbound_ids: Sequence[int]) -> None:
        """These mails were taken, but not tried: the world was in the way."""
        with self._in_turn() as connection:
            inbox.give_back(connection, inbound_ids, self._by)

    def note_failure(self, inbound_id: int, error: str, at: datetime) -> bool:
        """Handling failed by a fault of ours; True where the mail is now set aside."""
        with self._write() as connection:
            return inbox.note_failure(connection, inbound_id, error, MOST_TRIES, at, self._by)

    # --- deliver

    def claim(self, limit: int, at: datetime) -> list[Claimed]:
        """The outgoing mails that are due for a try; those whose time is over are given up, or withheld, instead."""
        with self._write() as connection:
            return outbox.claim(connection, limit, at, self._by)

    def settle(self, outbox_id: int, verdict: Verdict, at: datetime) -> None:
        """What became of a try. A database server that is being restarted is waited for, lest it be sent again."""
        end = time.monotonic() + (RESTART if self.shared else 0.0)
        while True:
            try:
                with self._write() as connection:
                    return outbox.settle(connection, outbox_id, verdict, at, self._by)
            except StoreTrouble:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.5)

    def recover(self, at: datetime) -> int:
        """Puts back into the queue what is marked as being sent and is not; answers how many.

        Where others share the outbox, only what this daemon has left half-way; ``attend`` sees to the rest.
        """
        with self._in_turn() as connection:
            return outbox.recover(connection, at, None if self._by is None else [self._by])

    def next_try_at(self) -> datetime | None:
        """When the next outgoing mail is due."""
        with self._read() as connection:
            return outbox.next_try_at(connection)

    # --- remind, report

    def last_digest(self) -> tuple[date, datetime] | None:
        """The day and the moment of the last digest."""
        with self._read() as connection:
            return reports.last_digest(connection)

    def digest(self, series: Series, day: date, since: datetime | None) -> Digest:
        """What the digest of a day says."""
        with self._read() as connection:
            return reports.make_digest(connection, series, day, since)

    def status(self, series: Series, lately: datetime) -> Status:
        """How the service stands."""
        with self._read() as connection:
            return reports.status(connection, [meeting.code for meeting in series.meetings], lately)

    def figures(self, series: Series, at: datetime) -> Figures:
        """What a monitoring system is told at the moment ``at``."""
        with self._read() as connection:
            return counting.figures(connection, [meeting.code for meeting in series.meetings], at)

    def registrations(self, codes: Sequence[str] | None = None) -> tuple[Registration, ...]:
        """All registrations, or those of these meetings."""
        with self._read() as connection:
            return registrations.all_registrations(connection, codes)

    def knowledge(self) -> Knowledge:
        """What people know of the meetings."""
        with self._read() as connection:
            return editions.knowledge(connection)

    def standings(self, series: Series) -> Mapping[str, Standing]:
        """How full each meeting is, by code."""
        with self._read() as connection:
            return {meeting.code: registrations.standing(connection, meeting.code) for meeting in series.meetings}

    def to_tell(self, notice: Notice, limit: int) -> list[Registration]:
        """Who is to get this notice."""
        with self._read() as connection:
            return registrations.to_tell(connection, notice, limit)

    def forget_before(self, moment: datetime) -> int:
        """Empties everything older of what is personal; answers how many rows were touched."""
        with self._in_turn() as connection:
            touched = inbox.forget_handled(connection, moment) + outbox.forget_settled(connection, moment)
            return touched + registrations.forget_of_meetings_before(connection, moment)

    def in_trouble(self, server: str) -> bool:
        """Whether a server could not be reached when it was last tried."""
        with self._read() as connection:
            return reports.in_trouble(connection, server)

    def note_contact(self, server: str, at: datetime, trouble: str = "") -> None:
        """A server was reached, or not and why. Letters that waited for the SMTP server are due once it is back."""
        news = {"trouble": trouble, "trouble_at": at} if trouble else {"at": at, "trouble": None}
        with self._in_turn() as connection:
            if server == "smtp" and not trouble and reports.in_trouble(connection, server):
                outbox.hasten(connection, at)
            connection.execute(
                insert(connection, contact)
                .values(server=server, **news)
                .on_conflict_do_update(index_elements=[contact.c.server], set_=news)
            )

    def installation(self, at: datetime) -> tuple[datetime, bytes]:
        """The moment of the first start, and the secret that names are derived with; made at the first call."""
        with self._read() as connection:
            if known := connection.execute(select(installation)).one_or_none():
                return known.first_start_at, known.secret
        with self._in_turn() as connection:
            connection.execute(
                insert(connection, installation)
                .values(id=1, first_start_at=at, secret=secrets.token_bytes(32))
                .on_conflict_do_nothing()
            )
            row = connection.execute(select(installation)).one()
            return row.first_start_at, row.secret

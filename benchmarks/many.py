"""Three daemons on one PostgreSQL database, one of them killed every two seconds, while people write.

    .venv/bin/python -m benchmarks.many [--mails 2000] [--rate 20] [--seed 1] [--seconds 2] [--whole]

The mailbox, the SMTP server and the writers live in this process; PostgreSQL (from the distribution) and the daemons
are processes of their own. Every so many seconds one of the daemons, drawn by lot, is ended by `kill -9` and started
again. A life is a fork that runs what ``mailbot run`` runs; with ``--whole`` it is ``mailbot run`` itself.
One of the meetings has room for a part of those who want to come.

In the end the kills stop, and everything is counted: the exit code is 1 where a mail has no answer or two, somebody has
anything but the registration they want, a meeting held more than its places at any time, letters reached anybody out
of order, or anything but the same bytes went out twice.
"""

import argparse
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.chaos import MEETING, Crowd, Life, ended
from mailbot.adapters.store.postgresql import OURS, Lock
from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.parts import utc_now
from tests.servers.daemons import BOT, TOWN, write_configuration
from tests.servers.postgresql import Postgresql

DAEMONS = 3
BEHIND = 150
"""So many mails may wait before the people stop writing for a moment."""
PATIENCE = 90.0
"""Seconds after the last kill in which everything must have come to its end."""
EXPLAINED = 3.0
"""A letter goes out again only where a daemon was killed at most so many seconds after its first 250."""

READER = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
    f"AND classid::bigint = {OURS} AND objid = {int(Lock.COLLECT)}"
)


class TimedServers(EmbeddedServers):
    """They note when each letter was accepted."""

    moments: list[float]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """A mail is handed over."""
        self.moments.append(time.monotonic())
        return await super().handle_DATA(server, session, envelope)


@dataclass
class Reader:
    """Watches who reads the mailbox, ten times a second, from a thread of its own."""

    ask: Callable[[str], list[tuple[Any, ...]]]
    session: int | None = None
    seen: float = 0.0
    gaps: list[float] = field(default_factory=list)
    """Seconds for which nobody read it, each time until another did."""
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Until it is told to end."""
        while not self.ended.wait(0.1):
            found = [pid for (pid,) in self.ask(READER)]
            if not found:
                continue
            if self.session is not None and found[0] != self.session:
                self.gaps.append(time.monotonic() - self.seen)
            self.session, self.seen = found[0], time.monotonic()


@dataclass
class Many:
    """The whole of it."""

    folder: Path
    mails: int
    seed: int
    rate: float = 20.0
    every: float = 2.0
    whole: bool = False
    kills: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def run(self, server: Postgresql) -> None:
        """Lets people write while daemons die, then waits for the end."""
        began = time.monotonic()
        self.chance = random.Random(self.seed)
        database = server.new_database()
        self.ask = server.asking(database)
        with TimedServers(BOT) as self.servers:
            self.servers.moments = []
            self.crowd = Crowd(self.servers, random.Random(self.seed + 1))
            file = self._configured(database)
            self.lives = [self._start(file) for _ in range(DAEMONS)]
            try:
                until(lambda: self._count("SELECT count(*) FROM pg_tables WHERE tablename = 'outbox'") == 1)
                self._all(file)
                self._end()
            finally:
                for life in self.lives:
                    life.kill()
        self.seconds = time.monotonic() - began

    def _configured(self, database: str) -> Path:
        day = f"{utc_now() + timedelta(days=20):%Y-%m-%d}"
        sport = MEETING.format(code="sport", sector="associazioni sportive", reading="le associazioni", day=day)
        musei = MEETING.format(code="musei", sector="musei e biblioteche", reading="i musei e le biblioteche", day=day)
        imap: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.servers.imap_port,
            "security": "none",
            "username": BOT,
            "password": PASSWORD,
        }
        self.places = max(5, self.mails // 5)
        series = f"{TOWN}{sport}capacity = {self.places}\n{musei}"
        file = write_configuration(self.folder, imap, self.servers.smtp_port, series=series, database=database)
        with file.open("a") as more:
            more.write("connections = 1\n")  # two of one daemon may let letters to one person change places
        return file

    def _start(self, file: Path) -> Life:
        return Life(file, timedelta(), whole=self.whole)

    def _all(self, file: Path) -> None:
        self.reader = Reader(self.ask)
        watching = threading.Thread(target=self.reader.watch, name="reader")
        watching.start()
        next_kill = time.monotonic() + self.every
        while self.crowd.written < self.mails:
            # What has its last try only once all is calm waits for the end of the kills.
            if self._waiting() - self._count("SELECT count(*) FROM inbound WHERE state='new' AND tries > 1") < BEHIND:
                for _ in range(self.chance.randint(1, 5)):
                    self.crowd.write(utc_now())
                    time.sleep(1 / self.rate)
            else:
                time.sleep(0.1)
            if time.monotonic() >= next_kill:
                next_kill += self.every
                self._kill_one(file)
        self.reader.ended.set()
        watching.join()

    def _kill_one(self, file: Path) -> None:
        number = self.chance.randrange(DAEMONS)
        self.lives[number].kill()
        self.kills.append(time.monotonic())
        self.lives[number] = self._start(file)

    def _waiting(self) -> int:
        return self.crowd.written - self._count("SELECT count(*) FROM inbound WHERE state <> 'new'")

    def _end(self) -> None:
        letters = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
        until(lambda: self._waiting() + self._count(letters) == 0, PATIENCE)
        for life in self.lives:
            life.stop()

    def _count(self, query: str) -> int:
        return int(self.ask(query)[0][0])

    # --- what came of it

    def losses(self) -> list[str]:
        """Everything that is not as it must be."""
        return [*self._mails(), *self._registrations(), *self._places(), *self._letters(), *self._order()]

    def _mails(self) -> Iterator[str]:
        mails = self.ask("SELECT id, state, outcome, tries FROM inbound ORDER BY id")
        if len(mails) != self.crowd.written:
            yield f"{self.crowd.written} mails were written and {len(mails)} kept"
        for number, state, outcome, tries in mails:
            if state != "handled" or outcome != "act":
                yield f"mail {number} is {state} ({outcome}) after {tries} tries"
        answers = "FROM inbound i LEFT JOIN outbox o ON o.inbound_id = i.id AND o.kind <> 'promotion' GROUP BY i.id"
        for number, count in self.ask(f"SELECT i.id, count(o.id) {answers}"):
            if count != 1:
                yield f"mail {number} has {count} answers"

    def _registrations(self) -> Iterator[str]:
        held: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        query = "SELECT p.address, r.meeting, r.status FROM registration r JOIN person p ON p.id = r.person_id"
        for address, meeting, status in self.ask(query):
            held[address.partition("@")[0]].append((meeting, status != "cancelled"))
        for who in sorted(held.keys() | self.crowd.wanted.keys()):
            code, status = self.crowd.wanted.get(who, ("", ""))
            if held[who] != [(code, status != "cancelled")]:
                yield f"{who} wants {code} ({status}) and has {held[who]}"

    def _places(self) -> Iterator[str]:
        """The history, deed by deed: never more than the places there are."""
        query = (
            "SELECT h.registration_id, h.deed FROM history h JOIN registration r ON r.id = h.registration_id "
            "WHERE r.meeting = 'sport' ORDER BY h.id"
        )
        confirmed: set[int] = set()
        for registration, deed in self.ask(query):
            if deed == "withdrawn":
                confirmed.discard(registration)
            elif deed in ("registered", "promoted"):
                if registration in confirmed:
                    yield f"registration {registration} was given a place twice"
                confirmed.add(registration)
            if len(confirmed) > self.places:
                yield f"{len(confirmed)} hold one of {self.places} places"

    def _letters(self) -> Iterator[str]:
        accepted = self.accepted()
        for message_id, state, reply in self.ask("SELECT message_id, state, last_reply FROM outbox"):
            taken = accepted.pop(message_id, [])
            if state != "sent" or not taken:
                yield f"{message_id} is {state} ({reply}) and was accepted {len(taken)} time(s)"
            if len({raw for _, raw in taken}) > 1:
                yield f"{message_id} went out with different bytes"
            for moment, _ in taken[:-1]:
                if not any(0 <= kill - moment < EXPLAINED for kill in self.kills):
                    yield f"{message_id} went out again, and nobody had been killed"
        for message_id in accepted:
            yield f"{message_id} is no letter of ours"

    def _order(self) -> Iterator[str]:
        """Nobody gets a later letter before an earlier one."""
        first = {message_id: taken[0][0] for message_id, taken in self.accepted().items()}
        last: dict[str, tuple[float, int]] = {}
        for number, recipient, message_id in self.ask("SELECT id, recipient, message_id FROM outbox ORDER BY id"):
            moment = first.get(message_id, 0.0)
            if recipient in last and moment < last[recipient][0]:
                yield f"letter {number} came before letter {last[recipient][1]}, to the same person"
            last[recipient] = moment, number

    def accepted(self) -> dict[str, list[tuple[float, bytes]]]:
        """Every acceptance of each letter, by Message-ID: when, and what."""
        by_id: dict[str, list[tuple[float, bytes]]] = defaultdict(list)
        for moment, delivered in zip(self.servers.moments, self.servers.delivered, strict=True):
            by_id[str(message_from_bytes(delivered.raw)["Message-ID"])].append((moment, delivered.raw))
        return by_id

    def table(self) -> str:
        """The figures."""
        gaps = sorted(self.reader.gaps)
        figures: list[tuple[str, object]] = [
            ("daemons", DAEMONS),
            ("kills", len(self.kills)),
            ("times that another took over reading the mailbox", len(gaps)),
            ("  nobody read it, median", f"{gaps[len(gaps) // 2]:.1f} s" if gaps else "-"),
            ("  nobody read it, longest", f"{gaps[-1]:.1f} s" if gaps else "-"),
            ("mails written", self.crowd.written),
            ("  came a second time", self.crowd.repeated),
            ("  handled", self._count("SELECT count(*) FROM inbound WHERE state = 'handled'")),
            ("  tried more than once", self._count("SELECT count(*) FROM inbound WHERE tries > 1")),
            ("people", len(self.crowd.wanted)),
            ("  with just the registration they want", len(self.crowd.wanted) - len(list(self._registrations()))),
            ("places in the meeting with a waiting list", self.places),
            ("  held", self._count("SELECT count(*) FROM registration WHERE meeting='sport' AND status='confirmed'")),
            ("letters", self._count("SELECT count(*) FROM outbox")),
            ("  sent", self._count("SELECT count(*) FROM outbox WHERE state = 'sent'")),
            ("  out of order", len(list(self._order()))),
            ("accepted by the server", len(self.servers.delivered)),
            ("  a second time, same bytes", len(self.servers.delivered) - len(self.accepted())),
            ("seconds", f"{self.seconds:.0f}"),
        ]
        width = max(len(name) for name, _ in figures)
        return "\n".join(f"{name:<{width}}  {value:>8}" for name, value in figures)


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not come true within {seconds:.0f} seconds"
        time.sleep(0.1)


@contextmanager
def many(server: Postgresql, mails: int, **how: Any) -> Iterator[Many]:
    """A run that is over; its database and log are there until the block ends."""
    with TemporaryDirectory(prefix="mailbot-many-") as folder:
        run = Many(Path(folder), mails, **how)
        try:
            run.run(server)
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{(Path(folder) / 'log').read_text('utf-8')[-5000:]}") from failed
        yield run


def main() -> None:
    """Runs it and prints what came of it."""
    parser = argparse.ArgumentParser(description="Three daemons on one database, killed again and again.")
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=20.0, help="mails a second, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="between two kills")
    parser.add_argument("--whole", action="store_true", help="each life is `mailbot run` itself")
    given = parser.parse_args()
    how = {"seed": given.seed, "rate": given.rate, "every": given.seconds, "whole": given.whole}
    with Postgresql() as server, many(server, given.mails, **how) as run:
        code = ended(run, given.seed, whole=given.whole)
    sys.exit(code)


if __name__ == "__main__":
    main()

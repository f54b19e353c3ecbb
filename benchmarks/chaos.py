"""Kills the daemon at any moment, hundreds of times in a row, while mails arrive and the SMTP server misbehaves.

    .venv/bin/python -m benchmarks.chaos [--kills 500] [--seed 1] [--whole]

The mailbox and the SMTP server live in this process; the daemon is a process of its own, which `kill -9` ends after a
random while, or just when it passes a random step of SMTP. The server accepts, refuses for now and for good, closes the
connection before and after it has taken a mail, or falls silent. Between two lives the daemon's clock goes ahead, so
that the waits of refused letters are waited through. A life is a fork of a process that has the program loaded, and
runs what ``mailbot run`` runs; with ``--whole`` each is ``mailbot run`` itself, in real time.

In the end the world becomes kind, and everything is counted: the exit code is 1 where a mail has no answer, a
registration is not as its sender wanted it, or anything but the same bytes went out twice.
"""

import argparse
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from benchmarks.life import live
from mailbot.daemon import CALM_SECONDS
from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.parts import utc_now
from tests.loops.world import cancel, register
from tests.servers.daemons import BOT, TOWN, rows, write_configuration
from tests.smtp.scripted import DROP, STALL, ScriptedServer

STEPS = ("banner", "mail", "rcpt", "data", "content", "taken")
"""Where a kill may fall: before each answer of the server, and just after the 250 that takes a mail."""
LONGEST_LIFE = 1.5
PATIENCE = CALM_SECONDS + 10
"""How long a life goes on while a mail waits for its last try, which it has only once all is calm."""
AFTERWARDS = timedelta(minutes=61)
"""How far the clock goes ahead between two lives once the kills are over: more than any wait."""

MISFORTUNE: dict[str, tuple[tuple[float, str], ...]] = {
    "banner": ((0.03, "421 4.3.2 not now"), (0.03, DROP), (0.01, STALL)),
    "mail": ((0.02, "432 4.3.2 concurrent connections limit exceeded"), (0.02, "452 4.3.1 no room"), (0.02, DROP)),
    "rcpt": ((0.05, "450 4.2.0 greylisted"), (0.02, "550 5.1.1 no such user"), (0.01, DROP), (0.01, STALL)),
    "data": ((0.02, "451 4.3.0 not now"), (0.02, DROP)),
    "content": ((0.03, "451 4.7.1 try again"), (0.01, "554 5.7.1 no"), (0.06, DROP), (0.02, STALL)),
}
"""By step, how likely the server is to answer something else."""
TAKEN_UNHEARD = 0.06
"""How likely it is to close the connection after it has taken a mail, instead of the 250."""

MEETING = """
[[meetings]]
code = "{code}"
title = "Incontro con {reading}"
sector = "{sector}"
starts_at = {day}T18:00:00
duration_minutes = 90
join_url = "https://zoom.example/j/{code}"
"""


_session_of: ContextVar[int] = ContextVar("life")
"""Whose session it is: what a life has said is sometimes heard after its end."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An acceptance of a mail."""

    life: int
    at: float
    heard: bool
    """False where the connection was closed instead of the 250."""
    raw: bytes


@dataclass
class Executioner:
    """Ends a life: when its time is over, or when the server passes the step that was drawn."""

    step: str = ""
    passages: int = 0
    pid: int = 0
    killed_at: float = 0.0

    def passing(self, step: str) -> None:
        """The server is at this step of a session."""
        if step == self.step and self.pid and not self.killed_at:
            self.passages -= 1
            if self.passages <= 0:
                self.kill()

    def kill(self) -> None:
        """Now."""
        self.killed_at = time.monotonic()
        os.kill(self.pid, signal.SIGKILL)


@dataclass
class WildServer(ScriptedServer):
    """An SMTP server that does, at each step, something else now and then."""

    chance: random.Random = field(default_factory=random.Random)
    executioner: Executioner = field(default_factory=Executioner)
    wild: bool = True
    life: int = 0
    acceptances: list[Taken] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)

    async def _answer(self, step: str, writer: Any) -> str:
        if step == "banner":
            _session_of.set(self.life)
        self.executioner.passing(step)
        reply = self._drawn(step)
        if step == "content":
            unheard = not reply and self.wild and self.chance.random() < TAKEN_UNHEARD
            if not reply:
                self.acceptances.append(Taken(_session_of.get(), time.monotonic(), not unheard, self.read[-1]))
            if unheard:
                reply = DROP
        if reply:
            self.replies[step].append(reply)
            self.said[f"{step} {reply}" if reply in (DROP, STALL) else reply[:3]] += 1
        answer = await super()._answer(step, writer)
        if step == "content" and answer.startswith("250"):
            self.said["250"] += 1
            self.executioner.passing("taken")
        return answer

    def _drawn(self, step: str) -> str:
        if self.wild:
            drawn = self.chance.random()
            for likelihood, reply in MISFORTUNE.get(step, ()):
                if drawn < likelihood:
                    return reply
                drawn -= likelihood
        return ""


@dataclass
class Crowd:
    """People who write, and what they deserve to hold."""

    servers: EmbeddedServers
    chance: random.Random
    written: int = 0
    """Different mails."""
    repeated: int = 0
    """Mails that came a second time."""
    wanted: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By person: the meeting and the status."""
    _last: bytes = b""

    def write(self, at: datetime) -> None:
        """Somebody writes: mostly a newcomer, sometimes one who leaves; now and then a mail comes twice."""
        drawn = self.chance.random()
        if drawn < 0.1 and self._last:
            self.repeated += 1
            self.servers.put(self._last, at)
            return
        self.written += 1
        holding = sorted(who for who, (_, status) in self.wanted.items() if status == "confirmed")
        if drawn < 0.3 and holding:
            who = self.chance.choice(holding)
            code = self.wanted[who][0]
            self._last, self.wanted[who] = cancel(who, code, self.written, at), (code, "cancelled")
        else:
            who, code = f"anna{self.written}", self.chance.choice(("sport", "musei"))
            self._last, self.wanted[who] = register(who, code, self.written, at), (code, "confirmed")
        self.servers.put(self._last, at)


class Life:
    """One life of the daemon, from its start to a kill or to SIGTERM."""

    def __init__(self, file: Path, ahead: timedelta, *, whole: bool) -> None:
        log = str(file.with_name("log"))
        if whole:
            with Path(log).open("ab") as out:
                command = [sys.executable, "-m", "mailbot", "run", "--config", str(file)]
                self._process: Any = subprocess.Popen(command, stdout=out, stderr=out)
        else:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["__main__", "benchmarks.life"])
            self._process = context.Process(target=live, args=(str(file), log, ahead.total_seconds()))
            self._process.start()
        self.began = time.monotonic()
        self.pid = int(self._process.pid)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended."""
        if isinstance(self._process, subprocess.Popen):
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
            return True
        self._process.join(seconds)
        return not self._process.is_alive()

    def kill(self) -> None:
        """`kill -9`, whatever it does; nothing where it has ended."""
        self._process.kill()
        self.wait(10)

    def stop(self) -> None:
        """SIGTERM, which it obeys within ten seconds."""
        os.kill(self.pid, signal.SIGTERM)
        assert self.wait(15), "it does not end at SIGTERM"


@dataclass
class Chaos:
    """The whole of it."""

    folder: Path
    kills: int
    seed: int
    whole: bool = False
    ahead: timedelta = timedelta()
    ended_by: Counter[str] = field(default_factory=Counter)
    lengths: list[float] = field(default_factory=list)
    deaths: dict[int, float] = field(default_factory=dict)
    """When each life was killed, by its number."""
    seconds: float = 0.0
    afterwards: int = 0
    """Lives without a kill that it took to finish."""

    def run(self) -> None:
        """Kills so many times, then lets everything come to an end."""
        began = time.monotonic()
        self.chance = random.Random(self.seed)
        with EmbeddedServers(BOT) as servers, WildServer(chance=random.Random(self.seed + 1)) as self.smtp:
            self.crowd = Crowd(servers, random.Random(self.seed + 2))
            self.file = self._configured(servers)
            for number in range(1, self.kills + 1):
                self._kill_once(number)
            self._finish()
        self.seconds = time.monotonic() - began

    def _configured(self, servers: EmbeddedServers) -> Path:
        day = f"{utc_now() + timedelta(days=20):%Y-%m-%d}"
        meetings = (
            MEETING.format(code="sport", sector="associazioni sportive", reading="le associazioni sportive", day=day),
            MEETING.format(code="musei", sector="musei e biblioteche", reading="i musei e le biblioteche", day=day),
        )
        imap: dict[str, object] = {
            "host": "127.0.0.1",
            "port": servers.imap_port,
            "security": "none",
            "username": BOT,
            "password": PASSWORD,
        }
        return write_configuration(self.folder, imap, self.smtp.port, series=TOWN + "".join(meetings))

    def _kill_once(self, number: int) -> None:
        chance, executioner = self.chance, Executioner()
        by_time = chance.random() < 0.4
        longest = chance.uniform(0.0, 0.7) + (0.7 if self.whole else 0.0) if by_time else LONGEST_LIFE
        if not by_time:
            executioner.step, executioner.passages = chance.choice(STEPS), chance.randint(1, 4)
        self.smtp.life, self.smtp.executioner = number, executioner
        for _ in range(chance.randint(0, 2)):
            self.crowd.write(utc_now() + self.ahead)
        life = Life(self.file, self.ahead, whole=self.whole)
        executioner.pid = life.pid
        end = life.began + longest
        later = [life.began + chance.uniform(0.0, longest) for _ in range(chance.randint(0, 2))]
        for moment in sorted(later):
            if not life.wait(max(0.0, min(moment, end) - time.monotonic())):
                self.crowd.write(utc_now() + self.ahead)
        reached = life.wait(max(0.0, end - time.monotonic()))
        if not reached:
            executioner.kill()
            assert life.wait(10)
        assert executioner.killed_at, f"life {number} ended by itself\n{self._log_end()}"
        self.ended_by[f"at {executioner.step}" if reached else "after a while"] += 1
        self.deaths[number] = executioner.killed_at
        self.lengths.append(executioner.killed_at - life.began)
        if not self.whole:
            self.ahead += timedelta(minutes=chance.uniform(0, 10))

    def _finish(self) -> None:
        self.smtp.wild, self.smtp.executioner = False, Executioner()
        while self._mails_waiting() + self._letters_waiting():
            self.afterwards += 1
            assert self.afterwards < (400 if self.whole else 50), f"it comes to no end\n{self._log_end()}"
            self.smtp.life = self.kills + self.afterwards
            life = Life(self.file, self.ahead, whole=self.whole)
            quiet, seen = time.monotonic(), -1
            patience = PATIENCE if self._mails_waiting() else 2.0
            while time.monotonic() - quiet < patience and self._mails_waiting() + self._letters_waiting():
                time.sleep(0.1)
                if seen != (seen := len(self.smtp.acceptances)):
                    quiet = time.monotonic()
            life.stop()
            self.ahead += AFTERWARDS

    def _mails_waiting(self) -> int:
        """Mails not yet kept or handled."""
        return self.crowd.written - self._count("SELECT count(*) FROM inbound WHERE state != 'new'")

    def _letters_waiting(self) -> int:
        """Letters not yet settled."""
        return self._count("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')")

    def _log_end(self) -> str:
        return self.file.with_name("log").read_text("utf-8")[-3000:]

    # --- what came of it

    def losses(self) -> list[str]:
        """Everything that is not as it must be."""
        return [*self._mails(), *self._registrations(), *self._letters()]

    def _mails(self) -> Iterator[str]:
        mails = rows(self.file, "SELECT id, state, outcome, tries FROM inbound ORDER BY id")
        if len(mails) != self.crowd.written:
            yield f"{self.crowd.written} mails were written and {len(mails)} kept"
        for number, state, outcome, tries in mails:
            if state != "handled" or outcome != "act":
                yield f"mail {number} is {state} ({outcome}) after {tries} tries"
        for number, count in rows(
            self.file, "SELECT i.id, count(o.id) FROM inbound i LEFT JOIN outbox o ON o.inbound_id = i.id GROUP BY i.id"
        ):
            if count != 1:
                yield f"mail {number} has {count} answers"

    def _registrations(self) -> Iterator[str]:
        query = (
            "SELECT p.address, r.meeting, r.status FROM registration r JOIN person p ON p.id = r.person_id "
            "ORDER BY p.address"
        )
        held: dict[str, list[tuple[object, object]]] = defaultdict(list)
        for address, meeting, status in rows(self.file, query):
            held[str(address).partition("@")[0]].append((meeting, status))
        for who in sorted(held.keys() | self.crowd.wanted.keys()):
            wanted = [self.crowd.wanted[who]] if who in self.crowd.wanted else []
            if held[who] != wanted:
                yield f"{who} wants {wanted} and has {held[who]}"

    def _letters(self) -> Iterator[str]:
        accepted = self.accepted()
        for message_id, state, reply in rows(self.file, "SELECT message_id, state, last_reply FROM outbox"):
            taken = accepted.pop(str(message_id), [])
            if state == "sent" and not taken:
                yield f"{message_id} is called sent, and the server has not got it"
            if state == "failed" and str(reply)[:3] not in ("550", "554"):
                yield f"{message_id} was given up: {reply}"
            if state not in ("sent", "failed"):
                yield f"{message_id} is {state}"
            if len({each.raw for each in taken}) > 1:
                yield f"{message_id} went out with different bytes"
            for earlier in taken[:-1]:
                death = self.deaths.get(earlier.life)
                if earlier.heard and (death is None or death - earlier.at > 1):
                    yield f"{message_id} went out again though its 250 was heard"
        for message_id in accepted:
            yield f"{message_id} is no letter of ours"

    def accepted(self) -> dict[str, list[Taken]]:
        """Every acceptance of each letter, by Message-ID."""
        by_id: dict[str, list[Taken]] = defaultdict(list)
        for taken in self.smtp.acceptances:
            by_id[str(message_from_bytes(taken.raw)["Message-ID"])].append(taken)
        return by_id

    def table(self) -> str:
        """The figures."""
        accepted = self.accepted()
        again = [taken for every in accepted.values() for taken in every[:-1]]
        count = partial(self._count)
        lengths = sorted(self.lengths)
        figures: list[tuple[str, object]] = [
            ("kills", sum(self.ended_by.values())),
            *((f"  {how}", times) for how, times in sorted(self.ended_by.items())),
            ("a life, median", f"{lengths[len(lengths) // 2]:.2f} s"),
            ("a life, longest", f"{lengths[-1]:.2f} s"),
            ("lives to finish", self.afterwards),
            ("mails written", self.crowd.written),
            ("  came a second time", self.crowd.repeated),
            ("  handled", count("SELECT count(*) FROM inbound WHERE state = 'handled'")),
            ("  set aside", count("SELECT count(*) FROM inbound WHERE state = 'set-aside'")),
            ("  tried more than once", count("SELECT count(*) FROM inbound WHERE tries > 1")),
            ("people", len(self.crowd.wanted)),
            ("  with just the registration they want", len(self.crowd.wanted) - len(list(self._registrations()))),
            ("letters", count("SELECT count(*) FROM outbox")),
            ("  sent", count("SELECT count(*) FROM outbox WHERE state = 'sent'")),
            ("  refused for good", count("SELECT count(*) FROM outbox WHERE state = 'failed'")),
            ("accepted by the server", len(self.smtp.acceptances)),
            ("  a second time, same bytes", len(again)),
            ("    after a 250 cut off by a kill", sum(taken.heard for taken in again)),
            ("    after a connection closed instead of the 250", sum(not taken.heard for taken in again)),
            *((f"server: {what}", times) for what, times in sorted(self.smtp.said.items())),
            ("seconds", f"{self.seconds:.0f}"),
        ]
        width = max(len(name) for name, _ in figures)
        return "\n".join(f"{name:<{width}}  {value:>8}" for name, value in figures)

    def _count(self, query: str) -> int:
        return int(str(rows(self.file, query)[0][0]))


@contextmanager
def chaos(kills: int, seed: int, *, whole: bool = False) -> Iterator[Chaos]:
    """A run that is over; its database and log are there until the block ends."""
    with TemporaryDirectory(prefix="mailbot-chaos-") as folder:
        run = Chaos(Path(folder), kills, seed, whole)
        run.run()
        yield run


class Run(Protocol):
    """A run, with what came of it."""

    def table(self) -> str:
        """The figures."""

    def losses(self) -> list[str]:
        """What was lost."""


def ended(run: Run, seed: int, *, whole: bool) -> int:
    """Prints what came of a run; 1 where something was lost."""
    print(f"{utc_now().astimezone(UTC):%Y-%m-%d}, seed {seed}{', whole' if whole else ''}")
    print(run.table())
    losses = run.losses()
    print("\n".join(losses) if losses else "nothing lost")
    return int(bool(losses))


def main() -> None:
    """Runs it and prints what came of it."""
    parser = argparse.ArgumentParser(description="Kills the daemon, again and again.")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="each life is `mailbot run` itself, in real time")
    given = parser.parse_args()
    with chaos(given.kills, given.seed, whole=given.whole) as run:
        code = ended(run, given.seed, whole=given.whole)
    sys.exit(code)


if __name__ == "__main__":
    main()

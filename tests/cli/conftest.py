"""A configuration over embedded servers, and mailbot as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailbot.demo.servers import PASSWORD, EmbeddedServers

BOT = "bot@comune.example"
SERIES = """
[series]
name = "Valverde in ascolto"
organiser = "Comune di Valverde"
contact = "cultura@comune.example"
timezone = "Europe/Rome"
language = "it"

[[meetings]]
code = "sport"
title = "Incontro con le associazioni sportive"
sector = "associazioni sportive"
keywords = ["sport", "calcio"]
starts_at = 2099-03-11T17:00:00
duration_minutes = 90
join_url = "https://zoom.example/j/1"

[[meetings]]
code = "musei"
title = "Incontro con i musei"
sector = "musei"
keywords = ["museo"]
starts_at = 2099-03-12T17:00:00
duration_minutes = 90
join_url = "https://zoom.example/j/2"
"""


def mail(number: int = 1, *, name: str = "Anna Bini", text: str = "Mi iscrivo all'incontro per lo sport.") -> bytes:
    """A mail of somebody who wants to come."""
    return (
        f"From: {name} <anna{number}@mail.example>\nTo: {BOT}\nSubject: Iscrizione\n"
        f"Message-ID: <{number}@mail.example>\nDate: Mon, 02 Mar 2099 10:00:00 +0100\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()


@dataclass(frozen=True)
class Town:
    """A folder with a configuration, and the servers that it names."""

    folder: Path
    servers: EmbeddedServers
    imap_port: int
    smtp_port: int

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.folder / "config.toml"

    def configure(
        self, *, series: str = SERIES, service: str = "", password: str = PASSWORD, smtp_port: int = 0
    ) -> Path:
        """Writes the configuration file."""
        far = datetime.now(ZoneInfo("Europe/Rome")) + timedelta(hours=12)  # the digest comes into no test by itself
        account = 'host = "127.0.0.1"\nsecurity = "none"\n'
        self.file.write_text(
            f'[service]\ndatabase = "sqlite:///{self.folder}/mailbot.sqlite"\norganisers = ["capo@comune.example"]\n'
            f"{service}\n{series}\n"
            f'[digest]\nat = "{far:%H:%M}"\n'
            f'[imap]\n{account}port = {self.imap_port}\nusername = "{BOT}"\npassword = "{password}"\n'
            f'[smtp]\n{account}port = {smtp_port or self.smtp_port}\nfrom = "{BOT}"\n',
            "utf-8",
        )
        return self.file

    def mailbot(self, command: str, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Runs a command over the configuration to its end."""
        return mailbot(command, "--config", self.file, *arguments, stdin=stdin)


def mailbot(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs mailbot to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mailbot", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=90,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Servers that run, and a configuration that is right."""
    with EmbeddedServers(BOT) as servers:
        town = Town(tmp_path, servers, servers.imap_port, servers.smtp_port)
        town.configure()
        yield town


class Running:
    """`mailbot run` at work, with what it tells systemd and what it logs."""

    def __init__(self, town: Town, inside: Sequence[str | Path] = (), **environment: str) -> None:
        self._states = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._states.bind(str(town.folder / "notify"))
        self.told: list[str] = []
        self._log = town.folder / "log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*inside, sys.executable, "-m", "mailbot", "run", "--config", str(town.file)],
                stderr=log,
                stdout=log,
                env={**os.environ, "NOTIFY_SOCKET": str(town.folder / "notify"), **environment},
            )

    def hear(self, state: str, seconds: float = 30) -> None:
        """Waits until systemd is told this."""
        self._until(lambda: state in self.told, f"systemd was not told {state}", seconds)

    def wait_for_log(self, words: str, times: int = 1, seconds: float = 30) -> None:
        """Waits until the log has these words."""
        self._until(lambda: self.log().count(words) >= times, f"the log does not say {words!r}", seconds)

    def log(self) -> str:
        """What was logged so far."""
        return self._log.read_text("utf-8")

    def _until(self, reached: Callable[[], bool], otherwise: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._states.settimeout(0.05)
        while not reached():
            assert time.monotonic() < end, f"{otherwise}\n{self.log()}"
            assert self.process.poll() is None, f"it has ended\n{self.log()}"
            try:
                self.told += self._states.recv(4096).decode().splitlines()
            except TimeoutError:
                continue

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end, ten seconds at the most; answers the exit code."""
        self.process.send_signal(number)
        return self.process.wait(10)

    def close(self) -> None:
        """Ends it whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._states.close()


@pytest.fixture
def start(town: Town) -> Iterator[Callable[..., Running]]:
    """Starts `mailbot run`; whatever still runs at the end of the test is ended."""
    with _closing_all() as started:

        def start(inside: Sequence[str | Path] = (), **environment: str) -> Running:
            (town.folder / "notify").unlink(missing_ok=True)
            running = Running(town, inside, **environment)
            started.append(running)
            return running

        yield start


@contextmanager
def _closing_all() -> Iterator[list[Running]]:
    started: list[Running] = []
    try:
        yield started
    finally:
        for running in started:
            running.close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

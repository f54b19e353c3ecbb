"""`mailbot demo`: without a terminal it plays and ends; on one it talks; whatever happens, nothing is left behind."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import mailbot

COMMAND = [sys.executable, "-m", "mailbot", "demo"]


def test_without_a_terminal_it_plays_the_samples_and_ends_well(tmp_path: Path) -> None:
    """Exit code 0, every sample shown with its answer, no colours, no percent soup, nothing left behind."""
    ended = mailbot("demo", TMPDIR=str(tmp_path))
    told = ended.stdout.decode()

    assert ended.returncode == 0, told
    assert "6 of 6 sample mails handled as they deserve" in told
    assert told.count("the answer, after") == 5
    assert told.count("no answer") == 1
    assert "\x1b" not in told
    assert "%20" not in told
    assert ended.stderr == b""
    assert list(tmp_path.iterdir()) == []


class Terminal:
    """The demo on a terminal of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            COMMAND,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TMPDIR": str(folder), "TERM": "xterm", **environment},
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def see(self, words: str, seconds: float = 60) -> None:
        """Waits until these words are shown after what was seen before."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < end, f"{words!r} was not shown:\n{self.shown}"
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode("utf-8", "replace")
                except OSError:
                    pytest.fail(f"it ended before {words!r}:\n{self.shown}")

    def type(self, text: str) -> None:
        """Types, and forgets what was shown before."""
        self.shown = ""
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """The exit code, once it has ended; what it still shows is read on."""
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        return self.process.wait(20)

    def close(self) -> None:
        """Ends it whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)


@pytest.fixture
def on_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts the demo on a terminal."""
    started: list[Terminal] = []

    def start(**environment: str) -> Terminal:
        started.append(Terminal(tmp_path, **environment))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


def test_on_a_terminal_a_mail_of_ones_own_is_answered(on_terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    """In English, with a subject; a pasted one may have empty lines; an empty mail ends the demo, exit code 0."""
    terminal = on_terminal(NO_COLOR="")
    terminal.see("IMAP 127.0.0.1, port ")
    terminal.see("SMTP 127.0.0.1, port ")
    assert "\x1b[1m" in terminal.shown
    terminal.see("no log-in")
    terminal.type(
        "Subject: sign up\nHello,\n\nplease register me for the meeting of the sports associations.\nAnna\n\n"
    )
    terminal.see("register sport")
    terminal.see("https://zoom.example/j/81400000021")
    terminal.see("attached:")
    terminal.type("\n")

    assert terminal.end() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_whatever_ends_it_leaves_nothing_behind(
    number: signal.Signals, on_terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    """Ctrl-C, being told to end, a closed terminal, in the middle of the tour: the folder is gone, no traceback."""
    terminal = on_terminal()
    terminal.see("1. a plain mail")
    assert list(tmp_path.glob("mailbot-demo-*"))
    os.kill(terminal.process.pid, number)

    assert terminal.end() == 1
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in terminal.shown


def test_no_colours_where_none_are_wanted(on_terminal: Callable[..., Terminal]) -> None:
    """NO_COLOR is respected on a terminal too; Ctrl-C at the prompt ends the demo well."""
    terminal = on_terminal(NO_COLOR="1")
    terminal.see("no log-in")
    assert re.search(r"\x1b\[\d*m", terminal.shown) is None
    os.kill(terminal.process.pid, signal.SIGINT)

    assert terminal.end() == 0

"""The sign of life that systemd gets: while every loop gets on, and not once one of them hangs, whichever it is."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailbot import daemon as daemon_module
from mailbot.daemon import Daemon
from mailbot.demo.servers import EmbeddedServers
from mailbot.parts import utc_now
from tests.daemon.test_reload import configure, mail, servers
from tests.servers.daemons import running, until

__all__ = ["servers"]

LOOPS = ("collect", "handle", "deliver", "remind")


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """What systemd has been told since this was last asked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def hear() -> list[str]:
            told: list[str] = []
            while True:
                try:
                    told += systemd.recv(4096).decode().splitlines()
                except BlockingIOError:
                    return told

        yield hear


def hanging(daemon: Daemon) -> list[str]:
    """The loops that have been in one turn for too long."""
    most = daemon_module.HANGS_AFTER.total_seconds()
    return [loop.name for loop in daemon._loops if loop.turn_lasts() > most]


def test_it_comes_by_itself_three_times_in_each_span(
    tmp_path: Path, servers: EmbeddedServers, monkeypatch: pytest.MonkeyPatch, heard: Callable[[], list[str]]
) -> None:
    """As WatchdogSec= asks, with how the loops are; also while the mailbox is only waited for."""
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    told: list[str] = []
    with running(configure(tmp_path, servers), utc_now):
        until(lambda: bool(told.extend(heard()) or told.count("WATCHDOG=1") >= 2))

    assert "READY=1" in told
    assert "STATUS=watching the mailbox" in told


@pytest.mark.parametrize("name", LOOPS)
def test_it_stays_away_once_a_loop_hangs(
    tmp_path: Path,
    servers: EmbeddedServers,
    monkeypatch: pytest.MonkeyPatch,
    heard: Callable[[], list[str]],
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """Each of the four, held up in its turn by something that does not end; the others going on does not help it."""
    monkeypatch.setattr("mailbot.daemon.HANGS_AFTER", timedelta(seconds=1))
    let_go = threading.Event()
    module = getattr(daemon_module, name)
    turn = module.turn

    def held(*arguments: Any, **more: Any) -> Any:
        let_go.wait()
        return turn(*arguments, **more)

    monkeypatch.setattr(module, "turn", held)
    with running(configure(tmp_path, servers), utc_now) as daemon:
        try:
            servers.put(mail(1))
            until(lambda: name in hanging(daemon))
            heard()
            daemon._sign_of_life()
            assert "WATCHDOG=1" not in heard()
            assert f"{name}: hangs in a turn" in caplog.text or f"{name}, " in caplog.text or f", {name}" in caplog.text
        finally:
            let_go.set()


def test_waiting_for_mail_is_not_hanging(
    tmp_path: Path, servers: EmbeddedServers, heard: Callable[[], list[str]]
) -> None:
    """An hour without mail is what a registration inbox mostly has."""
    with running(configure(tmp_path, servers), utc_now) as daemon:
        until(lambda: daemon._collecting.turn_lasts() > 0 and daemon.in_words() == "watching the mailbox")
        until(lambda: "READY=1" in heard())
        daemon._sign_of_life()

        assert "WATCHDOG=1" in heard()

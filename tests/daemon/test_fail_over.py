"""Two whole daemons on one PostgreSQL database: who reads the mailbox, and what follows when that one ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailbot.adapters.store.moving import move
from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.ports import StoreTrouble
from tests.loops.world import register
from tests.servers.daemons import BOT, rows, running, until, write_configuration
from tests.servers.postgresql import Postgresql
from tests.smtp.scripted import ScriptedServer
from tests.store.making import NOW

pytestmark = pytest.mark.postgresql


def clock() -> datetime:
    """The meeting is a few days ahead."""
    return NOW


def configured(folder: Path, servers: EmbeddedServers, database: str = "", smtp_port: int = 0, **imap: object) -> Path:
    """A configuration over the embedded servers, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    keys = {"host": "127.0.0.1", "port": servers.imap_port, "security": "none", "username": BOT, "password": PASSWORD}
    return write_configuration(folder, keys | imap, smtp_port or servers.smtp_port, database=database)


@contextmanager
def process(file: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`mailbot run` itself, ended in the end however it is."""
    with log.open("wb") as out:
        command = [sys.executable, "-m", "mailbot", "run", "--config", str(file)]
        started = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield started
    finally:
        started.kill()
        started.wait(10)


def says(log: Path, words: str, seconds: float = 60.0) -> None:
    """Waits until a process has said so."""
    end = time.monotonic() + seconds
    while words not in log.read_text("utf-8"):
        assert time.monotonic() < end, f"{words!r} was not said:\n{log.read_text('utf-8')}"
        time.sleep(0.05)


@pytest.mark.slow
def test_another_reads_the_mailbox_within_seconds_when_the_reader_is_killed(tmp_path: Path, database: str) -> None:
    """`kill -9`; what comes afterwards is answered by the other, once. Both are ready from the beginning."""
    with EmbeddedServers(BOT) as servers:
        file = configured(tmp_path, servers, database)
        first_log, second_log = tmp_path / "first", tmp_path / "second"
        with process(file, first_log) as first:
            says(first_log, "ready: the mailbox is reached")
            with process(file, second_log) as second:
                says(second_log, "ready: standing by: another mailbot watches the mailbox")
                os.kill(first.pid, signal.SIGKILL)
                says(second_log, "attend: this daemon reads the mailbox from now on", seconds=20)
                servers.put(register("anna", "sport", 1, NOW))
                assert len(servers.wait_for(1, 30)) == 1
                second.send_signal(signal.SIGTERM)
                assert second.wait(15) == 0
        assert len(servers.delivered) == 1


def test_a_machine_that_cannot_reach_the_mailbox_leaves_it_to_another(tmp_path: Path, database: str) -> None:
    """Its own way to the mailbox is broken; the other's is not."""
    with EmbeddedServers(BOT) as servers:
        broken = configured(tmp_path / "broken", servers, database, port=1)
        well = configured(tmp_path / "well", servers, database)
        with running(broken, clock) as first, running(well, clock) as second:
            servers.put(register("anna", "sport", 1, NOW), NOW)
            assert len(servers.wait_for(1, 60)) == 1
            assert first.in_words().startswith(("standing by", "collect: "))
            assert second.in_words() == "watching the mailbox"


def test_a_restart_of_the_database_costs_nobody_an_answer(tmp_path: Path) -> None:
    """Both say so, go on by themselves, and one of them reads the mailbox."""
    with EmbeddedServers(BOT) as servers, Postgresql("fsync=off") as server:
        database = server.new_database()
        file = configured(tmp_path, servers, database)
        with running(file, clock) as first, running(file, clock) as second:
            servers.put(register("anna", "sport", 1, NOW), NOW)
            assert len(servers.wait_for(1, 60)) == 1
            server.stop()
            servers.put(register("ugo", "sport", 2, NOW), NOW)
            until(lambda: not (first._store.at_home() or second._store.at_home()))
            server.start()
            answered = [each.recipient for each in servers.wait_for(2, 60)]
            until(lambda: server.ask("SELECT count(*) FROM outbox WHERE state = 'sent'", database=database) == [(2,)])
        assert answered == ["anna@posta.example", "ugo@posta.example"]
        assert server.ask("SELECT count(*), min(state) FROM outbox", database=database) == [(2, "sent")]


def test_an_installation_goes_on_where_it_has_moved_to(tmp_path: Path, database: str) -> None:
    """What was answered is not answered again, what waited is sent, what is new is answered; SQLite stays as it was."""
    with EmbeddedServers(BOT) as servers, ScriptedServer() as refusing:
        refusing.replies["rcpt"] = ["451 4.7.1 later"] * 50
        before = configured(tmp_path, servers, smtp_port=refusing.port)
        servers.put(register("anna", "sport", 1, NOW), NOW)
        with running(before, clock):
            until(lambda: rows(before, "SELECT tries > 0 FROM outbox") == [(1,)])
            with pytest.raises(StoreTrouble, match="another mailbot is running"):
                move(f"sqlite:///{tmp_path}/mailbot.sqlite", database)
        counts = move(f"sqlite:///{tmp_path}/mailbot.sqlite", database)
        assert (counts["inbound"], counts["registration"], counts["outbox"]) == (1, 1, 1)

        file = configured(tmp_path / "moved", servers, database)
        servers.put(register("ugo", "sport", 2, NOW), NOW)
        with running(file, lambda: NOW + timedelta(hours=1)):
            assert sorted(each.recipient for each in servers.wait_for(2, 60)) == [
                "anna@posta.example",
                "ugo@posta.example",
            ]
    assert rows(before, "SELECT count(*) FROM inbound") == [(1,)]

"""A mailbox that cannot be had: the daemon comes back later and later, says so once, and starts over when it is had."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from mailbot import daemon as daemon_module
from mailbot import looping
from mailbot.core.retry import reconnect_wait
from mailbot.core.status import Contact
from tests import samples
from tests.servers.daemons import running, until, write_configuration
from tests.servers.scripted import Connection, ScriptedServer, usual


def refusing(connection: Connection) -> None:
    """The log-in is refused."""
    connection.answers["LOGIN"] = "NO [AUTHENTICATIONFAILED] wrong password"
    usual(connection)


def busy(connection: Connection) -> None:
    """Nobody is let in for now."""
    connection.send("* BYE too busy")


def dropping(connection: Connection) -> None:
    """All is well until the daemon waits; then the connection is closed."""
    connection.greet()
    connection.serve(until="IDLE")


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many failures in a row each wait was asked for; the waits themselves are made short."""
    asked: list[int] = []

    def short(count: int, chance: float) -> float:
        asked.append(count)
        assert 0 <= chance <= 1
        return reconnect_wait(count, chance) / 500

    monkeypatch.setattr(looping, "reconnect_wait", short)
    return asked


def configuration(folder: Path, server: ScriptedServer) -> Path:
    """The daemon's configuration; nothing is ever sent."""
    imap = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "bot", "password": "secret"}
    return write_configuration(folder, imap, 1)


def lines(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    """What the daemon has logged with these words."""
    found = [record for record in caplog.records if record.name in ("mailbot.daemon", "mailbot.looping")]
    return [record.getMessage() for record in found if words in record.getMessage()]


def test_a_refused_log_in_is_retried_with_longer_waits_and_said_once(
    tmp_path: Path, failures: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """The count of failures grows with each; status says what is wrong; the log says it once, and that it goes on."""
    with caplog.at_level(logging.INFO), ScriptedServer(*[refusing] * 4, usual) as server:
        file = configuration(tmp_path, server)
        with running(file, lambda: samples.NOW) as daemon:
            server.wait_for(2)
            until(lambda: "refused" in daemon.in_words())
            server.wait_for(5)
            until(lambda: daemon.in_words() == "watching the mailbox")
            # The row follows the words, by a commit that a busy machine may hold up.
            until(lambda: daemon.status(samples.NOW - samples.NOW).contacts["imap"] == Contact(samples.NOW, ""))

    assert failures == [1, 2, 3, 4]
    [said] = lines(caplog, "was refused")
    assert "wrong password" in said
    assert "check `imap.username` and `imap.password`" in said
    assert "next try in" in said
    assert len(lines(caplog, "collect: goes on")) == 1


def test_the_waits_start_over_after_a_turn_that_went_well(tmp_path: Path, failures: list[int]) -> None:
    """Two failures, a connection that is used and then lost by a wait's end, two failures: 1, 2, then 1, 2, 3."""
    used = threading.Event()

    def used_once(connection: Connection) -> None:
        connection.greet()
        tag = connection.serve(until="IDLE")
        connection.send("+ idling", "* 1 EXISTS")
        assert connection.line() == "DONE"
        connection.send(f"{tag} OK done")
        connection.serve(until="SEARCH")
        used.set()  # and the connection is closed

    with (
        ScriptedServer(busy, busy, used_once, busy, busy, usual) as server,
        running(configuration(tmp_path, server), lambda: samples.NOW) as daemon,
    ):
        server.wait_for(6)
        until(lambda: daemon.in_words() == "watching the mailbox")

    assert used.is_set()
    assert failures == [1, 2, 1, 2, 3]


def test_a_server_that_takes_us_in_and_drops_us_is_not_hammered(
    tmp_path: Path, failures: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """To be let in is not enough to start over: the wait for mail must have gone well; and it is said once."""
    with (
        caplog.at_level(logging.INFO),
        ScriptedServer(*[dropping] * 4, usual) as server,
        running(configuration(tmp_path, server), lambda: samples.NOW),
    ):
        server.wait_for(5)

    assert failures == [1, 2, 3, 4]
    assert len(lines(caplog, "has closed the connection")) == 1


def test_another_trouble_is_said_too(tmp_path: Path, failures: list[int], caplog: pytest.LogCaptureFixture) -> None:
    """Once each, as they change."""
    with (
        caplog.at_level(logging.INFO),
        ScriptedServer(busy, busy, refusing, refusing, usual) as server,
        running(configuration(tmp_path, server), lambda: samples.NOW),
    ):
        server.wait_for(5)

    assert len(lines(caplog, "too busy")) == 1
    assert len(lines(caplog, "was refused")) == 1


def test_a_dead_network_does_not_hold_up_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers nothing more is left behind when the time for stopping is over."""
    monkeypatch.setattr(daemon_module, "STOP_SECONDS", 0.5)
    silent = threading.Event()

    def dead(connection: Connection) -> None:
        connection.greet()
        connection.serve(until="IDLE")
        connection.send("+ idling")
        silent.set()
        while True:
            connection.line()

    with ScriptedServer(dead) as server, running(configuration(tmp_path, server), lambda: samples.NOW):
        assert silent.wait(20)
        # ``running`` has seen the daemon's end within its time.


def test_a_fault_of_our_own_is_told_once_with_its_place_and_the_loop_goes_on(
    tmp_path: Path, failures: list[int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an error with a traceback, but without what the exception says; the server is not blamed."""
    turn, faults = daemon_module.collect.turn, iter([RuntimeError("a slip"), RuntimeError("a slip")])

    def slipping(*arguments: Any) -> int:
        for fault in faults:
            raise fault
        return turn(*arguments)

    monkeypatch.setattr(daemon_module.collect, "turn", slipping)
    with (
        caplog.at_level(logging.INFO),
        ScriptedServer() as server,
        running(configuration(tmp_path, server), lambda: samples.NOW) as daemon,
    ):
        server.wait_for(1)
        until(lambda: "imap" in daemon.status(samples.NOW - samples.NOW).contacts)
        assert daemon.status(samples.NOW - samples.NOW).contacts["imap"].trouble == ""

    assert failures == [1, 2]
    [told] = [record for record in caplog.records if "a fault of mailbot's own: RuntimeError" in record.getMessage()]
    assert "a slip" not in told.getMessage()
    assert told.levelno == logging.ERROR
    assert told.exc_info is not None


def test_a_mended_configuration_is_tried_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts the password right and sends SIGHUP need not wait until the next try."""
    monkeypatch.setattr(looping, "reconnect_wait", lambda count, chance: 600.0)
    with ScriptedServer(refusing) as wrong, ScriptedServer() as right:
        with running(configuration(tmp_path, wrong), lambda: samples.NOW) as daemon:
            until(lambda: "refused" in daemon.in_words())
            configuration(tmp_path, right)
            daemon.reload()
            right.wait_for(1)
            until(lambda: daemon.in_words() == "watching the mailbox")
        assert len(wrong.connections) == 1


def mails(connection: Connection) -> None:
    """A mail of a machine, which needs no answer, and which the server will not have moved."""
    raw = b"From: a@posta.example\r\nSubject: assente\r\nAuto-Submitted: auto-replied\r\n\r\nSono assente.\r\n"
    connection.mails = {3: raw}
    connection.answers["MOVE"] = "NO [OVERQUOTA] mailbox is full"
    usual(connection)


def test_filing_that_is_refused_rests_and_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is tried once more over a fresh connection, then left for an hour; reading goes on."""
    with (
        caplog.at_level(logging.INFO),
        ScriptedServer(mails) as server,
        running(configuration(tmp_path, server), lambda: samples.NOW) as daemon,
    ):
        server.wait_for(3)
        until(lambda: bool(server.connections[2].heard) and "IDLE" in server.connections[2].heard[-1])
        assert daemon.in_words() == "watching the mailbox"
        heard = [line for connection in server.connections for line in connection.heard]

    assert len([line for line in heard if "UID MOVE" in line]) == 2
    [said] = lines(caplog, "stays where it is")
    assert "mailbox is full" in said

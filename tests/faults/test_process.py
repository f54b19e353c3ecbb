"""The process itself in trouble: a mail that ends it, a laptop that sleeps, a database that somebody holds."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from mailbot.parts import utc_now
from tests.cli.conftest import SERIES, Running, Town, mail
from tests.servers.daemons import rows, until


@contextmanager
def unsteady(town: Town, *more: str, deadly: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """The daemon of ``tests.servers.unsteady`` over this town, until the block ends."""
    with (town.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.unsteady", str(town.file), *more],
            stdout=log,
            stderr=log,
            env={**os.environ, "MAILBOT_TEST_DEADLY": deadly},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


def ahead(offset: Path, time: timedelta) -> None:
    """Sets the clock of ``tests.servers.unsteady``; whoever reads it finds the old time or the new one."""
    fresh = offset.with_suffix(".new")
    fresh.write_text(str(time.total_seconds()), "utf-8")
    fresh.replace(offset)


def inbound(town: Town, query: str) -> list[tuple[object, ...]]:
    """What the database says, once there is one."""
    with suppress(sqlite3.OperationalError):
        return rows(town.file, query)
    return []


@pytest.mark.slow
def test_a_mail_that_ends_the_process_is_set_aside_after_three_tries_and_the_others_go_on(town: Town) -> None:
    """Started anew each time, as systemd does; two tries at once, the last when it has run for a while."""
    for number, text in enumerate(("Mi iscrivo per lo sport.", "Mi iscrivo, DEADLY.", "Mi iscrivo per lo sport.")):
        town.servers.put(mail(number, text=text))
    ends, late = 0, mail(7)
    deadline = time.monotonic() + 90
    while ends < 4:
        with unsteady(town, deadly="DEADLY") as process:
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
                if inbound(town, "SELECT 1 FROM inbound WHERE state = 'set-aside'"):
                    break
            if process.poll() is None:
                break
            assert process.returncode == 139
            ends += 1
        if ends == 2:
            town.servers.put(late)
            with unsteady(town, deadly="DEADLY"):
                answered = {each.recipient for each in town.servers.wait_for(3, 20)}
            assert answered == {f"anna{number}@mail.example" for number in (0, 2, 7)}

    assert ends == 3
    states = inbound(town, "SELECT state FROM inbound ORDER BY id")
    assert states == [("handled",), ("set-aside",), ("handled",), ("handled",)]
    # An end between the server's 250 and our commit sends a letter twice, under the same name.
    assert len({message_from_bytes(each.raw)["Message-ID"] for each in town.servers.delivered}) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("asleep", "expected"), [(timedelta(hours=3), 1), (timedelta(hours=9), 0)])
def test_after_a_laptops_sleep_a_reminder_comes_late_once_and_never_after_the_start(
    town: Town, asleep: timedelta, expected: int
) -> None:
    """The process stands still while the clock goes on; the meeting begins eight hours after it falls asleep."""
    starts = utc_now() + timedelta(hours=8)
    offset = town.folder / "ahead"
    ahead(offset, timedelta(0))
    series = SERIES.replace('timezone = "Europe/Rome"', 'timezone = "UTC"')
    town.configure(series=series.replace("2099-03-11T17:00:00", f"{starts:%Y-%m-%dT%H:%M:%S}"))
    with town.file.open("a") as more:
        more.write('\n[reminders]\nbefore = ["6 hours"]\n')
    town.servers.put(mail(1).replace(b"Mon, 02 Mar 2099 10:00:00 +0100", f"{utc_now():%a, %d %b %Y %T +0000}".encode()))
    with unsteady(town, str(offset)) as process:
        assert [each.recipient for each in town.servers.wait_for(1, 30)] == ["anna1@mail.example"]
        process.send_signal(signal.SIGSTOP)
        ahead(offset, asleep)
        time.sleep(2)
        process.send_signal(signal.SIGCONT)
        rung = "SELECT count(*) FROM outbox WHERE kind = 'reminder'"
        if expected:
            until(lambda: rows(town.file, rung)[0] == (1,), 70)
            town.servers.wait_for(2, 10)
        ahead(offset, asleep - timedelta(days=1))
        process.send_signal(signal.SIGHUP)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    ahead(offset, asleep)
    with unsteady(town, str(offset)) as process:  # the bell rings at the start
        until(lambda: (town.folder / "log").read_text("utf-8").count("ready: ") == 2)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert rows(town.file, rung)[0] == (expected,)
    assert sum(each.recipient == "anna1@mail.example" for each in town.servers.delivered) == 1 + expected


def test_a_database_that_another_process_holds_is_waited_for(town: Town, start: Callable[[], Running]) -> None:
    """Mail that comes meanwhile is answered once it is free; nothing is lost, nobody is set aside."""
    running = start()
    running.hear("READY=1")
    with closing(sqlite3.connect(town.folder / "mailbot.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        town.servers.put(mail())
        time.sleep(2)
        assert town.servers.delivered == []
        other.execute("ROLLBACK")

    assert [each.recipient for each in town.servers.wait_for(1, 40)] == ["anna1@mail.example"]
    assert running.stop() == 0
    assert "Traceback" not in running.log()


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_damaged_database_is_told_and_left_as_it_is(town: Town, start: Callable[[], Running], command: str) -> None:
    """One line with what to do, exit code 1, and not a byte of the file is changed."""
    running = start()
    running.hear("READY=1")
    assert running.stop() == 0
    database = town.folder / "mailbot.sqlite"
    damaged = bytearray(database.read_bytes())
    damaged[100:4096] = b"\xff" * 3996
    database.write_bytes(damaged)

    ended = town.mailbot(command)

    assert ended.returncode == 1
    assert "restore the last backup" in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()
    assert database.read_bytes() == bytes(damaged)


def test_a_systemd_that_has_gone_deaf_holds_no_mail_up(town: Town, start: Callable[[], Running]) -> None:
    """What is told is not read, the queue of the socket is full, and mail is answered all the same."""
    running = start()
    running.hear("READY=1")
    for number in range(12):
        town.servers.put(mail(number))
        town.servers.wait_for(number + 1, 20)

    assert len(town.servers.delivered) == 12
    assert running.stop() == 0

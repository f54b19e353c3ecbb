"""What a reload sets going at once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger

from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.parts import utc_now
from tests.servers.daemons import BOT, SERIES, rows, running, until, write_configuration

FUTURE = SERIES.replace("2024-03-12", "2099-03-12")


@pytest.fixture
def servers() -> Iterator[EmbeddedServers]:
    """A mail server for the bot."""
    with EmbeddedServers(BOT) as servers:
        yield servers


def configure(folder: Path, servers: EmbeddedServers, *, capacity: int = 1, name: str = "Iscrizioni") -> Path:
    """A configuration over them."""
    imap = {
        "host": "127.0.0.1",
        "port": servers.imap_port,
        "security": "none",
        "username": BOT,
        "password": PASSWORD,
    }
    series = f"{FUTURE}capacity = {capacity}\n"
    return write_configuration(folder, imap, servers.smtp_port, series=series, sender=f"{name} <{BOT}>")


def mail(number: int) -> bytes:
    """Somebody signs up."""
    return (
        f"From: Anna <anna{number}@mail.example>\nTo: {BOT}\nSubject: Iscrizione\nMessage-ID: <{number}@mail.example>\n"
        f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000\n\nMi iscrivo all'incontro per lo sport.\n"
    ).encode()


def test_a_raised_capacity_is_noticed_at_the_reload(
    tmp_path: Path, servers: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits gets the place without waiting for the bell, which here rings once and then not for decades."""
    monkeypatch.setattr("mailbot.daemon.CronTrigger", lambda **_: CronTrigger(year=2099, timezone=UTC))
    file = configure(tmp_path, servers)
    with running(file, utc_now) as daemon:
        for number in (1, 2):
            servers.put(mail(number))
            servers.wait_for(number, 30)
        until(lambda: rows(file, "SELECT count(*) FROM registration WHERE status = 'waiting'") == [(1,)])
        configure(tmp_path, servers, capacity=2)
        daemon.reload()

        assert len(servers.wait_for(3, 30)) == 3
        assert rows(file, "SELECT count(*) FROM registration WHERE status = 'waiting'") == [(0,)]


def test_a_reload_closes_the_old_postman(tmp_path: Path, servers: EmbeddedServers) -> None:
    """Its connections are not kept open behind the new one's back."""
    file = configure(tmp_path, servers)
    with running(file, utc_now) as daemon:
        servers.put(mail(1))
        servers.wait_for(1, 30)
        before = daemon._postman
        configure(tmp_path, servers, name="Altro nome")
        daemon.reload()

        assert daemon._postman is not before
        until(lambda: bool(getattr(before, "_closed", False)))

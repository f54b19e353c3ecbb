"""The daemon over Dovecot and SMTP: what happens to the server between two mails does not concern their writers."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.demo.servers import EmbeddedServers
from tests.servers.daemons import BOT, rows, running, until, write_configuration
from tests.servers.dovecot import PASSWORD, USER, Dovecot

NOW = datetime(2024, 3, 1, 11, 0, tzinfo=UTC)
PATIENCE = 60.0

pytestmark = pytest.mark.dovecot


def mail(name: str) -> bytes:
    """A mail that asks for a place."""
    return (
        f"From: {name} <{name}@posta.example>\r\nTo: {BOT}\r\nSubject: Iscrizione\r\n"
        "Date: Fri, 01 Mar 2024 12:00:00 +0100\r\n\r\nVorrei partecipare.\r\n"
    ).encode()


def configuration(folder: Path, dovecot: Dovecot, sink: EmbeddedServers, **changes: object) -> Path:
    """A daemon's on this Dovecot, with TLS."""
    imap: dict[str, object] = {
        "host": "127.0.0.1",
        "port": dovecot.imaps_port,
        "ca_file": str(dovecot.ca_file),
        "username": USER,
        "password": PASSWORD,
    }
    return write_configuration(folder, imap | changes, sink.smtp_port)


def answered(sink: EmbeddedServers, count: int) -> list[str]:
    """Whom the first ``count`` answers went to."""
    return [delivered.recipient for delivered in sink.wait_for(count, PATIENCE)]


def test_a_restart_of_the_server_costs_nobody_an_answer(dovecot: Dovecot, tmp_path: Path) -> None:
    """Mails before, during and after it are answered, each once, and filed."""
    with EmbeddedServers("sink@nowhere.example") as sink:
        file = configuration(tmp_path, dovecot, sink)
        with running(file, lambda: NOW) as daemon:
            dovecot.deliver(mail("anna"))
            assert answered(sink, 1) == ["anna@posta.example"]
            dovecot.stop()
            until(lambda: "IMAP" in daemon.in_words())
            dovecot.start()
            dovecot.deliver(mail("bruna"))
            assert answered(sink, 2)[1:] == ["bruna@posta.example"]
            assert daemon.in_words() == "watching the mailbox"
            dovecot.deliver(mail("carla"))
            assert answered(sink, 3)[2:] == ["carla@posta.example"]
            until(lambda: not rows(file, "SELECT 1 FROM sighting WHERE filed_at IS NULL"))
    assert len(sink.delivered) == 3


def test_without_idle_mail_is_polled_for_and_answered(dovecot: Dovecot, tmp_path: Path) -> None:
    """``idle = false`` and a poll each second."""
    with EmbeddedServers("sink@nowhere.example") as sink:
        file = configuration(tmp_path, dovecot, sink, idle=False, poll_seconds=1)
        with running(file, lambda: NOW):
            for count, name in enumerate(("anna", "bruna"), start=1):
                dovecot.deliver(mail(name))
                assert answered(sink, count)[-1] == f"{name}@posta.example"

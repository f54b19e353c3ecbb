"""A mailbox that takes nothing but tokens: Dovecot asks the token server, sessions end, and nobody has to know."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailbot.adapters.imap import mailbox as mailbox_module
from mailbot.config import token as token_module
from mailbot.parts import utc_now
from tests import samples
from tests.daemon.test_access import MAIL, configuration, kept
from tests.servers.daemons import BOT, SERIES, rows, running, until, write_configuration
from tests.servers.dovecot import USER, Dovecot
from tests.servers.scripted import Connection, ScriptedServer
from tests.servers.tokens import TokenServer, demanding
from tests.smtp.test_real import serving

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH", "ignore:.*auth_required")

ANEW = "logging in anew before the token ends"


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """Who hands them out."""
    with TokenServer(USER) as tokens:
        yield tokens


@pytest.fixture
def mailbox(tokens: TokenServer) -> Iterator[Dovecot]:
    """Dovecot with its oauth2 passdb."""
    with Dovecot(tokens=f"{tokens.url}/introspect") as server:
        yield server


def configured(folder: Path, tokens: TokenServer, mailbox: Dovecot, smtp_port: int) -> Path:
    """Tokens for both servers, from one command."""
    command = ", ".join(f'"{word}"' for word in tokens.command(folder))
    login = f'username = "{USER}"\nauth = "xoauth2"\npassword = {{ command = [{command}] }}\n'
    imap = {"host": "127.0.0.1", "port": mailbox.imap_port, "security": "none"}
    series = SERIES.replace("2024-03-12", "2099-03-12")
    file = write_configuration(folder, imap, smtp_port, series=series, sender=BOT)
    text = file.read_text("utf-8")
    file.write_text(text.replace("[imap]\n", f"[imap]\n{login}").replace("[smtp]\n", f"[smtp]\n{login}"), "utf-8")
    return file


def mail(number: int) -> bytes:
    """Somebody signs up."""
    return (
        f"From: Anna <anna{number}@mail.example>\r\nTo: {BOT}\r\nSubject: Iscrizione\r\nMessage-ID: <{number}@a.it>\r\n"
        f"Date: {utc_now():%a, %d %b %Y %H:%M:%S} +0000\r\n\r\nMi iscrivo all'incontro per lo sport.\r\n"
    ).encode()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What mailbot has said that somebody should look at."""
    ours = [record for record in caplog.records if record.name.startswith("mailbot")]
    return [record.getMessage() for record in ours if record.levelno >= logging.WARNING]


@pytest.mark.dovecot
@pytest.mark.slow
def test_sessions_are_renewed_before_their_tokens_end_and_nothing_is_lost(
    tmp_path: Path,
    tokens: TokenServer,
    mailbox: Dovecot,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An hour is four seconds here: through many of them each mail is answered once, and the log has no warning."""
    monkeypatch.setattr(token_module, "SHORTEST_SESSION", 0.0)
    tokens.lifetime = 4.0
    with (
        caplog.at_level(logging.INFO),
        serving(kind=demanding(tokens), auth_required=True) as smtp,
        running(configured(tmp_path, tokens, mailbox, smtp.port), utc_now) as daemon,
    ):
        for number in range(3):
            mailbox.deliver(mail(number))
            until(lambda: len(smtp.taken) == number + 1)  # noqa: B023
            until(lambda: caplog.text.count(ANEW) > number)  # noqa: B023
        assert daemon.in_words() == "watching the mailbox"

    assert sorted(each.rcpt_tos[0] for each in smtp.taken) == [f"anna{number}@mail.example" for number in range(3)]
    assert warnings(caplog) == []
    assert len(tokens.shown) == len(set(tokens.shown))  # each log-in had one of its own
    assert rows(tmp_path / "config.toml", "SELECT count(*) FROM inbound") == [(3,)]


@pytest.mark.dovecot
def test_a_token_that_is_refused_is_told_with_the_reason_and_the_next_one_lets_in(
    tmp_path: Path,
    tokens: TokenServer,
    mailbox: Dovecot,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Dovecot's own reason; mail that lies there is answered once it is let in."""
    tokens.lifetime = 0.0
    mailbox.deliver(mail(1))
    with (
        caplog.at_level(logging.INFO),
        serving(kind=demanding(tokens), auth_required=True) as smtp,
        running(configured(tmp_path, tokens, mailbox, smtp.port), utc_now) as daemon,
    ):
        until(lambda: "refused" in daemon.in_words())
        assert "status 40" in daemon.in_words()
        assert "the next try asks for a fresh token" in daemon.in_words()
        tokens.lifetime = 3600.0
        until(lambda: len(smtp.taken) == 1, 60)

    assert [each.rcpt_tos for each in smtp.taken] == [["anna1@mail.example"]]


def ending(goodbye: str, mails: dict[int, bytes]) -> Callable[[Connection], None]:
    """A session that the server ends while we wait, with a word or without."""

    def play(connection: Connection) -> None:
        connection.mails = mails
        connection.greet()
        connection.serve(until="IDLE")
        connection.send("+ idling", *([goodbye] if goodbye else []))

    return play


@pytest.mark.parametrize("goodbye", ["* BYE Session expired, please login again.", ""])
def test_a_session_that_the_server_ends_in_its_time_is_no_trouble(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, goodbye: str
) -> None:
    """IDLE goes on in the next session, what came meanwhile is read, and no line of the log asks to be looked at."""
    monkeypatch.setattr(mailbox_module, "USUAL_LIFE", 0.0)
    other = MAIL.replace(b"Anna", b"Bruna")

    def last(connection: Connection) -> None:
        connection.mails = {3: MAIL, 4: other}
        connection.greet()
        connection.serve()

    with (
        caplog.at_level(logging.INFO),
        ScriptedServer(ending(goodbye, {3: MAIL}), ending(goodbye, {3: MAIL, 4: other}), last) as server,
        running(configuration(tmp_path, server, '"secret"'), lambda: samples.NOW) as daemon,
    ):
        until(lambda: any("IDLE" in line for line in server.wait_for(3).heard))
        assert daemon.in_words() == "watching the mailbox"
        file = tmp_path / "config.toml"
        assert kept(file) == 2

    assert [line for line in warnings(caplog) if "smtp" not in line] == []
    assert caplog.text.count("which is usual; logging in anew") == 2

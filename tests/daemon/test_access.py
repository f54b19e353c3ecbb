"""What lets the daemon in changes while it runs: a password, a token that lives for an hour, a folder that is gone."""

import base64
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import samples
from tests.daemon.test_reconnect import failures, lines
from tests.servers.daemons import rows, running, until, write_configuration
from tests.servers.scripted import Connection, ScriptedServer, usual

__all__ = ["failures"]

MAIL = b"From: Anna <anna@posta.example>\r\nSubject: Iscrizione\r\n\r\nVorrei partecipare.\r\n"


def configuration(folder: Path, server: ScriptedServer, password: str, auth: str = "password") -> Path:
    """The daemon's configuration; ``password`` is TOML."""
    imap: dict[str, object] = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "bot"}
    file = write_configuration(folder, imap, 1)
    file.write_text(file.read_text().replace("[imap]\n", f'[imap]\nauth = "{auth}"\npassword = {password}\n', 1))
    return file


def kept(file: Path) -> int:
    """How many mails."""
    return len(rows(file, "SELECT 1 FROM inbound"))


@pytest.mark.usefixtures("failures")
def test_a_password_changed_while_running_is_used_once_its_file_has_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The open session ends, the old password is refused (said once), the new one lets in: no restart, no signal."""
    secret = tmp_path / "secret"
    secret.write_text("old\n")

    def first(connection: Connection) -> None:
        connection.greet()
        connection.serve(until="IDLE")

    def changed(connection: Connection) -> None:
        connection.greet()
        tag = connection.serve(until="LOGIN")
        if '"new"' not in connection.heard[-1]:
            connection.send(f"{tag} NO [AUTHENTICATIONFAILED] wrong")
            connection.serve()
        connection.mails = {3: MAIL}
        connection.send(f"{tag} OK in")
        connection.serve()

    with caplog.at_level(logging.INFO), ScriptedServer(first, changed) as server:
        file = configuration(tmp_path, server, f'{{ file = "{secret}" }}')
        with running(file, lambda: samples.NOW):
            server.wait_for(4)
            secret.write_text("new\n")
            until(lambda: kept(file) == 1)

    assert len(lines(caplog, "was refused")) == 1


@pytest.mark.usefixtures("failures")
def test_a_token_that_lives_for_an_hour_is_fetched_anew_at_each_log_in(tmp_path: Path) -> None:
    """The server ends the session when the token does; the command's next token lets in, and mail is read."""
    count = tmp_path / "count"
    script = tmp_path / "token.py"
    script.write_text(
        f"from pathlib import Path\nf = Path({str(count)!r})\n"
        "n = int(f.read_text()) + 1 if f.exists() else 1\nf.write_text(str(n))\nprint(f'token-{n}')\n"
    )
    tokens: list[str] = []

    def hour(mails: dict[int, bytes]) -> Callable[[Connection], None]:
        def play(connection: Connection) -> None:
            connection.capabilities += " AUTH=XOAUTH2"
            connection.mails = mails
            connection.greet()
            tag = connection.serve(until="AUTHENTICATE")
            connection.send("+ ")
            tokens.append(base64.b64decode(connection.line()).decode().split("Bearer ")[1].rstrip("\x01"))
            connection.send(f"{tag} OK in")
            if len(mails) < 3:
                connection.serve(until="IDLE")
                connection.send("+ idling", "* BYE token expired")
            else:
                connection.serve()

        return play

    other, third = MAIL.replace(b"Anna", b"Bruna"), MAIL.replace(b"Anna", b"Carla")
    with ScriptedServer(hour({3: MAIL}), hour({3: MAIL, 4: other}), hour({3: MAIL, 4: other, 5: third})) as server:
        command = f'{{ command = ["{sys.executable}", "{script}"] }}'
        file = configuration(tmp_path, server, command, "xoauth2")
        with running(file, lambda: samples.NOW) as daemon:
            until(lambda: kept(file) == 3)
            until(lambda: daemon.in_words() == "watching the mailbox")

    assert tokens[:3] == ["token-1", "token-2", "token-3"]


@pytest.mark.usefixtures("failures")
def test_a_folder_that_is_missing_for_a_while_is_named_and_read_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once; nothing has to be restarted."""

    def missing(connection: Connection) -> None:
        connection.answers["SELECT"] = "NO [NONEXISTENT] no such folder"
        usual(connection)

    def back(connection: Connection) -> None:
        connection.mails = {3: MAIL}
        usual(connection)

    with caplog.at_level(logging.INFO), ScriptedServer(missing, missing, missing, back) as server:
        file = configuration(tmp_path, server, '"secret"')
        with running(file, lambda: samples.NOW):
            until(lambda: kept(file) == 1)

    assert len(lines(caplog, "no such folder")) == 1

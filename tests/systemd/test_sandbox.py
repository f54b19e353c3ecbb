"""The daemon's whole path inside the restrictions of its unit (tests/servers/sandbox.py): they do not break it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from mailbot.config.draft import Answers, drafted, example_file
from mailbot.config.providers import Servers
from mailbot.demo.servers import PASSWORD
from tests.cli.conftest import BOT, SERIES, Running, Town, mail
from tests.servers.daemons import rows, write_configuration
from tests.servers.dovecot import PASSWORD as DOVECOT_PASSWORD
from tests.servers.dovecot import USER, Dovecot
from tests.servers.sandbox import namespaces_are_allowed
from tests.servers.tokens import ASK, TokenServer
from tests.servers.units import UNITS

pytestmark = pytest.mark.systemd
Start = Callable[..., Running]


def sandbox(folder: Path, *, without: str = "") -> list[str]:
    """The words before a command that shut it in; ``folder`` is what it may write in, if others can be kept from it."""
    writable = str(folder) if namespaces_are_allowed() else "-"
    unit = str(UNITS / "mailbot.service")
    return [sys.executable, "-m", "tests.servers.sandbox", unit, without, writable]


def asks_a_command(town: Town) -> None:
    """The password comes from a program, and the server's name has to be looked up: as much as one can ask for."""
    secret = town.folder / "secret"
    secret.write_text(PASSWORD)
    text = town.file.read_text("utf-8")
    text = text.replace(f'password = "{PASSWORD}"', f'password = {{ command = ["sh", "-c", "exec cat {secret}"] }}')
    town.file.write_text(text.replace('host = "127.0.0.1"', 'host = "localhost"'), "utf-8")


def test_it_starts_answers_reloads_and_stops_inside_the_sandbox(town: Town, start: Start) -> None:
    """Log-in, mail, answer, SIGHUP, another answer, SIGTERM; not one call that the unit does not let through."""
    asks_a_command(town)
    running = start(sandbox(town.folder))
    running.hear("READY=1")
    town.servers.put(mail(1))
    assert [each.recipient for each in town.servers.wait_for(1, 30)] == ["anna1@mail.example"]
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_log("the configuration was taken over")
    town.servers.put(mail(2))
    assert len(town.servers.wait_for(2, 30)) == 2

    assert running.stop() == 0
    assert rows(town.file, "SELECT status FROM registration") == [("confirmed",)] * 2
    assert "Traceback" not in running.log()


def test_every_command_works_inside_the_sandbox(town: Town, start: Start) -> None:
    """Also those that are not the daemon's own: they share its libraries, and one of them writes XLSX."""
    asks_a_command(town)
    running = start(sandbox(town.folder))
    town.servers.put(mail(1))
    town.servers.wait_for(1, 30)
    assert running.stop() == 0
    for command in (
        ["check"],
        ["status"],
        ["rehearse"],
        ["digest", "--print"],
        ["export", "--format", "xlsx", "--output", str(town.folder / "list.xlsx")],
        ["forget", "anna1@mail.example"],
    ):
        ended = subprocess.run(
            [*sandbox(town.folder), sys.executable, "-m", "mailbot", command[0], "--config", town.file, *command[1:]],
            capture_output=True,
            timeout=90,
            check=False,
        )
        assert ended.returncode == 0, (command, ended.stdout, ended.stderr)


@pytest.mark.dovecot
def test_it_speaks_tls_with_dovecot_inside_the_sandbox(town: Town, start: Start, dovecot: Dovecot) -> None:
    """A server of this world, with a certificate: what TLS needs of the system is let through too."""
    ca_file = shutil.copy(dovecot.ca_file, town.folder)  # Dovecot keeps its own folder to itself
    imap = {"host": "localhost", "port": dovecot.imaps_port, "security": "tls", "ca_file": ca_file}
    account = {"username": USER, "password": DOVECOT_PASSWORD}
    write_configuration(town.folder, imap | account, town.smtp_port, series=SERIES, sender=BOT)
    running = start(sandbox(town.folder))
    running.hear("READY=1")
    dovecot.deliver(mail(1))

    assert [each.recipient for each in town.servers.wait_for(1, 30)] == ["anna1@mail.example"]
    assert running.stop() == 0


@pytest.mark.dovecot
@pytest.mark.curl
def test_a_token_is_fetched_and_shown_inside_the_sandbox(town: Town, start: Start) -> None:
    """By the command that `mailbot init` writes for a provider without passwords, with a credential for its secret."""
    with TokenServer(USER) as tokens, Dovecot(tokens=f"{tokens.url}/introspect") as server:
        servers = Servers("localhost", "localhost", "starttls", token_url=f"{tokens.url}/token")
        answers = Answers(BOT, servers, "Valverde", "Comune", BOT)
        command = tomllib.loads(drafted(answers, example_file().read_text("utf-8")))["imap"]["password"]["command"]
        imap = {"host": "localhost", "port": server.imap_port, "security": "none", "username": USER, "auth": "xoauth2"}
        file = write_configuration(town.folder, imap, town.smtp_port, series=SERIES, sender=BOT)
        text = file.read_text("utf-8")
        file.write_text(
            text.replace("[imap]\n", f"[imap]\npassword = {{ command = {json.dumps(command)} }}\n"), "utf-8"
        )
        (town.folder / "imap").write_text(f"{ASK}\n")
        running = start(sandbox(town.folder), CREDENTIALS_DIRECTORY=str(town.folder))
        running.hear("READY=1")
        server.deliver(mail(1))

        assert [each.recipient for each in town.servers.wait_for(1, 30)] == ["anna1@mail.example"]
        assert running.stop() == 0
        assert tokens.shown == list(tokens.issued)


@pytest.mark.parametrize("call", ["fdatasync", "connect", "clone3,clone", "execve", "epoll_wait"])
def test_a_call_too_few_would_be_noticed(town: Town, start: Start, call: str) -> None:
    """With a needed call taken out of the list the kernel ends the daemon: the test above can fail."""
    asks_a_command(town)
    running = start(sandbox(town.folder, without=call))

    town.servers.put(mail(1))
    assert running.process.wait(60) == -signal.SIGSYS


FORBIDDEN = {
    "a file elsewhere": "open({elsewhere!r}, 'w')",
    "memory to write and run": "mmap.mmap(-1, 4096, prot=7)",
    "another kind of socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "another namespace": "(_ for _ in ()).throw(OSError()) if ctypes.CDLL(None).unshare(0x20000) else 0",
}


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_the_sandbox_is_one(tmp_path: Path, deed: str) -> None:
    """What the unit forbids cannot be done in it, and can outside."""
    if deed == "a file elsewhere" and not namespaces_are_allowed():
        pytest.skip("this user may make no user namespace, so files cannot be kept from it")
    (tmp_path / "inside").mkdir()
    doing = FORBIDDEN[deed].format(elsewhere=str(tmp_path / "elsewhere"))
    code = f"try:\n    {doing}\nexcept OSError:\n    print('refused')\nelse:\n    print('done')"
    code = f"import ctypes, mmap, socket\n{code}"
    said = [
        subprocess.run([*before, sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        for before in (sandbox(tmp_path / "inside"), [])
    ]

    assert said[0].stdout == "refused\n"
    assert said[1].stdout == "done\n" or (deed == "another namespace" and os.geteuid() != 0)


def test_a_forbidden_call_ends_the_process(tmp_path: Path) -> None:
    """Nothing that the unit refuses can go unnoticed here."""
    code = f"import os; os.chown({str(tmp_path)!r}, 1, 1)"
    ended = subprocess.run([*sandbox(tmp_path), sys.executable, "-c", code], timeout=60, check=False)

    assert ended.returncode == -signal.SIGSYS

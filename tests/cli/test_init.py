"""`mailbot init`: from five answers to a configuration that loads, with all its comments, over nobody's file."""

import os
import pty
import re
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mailbot.config import load_service
from mailbot.config.draft import Answers, drafted, example_file, still_to_change
from mailbot.config.providers import Provider, guessed, provider_of, providers, servers_at
from tests.cli.conftest import mailbot

EXAMPLE = example_file().read_text("utf-8")
DOCUMENT = (Path(__file__).parents[2] / "docs" / "providers.md").read_text("utf-8")
GIVEN = {
    "--address": "iscrizioni@comune.valverde.it",
    "--name": "Valverde in ascolto",
    "--organiser": "Comune di Valverde",
    "--contact": "cultura@comune.valverde.it",
}


def options(**changes: str | None) -> list[str]:
    """The command line of the answers, with these changed or left out."""
    given = GIVEN | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [word for option, value in given.items() if value is not None for word in (option, value)]


def answers(address: str = "iscrizioni@comune.valverde.it", **changes: str) -> Answers:
    """Answers of somebody, for an address whose servers are guessed."""
    values = {"name": "Valverde in ascolto", "organiser": "Comune di Valverde", "contact": "c@comune.valverde.it"}
    return Answers(address=address, servers=guessed(address), **(values | changes))


def test_what_is_written_loads_and_has_what_was_answered(tmp_path: Path) -> None:
    """From options alone, without a terminal; readable by the service's user, and no password in it."""
    file = tmp_path / "new" / "config.toml"
    ended = mailbot("init", "--output", file, *options())
    told = ended.stdout.decode()

    assert ended.returncode == 0, ended.stderr
    service = load_service(file)
    assert (service.imap.host, service.imap.actual_port) == ("imap.comune.valverde.it", 993)
    assert (service.smtp.host, service.smtp.actual_port) == ("smtp.comune.valverde.it", 587)
    assert service.imap.username == service.smtp.username == "iscrizioni@comune.valverde.it"
    assert (service.smtp.sender.address, service.smtp.sender.name) == (service.imap.username, "Comune di Valverde")
    assert service.config.series.name == "Valverde in ascolto"
    assert [each.address for each in service.config.digest_to] == ["cultura@comune.valverde.it"]
    assert service.imap.password.credential == "imap"
    assert service.smtp.password is not None
    assert service.smtp.password.credential == "smtp"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    for words in (f"mailbot check --config {file}", "/etc/mailbot/secrets/imap", "systemctl enable --now mailbot"):
        assert words in told
    # The configuration's stage of `check` passes; what fails then is the password that nobody has put there yet.
    check = mailbot("check", "--config", file, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert "2 meeting(s), no mistakes" in check.stdout.decode()


def test_it_is_the_example_with_the_answers_in_their_places() -> None:
    """No line is lost, every comment stays; CHANGE is left at the meetings alone, which nobody was asked for."""
    written, before = drafted(answers(), EXAMPLE).splitlines(), EXAMPLE.splitlines()

    assert len(written) == len(before)
    for new, old in zip(written, before, strict=True):
        if old.startswith("#") and "CHANGE:" not in old:
            assert new == old
    [(number, words)] = still_to_change("\n".join(written))
    assert written[number].startswith("# ") or written[number] == "[[meetings]]"
    assert "one such table for each meeting" in words
    assert "comune.example" not in re.sub("#.*", "", "\n".join(written))


def test_an_example_that_has_lost_a_key_is_noticed() -> None:
    """An answer is never dropped in silence."""
    with pytest.raises(KeyError, match=r"imap\.username"):
        drafted(answers(), EXAMPLE.replace('username = "iscrizioni@comune.example"', "", 1))


@pytest.mark.parametrize("provider", providers(), ids=lambda provider: provider.key)
def test_what_is_written_loads_for_every_provider(tmp_path: Path, provider: Provider) -> None:
    """By its key and by an address of each of its domains; and docs/providers.md has the section that is named."""
    for given in ({"servers": provider.key}, *({"address": f"bot@{domain}"} for domain in provider.domains)):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.toml"
        ended = mailbot("init", "--output", file, *options(**given))
        assert ended.returncode == 0, ended.stderr
        service = load_service(file)

        assert (service.imap.host, service.imap.actual_port) == (provider.servers.imap, 993)
        assert service.smtp.host == provider.servers.smtp
        assert service.smtp.actual_port == {"tls": 465, "starttls": 587}[provider.servers.smtp_security]
        assert service.smtp.per_minute == provider.servers.per_minute
        assert service.imap.auth == service.smtp.auth == ("xoauth2" if provider.servers.token_url else "password")
        assert provider.hint in ended.stdout.decode()
    headings = {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in re.findall("## (.*)", DOCUMENT)}
    assert provider.guide in headings


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("bot@gmail.com", "gmail"),
        ("BOT@Comune.OnMicrosoft.com", "microsoft365"),
        ("comune.valverde@pec.it", "aruba-pec"),
        ("bot@notgmail.com", None),
        ("bot@comune.valverde.it", None),
    ],
)
def test_a_provider_is_known_by_its_domain_or_one_below(address: str, key: str | None) -> None:
    """A town's own domain tells nothing of who serves it."""
    found = provider_of(address)

    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    ("named", "smtp"),
    [
        ("imap.town.it", "smtp.town.it"),
        ("imaps.town.it", "smtps.town.it"),
        ("mail.town.it", "mail.town.it"),
        ("localhost", "localhost"),
    ],
)
def test_the_way_out_is_guessed_from_the_way_in(named: str, smtp: str) -> None:
    """Imap. has smtp. beside it; mail. does both."""
    assert (servers_at(named).imap, servers_at(named).smtp) == (named, smtp)


def test_another_smtp_server_may_be_named(tmp_path: Path) -> None:
    """All else of the provider stays."""
    file = tmp_path / "config.toml"
    assert mailbot("init", "--output", file, *options(servers="gmail", smtp="relay.town.it")).returncode == 0
    service = load_service(file)

    assert (service.imap.host, service.smtp.host, service.smtp.security) == ("imap.gmail.com", "relay.town.it", "tls")


@pytest.mark.parametrize("there", ["file", "dangling link"])
def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, there: str) -> None:
    """Not a byte of it, nor what a link leads to; exit code 1 says so before anything is asked."""
    file = tmp_path / "config.toml"
    if there == "file":
        file.write_text("mine")
    else:
        file.symlink_to(tmp_path / "elsewhere")
    ended = mailbot("init", "--output", file, *options())

    assert ended.returncode == 1
    assert b"is there already and stays as it is" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]
    assert there == "dangling link" or file.read_text() == "mine"


def test_without_a_terminal_every_missing_option_is_named() -> None:
    """At once, with exit code 2, and nothing is waited for."""
    ended = mailbot("init", "--output", "/nowhere/config.toml", "--name", "X")

    assert ended.returncode == 2
    assert b"give --address, --organiser, --contact" in ended.stderr


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"address": "iscrizioni"}, "write an address"),
        ({"servers": "arubba"}, "this is no known provider (gmail, microsoft365, aruba"),
        ({"contact": "a b@c"}, "write an address"),
        ({"organiser": "Comune\nvirus = 1"}, "on one line"),
        ({"smtp": "smtp .town.it"}, "write a server's name"),
    ],
)
def test_a_wrong_answer_says_how_to_write_it(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    """With the option's name, and nothing is written."""
    ended = mailbot("init", "--output", tmp_path / "config.toml", *options(**changes))

    assert ended.returncode == 2
    assert told in " ".join(ended.stderr.decode().split())
    assert f"--{next(iter(changes))}" in ended.stderr.decode()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("organiser", ['Comune "di" Valverde', "Comune, Ufficio: \\ [x] (y)", "Forlì <ò>", "a\t#b = c"])
def test_no_answer_can_break_the_file(tmp_path: Path, organiser: str) -> None:
    """Quotation marks, brackets and signs of TOML arrive as they were written."""
    file = tmp_path / "config.toml"
    file.write_text(drafted(answers(organiser=organiser), EXAMPLE), "utf-8")

    service = load_service(file)
    assert service.config.series.organiser == organiser
    assert service.smtp.sender.address == "iscrizioni@comune.valverde.it"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / "no folder").write_text("")
    ended = mailbot("init", "--output", tmp_path / "no folder" / "config.toml", *options())

    assert ended.returncode == 1
    assert b"do it as root, or name another with --output" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_one_of_several_inboxes_has_things_of_its_own(tmp_path: Path) -> None:
    """As mailbot@.service has them: its database, its secrets, its unit."""
    file = tmp_path / "config.toml"
    ended = mailbot("init", "--output", file, "--instance", "sport", *options())

    assert load_service(file).config.service.database == "sqlite:////var/lib/mailbot-sport/mailbot.sqlite"
    assert b"/etc/mailbot/sport/secrets/imap" in ended.stdout
    assert b"systemctl enable --now mailbot@sport" in ended.stdout
    assert mailbot("init", "--output", file, "--instance", "../x", *options()).returncode == 2


def test_it_can_go_to_standard_output() -> None:
    """The text and nothing else."""
    ended = mailbot("init", "--output", "-", *options())

    assert ended.stdout.decode() == drafted(
        answers(contact="cultura@comune.valverde.it", name="Valverde in ascolto"), EXAMPLE
    )


def test_a_password_file_stands_in_for_credentials(tmp_path: Path) -> None:
    """For whoever runs it without systemd; a token's request too."""
    file, other = tmp_path / "config.toml", tmp_path / "other.toml"
    assert mailbot("init", "--output", file, *options(secret_file="/srv/it's secret")).returncode == 0
    assert mailbot("init", "--output", other, *options(secret_file="/a b", servers="microsoft365")).returncode == 0

    assert load_service(file).imap.password.file == "/srv/it's secret"
    command = load_service(other).imap.password.command
    assert command is not None
    assert "--data '@/a b'" in command[-1]


def test_five_questions_are_asked_on_a_terminal(tmp_path: Path) -> None:
    """A wrong answer is asked for again; then the file is there, and the next commands are told."""
    file = tmp_path / "config.toml"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mailbot", "init", "--output", str(file)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = b""
    try:
        for question, answer in (
            (b"1. ", b"iscrizioni\n"),
            (b'such as "iscrizioni', b"iscrizioni@comune.valverde.it\n"),
            (b"[imap.comune.valverde.it]", b"arubba\n"),
            (b"no known provider", b"aruba\n"),
            (b"3. ", b"Valverde in ascolto\n"),
            (b"4. ", b"Comune di Valverde\n"),
            (b"5. ", b"cultura@comune.valverde.it\n"),
        ):
            end = time.monotonic() + 30
            heard = b""
            while question not in heard or not heard.rstrip().endswith((b":",)):
                assert time.monotonic() < end, said + heard
                heard += os.read(ours, 4096)
            said += heard
            os.write(ours, answer)
        with suppress(OSError):  # the terminal's other side is gone
            while more := os.read(ours, 4096):
                said += more
        assert process.wait(30) == 0, said
    finally:
        process.kill()
        process.wait()
        os.close(ours)

    assert load_service(file).imap.host == "imaps.aruba.it"
    assert len(re.findall(rb"^\d\. ", said, re.MULTILINE)) <= 7  # five, two of them asked twice
    assert b"docs/providers.md#aruba" in said

"""The configuration: what is read, and how mistakes are told."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from mailbot.config import ConfigError, load, load_service
from mailbot.config.reference import reference
from mailbot.config.secret import Secret, SecretTrouble
from mailbot.config.sections import Config
from mailbot.core.model import Address, MeetingStatus

ROOT = Path(__file__).parent.parent

SERIES = """
[series]
name = "Valverde in ascolto"
organiser = "Comune di Valverde"
contact = "Ufficio <Ufficio@comune.example>"
timezone = "Europe/Rome"
language = "it"
"""
MEETING = """
[[meetings]]
code = "sport"
title = "Incontro con le associazioni sportive"
sector = "associazioni sportive"
starts_at = 2027-03-11T17:00:00
duration_minutes = 90
join_url = "https://zoom.example/j/1"
"""
SERVERS = """
[imap]
host = "imap.example"
username = "bot@comune.example"
password = "x"
[smtp]
host = "smtp.example"
from = "Iscrizioni <Bot@comune.example>"
"""


def written(folder: Path, text: str) -> Path:
    """A configuration file with this text."""
    file = folder / "config.toml"
    file.write_text(text, "utf-8")
    return file


def problems(folder: Path, text: str) -> tuple[str, ...]:
    """What is wrong with this text, as the daemon would say it."""
    with pytest.raises(ConfigError) as caught:
        load_service(written(folder, text))
    return caught.value.problems


def test_the_least_configuration_has_defaults_that_serve(tmp_path: Path) -> None:
    """Two servers, a series and a meeting are enough."""
    service = load_service(written(tmp_path, SERIES + MEETING + SERVERS))
    config = service.config

    assert (service.imap.actual_port, service.smtp.actual_port) == (993, 465)
    assert config.reminders.before == (timedelta(days=1), timedelta(hours=1))
    assert (config.digest.at, config.retention.days, config.digest_to) == (time(7, 30), 90, ())
    assert service.smtp.sender == Address("bot@comune.example", "Iscrizioni")
    [meeting] = config.to_series().meetings
    assert meeting.starts_at.astimezone(UTC) == datetime(2027, 3, 11, 16, 0, tzinfo=UTC)
    assert (meeting.duration, meeting.capacity, meeting.status) == (timedelta(minutes=90), None, MeetingStatus.OPEN)


@pytest.mark.parametrize(("security", "imap", "smtp"), [("tls", 993, 465), ("starttls", 143, 587), ("none", 143, 25)])
def test_the_usual_ports_follow_from_the_security(tmp_path: Path, security: str, imap: int, smtp: int) -> None:
    """A port need not be given."""
    servers = re.sub(r'host = "(\w+)', f'security = "{security}"\nhost = "\\1', SERVERS)
    service = load_service(written(tmp_path, SERIES + MEETING + servers))

    assert (service.imap.actual_port, service.smtp.actual_port) == (imap, smtp)


def test_a_series_alone_serves_for_explaining(tmp_path: Path) -> None:
    """The servers may be missing where none is needed."""
    assert load(written(tmp_path, SERIES + MEETING)).imap is None
    assert problems(tmp_path, SERIES + MEETING) == (
        "[imap] is missing; see config.example.toml",
        "[smtp] is missing; see config.example.toml",
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('organiser = "Comune', 'organizer = "Comune', "series.organizer is not a known key; do you mean 'organiser'?"),
        ('organiser = "Comune', 'organizer = "Comune', "series.organiser is missing"),
        ('"Europe/Rome"', '"Europe/Roma"', 'series.timezone: write an IANA time zone, such as "Europe/Rome"'),
        ('language = "it"', 'language = "de"', "series.language: 'de' is not allowed; write 'it' or 'en'"),
        ("<Ufficio@comune.example>", "<ufficio>", "series.contact: write an address"),
        ('code = "sport"', 'code = "sport.2"', "meetings[1].code: 'sport.2' may hold letters, digits, - and _ alone"),
        ("= 90", "= 0", "meetings[1].duration_minutes (sport): input should be greater than or equal to 1, not 0"),
        ("https://zoom", "zoom", 'meetings[1].join_url (sport): write a link that begins with "https://"'),
        ("2027-03-11T17:00:00", "2027-03-28T02:30:00", "meetings[1].starts_at (sport): the clocks leave out 02:30"),
        ("[[meetings]]", MEETING + "[[meetings]]", "each meeting needs a code of its own; used twice: sport"),
        ('password = "x"', "password = { path = 1 }", "imap.password: write it in place, or as { file"),
        ('password = "x"', 'password = "x"\nport = 70000', "imap.port: input should be less than or equal to 65535"),
        ("[smtp]", '[smtp]\nusername = "x"', "smtp: give `username` and `password` together, or neither"),
        ("[smtp]", '[digest]\nat = "7.30"\n[smtp]', 'digest.at: write hours and minutes, such as "07:30"'),
        ("[smtp]", '[reminders]\nbefore = ["0 days"]\n[smtp]', "reminders.before[1]: write a number and a unit"),
        ("[smtp]", "[smpt]\n[smtp]", "smpt is not a known key; do you mean 'smtp'?"),
        ("[smtp]", '[metrics]\nlisten = "9797"\n[smtp]', 'metrics.listen: write an address and a port, such as "127'),
        ("[smtp]", '[metrics]\nlisten = "[::1]:97970"\n[smtp]', "metrics.listen: write an address and a port"),
        ("[smtp]", '[metrics]\nfile = "/run/m.txt"\n[smtp]', 'metrics.file: write a whole path that ends with ".prom"'),
        ("[smtp]", '[metrics]\nfile = "m.prom"\n[smtp]', "metrics.file: write a whole path"),
        ("[smtp]", '[service]\nlog = "xml"\n[smtp]', "service.log: 'xml' is not allowed; write 'text' or 'json'"),
        ("[smtp]", "[retention]\ndays = 1.5\n[smtp]", "retention.days: input should be a valid integer, not 1.5"),
        ("[series]", '[service]\nmode = "careful"\n[series]', "write 'automatic' or 'supervised'"),
        ("[series]", '[service]\nmode = "supervised"\n[series]', 'service.mode = "supervised" needs somebody'),
        ("[series]", "series = 1\n[x]", "series: must be a table, [series]"),
        ("[series]", "[series", "is not valid TOML"),
        ('language = "it"', "language = it", "(at line 7, column 12): language = it"),
        ("T17:00:00", "", "meetings[1].starts_at (sport): write the hour too, such as 2027-03-11T17:00:00"),
        ("2027-03-11T17:00:00", '"11 marzo"', "meetings[1].starts_at (sport): write day and hour without quotation"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_its_mend(tmp_path: Path, before: str, after: str, told: str) -> None:
    """One row a mistake."""
    text = SERIES + MEETING + SERVERS
    assert before in text

    assert any(told in problem for problem in problems(tmp_path, text.replace(before, after, 1)))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends them one start at a time."""
    text = (SERIES + MEETING).replace("Europe/Rome", "x").replace('"it"', '"de"').replace("= 90", "= 0")

    assert len(problems(tmp_path, text)) == 5


def test_no_meeting_at_all_is_a_mistake(tmp_path: Path) -> None:
    """A series without meetings answers nobody."""
    assert problems(tmp_path, "meetings = []\n" + SERIES + SERVERS) == ("meetings: at least one meeting is needed",)


def test_a_missing_file_is_told_with_its_mend(tmp_path: Path) -> None:
    """Where it was looked for, and where there is one to start from."""
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        load(tmp_path / "config.toml")
    example = re.search(r"copy (\S+) there", str(caught.value))
    assert example
    assert load_service(Path(example[1])).config.meetings


def test_a_line_with_a_secret_is_not_shown(tmp_path: Path) -> None:
    """The log is read by more people than the file."""
    [told] = problems(tmp_path, SERIES + MEETING + SERVERS.replace('password = "x"', 'password = "sesame'))

    assert "is not valid TOML" in told
    assert "sesame" not in told


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_a_secret_can_be_given_in_every_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place, from a file, the environment, systemd, or a command; the last line end is no part of it."""
    (tmp_path / "secret").write_text("öpen sesame\n", "utf-8")
    monkeypatch.setenv("MAILBOT_SECRET", "öpen sesame")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    command = (sys.executable, "-c", r"import sys; sys.stdout.buffer.write('öpen sesame\n'.encode())")
    ways = [
        Secret(value="öpen sesame"),
        Secret(file=str(tmp_path / "secret")),
        Secret(env="MAILBOT_SECRET"),
        Secret(credential="secret"),
        Secret(command=command),
    ]

    assert {way.read() for way in ways} == {"öpen sesame"}


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (Secret(file="missing"), "the secret file missing cannot be read: No such file or directory; it must be there"),
        (Secret(file=os.devnull), "the secret file /dev/null is empty: write the password into it"),
        (Secret(env="MAILBOT_MISSING"), "the environment has no variable MAILBOT_MISSING"),
        (Secret(credential="imap"), "add LoadCredential=imap"),
        (Secret(command=("false",)), "the secret command false ended with 1"),
        (Secret(command=("mailbot-missing",)), "the secret command mailbot-missing failed"),
    ],
)
def test_a_secret_that_cannot_be_had_says_why(secret: Secret, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is for who wrote the configuration."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    with pytest.raises(SecretTrouble, match=re.escape(told)):
        secret.read()


def test_a_secret_never_shows_itself() -> None:
    """Not in a log line, not in a traceback."""
    assert "sesame" not in repr(Secret(value="sesame"))


# --- what is written about it -----------------------------------------------------------------------------------------


def test_the_example_is_a_valid_configuration_with_every_key(tmp_path: Path) -> None:
    """A sysadmin finds each key in it, if only as a comment."""
    text = (ROOT / "config.example.toml").read_text("utf-8")
    load_service(written(tmp_path, text))

    def keys(model: type[BaseModel]) -> set[str]:
        return {field.alias or name for name, field in model.model_fields.items()}

    tables = [getattr(field.annotation, "__args__", (field.annotation,))[0] for field in Config.model_fields.values()]
    for table in tables:
        if isinstance(table, type) and issubclass(table, BaseModel):
            assert [
                key for key in keys(table) if not re.search(rf"^(# )?\[?\[?(\w+\.)?{key}\b", text, re.MULTILINE)
            ] == []


def test_the_reference_is_what_the_code_says() -> None:
    """docs/configuration.md is written by `make reference`."""
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8") == reference()


def test_a_bad_configuration_ends_the_program_with_78(tmp_path: Path) -> None:
    """EX_CONFIG, which systemd does not restart; every problem on standard error."""
    file = written(tmp_path, SERIES.replace("Europe/Rome", "x") + MEETING)
    run = subprocess.run(
        [sys.executable, "-m", "mailbot", "run", "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )

    assert (run.returncode, run.stdout) == (78, "")
    assert "series.timezone" in run.stderr
    assert "[imap] is missing" in run.stderr

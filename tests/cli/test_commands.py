"""The commands other than `run` and `demo`, as processes: what they print, and their exit codes."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from zipfile import ZipFile

import pytest

from tests.cli.conftest import SERIES, Running, Town, closed_port, mail, mailbot

COMMANDS = (
    *("init", "run", "check", "plan", "demo", "explain", "rehearse", "status"),
    *("export", "digest", "backup", "forget", "migrate-database"),
)
PROMISED = (
    "file",
    "outcome",
    "register",
    "cancel",
    "requests",
    "attention",
    "reply_to",
    "language",
    "kind",
    "evidence",
)


@pytest.fixture
def answered(town: Town, start: Callable[[], Running]) -> Town:
    """A town whose daemon has answered two people and been stopped."""
    town.servers.put(mail(1, name="=cmd|calc"))
    town.servers.put(mail(2, text="Mi iscrivo all'incontro per i musei."))
    running = start()
    running.wait_for_log(": sent", times=2)
    assert running.stop() == 0
    return town


# --- help and misuse --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    """--help works without a configuration; every command that reads a configuration takes --config."""
    ended = mailbot(command, "--help", MAILBOT_CONFIG="/nowhere")

    assert ended.returncode == 0
    assert (b"--config" in ended.stdout) is (command not in ("init", "demo", "migrate-database"))


def test_the_list_of_commands_is_whole_and_readable() -> None:
    """Each in one line that is not cut off."""
    listed = mailbot("--help").stdout.decode().partition("Commands:\n")[2].splitlines()

    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["explain"], ["export", "--format", "pdf"], ["forget"], ["forget", "maria"], ["run", "--nonsense"]],
    ids=" ".join,
)
def test_misuse_of_the_command_line_ends_with_2(arguments: list[str]) -> None:
    """And the message is for people."""
    ended = mailbot(*arguments)

    assert ended.returncode == 2
    assert b"Error" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_the_configuration_may_be_named_by_the_environment(town: Town) -> None:
    """$MAILBOT_CONFIG stands in for --config; a file that is not there ends with 78 and its name."""
    assert mailbot("explain", "-", stdin=mail(), MAILBOT_CONFIG=str(town.file)).returncode == 0
    ended = mailbot("explain", "-", stdin=mail(), MAILBOT_CONFIG="/nowhere/config.toml")

    assert ended.returncode == 78
    assert b"/nowhere/config.toml" in ended.stderr


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_finds_everything_well_and_says_what_a_first_start_would_answer(town: Town) -> None:
    """Exit code 0; the number of mails that wait; nothing is answered by it."""
    town.servers.put(mail(1))
    town.servers.put(mail(2))
    ended = town.mailbot("check")
    told = ended.stdout.decode()

    assert ended.returncode == 0, told
    assert "would take 2 mail(s) in hand" in told
    assert "  sport  Wed 11 Mar 2099 17:00  Incontro con le associazioni sportive\n" in told
    assert [line.split()[1] for line in told.splitlines()[3:]] == [
        "letters:",
        "database:",
        "imap:",
        "to",
        "senders:",
        "smtp:",
    ]
    assert town.servers.delivered == []


def test_check_shows_each_meeting_as_it_was_understood(town: Town) -> None:
    """With its weekday and hour, and what keeps people from registering: a slip in a date is seen before it is sent."""
    series = SERIES.replace("2099-03-11", "2024-03-11").replace('j/2"', 'j/2"\nstatus = "closed"')
    town.configure(series=series)
    told = town.mailbot("check").stdout.decode().splitlines()

    assert told[1:3] == [
        "  sport  Mon 11 Mar 2024 17:00  Incontro con le associazioni sportive: is over",
        "  musei  Thu 12 Mar 2099 17:00  Incontro con i musei: closed",
    ]


@pytest.mark.parametrize(
    ("name", "written", "code", "words"),
    [
        ("", "", 0, "anybody can write in another's name"),
        ("", "mx.comune.example; dmarc=pass", 0, "by 'mx.comune.example': if that is your own server"),
        ("mx.comune.example", "MX.comune.example; spf=none", 0, "changes nothing unasked"),
        ("mx.comune.example", "mx.other.example; spf=none", 1, "what they have is by 'mx.other.example'"),
        ("mx.comune.example", "", 1, "they have none"),
    ],
)
def test_check_says_whether_the_server_proves_whom_mails_are_from(
    town: Town, name: str, written: str, code: int, words: str
) -> None:
    """And what it means where it does not; a name that no mail bears is a mistake."""
    header = f"Authentication-Results: {written}\n".encode() if written else b""
    town.servers.put(header + mail(1))
    if name:
        text = town.file.read_text("utf-8").replace("[imap]", f'[imap]\nauthserv_id = "{name}"', 1)
        town.file.write_text(text, "utf-8")
    ended = town.mailbot("check")

    assert words in ended.stdout.decode()
    assert ended.returncode == code


def test_check_names_each_broken_part(town: Town) -> None:
    """A refused password, an SMTP server that is not there, no folder for the database, a broken letter: all told."""
    broken = town.folder / "templates" / "it"
    broken.mkdir(parents=True)
    (broken / "menu.txt").write_text("{{ nonsense", "utf-8")
    port = closed_port()
    town.configure(service=f'templates = "{town.folder}/templates"', password="wrong", smtp_port=port)
    town.file.write_text(town.file.read_text("utf-8").replace("/mailbot.sqlite", "/nowhere/deeper/x.sqlite"), "utf-8")
    ended = town.mailbot("check")
    bad = [line for line in ended.stdout.decode().splitlines() if line.startswith("bad")]

    assert ended.returncode == 1
    assert [line.split()[1] for line in bad] == ["letters:", "database:", "imap:", "smtp:"]
    assert "it/menu.txt" in bad[0]
    assert "imap.password" in bad[2]
    assert str(port) in bad[3]
    assert b"Traceback" not in ended.stderr


# --- explain and rehearse ---------------------------------------------------------------------------------------------


def test_explain_says_one_object_a_line_in_the_order_given(town: Town) -> None:
    """Files, a folder and standard input; the keys of the contract; no server and no database is touched."""
    folder = town.folder / "mails"
    folder.mkdir()
    for number in (2, 1):
        (folder / f"{number}.eml").write_bytes(mail(number))
    (folder / "notes.txt").write_text("no mail")
    single = town.folder / "single"
    single.write_bytes(mail(7, text="Mi iscrivo all'incontro per i musei."))
    town.file.write_text(SERIES, "utf-8")
    ended = town.mailbot("explain", "--json", single, folder, "-", stdin=mail(9))
    told = [json.loads(line) for line in ended.stdout.splitlines()]

    assert ended.returncode == 0
    assert ended.stderr == b""
    assert [one["file"] for one in told] == [str(single), str(folder / "1.eml"), str(folder / "2.eml"), "-"]
    assert [tuple(one)[: len(PROMISED)] for one in told] == [PROMISED] * 4
    assert told[0]["register"] == ["musei"]
    assert told[1]["reply_to"] == "anna1@mail.example"
    assert not (town.folder / "mailbot.sqlite").exists()


def test_explain_reads_a_mail_without_date_as_of_now(town: Town) -> None:
    """--now takes ISO 8601 with or without a zone: after the series there is nothing to register for."""
    undated = b"\n".join(line for line in mail().split(b"\n") if not line.startswith(b"Date"))
    told = [
        json.loads(town.mailbot("explain", "--json", "--now", now, "-", stdin=undated).stdout)["outcome"]
        for now in ("2099-03-01T10:00", "2099-03-01T10:00:00+01:00", "2099-06-01T10:00:00Z")
    ]

    assert told[:2] == ["act", "act"]
    assert told[2] != "act"
    assert town.mailbot("explain", "--now", "yesterday", "-", stdin=undated).returncode == 2


def test_explain_tells_a_person_why(town: Town) -> None:
    """The sender, what is understood, the clues, and the sender's own words."""
    told = town.mailbot("explain", "-", stdin=mail()).stdout.decode()

    for words in ("anna1@mail.example", "register sport", "because", "«Mi iscrivo all'incontro per lo sport»."):
        assert words in told


def test_the_words_of_strangers_have_no_power_over_the_terminal(town: Town) -> None:
    """On a terminal there are our own colours and nothing else: no title, no clearing, no text that runs backwards."""
    nasty = town.folder / "\x1b[2Jnasty.eml"
    nasty.write_bytes(
        mail(name="\x1b]0;owned\x07Eve", text="\x1b[2J\x1b]0;owned\x07 Mi iscrivo per lo sport.\u202e\x9b2J\x08")
    )
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "mailbot", "explain", "--config", str(town.file), str(nasty)]
    with os.fdopen(theirs, "wb") as terminal:
        subprocess.run(command, stdout=terminal, stderr=terminal, timeout=60, check=True)
    told = os.read(ours, 65536).decode()
    os.close(ours)

    assert "\x1b[1m" in told
    left = re.sub(r"\x1b\[\d+m", "", told)
    assert "sport" in left
    assert [sign for sign in ("\x1b", "\x07", "\u202e", "\x9b", "\x08") if sign in left] == []
    assert "\x1b" not in town.mailbot("explain", "--json", nasty).stdout.decode()


def test_explain_survives_any_bytes(town: Town) -> None:
    """Also in a locale that cannot show them."""
    raw = b"From: \xff\xfe <a@b.example>\nSubject: \xf0\x9f\x98\x80 \xed\xa0\x80\n\n" + bytes(range(256))
    for form in ([], ["--json"]):
        ended = mailbot(
            "explain", "--config", town.file, *form, "-", stdin=raw, PYTHONIOENCODING="ascii", PYTHONUTF8="0"
        )
        assert ended.returncode == 0, ended.stderr
        if form:
            json.loads(ended.stdout)


def test_explain_of_a_file_that_is_not_there_is_misuse_said_before_anything_else(town: Town) -> None:
    """Exit code 2, nothing on standard output; an empty folder likewise."""
    empty = town.folder / "empty"
    empty.mkdir()
    for missing in ("nowhere.eml", empty):
        ended = town.mailbot("explain", "-", missing, stdin=mail())
        assert (ended.returncode, ended.stdout) == (2, b"")
        assert str(missing) in ended.stderr.decode()


def test_rehearse_tells_what_would_be_answered_and_changes_nothing(town: Town) -> None:
    """Nothing sent, nothing marked as seen, nothing stored; a last line counts."""
    town.servers.put(mail(1))
    town.servers.put(mail(2, text="Mi iscrivo all'incontro per i musei."))
    ended = town.mailbot("rehearse")
    lines = town.mailbot("rehearse", "--json").stdout.splitlines()

    assert ended.returncode == 0
    assert ended.stderr == b""
    assert ended.stdout.decode().splitlines()[-1].startswith("2 mail(s): ")
    assert [json.loads(line)["register"] for line in lines] == [["sport"], ["musei"]]
    assert town.servers.delivered == []
    assert not (town.folder / "mailbot.sqlite").exists()
    assert b"would take 2 mail(s)" in town.mailbot("check").stdout


def test_rehearse_without_a_mailbox_is_one_line_and_1(town: Town) -> None:
    """The server's name and what to mend."""
    town.configure(password="wrong")
    ended = town.mailbot("rehearse")

    assert ended.returncode == 1
    assert b"imap.password" in ended.stderr
    assert ended.stderr.count(b"\n") == 1


# --- what is held -----------------------------------------------------------------------------------------------------


def test_status_before_the_first_start_says_so(town: Town) -> None:
    """One line and exit code 1."""
    ended = town.mailbot("status")

    assert ended.returncode == 1
    assert ended.stderr.startswith(b"mailbot: ")
    assert b"Traceback" not in ended.stderr


def test_status_is_healthy_after_work_and_tells_programs_too(answered: Town) -> None:
    """Exit code 0 where all is well; counts by meeting, outcome and state."""
    ended = answered.mailbot("status")
    told = json.loads(answered.mailbot("status", "--json").stdout)

    assert ended.returncode == 0, ended.stdout
    assert b"healthy" in ended.stdout
    assert told["healthy"] is True
    assert {one["code"]: one["confirmed"] for one in told["meetings"]} == {"sport": 1, "musei": 1}
    assert told["outcomes"]["act"] == 2
    assert told["letters"]["sent"] == 2


def test_status_serves_as_a_monitoring_plug_in(answered: Town) -> None:
    """0 and OK, 1 and WARNING, 2 and CRITICAL, 3 and UNKNOWN; always one line on standard output that says it."""

    def asked(change: str = "") -> tuple[int, str]:
        with closing(sqlite3.connect(answered.folder / "mailbot.sqlite")) as database:
            database.execute(change or "SELECT 1")
            database.commit()
        ended = answered.mailbot("status", "--nagios")
        assert ended.stderr == b""
        return ended.returncode, ended.stdout.decode().partition(" - ")[0]

    assert asked() == (0, "OK")
    assert asked("UPDATE contact SET trouble = 'timed out' WHERE server = 'smtp'") == (1, "WARNING")
    assert asked("UPDATE contact SET at = '2001-01-01 00:00:00.000000'") == (2, "CRITICAL")
    answered.file.write_text("nonsense", "utf-8")
    assert asked() == (3, "UNKNOWN")
    answered.configure()
    (answered.folder / "mailbot.sqlite").rename(answered.folder / "gone")
    (answered.folder / "mailbot.sqlite-wal").unlink(missing_ok=True)
    ended = answered.mailbot("status", "--nagios")
    assert (ended.returncode, ended.stderr) == (3, b"")
    assert re.match(r"UNKNOWN - .*: there is no database yet; [^\n]*\n$", ended.stdout.decode())


def test_status_shows_what_is_shut_and_what_a_person_must_read(answered: Town) -> None:
    """Beside the meeting, in the time of the series throughout; without trouble where no server is."""
    answered.configure(series=SERIES.replace('j/2"', 'j/2"\nstatus = "cancelled"'))
    with closing(sqlite3.connect(answered.folder / "mailbot.sqlite")) as database:
        database.execute("UPDATE inbound SET attention = 1 WHERE id = 1")
        database.execute("UPDATE contact SET at = '2099-03-01 11:00:00.000000'")
        database.commit()
    told = answered.mailbot("status").stdout.decode()

    assert re.search(r"musei .* 1 registered, 0 waiting, 0 withdrawn: cancelled\n", told)
    assert re.search(r"sport .* 0 withdrawn\n", told)
    assert "  for a person to read: 1;" in told
    assert "  imap: last reached Sun 01 Mar 2099 12:00:00, 0 s ago\n" in told


def test_export_writes_every_form(answered: Town) -> None:
    """The keys of the contract, one meeting or all, to a file too; a name cannot become a formula."""
    told = json.loads(answered.mailbot("export", "--format", "json").stdout)
    table = list(csv.DictReader(io.StringIO(answered.mailbot("export", "sport").stdout.decode("utf-8-sig"))))
    sheet = answered.folder / "all.xlsx"
    written = answered.mailbot("export", "--format", "xlsx", "--output", sheet)

    assert {"meeting", "address", "name", "organisation", "status", "registered_at"} <= set(told[0])
    assert {one["address"] for one in told} == {"anna1@mail.example", "anna2@mail.example"}
    assert [row["address"] for row in table] == ["anna1@mail.example"]
    assert not table[0]["name"].startswith("=")
    assert written.returncode == 0
    assert written.stdout == b""
    with ZipFile(sheet) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert answered.mailbot("export", "nonsense").returncode == 2
    unwritable = answered.mailbot("export", "--output", answered.folder / "nowhere" / "x.csv")
    assert unwritable.returncode == 1
    assert b"Traceback" not in unwritable.stderr


def test_digest_makes_no_database(town: Town) -> None:
    """Looking is not starting."""
    ended = town.mailbot("digest")

    assert ended.returncode == 1
    assert b"there is no database yet" in ended.stderr
    assert not (town.folder / "mailbot.sqlite").exists()


def test_digest_is_printed_while_somebody_else_writes(answered: Town) -> None:
    """It reads, and waits for no lock."""
    with closing(sqlite3.connect(answered.folder / "mailbot.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        ended = answered.mailbot("digest")

    assert ended.returncode == 0, ended.stderr
    assert b"anna1@mail.example" in ended.stdout


def test_digest_is_printed_or_sent(answered: Town) -> None:
    """Printed by default, which sends nothing; --send hands it to the organisers."""
    printed = answered.mailbot("digest", "--print")
    assert printed.returncode == 0
    assert b"anna1@mail.example" in printed.stdout
    assert len(answered.servers.delivered) == 2

    sent = answered.mailbot("digest", "--send")
    assert sent.returncode == 0
    assert sent.stdout == b"capo@comune.example: sent\n"
    assert answered.servers.delivered[2].recipient == "capo@comune.example"

    answered.configure(smtp_port=closed_port())
    unsent = answered.mailbot("digest", "--send")
    assert unsent.returncode == 1
    assert b"Traceback" not in unsent.stderr


def test_forget_erases_a_person(answered: Town) -> None:
    """Gone from the export; copies of the database are named; a second time there is nothing to forget."""
    copy = answered.folder / "mailbot.sqlite.before-0000-20240101T000000Z"
    copy.touch()
    ended = answered.mailbot("forget", "Anna1@Mail.example")
    left = json.loads(answered.mailbot("export", "--format", "json").stdout)
    again = answered.mailbot("forget", "anna1@mail.example")

    assert ended.returncode == 0
    assert b"all that was held on anna1@mail.example is erased" in ended.stdout
    assert str(copy).encode() in ended.stderr
    assert [one["address"] for one in left] == ["anna2@mail.example"]
    assert b"nothing is held" in again.stdout
    assert again.returncode == 0


def test_explain_loads_nothing_heavy(town: Town) -> None:
    """No database, scheduler, SMTP or IMAP library is loaded to explain a mail: that keeps it quick."""
    script = (
        "import sys; from mailbot.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "print([m for m in ('sqlalchemy', 'apscheduler', 'aiosmtplib', 'imapclient', 'alembic') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "explain", "--config", town.file, "-"],
        input=mail(),
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert ended.stdout.splitlines()[-1] == b"[]"

"""The log: one event a line with its priority and its fields, and nobody's words in it."""

import ast
import json
import logging
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailbot.adapters import systemd
from mailbot.core.discretion import event
from mailbot.logs import Discreet, JournalHandler, JsonLines, Prioritised, TextLines
from tests.cli.conftest import Running, Town, mail, start, town

__all__ = ["start", "town"]

ROOT = Path(__file__).parent.parent
SECRET = "PAROLESEGRETE"
ADDRESS = "anna@posta.example"


def record(
    words: str = "mail %d: act", *arguments: object, level: int = logging.INFO, **extra: object
) -> logging.LogRecord:
    """A line as a loop writes it."""
    logger = logging.getLogger("mailbot.loops.handle")
    return logger.makeRecord(logger.name, level, "handle.py", 7, words, arguments or (12,), None, "handle", extra)


def fault() -> logging.LogRecord:
    """An error whose message, and that of what led to it, quote a mail."""

    def deep() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(f"{ADDRESS}: {SECRET}") from error

    made = record("mail %d set aside", 12, level=logging.ERROR, **event("mail-set-aside", mail=12))
    try:
        deep()
    except KeyError:
        made.exc_info = sys.exc_info()
    return made


# --- nobody's words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [TextLines(with_time=True), TextLines(with_time=False), JsonLines()])
def test_a_traceback_says_where_and_not_what(lines: Discreet) -> None:
    """The kinds of the exceptions and the places in the code are there; what they quote is not, nor any address."""
    shown = lines.format(fault())

    assert SECRET not in shown
    assert "anna" not in shown
    assert "ValueError" in shown
    assert "KeyError" in shown
    assert "in deep" in shown
    assert shown.index("ValueError") < shown.index("KeyError")


@pytest.mark.parametrize("form", [TextLines(with_time=True, frank=True), JsonLines(frank=True)])
def test_verbose_says_what_too_but_no_address(form: Discreet) -> None:
    """For whoever looks for a fault; addresses are hidden all the same."""
    shown = form.format(fault())

    assert SECRET in shown
    assert "anna@" not in shown


def test_addresses_in_fields_and_words_are_hidden_in_json() -> None:
    """Whoever's words a line repeats."""
    shown = JsonLines().format(record("letter %d: again: %s", 3, f"451 <{ADDRESS}> greylisted"))

    assert ADDRESS not in shown
    assert "[address]" in json.loads(shown)["message"]


# --- the forms --------------------------------------------------------------------------------------------------------


def test_json_has_time_level_loop_event_and_rows() -> None:
    """Keys that a program can rely on; what a line has not is not there."""
    told = json.loads(JsonLines().format(record(**event("mail-handled", mail=12, outcome="act", count=1, limit=""))))

    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "logger": "mailbot.loops.handle",
        "loop": "handle",
        "message": "mail 12: act",
        "event": "mail-handled",
        "mail": 12,
        "outcome": "act",
        "count": 1,
    }


def test_an_event_is_one_line_of_json_whatever_it_holds() -> None:
    """A traceback is one string, a line end in words of others too."""
    shown = JsonLines().format(fault())
    broken = JsonLines().format(record("letter %d: %s", 3, "two\nlines\r\n<0>forged"))

    assert len(shown.splitlines()) == len(broken.splitlines()) == 1
    assert "in deep" in json.loads(shown)["traceback"]
    assert json.loads(broken)["message"] == "letter 3: two\nlines\n<0>forged"


@pytest.mark.parametrize(
    ("level", "number"), [(logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)]
)
def test_each_line_for_the_journal_has_the_priority_of_its_event(level: int, number: int) -> None:
    """sd-daemon(3): a line without one would be taken for information."""
    made = fault()
    made.levelno = level
    lines = Prioritised(TextLines(with_time=False)).format(made).splitlines()

    assert len(lines) > 5
    assert all(line.startswith(f"<{number}>") for line in lines)


# --- the journal's own protocol ---------------------------------------------------------------------------------------


def entry(datagram: bytes) -> dict[str, str]:
    """What the journal understands of it (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    fields: dict[str, str] = {}
    while datagram:
        head, _, rest = datagram.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if equals:
            fields[name.decode()], datagram = value.decode(), rest
            continue
        length = int.from_bytes(rest[:8], "little")
        fields[head.decode()] = rest[8 : 8 + length].decode()
        assert rest[8 + length : 9 + length] == b"\n"
        datagram = rest[9 + length :]
    return fields


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A journal that listens."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "journal"))
    listening.settimeout(5)
    given = systemd.to_journal
    monkeypatch.setattr(systemd, "to_journal", lambda fields: given(fields, tmp_path / "journal"))
    yield listening
    listening.close()


def test_an_event_is_one_entry_with_fields(journal: socket.socket) -> None:
    """Priority, names, rows by number, and a message of many lines."""
    handler = JournalHandler()
    handler.setFormatter(TextLines(with_time=False))
    handler.emit(fault())
    found = entry(journal.recv(100_000))

    assert found["MESSAGE"].startswith("mail 12 set aside\nTraceback")
    assert SECRET not in found["MESSAGE"]
    assert {name: found[name] for name in ("PRIORITY", "SYSLOG_IDENTIFIER", "LOGGER", "CODE_LINE")} == {
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "mailbot",
        "LOGGER": "mailbot.loops.handle",
        "CODE_LINE": "7",
    }
    assert (found["MAILBOT_EVENT"], found["MAILBOT_MAIL"], found["MAILBOT_LOOP"]) == ("mail-set-aside", "12", "handle")


def test_what_the_journal_does_not_take_goes_to_standard_error(
    journal: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is restarted just now, or the entry is too long: nothing is lost, and nothing raises."""
    handler = JournalHandler()
    handler.setFormatter(TextLines(with_time=False))
    handler.emit(record("%s", "x" * 10_000_000))
    journal.close()
    handler.emit(record("mail %d:\ntwo lines", 13))

    assert capsys.readouterr().err.endswith("<6>mail 13:\n<6>two lines\n")


# --- the whole program ------------------------------------------------------------------------------------------------


def test_the_daemon_logs_json_where_it_is_asked_to(town: Town, start: Callable[..., Running]) -> None:
    """Every line of a whole run is an object; a mail's way can be followed by its number."""
    town.configure(service='log = "json"')
    town.servers.put(mail(1))
    running = start()
    running.wait_for_log('"letter-sent"')
    assert running.stop() == 0
    told = [json.loads(line) for line in running.log().splitlines()]

    assert all({"time", "level", "event", "message"} <= set(one) for one in told)
    assert [one["mail"] for one in told if one["event"] == "mail-handled"] == [1]
    assert {"starting", "ready", "letter-sent", "stopped"} <= {one["event"] for one in told}
    (town.folder / "log").write_text("", "utf-8")
    log = (town.folder / "log").stat()
    into_the_journal = start(JOURNAL_STREAM=f"{log.st_dev}:{log.st_ino}")
    into_the_journal.hear("READY=1")
    assert into_the_journal.stop() == 0
    for line in into_the_journal.log().splitlines():
        assert line[:3] in ("<3>", "<4>", "<6>")
        json.loads(line[3:])


def test_a_person_at_a_terminal_gets_words_all_the_same() -> None:
    """JSON is for programs."""
    script = (
        'import logging; from mailbot.logs import log_to_stderr; log_to_stderr(False, "json"); logging.info("hello")'
    )
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 1000).decode()
    os.close(ours)

    assert shown.rstrip().endswith(" INFO hello")


# --- every line -------------------------------------------------------------------------------------------------------


def test_every_line_names_its_event_and_the_page_lists_it() -> None:
    """Who searches a log by an event finds all of them in docs/operations.md, and no line is without one."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named: set[str] = set()
    for path in sorted((ROOT / "mailbot").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in calls:
            match call.func:
                case ast.Attribute(value=ast.Name(id="log")):
                    assert "extra" in {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"
                case ast.Name(id="event"):
                    constants = [node for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]
                    named |= {str(constant.value) for constant in constants}

    assert len(named) > 20
    assert {name for name in named if f"`{name}`" not in page} == set()

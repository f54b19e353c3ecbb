"""What strangers write stays text: in headers, in the digest, in tables, in templates, in the log, on the terminal."""

import csv
import io
import logging
import re
import zipfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailbot import console
from mailbot.adapters.store import SqlStore
from mailbot.core import export
from mailbot.core.model import Person, Registration, RegistrationStatus
from mailbot.core.reading import parse
from mailbot.core.status import Contact, Level, Status, Trouble
from mailbot.core.understanding import understand
from mailbot.logs import Prioritised, TextLines
from mailbot.loops import collect, deliver, handle, remind
from tests import samples
from tests.loops.world import BOT, DAY, OFFICE, SERIES, Clock, MemoryMailbox, ScriptedPostman, house

NOW = samples.NOW
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
ENDS = ("\r\nBcc: victim@evil.example", "\nBcc: victim@evil.example", "\rBcc: victim@evil.example")
"""What a header's value would have to hold to begin another header."""


def encoded(text: str) -> str:
    """A text as an encoded word, by which line ends get into a header's value."""
    return "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in text.encode("utf-8", "surrogatepass")) + "?="


def hostile(name: str, subject: str, text: str, number: int = 1, *, more: str = "") -> bytes:
    """A mail by Anna."""
    return (
        f"From: {name} <anna@posta.example>\r\nTo: {BOT}\r\nSubject: {subject}\r\n{more}"
        f"Date: {NOW:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <{number}@posta.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


def answered(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, *raws: bytes
) -> list[EmailMessage]:
    """What goes out on these mails."""
    for raw in raws:
        mailbox.put(raw, clock())
    collect.turn(mailbox, store, house(), clock)
    while handle.turn(store, house(), clock):
        pass
    deliver.turn(postman, store, clock)
    mails = [message_from_bytes(parcel.raw, policy=policy.default) for _, parcel in postman.accepted]
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


@pytest.mark.parametrize("end", ENDS, ids=["CRLF", "LF", "CR"])
def test_no_name_or_subject_begins_another_header(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, end: str
) -> None:
    """Nor an encoded word, a Message-ID, References or a Reply-To."""
    text = "Vorrei iscrivermi all'incontro con le associazioni sportive."
    attacks = [
        hostile(encoded(f"Anna{end}"), encoded(f"Iscrizione{end}"), text, 1),
        hostile(
            f'"Anna{end.strip()}"', f"Iscrizione {end.strip()}", text, 2, more=f"References: <a@b>{end.strip()}\r\n"
        ),
        hostile("Anna", "x", text, 3, more=f"Reply-To: {encoded('A' + end)} <anna@posta.example>\r\n"),
    ]
    answers = answered(store, mailbox, clock, postman, *attacks)

    assert len(answers) == len(attacks)
    for mail, (_, parcel) in zip(answers, postman.accepted, strict=True):
        assert (mail["Bcc"], mail["To"].addresses[0].addr_spec) == (None, "anna@posta.example")
        assert parcel.recipient == "anna@posta.example"
        assert not re.search(rb"(?im)^bcc:", parcel.raw.partition(b"\r\n\r\n")[0])
        assert b"\n" not in parcel.raw.replace(b"\r\n", b"")


class Tags(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def page(mail: EmailMessage) -> str:
    """The HTML of a letter."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_html_in_names_subjects_and_words_is_text_in_letters_and_the_digest(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """In the digest it is shown as it was written; no element, attribute or link comes of it."""
    name, subject = f'"{SCRIPT}"', f'Domanda "><a href="javascript:alert(1)">{SCRIPT}'
    signup = hostile(name, subject, "Vorrei iscrivermi all'incontro con le associazioni sportive.", 1)
    question = hostile(name, subject, f"{SCRIPT} Quanto dura il corso di formazione?", 2)
    answered(store, mailbox, clock, postman, signup, question)
    clock.move(DAY)
    remind.turn(store, house(), clock)
    mails = answered(store, mailbox, clock, postman)
    [digest] = [mail for mail in mails if OFFICE in mail["To"]]

    assert "&lt;script&gt;" in page(digest)
    for mail in mails:
        found = Tags()
        found.feed(page(mail))
        assert not found.tags & {"script", "img", "iframe", "object"}
        assert not any(each.startswith("on") for each in found.attributes)
        assert all(re.match(r"(?:https://zoom\.example/|mailto:)", link) for link in found.links)


@pytest.mark.parametrize(
    "words",
    ["{{ 7 * 7 }}", "{% raise %}", "{{ ''.__class__.__mro__ }}", "{# hidden #}", "${7*7}", "%(asctime)s %s %n"],
)
def test_templates_are_never_made_of_what_strangers_write(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, words: str
) -> None:
    """Marks of templates come out as they went in."""
    question = hostile(f'"{words}"', words, f"Domanda: {words} quanto dura il corso di formazione?")
    answered(store, mailbox, clock, postman, question)
    clock.move(DAY)
    remind.turn(store, house(), clock)
    [digest] = [mail for mail in answered(store, mailbox, clock, postman) if OFFICE in mail["To"]]
    text = digest.get_body(("plain",))
    assert text is not None

    assert words in " ".join(str(text.get_content()).split())
    assert store.status(SERIES, NOW).outcomes.get("set-aside") is None


FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=cmd|' /C calc'!A0",
    "＝1+1",
    ' "=1',
    "a\n=1",
    "\x00=1",
)


@pytest.mark.parametrize("formula", FORMULAS, ids=repr)
def test_no_cell_of_a_table_is_a_formula(formula: str) -> None:
    """In CSV it begins with an apostrophe, however the file is taken apart; in XLSX it is a string."""
    person = Person(1, "anna@posta.example", formula, formula)
    row = Registration(1, "sport", person, RegistrationStatus.CONFIRMED, NOW, "uid")
    for table, delimiter in ((export.to_csv([row], SERIES), ","), (export.to_csv_for_people([row], SERIES), ";")):
        text = table.decode("utf-8-sig")
        for cells in (
            *csv.reader(io.StringIO(text), delimiter=delimiter),
            *csv.reader(io.StringIO(text), delimiter="\t"),
        ):
            assert not any(cell.lstrip("\x00 ").startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for cell in cells)
    with zipfile.ZipFile(io.BytesIO(export.to_xlsx([row], SERIES))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "/etc/passwd",
        "C:\\x.exe",
        "a\x00b.txt",
        "x\r\ny.txt",
        "..",
        "~/.ssh",
    ],
    ids=repr,
)
def test_names_of_attachments_are_no_paths(name: str, tmp_path: Path) -> None:
    """However they are encoded."""
    for given in (f'"{name}"', encoded(name)):
        raw = (
            "From: Anna <anna@posta.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: text/plain\r\n\r\nVedi allegato\r\n--b\r\nContent-Type: application/pdf\r\n"
            f"Content-Disposition: attachment; filename={given}\r\n\r\nx\r\n--b--\r\n"
        ).encode()
        for found in parse(raw).attachments:
            assert not re.search(r"[/\\\x00-\x1f]", found)
            assert found not in ("", ".", "..")
            assert (tmp_path / found).resolve().parent == tmp_path.resolve()


TERMINAL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202ereversed\u2066\r\n<0>forged line"


def harmless(shown: str) -> bool:
    """Whether no character of it has power over a terminal; our own colours apart."""
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", re.sub(r"\x1b\[\d*m", "", shown))


def test_nothing_in_a_mail_has_power_over_the_terminal_of_explain() -> None:
    """Name, subject, words, file name."""
    raw = hostile(encoded(f"Anna {TERMINAL}"), encoded(TERMINAL), f"Quanto dura? {TERMINAL}")
    understood = understand(raw, SERIES, frozenset({BOT}), NOW)
    shown = console.explained(f"x{TERMINAL}.eml", understood, SERIES)

    assert harmless(shown)
    assert not any(line.startswith("<0>") for line in shown.splitlines())


def test_nothing_a_server_says_has_power_over_the_terminal_of_status() -> None:
    """The trouble that a server is in is its own words."""
    status = Status((), {}, {}, {"imap": Contact(NOW, TERMINAL)}, None, None, 0)

    assert harmless(console.status(status, (Trouble(Level.WARNING, TERMINAL),), SERIES, NOW))


def test_no_words_of_a_stranger_begin_a_line_in_the_journal() -> None:
    """Each line has the priority of its event, and no escape."""
    for with_time in (False, True):
        record = logging.LogRecord("mailbot", logging.WARNING, "", 0, "letter 1: given up: %s", (TERMINAL,), None)
        lines = TextLines(with_time=with_time)
        shown = (lines if with_time else Prioritised(lines)).format(record)
        assert harmless(shown)
        if not with_time:
            assert all(line.startswith("<4>") for line in shown.splitlines())

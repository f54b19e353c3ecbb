"""The whole daemon in supervised mode, over real IMAP and SMTP servers: a mail comes, an organiser taps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger

from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.parts import utc_now
from tests.approval.town import ALL, APPROVE, REJECT, links, subject
from tests.servers.daemons import BOT, SERIES, rows, running, until, write_configuration

OFFICE = "capo@comune.valverde.example"
FUTURE = SERIES.replace("2024-03-12", f"{(datetime.now(UTC) + timedelta(days=20)):%Y-%m-%d}")


@pytest.fixture
def servers() -> Iterator[EmbeddedServers]:
    """A mail server for the bot."""
    with EmbeddedServers(BOT) as servers:
        yield servers


@pytest.fixture(autouse=True)
def bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """It rings every second, so that no test waits for a minute to be full."""
    monkeypatch.setattr("mailbot.daemon.CronTrigger", lambda **_: CronTrigger(second="*", timezone=UTC))


def configure(folder: Path, servers: EmbeddedServers, mode: str) -> Path:
    """A configuration over them; the digest comes at no hour of the test."""
    imap = {"host": "127.0.0.1", "port": servers.imap_port, "security": "none", "username": BOT, "password": PASSWORD}
    far = datetime.now().astimezone() + timedelta(hours=12)
    digest = f'[digest]\nat = "{far:%H:%M}"\n'
    file = write_configuration(folder, imap, servers.smtp_port, series=FUTURE, more=digest)
    text = file.read_text("utf-8").replace("[service]\n", f'[service]\nmode = "{mode}"\norganisers = ["{OFFICE}"]\n')
    file.write_text(text, "utf-8")
    return file


def signup(who: str) -> bytes:
    """Somebody signs up."""
    return (
        f"From: {who.title()} <{who}@mail.example>\nTo: {BOT}\nSubject: Iscrizione\nMessage-ID: <{who}@mail.example>\n"
        f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000\n\nMi iscrivo all'incontro per lo sport.\n"
    ).encode()


def tapped(title: str, sender: str = OFFICE) -> bytes:
    """What a mail program sends at the tap on a link with this subject; it folds the line by itself."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Il Capo <{sender}>", BOT, f"Re: {title}"
    mail["Message-ID"] = f"<{abs(hash((title, sender)))}@comune.valverde.example>"
    mail.set_content("\n")
    return mail.as_bytes()


def sent_to(servers: EmbeddedServers, address: str) -> list[bytes]:
    """What somebody has got."""
    return [mail.raw for mail in servers.delivered if mail.recipient == address]


def stored(file: Path, who: str) -> bytes:
    """The letter to somebody as it was stored."""
    with closing(sqlite3.connect(file.with_name("mailbot.sqlite"))) as database:
        [(raw,)] = database.execute("SELECT raw FROM outbox WHERE recipient = ?", [f"{who}@mail.example"]).fetchall()
    return bytes(raw)


def message_id(raw: bytes) -> str:
    """Of a mail."""
    return str(message_from_bytes(raw)["Message-ID"])


def test_a_mail_comes_an_organiser_taps_and_the_letter_goes_out(tmp_path: Path, servers: EmbeddedServers) -> None:
    """Same bytes; the other one is taken back; a stranger with the same mandate orders nothing; then automatic."""
    file = configure(tmp_path, servers, "supervised")
    for who in ("anna", "bruno"):
        servers.put(signup(who))
    with running(file, utc_now) as daemon:
        until(lambda: len(sent_to(servers, OFFICE)) == 1)
        [asked] = sent_to(servers, OFFICE)
        assert subject(asked) == "2 risposte da approvare – Valverde in ascolto"
        assert rows(file, "SELECT state FROM outbox WHERE recipient LIKE '%mail.example'") == [("proposed",)] * 2
        assert rows(file, "SELECT count(*) FROM registration WHERE status = 'confirmed'") == [(2,)]
        as_stored = stored(file, "anna")
        [anna], [bruno], [all_of_them] = links(asked, APPROVE, 1), links(asked, REJECT, 2), links(asked, ALL)

        servers.put(tapped(all_of_them, "anna@mail.example"))
        until(lambda: rows(file, "SELECT count(*) FROM inbound WHERE state = 'handled'") == [(3,)])
        assert [sent_to(servers, f"{who}@mail.example") for who in ("anna", "bruno")] == [[], []]

        servers.put(tapped(anna))
        until(lambda: len(sent_to(servers, "anna@mail.example")) == 1)
        [letter] = sent_to(servers, "anna@mail.example")
        assert letter.rstrip() == as_stored.rstrip()
        servers.put(tapped(bruno))
        until(lambda: len(sent_to(servers, OFFICE)) == 3)
        assert {subject(raw) for raw in sent_to(servers, OFFICE)[1:]} == {
            "Inviata: risposta n. 1",
            "Non inviata: risposta n. 2",
        }
        assert sent_to(servers, "bruno@mail.example") == []

        servers.put(signup("carla"))
        until(lambda: rows(file, "SELECT count(*) FROM proposal WHERE answer IS NULL") == [(1,)])
        carla = stored(file, "carla")
        configure(tmp_path, servers, "automatic")
        daemon.reload()
        until(lambda: len(sent_to(servers, "carla@mail.example")) == 1)
        assert message_id(sent_to(servers, "carla@mail.example")[0]) == message_id(carla)
        servers.put(signup("dario"))
        until(lambda: len(sent_to(servers, "dario@mail.example")) == 1)

    assert rows(file, "SELECT attention, outcome FROM inbound WHERE sender = 'bruno@mail.example'") == [(1, "act")]
    registered = "SELECT address, status FROM registration JOIN person ON person.id = person_id ORDER BY address"
    assert rows(file, registered) == [
        ("anna@mail.example", "confirmed"),
        ("bruno@mail.example", "cancelled"),
        ("carla@mail.example", "confirmed"),
        ("dario@mail.example", "confirmed"),
    ]
    assert rows(file, "SELECT id, answer FROM proposal ORDER BY id") == [
        (1, "approved"),
        (2, "rejected"),
        (3, "released"),
    ]

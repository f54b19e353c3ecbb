"""The mailbox on real servers: the embedded one in every run, Dovecot where it is installed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from mailbot.adapters.imap import ImapMailbox, ImapSettings
from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate
from mailbot.core.model import Kind, Outcome
from mailbot.demo import servers
from mailbot.loops import collect
from mailbot.loops.house import House
from mailbot.ports import Handled, MailboxTrouble
from tests import samples
from tests.servers.dovecot import PASSWORD, USER, Dovecot

LONG_AGO = date(2000, 1, 1)
BOT = "bot@valverde.example"
SOON = 10.0
"""Seconds that count as at once on a busy machine: far less than the waits they end."""


def mail(number: int) -> bytes:
    """A mail of its own."""
    return f"From: Anna <anna@posta.example>\r\nSubject: numero {number}\r\n\r\nVorrei partecipare.\r\n".encode()


@dataclass(frozen=True)
class Server:
    """What the tests need of a server."""

    settings: ImapSettings
    put: Callable[[bytes], None]


@pytest.fixture
def embedded() -> Iterator[Server]:
    """A pymap in this process."""
    with servers.EmbeddedServers(BOT) as running:
        settings = ImapSettings("127.0.0.1", running.imap_port, "none", BOT, lambda: servers.PASSWORD)
        yield Server(settings, running.put)


@pytest.fixture
def debian(dovecot: Dovecot) -> Server:
    """Dovecot, with TLS from the start."""
    return Server(on_dovecot(dovecot), dovecot.deliver)


def on_dovecot(dovecot: Dovecot, security: str = "tls", **changes: object) -> ImapSettings:
    """How Dovecot is reached."""
    port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
    settings = ImapSettings("127.0.0.1", port, security, USER, lambda: PASSWORD, ca_file=dovecot.ca_file)  # type: ignore[arg-type]
    return replace(settings, **changes)  # type: ignore[arg-type]


@pytest.fixture(params=["embedded", pytest.param("debian", marks=pytest.mark.dovecot)])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of them."""
    found: Server = request.getfixturevalue(request.param)
    return found


@contextmanager
def opened(settings: ImapSettings) -> Iterator[ImapMailbox]:
    """A mailbox, closed in the end."""
    box = ImapMailbox(settings)
    try:
        yield box
    finally:
        box.close()


def raws(box: ImapMailbox) -> list[bytes]:
    """Every mail of the folder, as it is."""
    return [arrival.raw for arrival in box.fetch(box.uids_after(0, LONG_AGO))]


# --- each server


def test_mails_are_found_fetched_and_left_unseen(server: Server) -> None:
    """Past a cursor alone, once each; a second look finds them as new as before."""
    with opened(server.settings) as box:
        assert box.uids_after(0, LONG_AGO) == []
        for number in range(3):
            server.put(mail(number))
        assert len(box.uids_after(0, LONG_AGO)) == 3
        first, *others = box.uids_after(0, LONG_AGO)
        assert box.uids_after(first, LONG_AGO) == others
        assert box.uids_after(others[-1], LONG_AGO) == []
        assert [raw.partition(b"\r\n\r\n")[2] for raw in raws(box)] == [b"Vorrei partecipare.\r\n"] * 3
        unseen = box._client.search("UNSEEN")
    assert len(unseen) == 3


def test_a_mail_wakes_a_wait_at_once(server: Server) -> None:
    """IDLE pushes; several times over one connection."""
    with opened(server.settings) as box:
        seen = 0
        for number in range(3):
            assert box.uids_after(seen, LONG_AGO) == []
            timer = threading.Timer(0.3, server.put, [mail(number)])
            timer.start()
            started = time.monotonic()
            box.wait(60)
            assert time.monotonic() - started < SOON
            timer.join()
            [seen] = box.uids_after(seen, LONG_AGO)


def test_a_mail_between_the_search_and_the_wait_is_not_slept_over(server: Server) -> None:
    """The wait that follows returns at once."""
    with opened(server.settings) as box:
        box.uids_after(0, LONG_AGO)
        server.put(mail(1))
        started = time.monotonic()
        box.wait(60)
        assert time.monotonic() - started < SOON
        assert len(box.uids_after(0, LONG_AGO)) == 1


def test_a_ring_ends_a_wait_and_nothing_else_does(server: Server) -> None:
    """Without news and without a ring the time passes."""
    with opened(server.settings) as box:
        box.uids_after(0, LONG_AGO)
        box.wait(1)  # a fresh connection's first wait may be short
        box.uids_after(0, LONG_AGO)
        started = time.monotonic()
        box.wait(1.0)
        assert time.monotonic() - started >= 1.0
        timer = threading.Timer(0.2, box.interrupt)
        timer.start()
        box.wait(60)
        assert time.monotonic() - started < SOON
        timer.join()


def test_without_idle_the_folder_is_polled(server: Server) -> None:
    """A mail is found at the next look, over the same connection."""
    with opened(replace(server.settings, idle=False, poll_seconds=0.2)) as box:
        assert box.uids_after(0, LONG_AGO) == []
        server.put(mail(1))
        started = time.monotonic()
        box.wait(60)
        assert 0.2 <= time.monotonic() - started < SOON
        assert len(box.uids_after(0, LONG_AGO)) == 1


def test_mail_is_moved_into_folders_that_are_made(server: Server) -> None:
    """The others stay; a mail that is gone is no trouble; the folder is made once."""
    with opened(server.settings) as box:
        for number in range(3):
            server.put(mail(number))
        first, second, third = box.uids_after(0, LONG_AGO)
        box.move([first], "Mailbot/To read")
        box.move([first, second], "Mailbot/To read")
        assert box.uids_after(0, LONG_AGO) == [third]
    with opened(replace(server.settings, folder="Mailbot/To read")) as filed:
        assert len(raws(filed)) == 2


def test_a_large_mail_is_read_by_its_words(server: Server) -> None:
    """The real BODYSTRUCTURE of a real server leads to the text."""
    boundary = b"----=_x"
    large = (
        b"From: Anna <anna@posta.example>\r\nSubject: modulo\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
        b"--" + boundary + b'\r\nContent-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nVorrei partecipare, perch=C3=A9 no.\r\n"
        b"--" + boundary + b"\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"QUJD\r\n" * 50_000 + b"--" + boundary + b"--\r\n"
    )  # fmt: skip
    server.put(large)
    with opened(replace(server.settings, max_bytes=100_000)) as box:
        [arrival] = box.fetch(box.uids_after(0, LONG_AGO))

    assert arrival.truncated
    assert arrival.size >= len(large)
    assert len(arrival.raw) < 2000
    assert b"perch=C3=A9 no." in arrival.raw


def test_a_wrong_password_is_refused_in_words(server: Server) -> None:
    """By the key that holds it."""
    words = r"check `imap\.username` and `imap\.password`"
    with opened(replace(server.settings, password=lambda: "wrong")) as box, pytest.raises(MailboxTrouble, match=words):
        box.open()


def test_a_folder_that_is_missing_is_named(server: Server) -> None:
    """It is not made: it may be a slip of the pen; so the folders that are there are named too."""
    words = "could not open the folder Iscrizioni: .*; check `imap.folder`; the folders there are .*INBOX"
    with opened(replace(server.settings, folder="Iscrizioni")) as box, pytest.raises(MailboxTrouble, match=words):
        box.open()


# --- Dovecot alone


@pytest.mark.dovecot
@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_each_kind_of_security_wakes(dovecot: Dovecot, security: str) -> None:
    """TLS from the start, TLS later, none: logged in, and woken by a push."""
    with opened(on_dovecot(dovecot, security)) as box:
        box.uids_after(0, LONG_AGO)
        timer = threading.Timer(0.2, dovecot.deliver, [mail(1)])
        timer.start()
        started = time.monotonic()
        box.wait(60)
        assert time.monotonic() - started < SOON
        timer.join()
        assert len(raws(box)) == 1


@pytest.mark.dovecot
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_nobody_we_trust_is_refused(dovecot: Dovecot, security: str) -> None:
    """The password is not sent, and what to look at is named."""
    words = r"certificate is not trusted: .*`imap\.ca_file`"
    with opened(on_dovecot(dovecot, security, ca_file=None)) as box, pytest.raises(MailboxTrouble, match=words):
        box.open()
    assert "Login" not in dovecot.log()


@pytest.mark.dovecot
@pytest.mark.parametrize(("separator", "prefix"), [("/", ""), (".", ""), (".", "INBOX."), ("/", "Mail/")])
def test_folders_are_made_in_the_servers_own_way(separator: str, prefix: str) -> None:
    """With its separator, under its prefix."""
    with Dovecot(separator=separator, prefix=prefix) as dovecot, opened(on_dovecot(dovecot)) as box:
        dovecot.deliver(mail(1))
        dovecot.deliver(mail(2))
        first, second = box.uids_after(0, LONG_AGO)
        box.move([first], "Mailbot/To read")
        box.move([second], "Mailbot/Done")
        assert box.uids_after(0, LONG_AGO) == []
        for name in ("To read", "Done"):
            with opened(on_dovecot(dovecot, folder=f"{prefix}Mailbot{separator}{name}")) as filed:
                assert len(raws(filed)) == 1


@pytest.mark.dovecot
def test_a_server_that_is_restarted_is_trouble_once_and_then_reached_again(dovecot: Dovecot) -> None:
    """The wait ends with trouble; nothing is lost meanwhile."""
    with opened(on_dovecot(dovecot, "none")) as box:
        box.uids_after(0, LONG_AGO)
        timer = threading.Timer(0.3, dovecot.stop)
        timer.start()
        started = time.monotonic()
        with pytest.raises(MailboxTrouble):
            box.wait(60)
        assert time.monotonic() - started < SOON
        timer.join()
        with pytest.raises(MailboxTrouble, match="could not connect"):
            box.open()
        dovecot.start()
        dovecot.deliver(mail(1))
        assert len(raws(box)) == 1


@pytest.mark.dovecot
def test_another_uidvalidity_reads_everything_again_and_keeps_nothing_twice(dovecot: Dovecot, tmp_path: Path) -> None:
    """Mails are known again by their fingerprint, new ones are found, and filing goes by the new numbers."""
    engine = open_engine(f"sqlite:///{tmp_path}/mailbot.sqlite")
    migrate(engine, samples.NOW)
    store = SqlStore(engine)
    house = a_house()
    try:
        with opened(on_dovecot(dovecot)) as box:
            for number in range(3):
                dovecot.deliver(mail(number))
            before = box.open()
            assert collect.turn(box, store, house, lambda: samples.NOW) == 3
            assert collect.turn(box, store, house, lambda: samples.NOW) == 0
            for inbound in store.take(10, samples.NOW):
                with store.work() as work:
                    work.settle(inbound.id, Handled(Outcome.ACT, Kind.PERSON, False, "", "", "", ""), samples.NOW)
        dovecot.stop()
        dovecot.renumber()
        dovecot.start()
        dovecot.deliver(mail(3))
        with opened(on_dovecot(dovecot)) as box:
            assert box.open() != before
            assert collect.turn(box, store, house, lambda: samples.NOW) == 1
            assert store.cursor("INBOX").uidvalidity == box.open()  # type: ignore[union-attr]
            assert collect.file_away(box, store, house, lambda: samples.NOW) == 3
            assert [b"numero 3" in raw for raw in raws(box)] == [True]
    finally:
        store.close()


def a_house() -> House:
    """A house of which the collector needs the filing and the first day alone."""
    return House(
        series=samples.series(),
        names=samples.NAMES,
        sender=None,  # type: ignore[arg-type]
        texts=None,  # type: ignore[arg-type]
        own=frozenset({BOT}),
        first_start=samples.NOW,
        since=LONG_AGO,
        reminders=(),
        digest_at=samples.NOW.time(),
        digest_to=(),
        retention=samples.NOW - samples.NOW,
        filing={"done": "Mailbot/Done", "to_read": "Mailbot/To read", "ignored": "Mailbot/Ignored"},
    )

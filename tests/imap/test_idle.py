"""Waiting for mail: each trap that servers have set for others (mailbot/adapters/imap/idle.py)."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from mailbot.adapters.imap import ImapMailbox, ImapSettings
from mailbot.ports import MailboxTrouble
from tests.servers.scripted import Connection, Script, ScriptedServer

SOON = 5.0
"""Seconds that count as at once on a busy machine; the waits themselves are far longer."""
LONG = 60.0
LONG_AGO = date(2000, 1, 1)


def settings(server: ScriptedServer, **changes: object) -> ImapSettings:
    """How the scripted server is reached; it answers quickly or not at all."""
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "username": "bot",
        "password": lambda: "secret",
        "timeout": 1.0,
        "longest_idle": LONG,
    }
    return ImapSettings(**(values | changes))  # type: ignore[arg-type]


@contextmanager
def mailbox(*scripts: Script, **changes: object) -> Iterator[ImapMailbox]:
    """A mailbox on a server that plays these scripts."""
    with ScriptedServer(*scripts) as server:
        box = ImapMailbox(settings(server, **changes))
        try:
            yield box
        finally:
            box.close()


def in_idle(act: Callable[[Connection, str], None]) -> Script:
    """A server that is in order until IDLE is asked for; ``act`` is given its tag."""

    def script(connection: Connection) -> None:
        connection.greet()
        act(connection, connection.serve(until="IDLE"))

    return script


def awaited(box: ImapMailbox) -> float:
    """Searches, waits, and answers how many seconds the wait took."""
    box.uids_after(0, LONG_AGO)
    started = time.monotonic()
    box.wait(LONG)
    return time.monotonic() - started


def said_then_done(*packets: tuple[str | bytes, ...]) -> Script:
    """In IDLE the server says these packets, then expects DONE and goes on as usual."""

    def act(connection: Connection, tag: str) -> None:
        for packet in packets:
            connection.send(*packet)
            time.sleep(0.05)
        assert connection.line() == "DONE"
        connection.send(f"{tag} OK idle ended")
        connection.serve()

    return in_idle(act)


@pytest.mark.parametrize(
    "packets",
    [
        pytest.param((("+ idling",), ("* 1 EXISTS",)), id="notice after the go-ahead"),
        pytest.param((("+ idling", "* 1 EXISTS"),), id="notice in one packet with the go-ahead"),
        pytest.param((("* 1 EXISTS",), ("+ idling",)), id="notice before the go-ahead"),
        pytest.param((("* 1 EXISTS", "* 1 RECENT", "+ idling"),), id="notice before the go-ahead, in one packet"),
        pytest.param((("* 3 EXISTS", "* 1 EXPUNGE", "+ idling"),), id="notice and a loss before the go-ahead"),
        pytest.param((("+ idling",), (b"* 1 EXI",), (b"STS\r\n",)), id="notice in two packets"),
        pytest.param((("+ idling",), (b"* 1 FETCH (",), (b"FLAGS ())\r\n* 2 EXISTS\r\n",)), id="torn FETCH first"),
        pytest.param((("+ idling", "* FLAGS (\\Seen)", "* OK still here"), ("* 2 EXISTS",)), id="chatter first"),
        pytest.param((("+ idling",), ("* 3 EXPUNGE", "* 3 EXISTS", "* 1 FETCH (FLAGS (\\Seen))")), id="amid chatter"),
    ],
)
def test_news_wakes_at_once_however_it_is_packed(packets: tuple[tuple[str | bytes, ...], ...]) -> None:
    """Whole lines count, not packets; and the connection goes on afterwards."""
    with mailbox(said_then_done(*packets)) as box:
        assert awaited(box) < SOON
        assert box.uids_after(0, LONG_AGO) == []


@pytest.mark.parametrize("chatter", ["* OK still here", "* 1 FETCH (FLAGS (\\Seen))", "* 3 EXPUNGE", "* FLAGS ()"])
def test_chatter_does_not_wake(chatter: str) -> None:
    """What is no news is waited through, until the time is over."""
    with mailbox(said_then_done(("+ idling",), (chatter,)), longest_idle=0.5) as box:
        assert awaited(box) >= 0.5


def test_a_closed_connection_is_trouble_at_once_not_a_spin() -> None:
    """The library would answer "nothing new" for ever, at full speed (imapclient issue 565)."""

    def act(connection: Connection, tag: str) -> None:
        connection.send("+ idling")
        connection.socket.close()

    with mailbox(in_idle(act)) as box, pytest.raises(MailboxTrouble, match="has closed the connection"):
        awaited(box)


def test_a_goodbye_is_trouble_at_once() -> None:
    """A BYE names its reason, which is told."""

    def act(connection: Connection, tag: str) -> None:
        connection.send("+ idling", "* BYE [UNAVAILABLE] going down for repairs")
        connection.line()

    with mailbox(in_idle(act)) as box, pytest.raises(MailboxTrouble, match="going down for repairs"):
        awaited(box)


def test_half_a_line_and_then_the_end_is_trouble() -> None:
    """A torn stream is a closed one."""

    def act(connection: Connection, tag: str) -> None:
        connection.send("+ idling")
        connection.send(b"* 1 EXI")
        connection.socket.close()

    with mailbox(in_idle(act)) as box, pytest.raises(MailboxTrouble, match="has closed the connection"):
        awaited(box)


def test_a_network_that_has_died_in_silence_is_found_out() -> None:
    """Nobody answers DONE: the time for one answer bounds the wait."""

    def act(connection: Connection, tag: str) -> None:
        connection.send("+ idling")
        while True:
            connection.line()

    with mailbox(in_idle(act), longest_idle=0.2, timeout=0.5) as box:
        with pytest.raises(MailboxTrouble, match="no answer in time"):
            awaited(box)
        box.open()  # and another connection is made


def test_a_server_that_never_lets_us_idle_is_found_out() -> None:
    """No ``+`` comes: the time for one answer bounds the wait."""

    def act(connection: Connection, tag: str) -> None:
        connection.line()

    with mailbox(in_idle(act), timeout=0.3) as box, pytest.raises(MailboxTrouble, match="no answer in time"):
        awaited(box)


def test_a_server_that_refuses_idle_is_polled() -> None:
    """It names IDLE among its capabilities and says no: the pause takes over, on the same connection."""

    def act(connection: Connection, tag: str) -> None:
        connection.send(f"{tag} NO not today")
        connection.serve()

    with mailbox(in_idle(act), poll_seconds=0.3) as box:
        assert 0.3 <= awaited(box) < SOON
        assert 0.3 <= awaited(box) < SOON


def test_an_idle_that_the_server_ends_is_over() -> None:
    """It may end by itself (a tagged OK); nothing is sent then."""

    def act(connection: Connection, tag: str) -> None:
        connection.send("+ idling", f"{tag} OK that is enough")
        connection.serve()

    with mailbox(in_idle(act)) as box:
        assert awaited(box) < SOON


def test_news_told_at_the_end_of_a_search_is_not_lost() -> None:
    """A mail that came after the SEARCH looked and before it ended is told there, and never again."""

    def script(connection: Connection) -> None:
        connection.greet()
        for found, exists in (("", 1), ("4", 2)):
            tag = connection.serve(until="SEARCH")
            connection.send(f"* SEARCH {found}", f"* {exists} EXISTS", f"{tag} OK done")
        connection.serve(until="IDLE")
        raise AssertionError("there was news: why wait?")

    with mailbox(script) as box:
        assert box.uids_after(0, LONG_AGO) == [4]
        started = time.monotonic()
        box.wait(LONG)
        assert time.monotonic() - started < SOON


def test_a_wait_that_had_to_connect_anew_returns_at_once() -> None:
    """What came while there was no connection is found by the search that follows."""

    def script(connection: Connection) -> None:
        connection.greet()
        connection.serve(until="IDLE")
        raise AssertionError("who knows what came meanwhile: why wait?")

    with mailbox(script) as box:
        started = time.monotonic()
        box.wait(LONG)
        assert time.monotonic() - started < SOON


def test_the_same_number_after_a_loss_is_news() -> None:
    """One mail went and another came: told beside other answers, that counts; repeated once more, it does not."""

    def script(connection: Connection) -> None:
        connection.greet()
        tag = connection.serve(until="SEARCH")
        connection.send("* SEARCH", "* 3 EXISTS", f"{tag} OK done")
        tag = connection.serve(until="SEARCH")
        connection.send("* SEARCH", f"{tag} OK done")
        tag = connection.serve(until="NOOP")
        connection.send("* 1 EXPUNGE", "* 3 EXISTS", f"{tag} OK done")
        connection.serve()

    with mailbox(script, longest_idle=0.3) as box:
        assert awaited(box) < 0.3
        assert awaited(box) >= 0.3


def test_a_number_that_is_repeated_with_every_answer_is_no_news() -> None:
    """Else such a server would be asked without a pause."""

    def script(connection: Connection) -> None:
        connection.greet()
        connection.answers |= {"SEARCH": "* SEARCH\n* 3 EXISTS\nOK done", "NOOP": "* 3 EXISTS\nOK done"}
        connection.serve()

    with mailbox(script, longest_idle=0.3) as box:
        awaited(box)  # 3 is news the first time
        assert awaited(box) >= 0.3


def test_a_ring_from_another_thread_ends_the_wait_or_the_next_one() -> None:
    """Whichever comes first; a ring is used up by the wait that it ended."""
    with mailbox(longest_idle=30.0) as box:
        ringing = threading.Timer(0.2, box.interrupt)
        ringing.start()
        assert awaited(box) < SOON
        ringing.join()
        box.interrupt()
        assert awaited(box) < SOON
    with mailbox(longest_idle=0.4) as box:
        box.interrupt()
        awaited(box)
        assert awaited(box) >= 0.4


@pytest.mark.parametrize("changes", [{"idle": False}, {}], ids=["switched off", "not offered"])
def test_without_idle_the_pause_is_the_poll_and_a_ring_ends_it(changes: dict[str, object]) -> None:
    """Polling keeps the connection, and a ring still wakes at once."""

    def script(connection: Connection) -> None:
        connection.capabilities = "IMAP4rev1" if not changes else "IMAP4rev1 IDLE"
        connection.greet()
        connection.serve()
        assert not any("IDLE" in line for line in connection.heard)

    with mailbox(script, poll_seconds=0.3, **changes) as box:
        assert 0.3 <= awaited(box) < SOON
        box.interrupt()
        assert awaited(box) < 0.3


def test_after_close_a_ring_is_silent() -> None:
    """A thread that still knows the mailbox may ring it."""
    with mailbox() as box:
        box.open()
    box.interrupt()

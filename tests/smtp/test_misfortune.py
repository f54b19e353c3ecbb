"""The postman against a server that misbehaves on cue: nothing raises, and each parcel gets exactly one receipt."""

import socket
import threading
import time

import pytest

from mailbot.adapters.smtp import line
from mailbot.adapters.smtp.postman import ENOUGH
from mailbot.core.retry import Accepted, Refused, Unreachable
from mailbot.ports import PostmanTrouble
from tests.smtp.making import parcel, postman, receipts
from tests.smtp.scripted import DROP, STALL, ScriptedServer


@pytest.mark.parametrize("code", [432, 450, 451, 452, 550, 551, 552, 553, 554])
@pytest.mark.parametrize("step", ["rcpt", "data", "content"])
def test_a_refusal_is_told_and_the_next_mail_goes_over_the_same_connection(step: str, code: int) -> None:
    """Recipient, DATA and content: the server's code and words come back as they were."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script(step, f"{code} 4.2.0 no,  thank you")
        first, second = receipts(ours, parcel(1), parcel(2))

    assert first == Refused(code, "4.2.0 no, thank you")
    assert second == Accepted("2.0.0 taken")
    assert server.connections == 1
    assert len(server.taken) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "content"])
def test_a_server_that_shuts_down_is_met_again_on_a_new_connection(step: str) -> None:
    """421 ends the connection (RFC 5321 section 3.8); the mail is for later, the next one goes on anew."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script(step, "421 4.3.2 shutting down")
        first, second = receipts(ours, parcel(1), parcel(2))

    assert (first, second) == (Refused(421, "4.3.2 shutting down"), Accepted("2.0.0 taken"))
    assert server.connections == 2


def test_a_kept_connection_that_says_goodbye_is_replaced_at_once() -> None:
    """421 in answer to MAIL, after a pause: nothing was sent, so the mail goes out now."""
    with ScriptedServer() as server, postman(server.port) as ours:
        assert receipts(ours, parcel(1)) == [Accepted("2.0.0 taken")]
        server.script("mail", "421 4.4.2 idle for too long")
        assert receipts(ours, parcel(2)) == [Accepted("2.0.0 taken")]

    assert server.connections == 2
    assert len(server.taken) == 2


def test_a_connection_closed_between_two_mails_is_replaced_at_once() -> None:
    """Each mail goes out, once, at the first try."""
    with ScriptedServer(close_after=1) as server, postman(server.port) as ours:
        assert receipts(ours, *map(parcel, range(5))) == [Accepted("2.0.0 taken")] * 5

    assert server.connections == 5
    assert len(server.read) == 5


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_kept_connection_lost_before_the_content_is_replaced_at_once(step: str) -> None:
    """Nothing can have gone out."""
    with ScriptedServer() as server, postman(server.port) as ours:
        receipts(ours, parcel(1))
        server.script(step, DROP)
        assert receipts(ours, parcel(2)) == [Accepted("2.0.0 taken")]

    assert server.connections == 2


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_new_connection_lost_before_the_content_is_not_tried_for_ever(step: str) -> None:
    """One receipt, and the next mail has a connection of its own."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script(step, DROP)
        first, second = receipts(ours, parcel(1), parcel(2))

    assert isinstance(first, Unreachable)
    assert "closed the connection" in first.reason
    assert second == Accepted("2.0.0 taken")


@pytest.mark.parametrize("step", ["data", "content"])
@pytest.mark.parametrize("kept", [False, True])
def test_a_connection_lost_with_the_content_is_never_tried_again_at_once(step: str, kept: bool) -> None:
    """Whether the server has the mail is not known; only the loop may send the same bytes again, later."""
    with ScriptedServer() as server, postman(server.port) as ours:
        if kept:
            receipts(ours, parcel(0))
        server.script(step, DROP)
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert len([content for content in server.read if b"Subject: 1" in content]) == (step == "content")


@pytest.mark.parametrize("step", ["banner", "ehlo", "mail", "rcpt", "data", "content"])
def test_a_server_that_falls_silent_is_given_up_after_its_time(step: str) -> None:
    """The mail is for later; the server is asked once, not twice."""
    with ScriptedServer() as server, postman(server.port, timeout=0.3, content_timeout=0.3) as ours:
        server.script(step, STALL)
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert server.connections == 1
    assert server.taken == []


@pytest.mark.parametrize("step", ["banner", "ehlo", "mail", "rcpt", "data", "content"])
def test_garbage_is_no_answer(step: str) -> None:
    """The connection is given up, and the mail is for later."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script(step, "\x00\xff what?", *(["\x00 what?"] if step == "ehlo" else []))
        first, second = receipts(ours, parcel(1), parcel(2))

    assert isinstance(first, Unreachable)
    assert isinstance(second, Accepted) or step in ("banner", "ehlo")


def test_an_endless_answer_is_cut_off() -> None:
    """Memory is bounded."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("mail", "\r\n".join(["250-" + "x" * 900] * 100) + "\r\n250 ok")
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)


def test_a_code_that_is_no_answer_to_the_step_is_no_acceptance() -> None:
    """250 to DATA leaves the session in a state nobody knows: a new connection is taken."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("data", "250 what?")
        first, second = receipts(ours, parcel(1), parcel(2))

    assert isinstance(first, Unreachable)
    assert second == Accepted("2.0.0 taken")
    assert server.connections == 2


def test_a_banner_that_refuses_service_is_trouble_for_all_and_asked_once() -> None:
    """554 instead of a greeting: every mail is for later, and nobody hammers at the door."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("banner", *["554 no SMTP service here"] * 9)
        given = receipts(ours, *map(parcel, range(10)))

    assert [type(receipt) for receipt in given] == [Unreachable] * 10
    assert all("no SMTP service here" in receipt.reason for receipt in given if isinstance(receipt, Unreachable))
    assert server.connections == 1


def test_nobody_at_the_door_is_trouble_for_all_in_words() -> None:
    """The server's name and port stand in it, why, once, and the keys to check."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        words = f"^SMTP 127.0.0.1:{port}: could not connect: Connection refused; check `smtp.host` and `smtp.port`$"
        with postman(port, connections=3) as ours:
            given = receipts(ours, *map(parcel, range(20)))
            with pytest.raises(PostmanTrouble, match=words):
                ours.check()

    assert {type(receipt) for receipt in given} == {Unreachable}
    assert f"127.0.0.1:{port}" in given[0].reason  # type: ignore[union-attr]


@pytest.mark.parametrize(("reply", "receipt"), [("432 4.3.2 concurrent connections", Refused), (DROP, Unreachable)])
def test_a_server_in_trouble_is_left_alone_after_a_few_mails(reply: str, receipt: type) -> None:
    """The rest gets the same receipt untried."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("content", *[reply] * 50)
        given = receipts(ours, *map(parcel, range(20)))

    assert {type(each) for each in given} == {receipt}
    assert len(server.read) == ENOUGH


def test_one_mail_that_meets_trouble_does_not_keep_the_others() -> None:
    """An acceptance in between shows that it was the mail's own."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("content", *["432 busy", "250 2.0.0 taken"] * 5)
        given = receipts(ours, *map(parcel, range(10)))

    assert [type(each) for each in given] == [Refused, Accepted] * 5


def test_a_sender_refused_is_trouble_with_the_server_and_costs_no_letter() -> None:
    """It would meet every letter alike; the words say which key to check."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("mail", "550 5.7.60 not allowed to send as this sender")
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert "550 5.7.60" in receipt.reason
    assert "`smtp.from`" in receipt.reason


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_log_in_wanted_costs_no_letter(step: str) -> None:
    """530 (RFC 4954 section 6)."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script(step, "530 5.7.0 Authentication required")
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert "`smtp.username`" in receipt.reason


def test_a_mail_over_the_size_limit_is_refused_for_good() -> None:
    """The size is told with MAIL, so that nothing is sent in vain (RFC 1870)."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("mail", "552 5.3.4 too large")
        first, second = receipts(ours, parcel(1), parcel(2))

    assert (first, second) == (Refused(552, "5.3.4 too large"), Accepted("2.0.0 taken"))
    assert f"SIZE={len(parcel(1).raw)}" in server.commands[1]


def test_a_server_without_extensions_takes_mail() -> None:
    """EHLO refused, HELO understood: no option is used."""
    with ScriptedServer() as server, postman(server.port) as ours:
        server.script("ehlo", "502 what is EHLO?")
        assert receipts(ours, parcel(1)) == [Accepted("2.0.0 taken")]

    assert [command.split()[0].lower() for command in server.commands[:2]] == ["ehlo", "helo"]
    assert "SIZE" not in server.commands[2]


@pytest.mark.parametrize(
    "recipient",
    ["anna@posta.example\r\nRCPT TO:<ugo@posta.example>", "no at all", "a\x00b@posta.example", "\udcff@x.y"],
)
def test_an_address_that_cannot_be_used_is_refused_and_injects_nothing(recipient: str) -> None:
    """Whatever stands in it, one receipt; the next mail goes on."""
    odd = parcel(1)
    odd = type(odd)(1, recipient, odd.raw)
    with ScriptedServer() as server, postman(server.port) as ours:
        if recipient == "no at all":
            server.script("rcpt", "501 5.1.3 bad address")
        first, second = receipts(ours, odd, parcel(2))

    assert isinstance(first, Refused)
    assert 500 <= first.code <= 599
    assert second == Accepted("2.0.0 taken")
    assert [taken for taken, _ in server.taken] == ["anna@posta.example"]


def test_an_address_beyond_ascii_needs_a_server_that_takes_it() -> None:
    """Without SMTPUTF8 it is undeliverable (RFC 6531); the next mail goes on."""
    with ScriptedServer() as server, postman(server.port) as ours:
        first, second = receipts(ours, parcel(1, "niccolò@posta.example"), parcel(2))

    assert isinstance(first, Refused)
    assert first.code == 553
    assert "SMTPUTF8" in first.reply
    assert second == Accepted("2.0.0 taken")


def test_the_bytes_arrive_as_they_are() -> None:
    """Dots at the beginning of a line, and nothing added or lost."""
    dotted = parcel(1, text=".\r\n..\r\n.a\r\n\r\nend")
    with ScriptedServer() as server, postman(server.port) as ours:
        receipts(ours, dotted)

    assert server.taken == [("anna@posta.example", dotted.raw)]


def test_a_stale_connection_is_asked_whether_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent one costs the mail nothing: it goes over a new connection."""
    monkeypatch.setattr(line, "STALE_SECONDS", 0.0)
    monkeypatch.setattr(line, "ALIVE_SECONDS", 0.2)
    with ScriptedServer() as server, postman(server.port) as ours:
        receipts(ours, parcel(1))
        server.script("noop", STALL)
        assert receipts(ours, parcel(2)) == [Accepted("2.0.0 taken")]

    assert server.connections == 2


# --- connections, pace, stopping --------------------------------------------------------------------------------------


def test_several_connections_are_used_at_once_and_kept() -> None:
    """As many as are configured, no more, and the same ones for the next delivery."""
    with ScriptedServer(hold=0.05) as server, postman(server.port, connections=3) as ours:
        assert receipts(ours, *map(parcel, range(12))) == [Accepted("2.0.0 taken")] * 12
        assert receipts(ours, *map(parcel, range(12))) == [Accepted("2.0.0 taken")] * 12

    assert server.at_once == 3
    assert server.connections == 3


def test_a_stop_lets_what_is_in_hand_end_and_begins_no_other() -> None:
    """Those not begun have no receipt; the one in hand has its."""
    stopping = threading.Event()
    with ScriptedServer(hold=0.05) as server, postman(server.port) as ours:
        given = []
        for each, receipt in ours.deliver([parcel(number) for number in range(10)], stopping.is_set):
            given.append((each.id, receipt))
            stopping.set()

    assert 1 <= len(given) <= 2
    assert len(server.taken) == len(given)


def test_a_stop_does_not_wait_for_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that is held back by the rate limit has not begun."""
    stopping = threading.Event()
    with ScriptedServer() as server, postman(server.port, per_minute=1) as ours:
        threading.Timer(0.3, stopping.set).start()
        given = list(ours.deliver([parcel(1), parcel(2)], stopping.is_set))

    assert [each.id for each, _ in given] == [1]


def test_closing_breaks_off_a_delivery_and_raises_nothing() -> None:
    """Whoever iterates comes to an end; later deliveries are empty."""
    with ScriptedServer() as server, postman(server.port, timeout=30) as ours:
        server.script("mail", STALL)
        threading.Timer(0.2, ours.close).start()
        started = time.monotonic()
        assert list(ours.deliver([parcel(1)])) == []
        assert time.monotonic() - started < 10
        assert list(ours.deliver([parcel(2)])) == []


def test_no_minute_of_the_server_holds_more_than_per_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a minute of a third of a second, over several connections."""
    minute = 0.3
    monkeypatch.setattr("mailbot.adapters.smtp.pace.MINUTE", minute)
    with ScriptedServer(hold=0.02) as server, postman(server.port, connections=3, per_minute=4) as ours:
        receipts(ours, *map(parcel, range(13)))

    moments = sorted(server.moments)
    assert len(moments) == 13
    # the fifth from any one comes a minute later
    assert all(later - earlier >= minute for earlier, later in zip(moments, moments[4:], strict=False))

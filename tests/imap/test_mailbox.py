"""Opening, reading and filing: what a server may do to us, played on cue (mailbot/adapters/imap)."""

import base64
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from mailbot.adapters.imap import ImapMailbox
from mailbot.adapters.imap.fetching import MOST_REFUSALS
from mailbot.config.secret import SecretTrouble
from mailbot.core.reading import parse
from mailbot.ports import Arrival, MailboxTrouble
from tests.imap.test_idle import settings
from tests.servers.scripted import Connection, Script, ScriptedServer, usual

LONG_AGO = date(2000, 1, 1)
MAIL = b"From: Anna <anna@posta.example>\r\nSubject: Iscrizione\r\n\r\nVorrei partecipare.\r\n"


@contextmanager
def opened(*scripts: Script, **changes: object) -> Iterator[tuple[ImapMailbox, ScriptedServer]]:
    """A mailbox on a server that plays these scripts."""
    with ScriptedServer(*scripts) as server:
        box = ImapMailbox(settings(server, **changes))
        try:
            yield box, server
        finally:
            box.close()


def holding(answers: dict[str, str] | None = None, **changes: object) -> Script:
    """A server that answers some commands in its own way, and has three mails."""

    def script(connection: Connection) -> None:
        connection.mails = {3: MAIL, 5: MAIL.replace(b"Anna", b"Bruna"), 9: MAIL.replace(b"Anna", b"Carla")}
        connection.answers |= answers or {}
        for name, value in changes.items():
            setattr(connection, name, value)
        usual(connection)

    return script


def fetched(box: ImapMailbox) -> list[Arrival]:
    """Everything in the folder."""
    return list(box.fetch(box.uids_after(0, LONG_AGO)))


# --- opening


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"LOGIN": "NO [AUTHENTICATIONFAILED] wrong"}, r"as bot was refused: .*wrong; check `imap\."),
        ({"LOGIN": "NO [UNAVAILABLE] directory is down"}, "could not log in: .*directory is down"),
        ({"LOGIN": "NO [LIMIT] too many connections"}, "could not log in: .*too many connections"),
        ({"SELECT": "NO [NONEXISTENT] no such folder"}, "open the folder INBOX: .*no such folder"),
        ({"SELECT": "* 0 EXISTS\nOK selected"}, "no UIDVALIDITY"),
        ({"SELECT": "BAD what?"}, "open the folder INBOX"),
    ],
)
def test_what_keeps_a_mailbox_shut_is_said(answers: dict[str, str], words: str) -> None:
    """Whether it is the password, the server or the folder; and only the password is called the password's fault."""
    with opened(holding(answers)) as (box, server):
        with pytest.raises(MailboxTrouble, match=words) as caught:
            box.open()
        assert ("imap.password" in str(caught.value)) is ("as bot" in words)
        assert f"127.0.0.1:{server.port}" in str(caught.value)
        assert "b'" not in str(caught.value)


def closing_after(command: str) -> Script:
    """A server that closes the connection where this command comes."""

    def script(connection: Connection) -> None:
        connection.mails = {3: MAIL}
        connection.greet()
        connection.serve(until=command)

    return script


@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "SELECT", "SEARCH", "FETCH", "NOOP"])
def test_a_connection_lost_at_any_command_is_trouble_and_made_anew(command: str) -> None:
    """Never a wrong password, never a fault; the next call has a connection again."""
    with opened(closing_after(command), holding()) as (box, _):
        with pytest.raises(MailboxTrouble) as caught:
            fetched(box)
            box.wait(1)
        assert "was refused" not in str(caught.value)
        assert len(fetched(box)) == 3


@pytest.mark.parametrize(
    ("greeting", "words"), [("* BYE too busy", "too busy"), ("HTTP/1.1 400 Bad Request", "could not connect")]
)
def test_a_greeting_that_is_none_is_said(greeting: str, words: str) -> None:
    """A server that is too busy, and one that is no IMAP server."""

    def script(connection: Connection) -> None:
        connection.send(greeting)

    with opened(script) as (box, _), pytest.raises(MailboxTrouble, match=words):
        box.open()


def test_a_server_that_is_slow_or_silent_is_given_up() -> None:
    """Each answer has its time."""

    def script(connection: Connection) -> None:
        connection.greet()
        connection.serve(until="LOGIN")
        connection.line()

    with opened(script, timeout=0.3) as (box, _), pytest.raises(MailboxTrouble, match="no answer in time"):
        box.open()


def test_a_slow_server_is_waited_for() -> None:
    """An answer that comes in drops, each in time, is an answer."""

    def script(connection: Connection) -> None:
        connection.greet()
        tag = connection.serve(until="SEARCH")
        for drop in (b"* SEA", b"RCH 3", b" 5\r", f"\n{tag} OK".encode(), b" done\r\n"):
            connection.send(drop)
            time.sleep(0.1)
        connection.serve()

    with opened(script, timeout=1.0) as (box, _):
        assert box.uids_after(0, LONG_AGO) == [3, 5]


def test_nobody_listening_is_said() -> None:
    """With the system's own words."""
    with ScriptedServer() as server:
        gone = settings(server)
    box = ImapMailbox(gone)
    with pytest.raises(MailboxTrouble, match=r"could not connect: Connection refused; check `imap\.host` and"):
        box.open()
    box.close()


def test_plain_text_where_the_server_wants_tls_names_the_keys() -> None:
    """Such a server waits for us, and we for its greeting."""

    def script(connection: Connection) -> None:
        connection.line()

    words = "no answer in time; check `imap.host`, `imap.port` and `imap.security`$"
    with opened(script, timeout=0.3) as (box, _), pytest.raises(MailboxTrouble, match=words):
        box.open()


def test_tls_where_there_is_none_names_the_keys() -> None:
    """A plain server's greeting is no TLS handshake, and a server without STARTTLS says so."""
    with opened(security="tls") as (box, _), pytest.raises(MailboxTrouble, match=r"`imap\.security` and `imap\.port`"):
        box.open()
    with opened(security="starttls") as (box, _), pytest.raises(MailboxTrouble, match=r"`imap\.security`"):
        box.open()


def test_a_secret_that_cannot_be_read_is_said() -> None:
    """By its key; no log-in is tried."""

    def secret() -> str:
        raise SecretTrouble("no such file")

    with opened(password=secret) as (box, server):
        with pytest.raises(MailboxTrouble, match=r"imap\.password: no such file"):
            box.open()
        assert not any("LOGIN" in line for line in server.connections[0].heard)


def test_the_password_is_asked_for_at_each_log_in() -> None:
    """A fresh token is simply used."""
    secrets = iter(["old", "new"])
    with opened(closing_after("SEARCH"), usual, password=lambda: next(secrets)) as (box, server):
        with pytest.raises(MailboxTrouble):
            box.uids_after(0, LONG_AGO)
        box.open()
        said = [line for connection in server.connections for line in connection.heard if "LOGIN" in line]
    assert [line.split()[-1] for line in said] == ['"old"', '"new"']


def test_a_password_beyond_ascii_is_sent_by_authenticate() -> None:
    """LOGIN knows ASCII alone."""
    heard = authenticated(lambda line: "OK in", password=lambda: "perché")
    assert base64.b64decode(heard[0]) == "\0bot\0perché".encode()


# --- XOAUTH2


def authenticated(answer: Callable[[str], str], **changes: object) -> list[str]:
    """What a server hears after AUTHENTICATE; ``answer`` makes the tagged answer of the first of it."""
    heard: list[str] = []

    def script(connection: Connection) -> None:
        connection.capabilities += " AUTH=XOAUTH2 AUTH=PLAIN"
        connection.greet()
        tag = connection.serve(until="AUTHENTICATE")
        connection.send("+ ")
        heard.append(connection.line())
        said = answer(heard[0])
        if said.startswith("NO"):
            connection.send("+ " + base64.b64encode(b'{"status":"401"}').decode())
            assert connection.line() == ""  # as the mechanism wants it, to be told no
        connection.send(f"{tag} {said}")
        connection.serve()

    with opened(script, **changes) as (box, _):
        box.open()
    return heard


def test_xoauth2_sends_the_token() -> None:
    """As Google and Microsoft describe it."""
    [heard] = authenticated(lambda line: "OK in", auth="xoauth2", password=lambda: "ya29.token")

    assert base64.b64decode(heard) == b"user=bot\x01auth=Bearer ya29.token\x01\x01"


def test_a_token_that_is_refused_is_a_refused_log_in() -> None:
    """The server first explains itself in base64, then says no."""
    told = r"token expired \(status 401.*asks for a fresh token\); check `imap\.username` and `imap\.password`"
    with pytest.raises(MailboxTrouble, match=told):
        authenticated(lambda line: "NO [AUTHENTICATIONFAILED] token expired", auth="xoauth2")


# --- reading


def test_mails_are_read_in_order_and_unseen() -> None:
    """With when the server got them and how large they are."""
    with opened(holding()) as (box, server):
        arrivals = fetched(box)
        heard = server.connections[0].heard

    assert [arrival.uid for arrival in arrivals] == [3, 5, 9]
    assert arrivals[0] == Arrival(3, MAIL, datetime(2021, 1, 16, 11, 0, tzinfo=UTC), len(MAIL))
    assert all("PEEK" in line for line in heard if "BODY" in line)
    assert not any("STORE" in line for line in heard)


def test_the_last_mail_is_not_read_again() -> None:
    """``n:*`` always names the last mail, even where its number is smaller."""
    with opened(holding()) as (box, _):
        assert box.uids_after(9, LONG_AGO) == []
        assert box.uids_after(3, LONG_AGO) == [5, 9]


def test_what_a_server_says_in_between_disturbs_nothing() -> None:
    """Flags of other mails, sizes of the folder, goodwill: at any place."""
    chatter = "* 2 FETCH (FLAGS (\\Seen))\n* FLAGS ()\n* OK patience\n* 4 EXISTS\n* 1 RECENT"

    def script(connection: Connection) -> None:
        connection.mails = {3: MAIL}
        connection.answers |= {
            "SEARCH": f"{chatter}\n* SEARCH 3\n{chatter}\nOK done",
            "CAPABILITY": f"* CAPABILITY IMAP4rev1 IDLE\n{chatter}\nOK done",
            "LOGIN": f"{chatter}\nOK done",
            "NOOP": f"{chatter}\nOK done",
        }
        connection.greet()
        tag = connection.serve(until="FETCH")
        connection.send(*chatter.split("\n"), *connection._fetched("UID FETCH 3 (RFC822.SIZE)"))
        connection.send(*chatter.split("\n"), f"{tag} OK done")
        tag = connection.serve(until="FETCH")
        connection.send(*chatter.split("\n"), *connection._fetched("UID FETCH 3 (BODY.PEEK[])"), f"{tag} OK done")
        connection.serve()

    with opened(script) as (box, _):
        assert [arrival.raw for arrival in fetched(box)] == [MAIL]
        box.wait(0.1)
        assert box.uids_after(0, LONG_AGO) == [3]


def test_mails_that_are_gone_meanwhile_are_left_out() -> None:
    """Somebody deletes a mail between the SEARCH and the FETCH."""
    with opened(holding({"SEARCH": "* SEARCH 3 4 5 8\nOK done"})) as (box, _):
        assert [arrival.uid for arrival in fetched(box)] == [3, 5]


def large_mail(connection: Connection, structure: str) -> None:
    """Plays one mail of twenty million bytes, with a text of its own."""
    header = (
        b"From: Anna <anna@posta.example>\r\nSubject: Iscrizione\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    )
    text = "Vorrei partecipare, perché no.".encode("latin-1")
    connection.greet()
    for answer in (
        b'* 1 FETCH (UID 3 RFC822.SIZE 20000000 INTERNALDATE "16-Jan-2021 12:00:00 +0100")\r\n',
        b"* 1 FETCH (UID 3 BODY[HEADER] {%d}\r\n%s)\r\n" % (len(header), header),
        f"* 1 FETCH (UID 3 BODYSTRUCTURE {structure})\r\n".encode(),
        b"* 1 FETCH (UID 3 BODY[1.1]<0> {%d}\r\n%s)\r\n" % (len(text), text),
    ):
        tag = connection.serve(until="FETCH")
        connection.send(answer, f"{tag} OK done")
        if b"BODYSTRUCTURE" in answer and "(" not in structure:
            break
    connection.serve()


TWO_PARTS = (
    '((("text" "plain" ("charset" "iso-8859-1") NIL NIL "8bit" 30 1 NIL NIL NIL NIL)'
    '("image" "png" NIL NIL NIL "base64" 300 NIL NIL NIL NIL) "related" NIL NIL NIL NIL)'
    '("application" "pdf" ("name" "modulo.pdf") NIL NIL "base64" 19000000 NIL NIL NIL NIL) "mixed" NIL NIL NIL NIL)'
)


def test_of_a_mail_over_the_limit_the_words_are_read_and_not_the_attachments() -> None:
    """Its header and its text make a small mail that reads as the large one would."""

    def script(connection: Connection) -> None:
        connection.mails = {3: b""}
        large_mail(connection, TWO_PARTS)

    with opened(script) as (box, server):
        [arrival] = fetched(box)
        heard = server.connections[0].heard

    message = parse(arrival.raw, frozenset())
    assert (arrival.truncated, arrival.size) == (True, 20_000_000)
    assert message.text() == "Vorrei partecipare, perché no."
    assert (message.subject, message.reply_to.address if message.reply_to else "") == (
        "Iscrizione",
        "anna@posta.example",
    )
    assert not any("BODY.PEEK[]" in line or "PEEK[2]" in line for line in heard)


def test_a_large_mail_whose_structure_is_nonsense_is_kept_by_its_header() -> None:
    """It reaches a person, and holds up nobody."""

    def script(connection: Connection) -> None:
        connection.mails = {3: b""}
        large_mail(connection, "NIL")

    with opened(script) as (box, _):
        [arrival] = fetched(box)
    assert parse(arrival.raw, frozenset()).subject == "Iscrizione"


def test_a_mail_that_the_server_will_not_hand_over_does_not_hold_up_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is asked for again; while others can be had and it cannot, a note takes its place, for a person to read."""

    def script(connection: Connection) -> None:
        connection.mails = {3: MAIL, 5: MAIL, 9: MAIL}
        connection.greet()
        while True:
            tag = connection.serve(until="FETCH")
            asked = connection.heard[-1].partition(" ")[2]
            if "BODY" in asked and "5" in asked.split()[2].split(","):
                connection.send(f"{tag} NO [SERVERBUG] internal error")
            else:
                connection.send(*connection._fetched(asked), f"{tag} OK done")

    with opened(script) as (box, _), caplog.at_level(logging.ERROR):
        for _ in range(MOST_REFUSALS - 1):
            arrivals: list[Arrival] = []
            with pytest.raises(MailboxTrouble, match=r"could not fetch mail: .*internal error"):
                arrivals.extend(box.fetch([3, 5, 9]))
        note = list(box.fetch([3, 5, 9]))

    assert [arrival.uid for arrival in note] == [3, 5, 9]
    message = parse(note[1].raw, frozenset())
    assert "UID 5 in INBOX" in message.subject
    assert message.reply_to is None
    assert "internal error" in message.text()
    assert not message.origin.kind.is_machine
    assert "UID 5" in caplog.text


def test_a_server_that_hands_over_nothing_is_trouble_and_no_mail_is_given_up() -> None:
    """Throttling, say: then no mail is at fault."""
    with opened(holding({"FETCH": "NO [THROTTLED] slow down"})) as (box, _):
        for _ in range(MOST_REFUSALS + 2):
            with pytest.raises(MailboxTrouble, match="slow down"):
                list(box.fetch([3, 5, 9]))


def test_a_mail_that_holds_up_nobody_is_asked_for_again_and_again() -> None:
    """Nothing is lost by waiting for it."""

    def script(connection: Connection) -> None:
        connection.greet()
        connection.mails = {3: MAIL}
        while True:
            tag = connection.serve(until="FETCH")
            asked = connection.heard[-1].partition(" ")[2]
            if "BODY.PEEK[]" in asked:
                connection.send(f"{tag} NO [SERVERBUG] internal error")
            else:
                connection.send(*connection._fetched(asked), f"{tag} OK done")

    with opened(script) as (box, _):
        for _ in range(MOST_REFUSALS + 2):
            with pytest.raises(MailboxTrouble, match="internal error"):
                list(box.fetch([3]))


def test_many_large_mails_are_fetched_a_few_at_a_time() -> None:
    """Memory holds some million bytes of bodies, not all of them."""
    mails = dict.fromkeys(range(1, 7), MAIL + b"x" * 3_000_000)
    with opened(holding(mails=mails), timeout=10.0) as (box, server):
        assert [arrival.raw for arrival in fetched(box)] == list(mails.values())
        asked = [line for line in server.connections[0].heard if "BODY.PEEK[]" in line]
    assert [line.split()[3] for line in asked] == ["1,2", "3,4", "5,6"]


# --- filing


def filed(*scripts: Script, folder: str = "Mailbot/To read") -> list[str]:
    """What a server hears when a mail is filed."""
    with opened(*scripts) as (box, server):
        box.move([3, 5], folder)
        box.move([9], folder)
        return server.connections[0].heard


def commands(heard: list[str], *names: str) -> list[str]:
    """The commands of these names, without their tags."""
    said = [line.partition(" ")[2] for line in heard]
    return [line for line in said if line.removeprefix("UID ").split(" ")[0] in names]


def test_mail_is_moved_and_the_folder_made_once() -> None:
    """The folder is looked for, made, subscribed; then its name is known."""
    heard = commands(filed(holding()), "LIST", "CREATE", "SUBSCRIBE", "MOVE", "COPY")

    assert heard == [
        'LIST "" "Mailbot/To read"',
        'CREATE "Mailbot/To read"',
        'SUBSCRIBE "Mailbot/To read"',
        'UID MOVE 3,5 "Mailbot/To read"',
        'UID MOVE 9 "Mailbot/To read"',
    ]


def test_the_servers_separator_and_prefix_are_used() -> None:
    """Where personal folders live under INBOX and dots part them."""
    script = holding({"NAMESPACE": '* NAMESPACE (("INBOX." ".")) NIL NIL\nOK done'})

    assert commands(filed(script), "CREATE") == ['CREATE "INBOX.Mailbot.To read"']


def test_without_namespace_the_separator_is_asked_by_list() -> None:
    """LIST with two empty names (RFC 3501 section 6.3.8)."""
    script = holding({"LIST": '* LIST (\\Noselect) "." ""\nOK done'}, capabilities="IMAP4rev1 MOVE")

    heard = commands(filed(script), "LIST", "MOVE")
    assert heard[0] == 'LIST "" ""'
    assert heard[-1] == 'UID MOVE 9 "Mailbot.To read"'


def test_without_move_mail_is_copied_and_only_ours_expunged() -> None:
    """UID EXPUNGE takes these mails alone."""
    heard = filed(holding(capabilities="IMAP4rev1 UIDPLUS NAMESPACE"))

    assert commands(heard, "COPY", "STORE", "EXPUNGE", "MOVE")[:3] == [
        'UID COPY 3,5 "Mailbot/To read"',
        "UID STORE 3,5 +FLAGS.SILENT (\\Deleted)",
        "UID EXPUNGE 3,5",
    ]


def test_without_uidplus_nobody_elses_mail_is_expunged() -> None:
    """It stays, marked as deleted."""
    assert commands(filed(holding(capabilities="IMAP4rev1 NAMESPACE")), "EXPUNGE", "CLOSE") == []


def test_a_full_mailbox_is_said_when_filing() -> None:
    """In the server's words; the mail stays where it is."""
    script = holding({"MOVE": "NO [OVERQUOTA] mailbox is full"})
    words = r"could not move mail to Mailbot/Done: .*mailbox is full"
    with opened(script) as (box, _), pytest.raises(MailboxTrouble, match=words):
        box.move([3], "Mailbot/Done")


def test_a_read_only_folder_is_read_and_filing_says_what_to_do() -> None:
    """Reading needs no right to write."""
    select = "* 3 EXISTS\n* OK [UIDVALIDITY 7] yes\nOK [READ-ONLY] selected"
    with opened(holding({"SELECT": select, "EXAMINE": select})) as (box, _):
        assert len(fetched(box)) == 3
        with pytest.raises(MailboxTrouble, match=r"read-only for bot: .*`imap\.filing\.enabled`"):
            box.move([3], "Mailbot/Done")
        assert len(fetched(box)) == 3


def test_check_says_what_the_server_can_do() -> None:
    """And what follows from what it cannot."""
    status = {"STATUS": "* STATUS INBOX (MESSAGES 3)\nOK done"}
    with opened(holding(status)) as (box, _):
        assert box.check() == "logged in; INBOX holds 3 mail(s); the server has IDLE, MOVE, UIDPLUS"
    with opened(holding(status, capabilities="IMAP4rev1"), poll_seconds=60) as (box, _):
        assert "the server has no extensions; no IDLE, so it is asked every 60 s" in box.check()

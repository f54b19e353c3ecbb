"""The labelled sample corpus through the real daemon, over Dovecot and SMTP, in one run and then again."""

import email.utils
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import imapclient
import pytest

from mailbot.core.reading import fingerprint
from mailbot.demo.servers import EmbeddedServers
from tests.servers.daemons import rows, running, until, write_configuration
from tests.servers.dovecot import PASSWORD, USER, Dovecot

SHARED = Path(__file__).parent.parent.parent.parent / "shared"
CORPUS = SHARED / "corpus" / "dev"
TRUTHS = CORPUS / "truth.jsonl"
SERIES = SHARED / "series" / "lucca-2021.toml"
NOW = datetime(2021, 1, 16, 11, 0, tzinfo=UTC)
"""The day from which the corpus is dated."""
FOLDERS = ("Mailbot/Done", "Mailbot/To read", "Mailbot/Ignored")
BEFORE_THE_START = 60
"""Mails that lie in the inbox when the daemon starts; the others come while it waits."""
PATIENCE = 120.0

pytestmark = [
    pytest.mark.dovecot,
    pytest.mark.skipif(not TRUTHS.is_file(), reason="the sample corpus is not at hand"),
]


@pytest.fixture
def truths() -> list[dict[str, Any]]:
    """The labels, in the order of the files."""
    return [json.loads(line) for line in TRUTHS.read_text("utf-8").splitlines() if line.strip()]


@contextmanager
def session(dovecot: Dovecot) -> Iterator[Any]:
    """Somebody else who looks into the mailbox."""
    client = imapclient.IMAPClient("127.0.0.1", dovecot.imap_port, ssl=False)
    try:
        client.login(USER, PASSWORD)
        yield client
    finally:
        client.logout()


def put(client: Any, raws: list[bytes]) -> None:
    """Puts mails into the inbox, as if each had come at its own Date."""
    for raw in raws:
        date = BytesHeaderParser().parsebytes(raw)["Date"]
        try:
            came = email.utils.parsedate_to_datetime(str(date))
        except ValueError:
            came = NOW
        client.append("INBOX", raw, msg_time=came if came.tzinfo else came.replace(tzinfo=UTC))


def held(client: Any, folder: str) -> list[str]:
    """The fingerprints of the mails in a folder."""
    client.select_folder(folder, readonly=True)
    uids = client.search()
    return [fingerprint(got[b"BODY[]"]) for got in client.fetch(uids, ["BODY.PEEK[]"]).values()] if uids else []


def put_back(client: Any) -> None:
    """Moves everything back into the inbox, as people do."""
    for folder in FOLDERS:
        client.select_folder(folder)
        client.move(client.search(), "INBOX")


def own_address(raws: list[bytes]) -> str:
    """The inbox that the corpus is written to."""
    to = Counter(line for raw in raws for line in raw.splitlines() if line.startswith(b"To: "))
    return to.most_common(1)[0][0].removeprefix(b"To: ").decode().lower()


def test_every_mail_is_answered_or_rightly_not_filed_and_never_answered_again(
    truths: list[dict[str, Any]], dovecot: Dovecot, tmp_path: Path
) -> None:
    """None set aside; a fresh daemon over the same mails, put back and renumbered, sends nothing more."""
    raws = {truth["file"]: (CORPUS / truth["file"]).read_bytes() for truth in truths}
    of_file = {fingerprint(raw): name for name, raw in raws.items()}
    by_name = {str(message_from_bytes(raw)["Message-ID"]): name for name, raw in raws.items()}
    bot = own_address(list(raws.values()))
    imap = {
        "host": "127.0.0.1",
        "port": dovecot.imap_port,
        "security": "starttls",
        "ca_file": str(dovecot.ca_file),
        "username": USER,
        "password": PASSWORD,
    }
    with EmbeddedServers("sink@nowhere.example") as sink:
        file = write_configuration(
            tmp_path,
            imap,
            sink.smtp_port,
            series=SERIES.read_text("utf-8"),
            sender=bot,
            more="since = 2020-01-01T00:00:00+01:00",
        )

        def everything_filed() -> bool:
            with session(dovecot) as client:
                status = client.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"]
                return bool(status == 0) and not rows(file, "SELECT 1 FROM inbound WHERE state = 'new'")

        def all_sent() -> bool:
            return not rows(file, "SELECT 1 FROM outbox WHERE state IN ('queued', 'sending')")

        # The first run: some mails wait, the others come while it listens.
        with session(dovecot) as client:
            put(client, list(raws.values())[:BEFORE_THE_START])
            with running(file, lambda: NOW):
                put(client, list(raws.values())[BEFORE_THE_START:])
                until(lambda: len(rows(file, "SELECT 1 FROM inbound")) == len(raws), PATIENCE)
                until(everything_filed, PATIENCE)
                until(all_sent, PATIENCE)

        recorded = {
            of_file[str(row[0])]: row[1:]
            for row in rows(file, "SELECT fingerprint, state, outcome, attention, truncated FROM inbound")
        }
        assert recorded.keys() == raws.keys()
        assert {state for state, *_ in recorded.values()} == {"handled"}, "mails were set aside"

        # Who was answered, by what the SMTP server got and by what the labels say.
        answered = {
            (of_file[str(mark)], recipient)
            for mark, recipient in rows(
                file,
                "SELECT fingerprint, recipient FROM outbox JOIN inbound ON inbound.id = outbox.inbound_id"
                " WHERE outbox.state = 'sent'",
            )
        }
        # The letter that tells of an erasure leaves no address behind: whom it went to, the SMTP server alone knows.
        told = {
            (by_name.get(str(message_from_bytes(mail.raw)["In-Reply-To"])), mail.recipient) for mail in sink.delivered
        }
        erased = {name for name, recipient in answered if not recipient}
        answered = {pair for pair in answered if pair[1]} | {pair for pair in told if pair[0] in erased}
        deserved = {(truth["file"], truth["reply_to"]) for truth in truths if truth["outcome"] != "ignore"}
        assert deserved <= answered, "somebody was not answered"
        ignored = {truth["file"] for truth in truths if truth["outcome"] == "ignore"}
        assert {name for name, _ in answered} & ignored == set(), "a machine was answered"
        sent = Counter(str(row[0]) for row in rows(file, "SELECT recipient FROM outbox"))
        nameless = sent.pop("", 0)
        assert nameless == len(erased)
        assert (Counter(mail.recipient for mail in sink.delivered) - sent).total() == nameless
        assert len(sink.delivered) == sent.total() + nameless

        # Each in its folder.
        with session(dovecot) as client:
            assert held(client, "INBOX") == []
            folders = {folder: {of_file[mark] for mark in held(client, folder)} for folder in FOLDERS}
        done = {name for name, (_, outcome, attention, _) in recorded.items() if outcome != "ignore" and not attention}
        assert folders["Mailbot/Ignored"] == ignored
        assert folders["Mailbot/Done"] == done
        assert folders["Mailbot/To read"] == raws.keys() - done - ignored

        # Again, with fresh daemons: the same mails under other numbers, then under another UIDVALIDITY.
        before = list(sink.delivered)
        for renumbered in (False, True):
            with session(dovecot) as client:
                put_back(client)
            if renumbered:
                dovecot.stop()
                dovecot.renumber()
                dovecot.start()
            with session(dovecot) as client:
                assert len(held(client, "INBOX")) == len(raws)
            with running(file, lambda: NOW):
                until(everything_filed, PATIENCE)
            assert rows(file, "SELECT count(*) FROM inbound") == [(len(raws),)]
            assert sink.delivered == before

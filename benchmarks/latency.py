"""How long from a mail's arrival in the mailbox to the reply's acceptance by the SMTP server.

    .venv/bin/python -m benchmarks.latency [MAILS]

The real daemon on SQLite waits in IDLE; mails come one at a time, each when the reply to the one before is out. On the
embedded server a mail arrives when it is put into the mailbox, on Dovecot when LMTP has accepted it; Dovecot holds each
push back by 500 ms, which no setting of its changes.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.core.status import LATELY
from mailbot.demo.servers import PASSWORD as EMBEDDED_PASSWORD
from mailbot.demo.servers import EmbeddedServers
from mailbot.parts import utc_now
from tests.servers import dovecot
from tests.servers.daemons import BOT, SERIES, running, until, write_configuration

PATIENCE = 30.0


def mail(number: int) -> bytes:
    """A mail that signs up."""
    return (
        f"From: Anna Neri <anna{number}@posta.example>\r\nTo: {BOT}\r\nSubject: Iscrizione\r\n"
        f"Date: {format_datetime(utc_now())}\r\nMessage-ID: <{number}@posta.example>\r\n\r\n"
        "Buongiorno,\r\nvorrei partecipare all'incontro con le associazioni sportive.\r\nGrazie, Anna Neri\r\n"
    ).encode()


def measured(put: Callable[[bytes], object], sink: EmbeddedServers, mails: int) -> Iterator[float]:
    """Milliseconds from each mail's arrival to its reply's acceptance."""
    for number in range(mails):
        before = len(sink.delivered)
        put(mail(number))
        arrived = time.perf_counter()
        if len(sink.wait_for(before + 1, PATIENCE)) <= before:
            raise SystemExit(f"mail {number} was not answered within {PATIENCE:.0f} s")
        yield (time.perf_counter() - arrived) * 1000
        time.sleep(0.2)  # filing ends, and the daemon waits again


@contextmanager
def served(imap: dict[str, object], sink: EmbeddedServers) -> Iterator[None]:
    """The daemon on this mailbox, once it waits."""
    with TemporaryDirectory(prefix="mailbot-latency-") as folder:
        keys = {"host": "127.0.0.1", "security": "none"} | imap
        soon = f"{utc_now() + timedelta(days=10):%Y-%m-%d}"
        series = SERIES.replace("2024-03-12", soon)
        file = write_configuration(Path(folder), keys, sink.smtp_port, series=series)
        with running(file, utc_now) as daemon:
            until(lambda: bool(daemon.status(LATELY).contacts.get("imap")))
            time.sleep(1)
            yield


def on_pymap(mails: int) -> list[float]:
    """Against the embedded server."""
    with EmbeddedServers(BOT) as servers:
        imap: dict[str, object] = {"port": servers.imap_port, "username": BOT, "password": EMBEDDED_PASSWORD}
        with served(imap, servers):
            return list(measured(servers.put, servers, mails))


def on_dovecot(mails: int) -> list[float]:
    """Against Dovecot."""
    with EmbeddedServers("sink@nowhere.example") as sink, dovecot.Dovecot() as server:
        imap: dict[str, object] = {
            "port": server.imap_port,
            "username": dovecot.USER,
            "password": dovecot.PASSWORD,
        }
        with served(imap, sink):
            return list(measured(server.deliver, sink, mails))


def told(name: str, milliseconds: list[float]) -> str:
    """The figures on one line."""
    ordered = sorted(milliseconds)
    slow = ordered[int(len(ordered) * 0.95)]
    return (
        f"{name:<10} {len(ordered)} mails: median {statistics.median(ordered):.0f} ms, "
        f"fastest {ordered[0]:.0f}, 95 % within {slow:.0f}"
    )


def main() -> None:
    """Measures whatever is here."""
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    print(told("pymap", on_pymap(mails)))
    if dovecot.dovecot_is_here():
        print(told("Dovecot", on_dovecot(mails)))
    else:
        print("Dovecot is not installed: apt-get install dovecot-imapd dovecot-lmtpd")


if __name__ == "__main__":
    main()

"""Mail made to exhaust: the daemon's memory stays bounded, and the next mail is not kept waiting."""

import base64
import gzip
import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from mailbot.demo.servers import EmbeddedServers
from mailbot.parts import utc_now
from tests.cli.conftest import Running, Town
from tests.reading.test_hostile import BOMBS, nested
from tests.servers.daemons import BOT, SERIES, write_configuration
from tests.servers.dovecot import PASSWORD, USER, Dovecot

SECONDS = 60.0
"""The longest that the mail behind a bomb may wait: many times what it takes."""
MEGABYTES = 300
"""The most memory that the daemon may ever have held; at rest it holds about 80."""

HEADER = b"From: bomb@posta.example\r\nSubject: Iscrizione\r\nMIME-Version: 1.0\r\n"


def attached(content: bytes, kind: str, name: str) -> bytes:
    """A short text, and a file."""
    return (
        HEADER
        + b'Content-Type: multipart/mixed; boundary="q"\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\n'
        + b"In allegato.\r\n--q\r\n"
        + f'Content-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'.encode()
        + f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'.encode()
        + base64.encodebytes(content).replace(b"\n", b"\r\n")
        + b"--q--\r\n"
    )


def zipped() -> bytes:
    """A hundred megabytes of nothing in a hundred kilobytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nothing", bytes(100_000_000))
    return held.getvalue()


def recipients() -> bytes:
    """A hundred thousand of them."""
    listed = b",\r\n ".join(b"anna%d@posta.example" % number for number in range(100_000))
    return b"From: bomb@posta.example\r\nTo: " + listed + b"\r\nSubject: Iscrizione\r\n\r\nciao\r\n"


def marked_up() -> bytes:
    """Ten megabytes of tags in tags."""
    return HEADER + b"Content-Type: text/html\r\n\r\n" + b"<div><table><tr><td>" * 500_000 + b"ciao\r\n"


WHOLE: dict[str, Callable[[], bytes]] = {
    "an attachment of 50 MB": lambda: attached(bytes(range(256)) * 200_000, "application/pdf", "modulo.pdf"),
    "a text of 50 MB": lambda: HEADER + b"\r\n" + b"vorrei iscrivermi " * 2_900_000,
    "a hundred thousand recipients": recipients,
    "MIME a thousand deep": lambda: nested(1000),
    "a million headers": lambda: HEADER + b"X-A: b\r\n" * 1_000_000 + b"\r\nciao\r\n",
    "a zip bomb": lambda: attached(zipped(), "application/zip", "modulo.zip"),
    "a gzip bomb": lambda: attached(gzip.compress(bytes(100_000_000)), "application/gzip", "modulo.gz"),
    "an HTML bomb": marked_up,
    "NUL bytes": lambda: HEADER + b"\r\n" + b"\0" * 1_000_000 + b"ciao\r\n",
}


def peak(running: Running) -> int:
    """The most memory that the process has ever held, in MB."""
    status = Path(f"/proc/{running.process.pid}/status").read_text("utf-8")
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) // 1000  # type: ignore[union-attr]


def mail(number: int) -> bytes:
    """Somebody wants to come."""
    return (
        f"From: Anna Bini <anna{number}@posta.example>\r\nTo: {BOT}\r\nSubject: Iscrizione\r\n"
        f"Date: {format_datetime(utc_now())}\r\n\r\nVorrei partecipare.\r\n"
    ).encode()


@pytest.mark.slow
@pytest.mark.dovecot
def test_bombs_cost_bounded_memory_and_nobody_waits(dovecot: Dovecot, tmp_path: Path) -> None:
    """Each is followed by a mail of a person, who is answered; in the end the memory is looked at."""
    account: dict[str, object] = {
        "host": "127.0.0.1",
        "port": dovecot.imap_port,
        "security": "none",
        "username": USER,
        "password": PASSWORD,
    }
    series = SERIES.replace("2024-03-12", f"{utc_now() + timedelta(days=20):%Y-%m-%d}")
    waits: dict[str, float] = {}
    peaks: dict[str, int] = {}
    with EmbeddedServers("sink@nowhere.example") as sink:
        write_configuration(tmp_path, account, sink.smtp_port, series=series)
        running = Running(Town(tmp_path, sink, dovecot.imap_port, sink.smtp_port))
        try:
            running.hear("READY=1")
            for number, (name, bomb) in enumerate((WHOLE | {key: BOMBS[key] for key in list(BOMBS)[::7]}).items()):
                dovecot.deliver(bomb())
                dovecot.deliver(mail(number))
                began = time.monotonic()
                while f"anna{number}@posta.example" not in {each.recipient for each in sink.delivered}:
                    assert time.monotonic() - began < SECONDS, f"{name}: the next mail waits\n{running.log()[-2000:]}"
                    assert running.process.poll() is None, f"{name}: the process has ended"
                    time.sleep(0.02)
                waits[name], peaks[name] = time.monotonic() - began, peak(running)
            assert running.stop() == 0
        finally:
            running.close()

    told = "\n".join(f"{name:<35} {waits[name]:5.1f} s {peaks[name]:5} MB" for name in waits)
    assert max(peaks.values()) < MEGABYTES, told
    assert "Traceback" not in running.log()

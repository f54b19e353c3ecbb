"""Telling systemd how we are: ready, alive, stopping, and in words (sd_notify(3)); and its journal what happens.

Silent where systemd is not.
"""

import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

JOURNAL = Path("/run/systemd/journal/socket")
"""Where the journal takes whole entries (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

PATIENCE_SECONDS = 0.5
"""How long we wait for room where what we said before has not been read yet: mail must not wait for a listener."""


def notify(*lines: str) -> None:
    """Sends state lines such as ``READY=1``; does nothing where no one listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # An address that begins with @ is in the abstract namespace, which the kernel marks with a NUL.
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to_systemd:
            to_systemd.settimeout(PATIENCE_SECONDS)
            to_systemd.sendto("\n".join(lines).encode(), target)
    except OSError:
        # Whoever started us has gone deaf: no reason to stop working.
        return


def watchdog_seconds() -> float | None:
    """How often systemd wants a sign of life at the least, or None where it wants none."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) and ours else None


def logs_to_journal() -> bool:
    """Whether standard error is the journal's (``$JOURNAL_STREAM``, systemd.exec(5)), and not a file or a terminal."""
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def has_journal() -> bool:
    """Whether the journal that standard error leads to can be given whole entries, too."""
    # Its stream is a socket; a file of the same number is no journal's.
    return stat.S_ISSOCK(os.fstat(2).st_mode) and JOURNAL.is_socket()


def to_journal(fields: Mapping[str, str], journal: Path = JOURNAL) -> bool:
    """Hands an entry with these fields to the journal; False where it is not taken. Names are capitals, ``_`` apart."""
    entry = b"".join(_field(name, value.encode("utf-8", "replace")) for name, value in fields.items() if value)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to_systemd:
            to_systemd.settimeout(PATIENCE_SECONDS)
            to_systemd.sendto(entry, str(journal))
    except OSError:
        return False  # deaf, or the entry is too long for one datagram
    return True


def _field(name: str, value: bytes) -> bytes:
    if b"\n" not in value:
        return name.encode() + b"=" + value + b"\n"
    # More than a line: the length first, as 64 bits, the least first.
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"

"""IDLE (RFC 2177) on the connection's own socket: the server pushes, and we wake at once.

imapclient's ``idle_check`` reads through a buffer that it cannot look into, and with a socket that does not wait. So a
notice that comes in one packet with the server's ``+`` is not seen until something else comes, a line that comes in
two packets is torn and taken for a broken stream, a notice before the ``+`` is an error, and a connection that was
closed looks like one with nothing to say, for ever. Here lines are read whole, whatever the packets are; a closed
connection and a goodbye are errors at once; and everything else is waited through.
"""

import re
import select
import socket
import ssl
import time

MOST_LINE = 1_000_000
_COUNTED = re.compile(rb"\* (\d+) (EXISTS|RECENT|EXPUNGE)\b", re.IGNORECASE)
_GOODBYE = re.compile(rb"\* BYE\b *(.*)", re.IGNORECASE | re.DOTALL)


class IdleRefused(Exception):
    """The server names IDLE among what it can do, and will not do it."""


def idle(connection: socket.socket, bell: socket.socket, tag: bytes, seconds: float) -> int | None:
    """One IDLE from beginning to end: returns on news, when ``bell`` can be read, or after ``seconds``.

    Args:
        connection: of a session with a selected folder, with nothing left to read; its timeout bounds each answer.
        bell: may become readable at any time; it is not read here.
        tag: names the command; used for no other.
        seconds: how long the server may be silent.

    Returns:
        How many mails the folder holds by the server's last words; None where they do not tell.

    Raises:
        IdleRefused: the server will not; the session goes on.
        OSError: the connection is of no further use.
    """
    end = time.monotonic() + seconds
    lines, heard = _Lines(connection), _Heard()
    connection.sendall(tag + b" IDLE\r\n")
    while not (line := lines.next()).startswith(b"+"):
        if line.startswith(tag + b" "):
            raise IdleRefused(line.removeprefix(tag).strip().decode("utf-8", "replace"))
        heard.line(line)
    while not heard.news:
        waiting = lines.next_within(end, bell)
        if waiting is None:
            break
        if waiting.startswith(tag + b" "):
            return heard.exists  # the server has ended it by itself
        heard.line(waiting)
    connection.sendall(b"DONE\r\n")
    while not (line := lines.next()).startswith(tag + b" "):
        heard.line(line)
    return heard.exists


class _Heard:
    """What the lines say about the folder."""

    def __init__(self) -> None:
        self.news = False
        self.exists: int | None = None

    def line(self, line: bytes) -> None:
        """Takes one in; raises ``ConnectionResetError`` on a goodbye."""
        if goodbye := _GOODBYE.match(line):
            reason = goodbye[1].decode("utf-8", "replace") or "no reason"
            raise ConnectionResetError(f"the server says goodbye: {reason}")
        if counted := _COUNTED.match(line):
            kind = counted[2].upper()
            self.news = self.news or kind != b"EXPUNGE"
            if kind != b"RECENT":
                self.exists = int(counted[1]) if kind == b"EXISTS" else None


class _Lines:
    """The server's lines, each whole."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._patience = connection.gettimeout()
        self._rest = b""

    def next(self) -> bytes:
        """The next line, waited for as long as the connection's timeout allows."""
        while (line := self._whole()) is None:
            self._take(self._connection.recv(65536))
        return line

    def next_within(self, end: float, bell: socket.socket) -> bytes | None:
        """The next line, or None where the bell rings or the time is over before it has come."""
        while (line := self._whole()) is None:
            left = end - time.monotonic()
            if left <= 0:
                return None
            # A TLS record may have been read off the socket and wait inside, where select does not see it.
            inside = getattr(self._connection, "pending", int)()
            ready = select.select([self._connection, bell], [], [], 0 if inside else left)[0]
            if bell in ready:
                return None
            if inside or self._connection in ready:
                self._take(self._recv_at_once())
        return line

    def _recv_at_once(self) -> bytes | None:
        """What there is; None where it was nothing for us, such as a TLS session ticket."""
        self._connection.settimeout(0)
        try:
            return self._connection.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            self._connection.settimeout(self._patience)

    def _take(self, read: bytes | None) -> None:
        if read == b"":
            raise ConnectionResetError("the server has closed the connection")
        self._rest += read or b""
        if len(self._rest) > MOST_LINE:
            raise ConnectionResetError("the server does not speak IMAP")

    def _whole(self) -> bytes | None:
        line, end, rest = self._rest.partition(b"\n")
        if not end:
            return None
        self._rest = rest
        return line.removesuffix(b"\r")

"""An IMAP server that plays a script: for misfortunes that no real server has on cue.

A script is a function of one connection. It says lines and waits for commands; what it leaves to ``serve`` is answered
as a small, well-behaved server would. Lines may be sent in any packets: what one ``send`` is given goes out at once.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CAPABILITIES = "IMAP4rev1 IDLE MOVE UIDPLUS NAMESPACE"
PATIENCE = 20.0


class Ended(Exception):
    """The other side has gone."""


@dataclass
class Connection:
    """One connection, seen from the server."""

    socket: socket.socket
    number: int
    """1 for the first that was made."""
    capabilities: str = CAPABILITIES
    uidvalidity: int = 7
    mails: dict[int, bytes] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    """Answers to commands in place of the usual ones, by command; the tag is put before the last line."""
    heard: list[str] = field(default_factory=list)
    _rest: bytes = b""

    def send(self, *lines: str | bytes) -> None:
        """Says lines, all of them in one packet."""
        whole = b"".join(line if isinstance(line, bytes) else f"{line}\r\n".encode() for line in lines)
        self.socket.sendall(whole)

    def line(self) -> str:
        """The next line that the client says."""
        while b"\r\n" not in self._rest:
            got = self.socket.recv(65536)
            if not got:
                raise Ended
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\r\n")
        self.heard.append(line.decode("utf-8"))
        return self.heard[-1]

    def greet(self) -> None:
        """The usual greeting."""
        self.send("* OK scripted")

    def serve(self, until: str = "") -> str:
        """Answers as usual until the command ``until`` comes; answers that command's tag."""
        while True:
            tag, _, rest = self.line().partition(" ")
            command = re.sub(r"^UID ", "", rest.upper()).partition(" ")[0]
            if command == until:
                return tag
            self._answer(tag, command, rest)

    def _answer(self, tag: str, command: str, rest: str) -> None:
        if command in self.answers:
            *before, last = self.answers[command].split("\n")
            self.send(*before, f"{tag} {last}")
        elif command == "LOGOUT":
            self.send("* BYE", f"{tag} OK done")
            raise Ended
        elif command == "IDLE":
            self.send("+ idling")
            assert self.line() == "DONE"
            self.send(f"{tag} OK done")
        elif command == "FETCH":
            self.send(*self._fetched(rest), f"{tag} OK done")
        else:
            self.send(*self._usual(command), f"{tag} OK {command} done")

    def _usual(self, command: str) -> list[str]:
        return {
            "CAPABILITY": [f"* CAPABILITY {self.capabilities}"],
            "SELECT": [f"* {len(self.mails)} EXISTS", "* 0 RECENT", f"* OK [UIDVALIDITY {self.uidvalidity}] yes"],
            "SEARCH": ["* SEARCH " + " ".join(map(str, self.mails))],
            "NAMESPACE": ['* NAMESPACE (("" "/")) NIL NIL'],
        }.get(command, [])

    def _fetched(self, rest: str) -> Iterator[bytes]:
        uids, what = re.match(r"UID FETCH (\S+) \(?(.*?)\)?$", rest).groups()  # type: ignore[union-attr]
        wanted = {uid for run in uids.split(",") for uid in range(int(run.split(":")[0]), int(run.split(":")[-1]) + 1)}
        for number, (uid, raw) in enumerate(self.mails.items(), start=1):
            if uid not in wanted:
                continue
            if what == "BODY.PEEK[]":
                yield f"* {number} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
            elif what == "BODY.PEEK[HEADER]":
                header = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                yield f"* {number} FETCH (UID {uid} BODY[HEADER] {{{len(header)}}}\r\n".encode() + header + b")\r\n"
            else:
                facts = f'RFC822.SIZE {len(raw)} INTERNALDATE "16-Jan-2021 12:00:00 +0100"'
                yield f"* {number} FETCH (UID {uid} {facts})\r\n".encode()


Script = Callable[[Connection], None]


def usual(connection: Connection) -> None:
    """A server with which nothing is wrong."""
    connection.greet()
    connection.serve()


class ScriptedServer:
    """Plays a script a connection, the last one for all that follow; for the time of a ``with``."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts or (usual,)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.connections: list[Connection] = []
        self.trouble: list[Exception] = []
        self._news = threading.Condition()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "ScriptedServer":
        self._acceptor = threading.Thread(target=self._accept, name="scripted server")
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listening.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        assert self.trouble == []

    def wait_for(self, count: int) -> Connection:
        """The ``count``-th connection, once it is made."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.connections) >= count, PATIENCE), "no connection came"
            return self.connections[count - 1]

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.settimeout(PATIENCE)
            connection = Connection(accepted, len(self.connections) + 1)
            script = self._scripts[min(connection.number, len(self._scripts)) - 1]
            thread = threading.Thread(target=self._play, args=(script, connection), name="scripted connection")
            self._threads.append(thread)
            with self._news:
                self.connections.append(connection)
                self._news.notify_all()
            thread.start()

    def _play(self, script: Script, connection: Connection) -> None:
        try:
            with connection.socket:
                script(connection)
        except (Ended, OSError):
            return
        except Exception as error:  # noqa: BLE001  # the test's own thread shows it
            self.trouble.append(error)

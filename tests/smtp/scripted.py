"""An SMTP server that misbehaves on cue.

It speaks just enough SMTP to take mail. For each step (``banner``, ``ehlo``, ``auth``, ``mail``, ``rcpt``, ``data``,
``content``, ``rset``, ``noop``) a test may line up replies, used up one by one; where none is left the step goes well.
"""

import asyncio
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

DROP = "DROP"
"""Close the connection instead of an answer."""
STALL = "STALL"
"""Never answer."""
EXTENSIONS = ("SIZE 10000000", "8BITMIME")
_WELL = {
    "banner": "220 fake at your service",
    "auth": "235 welcome",
    "mail": "250 sender ok",
    "rcpt": "250 recipient ok",
    "data": "354 go on",
    "content": "250 2.0.0 taken",
    "rset": "250 forgotten",
    "noop": "250 here",
    "quit": "221 bye",
}


@dataclass
class ScriptedServer:
    """The server, for the time of a ``with``; what it saw can be read at any time."""

    extensions: tuple[str, ...] = EXTENSIONS
    close_after: int = 0
    """Close each connection after so many mails; 0 means never."""
    hold: float = 0.0
    """Seconds before each mail is taken."""
    replies: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    """Recipient and content of every mail that was answered with 250."""
    read: list[bytes] = field(default_factory=list)
    """Content of every mail that arrived in full, whatever was answered."""
    moments: list[float] = field(default_factory=list)
    """When each MAIL command came, on the monotonic clock."""
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    """The most connections that were in the middle of a mail at the same time."""
    port: int = 0
    _busy: int = 0

    def __enter__(self) -> Self:
        """Starts it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.02)

    def script(self, step: str, *replies: str) -> None:
        """Lines replies up for a step."""
        self.replies[step] += replies

    async def _answer(self, step: str, writer: asyncio.StreamWriter) -> str:
        lined_up = self.replies[step]
        reply = lined_up.pop(0) if lined_up else _WELL[step]
        if reply == STALL:
            await asyncio.sleep(3600)
        if reply == DROP:
            raise ConnectionResetError
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()
        if reply.startswith("421"):
            raise ConnectionResetError
        return reply

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._session(reader, writer)
        except (ConnectionError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("banner", writer)
        recipient, mails = "", 0
        while raw := await reader.readline():
            line = raw.decode("utf-8").strip()
            self.commands.append(line)
            word = line.split(maxsplit=1)[0].lower() if line else "auth"  # an empty line goes on with a log-in
            if word in ("ehlo", "helo"):
                if self.replies["ehlo"]:
                    await self._answer("ehlo", writer)
                    continue
                said = ["fake", *self.extensions] if word == "ehlo" else ["fake"]
                writer.write("".join(f"250-{each}\r\n" for each in said[:-1]).encode() + f"250 {said[-1]}\r\n".encode())
            elif word == "mail":
                self.moments.append(time.monotonic())
                await self._answer("mail", writer)
            elif word == "rcpt":
                recipient = line.partition("<")[2].partition(">")[0]
                await self._answer("rcpt", writer)
            elif word == "data":
                if not (await self._answer("data", writer)).startswith("354"):
                    continue
                self._busy += 1
                self.at_once = max(self.at_once, self._busy)
                try:
                    content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                    self.read.append(content)
                    if self.hold:
                        await asyncio.sleep(self.hold)
                    if (await self._answer("content", writer)).startswith("250"):
                        self.taken.append((recipient, content))
                        mails += 1
                finally:
                    self._busy -= 1
                if self.close_after and mails == self.close_after:
                    return
            else:
                await self._answer(word if word in _WELL else "noop", writer)
                if word == "quit":
                    return

"""A mail server in this process: IMAP by pymap and SMTP by aiosmtpd, in memory, on loopback, on free ports.

There are two mailboxes, the bot's and a participant's. A mail that comes in by SMTP for the bot's address lands in the
bot's inbox, every other in the participant's, so that a person can connect a mail program and write to the bot. What
came in by SMTP is also kept in order, for whoever waits for it. The servers live in a thread with an event loop of its
own; leaving the context ends both and leaves nothing behind.
"""

import asyncio
import threading
from argparse import Namespace
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.concurrent import Event
from pymap.context import connection_exit
from pymap.imap import IMAPConnection, IMAPServer
from pymap.imap.state import ConnectionState
from pymap.parsing.command.select import IdleCommand
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import UntaggedResponse
from pymap.user import Passwords, UserMetadata

T = TypeVar("T")
HOST = "127.0.0.1"
PASSWORD = "demo"  # noqa: S105  # of a server that lives for a minute, on this machine alone
MOST_BYTES = 40_000_000


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail that came in by SMTP."""

    sender: str
    recipient: str
    raw: bytes


class _WholeAnswers:
    """pymap's way out: what it writes piece by piece leaves in one go, at its ``drain``.

    Sent as written, a notice such as ``* 1 FETCH (FLAGS ())`` goes out in several packets, and a client that reads
    without waiting meets half a line. Servers in the field send whole lines.
    """

    def __init__(self, inner: StreamWriter) -> None:
        self._inner = inner
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self._pieces.append(bytes(piece))

    async def drain(self) -> None:
        pieces, self._pieces = self._pieces, []
        self._inner.write(b"".join(pieces))
        await self._inner.drain()

    def close(self) -> None:
        self._inner.close()


class _State(ConnectionState):
    """pymap's IDLE waits for the next change; one that came between the last answer and the IDLE it keeps to itself."""

    async def receive_updates(self, cmd: IdleCommand, done: Event) -> Iterable[UntaggedResponse]:
        selected = await self.session.check_mailbox(self.selected)
        self._selected, untagged = selected.fork(cmd)
        return list(untagged) or await super().receive_updates(cmd, done)


class _Imap(IMAPServer):
    async def __call__(self, reader: StreamReader, writer: StreamWriter, sock_info: SocketInfo) -> None:
        whole = cast(StreamWriter, _WholeAnswers(writer))
        connection = IMAPConnection(self.commands, self._config, reader, whole, sock_info)
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            stack.enter_context(closing(connection))
            await connection.run(_State(self._login, self._config))


class EmbeddedServers:
    """Both servers, for the time of a ``with``."""

    def __init__(self, bot_address: str, *, refuse: Callable[[str], str | None] = lambda recipient: None) -> None:
        """Starts nothing yet.

        Args:
            bot_address: mail for it lands in the bot's inbox; it is also the bot's user name.
            refuse: asked for each recipient; an SMTP reply such as ``550 no`` refuses it.
        """
        self.bot_address = bot_address
        self.participant = "you"
        self.delivered: list[Delivered] = []
        self._news = threading.Condition()
        self._refuse = refuse
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded servers", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._boxes: dict[str, MailboxSet] = {}
        self.imap_port = 0
        self.smtp_port = 0

    def __enter__(self) -> Self:
        """Starts both."""
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends both."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    # --- what callers do

    def put(self, raw: bytes, received_at: datetime | None = None, *, user: str | None = None) -> None:
        """Puts a mail into an inbox (the bot's, where no other is named), as if it had just come."""
        self._run(self._put(user or self.bot_address, raw, received_at))

    def wait_for(self, count: int, seconds: float) -> list[Delivered]:
        """The mails delivered by SMTP, once there are ``count`` of them or the time is over."""
        with self._news:
            self._news.wait_for(lambda: len(self.delivered) >= count, seconds)
            return list(self.delivered)

    # --- inside the loop

    async def _start(self) -> None:
        arguments = Namespace(
            debug=False,
            tls=False,
            host=None,
            port=None,
            cert=None,
            key=None,
            proxy_protocol=None,
            inherited_sockets=None,
            passlib_cfg=None,
            skip_services=[],
            demo_data=False,
            demo_user=self.bot_address,
            demo_password=PASSWORD,
        )
        backend, config = await DictBackend.init(arguments)
        config.apply_context()
        hashed = await Passwords(config).hash_password(PASSWORD)
        backend.login.users_dict[self.participant] = UserMetadata(config, self.participant, password=hashed)
        for user in (self.bot_address, self.participant):
            self._boxes[user] = MailboxSet()
            config.set_cache[user] = (self._boxes[user], FilterSet())
        callback = ProxyProtocolReader(config.proxy_protocol).get_callback(_Imap(backend.login, config))
        imap = await asyncio.start_server(callback, HOST, 0)
        smtp = await self._loop.create_server(
            lambda: SMTP(self, hostname="localhost", data_size_limit=MOST_BYTES, enable_SMTPUTF8=True, loop=self._loop),
            HOST,
            0,
        )
        self._servers = [imap, smtp]
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in self._servers)
        assert isinstance(config, Config)

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        current = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not current]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in self._servers:
            with suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 2)
        await self._loop.shutdown_default_executor()

    async def _put(self, user: str, raw: bytes, received_at: datetime | None) -> None:
        inbox = await self._boxes[user].get_mailbox("INBOX")
        message = AppendMessage(raw, received_at or datetime.now(UTC), frozenset())
        await inbox.append(message, recent=True)

    # --- aiosmtpd's hooks, whose names are its own

    async def handle_RCPT(  # noqa: N802  # the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient is named."""
        refused = self._refuse(address)
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        """A mail is handed over."""
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        for recipient in envelope.rcpt_tos:
            to_bot = parseaddr(recipient)[1].lower() == self.bot_address
            await self._put(self.bot_address if to_bot else self.participant, raw, None)
            with self._news:
                self.delivered.append(Delivered(envelope.mail_from or "", recipient, raw))
                self._news.notify_all()
        return "250 OK"

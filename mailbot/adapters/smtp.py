"""The way out, over SMTP (RFC 5321, RFC 6409) by aiosmtplib: a few connections, kept open between deliveries.

``deliver`` is an ordinary generator; behind it a thread of its own runs the event loop in which the connections live.
Each parcel is tried once. A connection that the server has closed meanwhile is found out before anything is sent and
made anew at once; one that cannot be made marks what is left as unreachable, without hammering at the door. Answers
of the server to one mail (refused sender, recipient, content) leave the connection as it is; silence ends it.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from mailbot.adapters.tls import client_context
from mailbot.config.secret import SecretTrouble
from mailbot.core.retry import Accepted, Receipt, Refused, Unreachable
from mailbot.ports import Parcel, PostmanTrouble

STALE_SECONDS = 50.0
"""Idle time after which a connection is asked whether it still lives before a mail is entrusted to it."""
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where the server is and how it is used."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str | None
    password: Callable[[], str] | None
    sender: str
    """The envelope sender."""
    auth: Literal["password", "xoauth2"] = "password"
    connections: int = 2
    per_minute: int | None = None
    ca_file: Path | None = None
    timeout: float = 60.0
    """Seconds for one answer of the server."""


class SmtpPostman:
    """Hands mails to one server; see ``ports.Postman``."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Connects to nothing yet."""
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._idle: list[_Line] = []
        self._pace = _Pace(settings.per_minute)

    def deliver(self, parcels: Sequence[Parcel]) -> Iterator[tuple[Parcel, Receipt]]:
        """Tries each parcel once; each with its receipt as soon as there is one, in any order."""
        receipts: queue.SimpleQueue[tuple[Parcel, Receipt] | BaseException | None] = queue.SimpleQueue()
        running = asyncio.run_coroutine_threadsafe(self._deliver(deque(parcels), receipts), self._started())
        try:
            while (receipt := receipts.get()) is not None:
                if isinstance(receipt, BaseException):
                    raise receipt
                yield receipt
        finally:
            # A caller that stops early leaves the rest untried.
            running.cancel()

    def check(self) -> str:
        """Connects and logs in; says what the server can do.

        Raises:
            PostmanTrouble: it cannot be used.
        """
        return asyncio.run_coroutine_threadsafe(self._check(), self._started()).result()

    def close(self) -> None:
        """Says goodbye to every connection; never raises."""
        if self._thread is not None:
            with contextlib.suppress(Exception):
                asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._thread = None
        if not self._loop.is_running() and not self._loop.is_closed():
            self._loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
            self._thread.start()
        return self._loop

    # --- inside the event loop

    async def _deliver(
        self, waiting: deque[Parcel], receipts: "queue.SimpleQueue[tuple[Parcel, Receipt] | BaseException | None]"
    ) -> None:
        lines = max(1, min(self._settings.connections, len(waiting)))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(lines):
                    group.create_task(self._work(waiting, receipts))
        except BaseExceptionGroup as errors:
            receipts.put(errors.exceptions[0])
        finally:
            receipts.put(None)

    async def _work(
        self, waiting: deque[Parcel], receipts: "queue.SimpleQueue[tuple[Parcel, Receipt] | BaseException | None]"
    ) -> None:
        line = self._idle.pop() if self._idle else _Line(self._settings)
        try:
            while waiting:
                await self._pace.turn()
                if not waiting:
                    break
                parcel = waiting.popleft()
                try:
                    receipt = await line.send(parcel)
                except asyncio.CancelledError:
                    line.drop()
                    raise
                receipts.put((parcel, receipt))
                if isinstance(receipt, Unreachable) and not line.is_open and line.failed_to_open:
                    while waiting:
                        receipts.put((waiting.popleft(), receipt))
        finally:
            if line.is_open:
                self._idle.append(line)

    async def _check(self) -> str:
        line = _Line(self._settings)
        trouble = await line.open()
        if trouble:
            raise PostmanTrouble(trouble)
        words = await line.in_words()
        await line.close()
        return words

    async def _close(self) -> None:
        for line in self._idle:
            await line.close()
        self._idle.clear()


class _Line:
    """One connection, opened when it is first used."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._client: SMTP | None = None
        self._used_at = 0.0
        self.failed_to_open = False

    @property
    def is_open(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def open(self) -> str:
        """Connects and logs in; the trouble in words, or an empty string."""
        settings = self._settings
        where = f"SMTP {settings.host}:{settings.port}"
        self.failed_to_open = True
        try:
            client = SMTP(
                hostname=settings.host,
                port=settings.port,
                timeout=settings.timeout,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                tls_context=None if settings.security == "none" else client_context(settings.ca_file),
            )
            await client.connect()
            self._client = client
            if settings.username is not None and settings.password is not None:
                secret = await asyncio.to_thread(settings.password)
                if settings.auth == "xoauth2":
                    await client.auth_xoauth2(settings.username, secret)
                else:
                    await client.login(settings.username, secret)
        except SMTPAuthenticationError as error:
            self.drop()
            return f"{where}: the log-in as {settings.username} was refused: {error.message}; check `smtp.password`"
        except SecretTrouble as error:
            self.drop()
            return f"smtp.password: {error}"
        except (SMTPException, OSError, ValueError) as error:
            self.drop()
            return f"{where}: could not connect: {_said(error)}"
        self.failed_to_open = False
        self._used_at = time.monotonic()
        return ""

    async def send(self, parcel: Parcel) -> Receipt:
        """Tries one mail once; a connection found dead before anything was sent is made anew, once."""
        if self.is_open and time.monotonic() - self._used_at > STALE_SECONDS:
            await self._ask_whether_alive()
        for fresh in (False, True):
            if not self.is_open and (trouble := await self.open()):
                return Unreachable(trouble)
            receipt, nothing_sent = await self._try(parcel)
            if not (nothing_sent and not fresh):
                return receipt
        return receipt

    async def _ask_whether_alive(self) -> None:
        assert self._client is not None
        try:
            await self._client.noop()
        except (SMTPException, OSError):
            self.drop()

    async def _try(self, parcel: Parcel) -> tuple[Receipt, bool]:
        """The receipt of one try, and whether the connection was dead before anything was sent."""
        client = self._client
        assert client is not None
        before = time.monotonic()
        try:
            refused, reply = await client.sendmail(self._settings.sender, [parcel.recipient], parcel.raw)
        except SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return Refused(first.code, first.message), False
        except SMTPNotSupported as error:
            return Refused(553, f"the server takes no address beyond ASCII (SMTPUTF8): {_said(error)}"), False
        except (SMTPServerDisconnected, SMTPConnectError) as error:
            idle_before = before - self._used_at > 1.0
            self.drop()
            return Unreachable(f"the server closed the connection: {_said(error)}"), idle_before
        except (SMTPTimeoutError, TimeoutError) as error:
            self.drop()
            return Unreachable(f"the server fell silent: {_said(error)}"), False
        except SMTPResponseException as error:
            if error.code == 421:
                self.drop()
            else:
                await self._reset()
            return Refused(error.code, error.message), False
        except (SMTPException, OSError) as error:
            self.drop()
            return Unreachable(_said(error)), False
        except ValueError as error:
            # aiosmtplib refuses addresses with control characters before anything is sent.
            return Refused(553, f"the address cannot be used: {_said(error)}"), False
        self._used_at = time.monotonic()
        if parcel.recipient in refused:
            code, message = refused[parcel.recipient]
            return Refused(code, message), False
        return Accepted(reply), False

    async def _reset(self) -> None:
        """After a refusal the session goes on, if the server agrees."""
        assert self._client is not None
        try:
            await self._client.rset()
        except (SMTPException, OSError):
            self.drop()

    def drop(self) -> None:
        """Closes without a word."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def close(self) -> None:
        """Says goodbye."""
        if self._client is not None:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await asyncio.wait_for(self._client.quit(), 3)
        self.drop()

    async def in_words(self) -> str:
        """What the server can do, in a sentence."""
        assert self._client is not None
        await self._client.ehlo()
        extensions = self._client.esmtp_extensions
        can = [name.upper() for name in ("size", "8bitmime", "smtputf8", "starttls") if name in extensions]
        session = "connected and logged in" if self._settings.username else "connected"
        return f"{session}; the server has {', '.join(can) or 'no extensions'}"


class _Pace:
    """At most so many mails in any minute, over all connections."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._moments: deque[float] = deque()

    async def turn(self) -> None:
        """Returns when the next mail may go."""
        if self._per_minute is None:
            return
        while True:
            now = time.monotonic()
            while self._moments and now - self._moments[0] >= MINUTE:
                self._moments.popleft()
            if len(self._moments) < self._per_minute:
                self._moments.append(now)
                return
            await asyncio.sleep(MINUTE - (now - self._moments[0]))


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__

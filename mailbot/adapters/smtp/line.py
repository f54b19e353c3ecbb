"""One connection to the SMTP server (RFC 5321): opened when first used, kept open, one mail after the other.

The steps of a mail are taken one by one rather than by the library's ``sendmail``, because what follows from a lost
connection depends on the step. Before the content was offered nothing can have gone out: a kept connection that turns
out to be closed is replaced at once, and the mail goes over the new one. After that, only silence is certain, and the
mail is tried again later with the same bytes. A refusal of one mail leaves the connection as it is.

Whose trouble is a refusal? A recipient or a content refused is the letter's own. A sender refused, or a log-in asked
for, would meet every letter alike: that is trouble with the server, and no letter is given up for it.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from mailbot.adapters.smtp.token import log_in_by_token
from mailbot.adapters.tls import client_context, mend, os_words
from mailbot.config.secret import SecretTrouble
from mailbot.core.retry import Accepted, Receipt, Refused, Unreachable
from mailbot.ports import Parcel

STALE_SECONDS = 50.0
"""Idle time after which a connection is asked whether it still lives before a mail is entrusted to it."""
ALIVE_SECONDS = 10.0
"""How long the answer to that may take."""
TOO_LARGE = 552
LOGIN_WANTED = 530
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f<>]")


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
    content_timeout: float = 600.0
    """Seconds for the answer to a mail's content, which may be scanned first (RFC 5321 section 4.5.3.2.6)."""


class Closed(Exception):
    """The server closed the connection before the mail's content was offered: nothing has gone out."""


class Line:
    """One connection, opened when it is first used."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._client: SMTP | None = None
        self._used_at = 0.0
        self._renew_at = float("inf")
        self._kept = False  # whether the mail in hand goes over a connection that was open before
        self.failed_to_open = False
        """Whether the last attempt to connect and log in failed."""

    @property
    def is_open(self) -> bool:
        """Whether the connection is there, as far as is known."""
        return self._client is not None and self._client.is_connected

    async def open(self) -> str:
        """Connects and logs in; the trouble in words, or an empty string."""
        settings = self._settings
        where = f"SMTP {settings.host}:{settings.port}"
        self.failed_to_open = True
        try:
            await self._connect()
        except SMTPAuthenticationError as error:
            self.drop()
            return (
                f"{where}: the log-in as {settings.username} was refused: {error.code} {_said(error.message)}; "
                "check `smtp.username` and `smtp.password`"
            )
        except SecretTrouble as error:
            self.drop()
            return f"smtp.password: {error}"
        except (SMTPException, OSError, ValueError) as error:
            self.drop()
            return f"{where}: could not connect: {_why(error)}"
        except BaseException:
            self.drop()
            raise
        self.failed_to_open = False
        self._used_at = time.monotonic()
        return ""

    async def _connect(self) -> None:
        settings = self._settings
        self._client = client = SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else client_context(settings.ca_file),
        )
        await client.connect()
        if settings.username is not None and settings.password is not None:
            secret = await asyncio.to_thread(settings.password)
            if settings.auth == "xoauth2":
                self._renew_at = time.monotonic() + await log_in_by_token(client, settings.username, secret)
            else:
                await client.login(settings.username, secret)
        if client.is_ehlo_or_helo_needed:
            try:
                await client.ehlo()
            except SMTPHeloError:
                await client.helo()

    async def send(self, parcel: Parcel) -> Receipt:
        """Tries one mail once. Whatever happens, there is a receipt."""
        try:
            if self.is_open and time.monotonic() >= self._renew_at:
                await self.close()  # its token ends soon
            if self.is_open and time.monotonic() - self._used_at > STALE_SECONDS:
                await self._ask_whether_alive()
            self._kept = self.is_open
            if self._kept:
                with contextlib.suppress(Closed):
                    return await self._try(parcel)
            self._kept = False
            if trouble := await self.open():
                return Unreachable(trouble)
            return await self._try(parcel)
        except Closed as closed:
            return Unreachable(f"the server closed the connection: {closed}")
        except Exception as fault:  # noqa: BLE001  # whatever it is, it is one mail's, and is tried again later
            self.drop()
            return Unreachable(f"{type(fault).__name__}: {_said(fault)}")
        except BaseException:
            self.drop()
            raise

    async def _ask_whether_alive(self) -> None:
        assert self._client is not None
        try:
            await self._client.noop(timeout=ALIVE_SECONDS)
        except (SMTPException, OSError):
            self.drop()

    async def _try(self, parcel: Parcel) -> Receipt:
        """Takes one mail through its steps.

        Raises:
            Closed: the connection is gone, and the mail's content was not offered.
        """
        client = self._client
        assert client is not None
        if _UNUSABLE.search(parcel.recipient):
            return Refused(553, "the address cannot be used: it holds a control character or a bracket")
        beyond_ascii = not (parcel.recipient.isascii() and parcel.raw.isascii())
        if beyond_ascii and not client.supports_extension("smtputf8"):
            return Refused(553, "the server takes no address beyond ASCII (it does not offer SMTPUTF8)")
        encoding = "utf-8" if beyond_ascii else "ascii"
        offered = False
        try:
            await client.mail(self._settings.sender, options=self._options(parcel, beyond_ascii), encoding=encoding)
            await client.rcpt(parcel.recipient, encoding=encoding)
            offered = True
            reply = await client.data(parcel.raw, timeout=self._settings.content_timeout)
        except SMTPResponseException as error:
            return await self._refused(error)
        except SMTPTimeoutError as error:
            self.drop()
            return Unreachable(f"the server fell silent: {_said(error)}")
        except (SMTPServerDisconnected, ConnectionError) as error:
            self.drop()
            if not offered:
                raise Closed(_said(error)) from error
            return Unreachable(f"the server closed the connection before it answered: {_said(error)}")
        except ValueError as error:
            # The library refuses addresses with control characters, and what no encoding holds, before sending them.
            await self._reset()
            return Refused(553, f"the address cannot be used: {_said(error)}")
        self._used_at = time.monotonic()
        return Accepted(_said(reply.message))

    def _options(self, parcel: Parcel, beyond_ascii: bool) -> list[str]:
        assert self._client is not None
        options = ["SMTPUTF8"] if beyond_ascii else []
        if beyond_ascii and self._client.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")
        if self._client.supports_extension("size"):
            options.append(f"SIZE={len(parcel.raw)}")  # our bytes have CRLF line ends already
        return options

    async def _refused(self, error: SMTPResponseException) -> Receipt:
        """What a refusal means, by its code and by the step that it answers."""
        code, reply = error.code, _said(error.message)
        if not 400 <= code <= 599:
            self.drop()
            return Unreachable(f"the server answered nonsense: {code} {reply}")
        if code == 421:  # the server closes the connection after it (RFC 5321 section 3.8)
            self.drop()
            if isinstance(error, SMTPSenderRefused) and self._kept:
                raise Closed(f"{code} {reply}")
            return Refused(code, reply)
        if code == LOGIN_WANTED and self._kept and isinstance(error, SMTPSenderRefused):
            self.drop()  # we were logged in: the token of this session has ended
            raise Closed(f"{code} {reply}")
        self._used_at = time.monotonic()
        await self._reset()
        if code == LOGIN_WANTED:
            return Unreachable(f"the server wants a log-in: {code} {reply}; set `smtp.username` and `smtp.password`")
        if isinstance(error, SMTPSenderRefused) and code >= 500 and code != TOO_LARGE:
            sender = self._settings.sender
            return Unreachable(f"the server refuses {sender} as a sender: {code} {reply}; check `smtp.from`")
        return Refused(code, reply)

    async def _reset(self) -> None:
        """After a refusal the session goes on, if the server agrees."""
        if self._client is None:
            return
        try:
            await self._client.rset()
        except (SMTPException, OSError):
            self.drop()

    def drop(self) -> None:
        """Closes without a word."""
        client, self._client = self._client, None
        if client is not None:
            transport = client.transport
            client.close()
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()  # without TLS's farewell, which a silent server would leave us waiting for

    async def close(self) -> None:
        """Says goodbye."""
        if self._client is not None:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await asyncio.wait_for(self._client.quit(), 3)
        self.drop()

    async def in_words(self) -> str:
        """What the server can do, in a sentence."""
        assert self._client is not None
        extensions = self._client.esmtp_extensions
        can = [name.upper() for name in ("size", "8bitmime", "smtputf8", "starttls") if name in extensions]
        session = "connected and logged in" if self._settings.username else "connected"
        return f"{session}; the server has {', '.join(can) or 'no extensions'}"


def _why(error: BaseException) -> str:
    """Why there is no connection, said once, and what to check; the library wraps the system's own error."""
    within: BaseException | None = error
    while isinstance(within, SMTPException):
        if isinstance(within, TimeoutError):
            return f"no answer in time{mend(within, 'smtp')}"
        within = within.__cause__
    if isinstance(within, OSError):
        return f"{os_words(within) or _said(within)}{mend(within, 'smtp')}"
    return f"{_said(error).rstrip('.')}{mend(error, 'smtp')}"


def _said(words: object) -> str:
    return " ".join(str(words).split())[:300] or type(words).__name__

"""From settings to a logged-in connection, and from whatever goes wrong on the way to words that say what to mend."""

import contextlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from mailbot.adapters.tls import client_context, mend, os_words
from mailbot.config.secret import SecretTrouble
from mailbot.config.token import refusal_in_words, token_of
from mailbot.ports import MailboxTrouble

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0
LONGEST_IDLE = 540.0
"""Seconds of one IDLE: servers end longer ones, some without a word (RFC 2177 says 29 minutes, practice says 10)."""
BROKEN_STREAM = (IMAPClientError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError)
"""What imaplib and imapclient make of a server that says nonsense or stops in the middle."""
_FOR_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN|THROTTLED)", re.IGNORECASE)
"""Reasons to refuse a log-in (RFC 5530 section 3) that say nothing about the password."""


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """Where the mailbox is and how it is opened."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: Callable[[], str]
    """Asked at each log-in, so that a changed password or a fresh token is simply used."""
    auth: Literal["password", "xoauth2"] = "password"
    folder: str = "INBOX"
    idle: bool = True
    poll_seconds: float = 60
    max_bytes: int = 10_000_000
    ca_file: Path | None = None
    timeout: float = READ_SECONDS
    """Seconds for one answer of the server."""
    longest_idle: float = LONGEST_IDLE

    @property
    def where(self) -> str:
        """The server, as messages name it."""
        return f"IMAP {self.host}:{self.port}"


def connect(settings: ImapSettings) -> tuple[Any, float]:
    """A client that is logged in, and after how many seconds it should log in anew.

    Raises:
        MailboxTrouble: the server will not have the name or the password, or anything else.
    """
    client = _connected(settings)
    try:
        return client, _log_in(client, settings)
    except BaseException:
        drop(client)
        raise


def drop(client: Any) -> None:
    """Closes a connection without a word; never raises."""
    with contextlib.suppress(*BROKEN_STREAM):
        client.shutdown()


def _connected(settings: ImapSettings) -> Any:
    client = None
    try:
        context = None if settings.security == "none" else client_context(settings.ca_file)
        client = imapclient.IMAPClient(
            settings.host,
            port=settings.port,
            ssl=settings.security == "tls",
            ssl_context=context if settings.security == "tls" else None,
            timeout=imapclient.SocketTimeout(connect=CONNECT_SECONDS, read=settings.timeout),
            use_uid=True,
        )
        client.normalise_times = False
        # The library sends a command in pieces: without this each waits for the other side's delayed acknowledgement.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.security == "starttls":
            client.starttls(context)
    except BROKEN_STREAM as error:
        if client is not None:
            drop(client)
        raise MailboxTrouble(f"{settings.where}: could not connect: {said(error)}{mend(error, 'imap')}") from error
    return client


def _log_in(client: Any, settings: ImapSettings) -> float:
    token, reasons = None, _Reasons()
    try:
        secret = settings.password()
        if settings.auth == "xoauth2":
            token = token_of(secret)
    except SecretTrouble as error:
        raise MailboxTrouble(f"imap.password: {error}") from error
    try:
        if token is not None:
            client.sasl_login("XOAUTH2", reasons.answering(token.initial_response(settings.username)))
        elif (settings.username + secret).isascii():
            client.login(settings.username, secret)
        else:
            client.plain_login(settings.username, secret)  # LOGIN knows ASCII alone
    except BROKEN_STREAM as error:
        lost = isinstance(error.__context__, IMAPClientAbortError | OSError)
        if isinstance(error, LoginError) and not lost and not _FOR_NOW.search(said(error)):
            raise MailboxTrouble(
                f"{settings.where}: the log-in as {settings.username} was refused: {said(error)}{reasons}; "
                "check `imap.username` and `imap.password`"
            ) from error
        raise MailboxTrouble(f"{settings.where}: could not log in: {said(error)}") from error
    return token.renew_after if token is not None else float("inf")


class _Reasons:
    """The client's side of XOAUTH2: one word, and an empty one where the server then says what it has against it."""

    def __init__(self) -> None:
        self._told = ""

    def answering(self, word: bytes) -> Callable[[bytes], bytes]:
        """What imapclient calls with each challenge, the first of which is empty."""
        words = iter((word,))

        def answer(challenge: bytes) -> bytes:
            self._told = refusal_in_words(challenge)
            return next(words, b"")

        return answer

    def __str__(self) -> str:
        return f" ({self._told}; the next try asks for a fresh token)" if self._told else ""


def said(error: BaseException) -> str:
    """What an error says, on one line."""
    if isinstance(error, OSError) and (told := os_words(error)):
        text = told
    elif isinstance(error, KeyError):
        text = f"the answer lacks {said_bytes(error.args[0])}" if error.args else "the answer lacks something"
    else:
        text = said_bytes(error.args[0]) if error.args else ""
    return " ".join(text.split())[:300] or type(error).__name__


def said_bytes(value: object) -> str:
    """Text, or the text that the libraries left as bytes, even inside of ``b'…'``."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return re.sub(r"""\bb(['"])(.*?)\1""", r"\2", text)

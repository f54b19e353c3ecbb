"""The mailbox, over IMAP4rev1 (RFC 3501) by imapclient: one connection, owned by one thread.

Nothing is marked as seen: the folder is read with ``BODY.PEEK[]``. Sizes are asked for first, and of a mail over the
limit only its header and its readable text are fetched, put together again as a small mail. ``wait`` lets the server
push (IDLE, RFC 2177) where it can and pauses where it cannot; ``interrupt`` ends a wait from another thread.

IDLE has traps, all of them met in the wild: a server that closes the connection makes ``idle_check`` answer at once
for ever; a notice that comes in one packet with the server's ``+`` is seen only when IDLE ends, or makes IDLE itself
fail; a dead network is noticed only when one speaks. So a wait answers nothing: whatever it met, a SEARCH follows,
and a connection that is not beyond doubt is given up with ``MailboxTrouble``, for the loop to come back later.
"""

import contextlib
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import imapclient
from imapclient.exceptions import IMAPClientError, LoginError

from mailbot.adapters.imap import partial
from mailbot.adapters.tls import client_context
from mailbot.config.secret import SecretTrouble
from mailbot.ports import Arrival, LoginRefused, MailboxTrouble

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0
LONGEST_IDLE = 540.0
"""Seconds of one IDLE: servers end longer ones, some without a word (RFC 2177 says 29 minutes, practice says 10)."""
SIZES_AT_ONCE = 200


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
    poll_seconds: int = 60
    max_bytes: int = 10_000_000
    ca_file: Path | None = None


class ImapMailbox:
    """One folder of one account; see ``ports.Mailbox``."""

    def __init__(self, settings: ImapSettings) -> None:
        """Opens nothing yet."""
        self.folder = settings.folder
        self._settings = settings
        self._client: Any = None
        self._uidvalidity = 0
        self._exists = -1
        self._shrunk = False
        self._bell_in, self._bell_out = socket.socketpair()
        self._bell_in.setblocking(False)
        self._bell_out.setblocking(False)

    # --- the connection

    def open(self) -> int:
        """Connects where not connected, and answers the folder's UIDVALIDITY."""
        if self._client is None:
            with self._told("log in"):
                self._client = self._connected()
                selected = self._client.select_folder(self._settings.folder)
                self._uidvalidity = int(selected[b"UIDVALIDITY"])
        return self._uidvalidity

    def _connected(self) -> Any:
        settings = self._settings
        context = None if settings.security == "none" else client_context(settings.ca_file)
        client = imapclient.IMAPClient(
            settings.host,
            port=settings.port,
            ssl=settings.security == "tls",
            ssl_context=context if settings.security == "tls" else None,
            timeout=imapclient.SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            use_uid=True,
        )
        try:
            client.normalise_times = False
            if settings.security == "starttls":
                client.starttls(context)
            secret = settings.password()
            if settings.auth == "xoauth2":
                client.oauth2_login(settings.username, secret)
            else:
                client.login(settings.username, secret)
        except BaseException:
            with contextlib.suppress(OSError, IMAPClientError):
                client.shutdown()
            raise
        return client

    def close(self) -> None:
        """Logs out; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, IMAPClientError, ValueError):
                client.logout()
            self._drop(client)

    def _drop(self, client: Any) -> None:
        with contextlib.suppress(OSError, IMAPClientError, ValueError):
            client.shutdown()

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turns whatever goes wrong on the wire into trouble in words; the connection is given up."""
        where = f"IMAP {self._settings.host}:{self._settings.port}"
        try:
            yield
        except LoginError as error:
            self._give_up()
            raise LoginRefused(
                f"{where}: the log-in as {self._settings.username} was refused: {_said(error)}; check `imap.password`"
            ) from error
        except SecretTrouble as error:
            self._give_up()
            raise MailboxTrouble(f"imap.password: {error}") from error
        except (IMAPClientError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
            # imaplib and imapclient answer a broken stream with any of these.
            self._give_up()
            raise MailboxTrouble(f"{where}: could not {doing}: {_said(error)}") from error

    def _give_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._drop(client)

    def _ready(self) -> Any:
        self.open()
        return self._client

    def check(self) -> str:
        """Logs in and says what the server can do."""
        client = self._ready()
        with self._told("ask what it can do"):
            can = [name for name in ("IDLE", "MOVE", "UIDPLUS") if client.has_capability(name)]
            total = client.folder_status(self._settings.folder, ["MESSAGES"])[b"MESSAGES"]
        lacks = "" if "IDLE" in can else f"; no IDLE, so it is asked every {self._settings.poll_seconds} s"
        has = ", ".join(can) or "no extensions"
        return f"logged in; {self._settings.folder} holds {total} mail(s); the server has {has}{lacks}"

    # --- reading

    def uids_after(self, uid: int, since: date) -> list[int]:
        """The UIDs greater than ``uid`` of mails got on the day ``since`` or later, ascending."""
        client = self._ready()
        with self._told("search"):
            found = client.search(["UID", f"{uid + 1}:*", "SINCE", since])
        # ``n:*`` names the last mail even where its number is smaller than n (RFC 3501 section 6.4.8).
        return sorted(int(number) for number in found if number > uid)

    def fetch(self, uids: Sequence[int]) -> Iterator[Arrival]:
        """These mails, ascending by UID, unseen; those gone meanwhile are left out."""
        client = self._ready()
        wanted = sorted(uids)
        for start in range(0, len(wanted), SIZES_AT_ONCE):
            some = wanted[start : start + SIZES_AT_ONCE]
            with self._told("fetch sizes"):
                facts = client.fetch(some, ["RFC822.SIZE", "INTERNALDATE"])
            small = [uid for uid in some if uid in facts and facts[uid][b"RFC822.SIZE"] <= self._settings.max_bytes]
            yield from self._in_order(client, some, facts, self._bodies(client, small))

    def _bodies(self, client: Any, uids: list[int]) -> Iterator[tuple[int, bytes]]:
        """The mails, a few at a time so that memory stays bounded."""
        for start in range(0, len(uids), 10):
            some = uids[start : start + 10]
            with self._told("fetch mails"):
                got = client.fetch(some, ["BODY.PEEK[]"])
            for uid in some:
                if uid in got and got[uid].get(b"BODY[]") is not None:
                    yield uid, got[uid][b"BODY[]"]

    def _in_order(
        self, client: Any, uids: list[int], facts: Any, bodies: Iterator[tuple[int, bytes]]
    ) -> Iterator[Arrival]:
        ready = next(bodies, None)
        for uid in uids:
            if uid not in facts:
                continue
            size, received_at = facts[uid][b"RFC822.SIZE"], _aware(facts[uid][b"INTERNALDATE"])
            if size > self._settings.max_bytes:
                yield Arrival(uid, self._without_attachments(client, uid), received_at, size, truncated=True)
            elif ready is not None and ready[0] == uid:
                yield Arrival(uid, ready[1], received_at, size)
                ready = next(bodies, None)

    def _without_attachments(self, client: Any, uid: int) -> bytes:
        """A mail over the limit: its header and its readable text as a mail of their own."""
        with self._told("fetch a large mail"):
            got = client.fetch([uid], ["BODY.PEEK[HEADER]", "BODYSTRUCTURE"])[uid]
            header = got[b"BODY[HEADER]"][: partial.MOST_HEADER]
            texts = []
            for part in partial.readable_parts(got[b"BODYSTRUCTURE"]):
                section = f"BODY.PEEK[{part.number}]<0.{partial.MOST_TEXT}>"
                answer = client.fetch([uid], [section])[uid]
                content = next((value for key, value in answer.items() if key.startswith(b"BODY[")), b"")
                texts.append((part, content or b""))
        return partial.put_together(header, texts)

    # --- waiting

    def wait(self, seconds: float) -> None:
        """Returns when mail may have arrived, on ``interrupt``, or in time; a SEARCH should follow in any case."""
        client = self._ready()
        with self._told("wait"):
            idles = self._settings.idle and client.has_capability("IDLE")
        if not idles:
            self._pause(min(seconds, self._settings.poll_seconds))
            return
        with self._told("wait for mail"):
            client.noop()
            if self._heard_news(client):
                return
            client.idle()
            try:
                self._until_news(client, time.monotonic() + LONGEST_IDLE)
            finally:
                # A notice may have hidden in the buffer: it does not matter, a SEARCH follows.
                client.idle_done()
                self._shrunk = True  # for all we know: what IDLE said is read past imaplib

    def _heard_news(self, client: Any) -> bool:
        """Whether the folder was said to have grown, in passing, since this was last asked."""
        # imaplib keeps what is said beside an answer (even beside a SEARCH that does not know the mail yet), and
        # imapclient has no way to ask it for that.
        told = [int(number) for number in client._imap.response("EXISTS")[1] if number is not None]
        # Kept until the folder is said to have grown: after an EXPUNGE the same number is another mail.
        self._shrunk = client._imap.response("EXPUNGE")[1] != [None] or self._shrunk
        if not told:
            return False
        grown = self._shrunk or self._exists != told[-1]  # some servers repeat the number with every answer
        self._exists, self._shrunk = told[-1], False
        return grown

    def _until_news(self, client: Any, end: float) -> None:
        """Returns on a notice, a ring or the end of the time; raises where the connection is dead."""
        connection = client.socket()
        while (left := end - time.monotonic()) > 0:
            pending = getattr(connection, "pending", lambda: 0)()
            ready = [connection] if pending else select.select([connection, self._bell_in], [], [], left)[0]
            if self._bell_in in ready:
                self._silence_bell()
                return
            if connection not in ready:
                return
            notices = client.idle_check(timeout=0)
            if not notices:
                # Something to read, and nothing in it: the other side has closed (imapclient issue 565).
                raise ConnectionResetError("the server has closed the connection")
            if any(notice[0] == b"BYE" for notice in notices):
                raise ConnectionResetError(f"the server says goodbye: {notices[0][1:]}")
            if any(b"EXISTS" in notice or b"RECENT" in notice for notice in notices):
                return

    def _pause(self, seconds: float) -> None:
        if select.select([self._bell_in], [], [], seconds)[0]:
            self._silence_bell()

    def interrupt(self) -> None:
        """Makes a wait under way, or the next one, return at once. For other threads; never raises."""
        with contextlib.suppress(OSError):
            self._bell_out.send(b"\0")

    def _silence_bell(self) -> None:
        with contextlib.suppress(OSError):
            self._bell_in.recv(4096)

    # --- filing

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves mails into a folder beside, made where missing (RFC 6851, else COPY and RFC 4315)."""
        client = self._ready()
        with self._told(f"move mail to {folder}"):
            target = self._folder_named(client, folder)
            wanted = list(uids)
            if client.has_capability("MOVE"):
                client.move(wanted, target)
                return
            client.copy(wanted, target)
            client.add_flags(wanted, [imapclient.DELETED], silent=True)
            # Without UIDPLUS an EXPUNGE would take other people's deleted mail too: then it stays, marked.
            if client.has_capability("UIDPLUS"):
                client.uid_expunge(wanted)

    def _folder_named(self, client: Any, folder: str) -> str:
        """The folder's name as this server writes it: its separator, and its prefix for personal folders."""
        prefix, separator = "", "/"
        if client.has_capability("NAMESPACE"):
            personal = client.namespace().personal
            if personal:
                prefix, separator = personal[0][0] or "", personal[0][1] or "/"
        else:
            listed = client.list_folders("", "")
            separator = (listed[0][1] or b"/").decode() if listed else "/"
        name = folder.replace("/", separator)
        full = name if name.startswith(prefix) else prefix + name
        if not client.folder_exists(full):
            client.create_folder(full)
            client.subscribe_folder(full)
        return full


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _said(error: BaseException) -> str:
    text = error.args[0] if error.args else error
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(error)
    return " ".join(shown.split())[:300] or type(error).__name__

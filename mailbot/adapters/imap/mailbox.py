"""The mailbox, over IMAP4rev1 (RFC 3501) by imapclient: one connection, owned by one thread.

Nothing is marked as seen: the folder is read with ``BODY.PEEK[]``. ``wait`` lets the server push (``idle``) where it
can and pauses where it cannot; ``interrupt`` ends a wait from another thread. A wait answers nothing: whatever it met,
a SEARCH follows. What the server says in passing counts too: a mail that comes between a SEARCH and the wait after it
is told at the end of some other answer, or not at all.

A connection that is not beyond doubt is given up with ``MailboxTrouble``, for the loop to come back later. But sessions
end: servers give them a day, or as long as a token lives, mostly an hour. One whose token is about to end is ended by
us, and one that has lived for a while and is ended by the server while we wait is no trouble yet: the next turn logs in
anew, and has something to tell if that fails.
"""

import contextlib
import logging
import select
import socket
import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, IMAPClientReadOnlyError

from mailbot.adapters.imap.connect import BROKEN_STREAM, ImapSettings, connect, drop, said
from mailbot.adapters.imap.fetching import Fetching
from mailbot.adapters.imap.idle import IdleRefused, idle
from mailbot.core.discretion import event
from mailbot.ports import Arrival, MailboxTrouble

log = logging.getLogger(__name__)

USUAL_LIFE = 600.0
"""Seconds after which the end of a session is one of the things that happen."""
MOST_NAMES = 12
"""Folders that are named where the right one is missing."""


class ImapMailbox:
    """One folder of one account; see ``ports.Mailbox``."""

    def __init__(self, settings: ImapSettings) -> None:
        """Opens nothing yet."""
        self.folder = settings.folder
        self._settings = settings
        self._fetching = Fetching(settings.folder, settings.max_bytes)
        self._client: Any = None
        self._opened_at = 0.0
        self._renew_at = float("inf")
        self._uidvalidity = 0
        self._read_only = False
        self._idles = True
        self._rounds = 0
        self._exists = -1
        self._shrunk = False
        self._targets: dict[str, str] = {}
        self._bell_in, self._bell_out = socket.socketpair()
        self._bell_in.setblocking(False)
        self._bell_out.setblocking(False)

    # --- the connection

    def open(self) -> int:
        """Connects where not connected, or where the token ends soon, and answers the folder's UIDVALIDITY."""
        if self._client is not None and time.monotonic() >= self._renew_at:
            told = "%s: logging in anew before the token ends"
            log.info(told, self._settings.where, extra=event("token-renewed", server="imap"))
            self.leave()
        return self._open()

    def _open(self) -> int:
        if self._client is None:
            self._client, renew_after = connect(self._settings)
            self._opened_at = time.monotonic()
            self._renew_at = self._opened_at + renew_after
            with self._told(f"open the folder {self.folder}"):
                selected = self._selected(self._client)
                if b"UIDVALIDITY" not in selected:
                    raise ValueError("the server numbers its mails anew each time (no UIDVALIDITY)")
                self._uidvalidity = int(selected[b"UIDVALIDITY"])
                self._idles = self._settings.idle and self._client.has_capability("IDLE")
                self._exists, self._targets = -1, {}  # so a wait before any search returns at once
        return self._uidvalidity

    def _selected(self, client: Any) -> Any:
        try:
            selected, self._read_only = client.select_folder(self.folder), False
        except IMAPClientReadOnlyError:
            # Reading is all that is needed; only filing will have to be told.
            selected, self._read_only = client.select_folder(self.folder, readonly=True), True
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise ValueError(f"{said(error)}{self._others(client)}") from error
        return selected

    def _others(self, client: Any) -> str:
        """Where the folder is not there, the folders that are."""
        names = [str(name) for flags, _, name in client.list_folders() if b"\\Noselect" not in flags]
        if self.folder in names:
            return ""
        return f"; check `imap.folder`; the folders there are {', '.join(names[:MOST_NAMES]) or 'none'}"

    def close(self) -> None:
        """Logs out, for good; never raises."""
        self.leave()
        self._bell_in.close()
        self._bell_out.close()

    def leave(self) -> None:
        """Logs out, until the next ``open``; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(*BROKEN_STREAM):
                client.logout()
            drop(client)

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turns whatever goes wrong on the wire into trouble in words; the connection is given up."""
        try:
            yield
        except BROKEN_STREAM as error:
            client, self._client = self._client, None
            if client is not None:
                drop(client)
            raise MailboxTrouble(f"{self._settings.where}: could not {doing}: {said(error)}") from error

    def _ready(self) -> Any:
        self._open()  # within a turn the folder stays the one whose UIDVALIDITY ``open`` has answered
        return self._client

    def check(self) -> str:
        """Logs in and says what the server can do."""
        client = self._ready()
        with self._told("ask what it can do"):
            can = [name for name in ("IDLE", "MOVE", "UIDPLUS") if client.has_capability(name)]
            total = client.folder_status(self.folder, ["MESSAGES"])[b"MESSAGES"]
        lacks = "" if "IDLE" in can else f"; no IDLE, so it is asked every {self._settings.poll_seconds} s"
        if self._read_only:
            lacks += "; the folder is read-only, so handled mail stays where it is"
        has = ", ".join(can) or "no extensions"
        return f"logged in; {self.folder} holds {total} mail(s); the server has {has}{lacks}"

    # --- reading

    def uids_after(self, uid: int, since: date) -> list[int]:
        """The UIDs greater than ``uid`` of mails got on the day ``since`` or later, ascending."""
        client = self._ready()
        criteria = ["UID", f"{uid + 1}:*", "SINCE", since]
        with self._told("search"):
            self._heard_news(client)  # what was told before is found by this search
            found = client.search(criteria)
            if self._heard_news(client):
                # A server looks for new mail after it has answered, and tells of it then: now it can be found.
                found = client.search(criteria)
        # ``n:*`` names the last mail even where its number is smaller than n (RFC 3501 section 6.4.8).
        return sorted(int(number) for number in found if number > uid)

    def fetch(self, uids: Sequence[int]) -> Iterator[Arrival]:
        """These mails, ascending by UID, unseen; those gone meanwhile are left out."""
        arrivals = self._fetching.arrivals(self._ready(), sorted(uids))
        while True:
            with self._told("fetch mail"):
                arrival = next(arrivals, None)
            if arrival is None:
                return
            yield arrival

    # --- waiting

    def wait(self, seconds: float) -> None:
        """Returns when mail may have arrived, on ``interrupt``, or in time; a SEARCH should follow in any case."""
        client = self._ready()
        try:
            with self._told("wait for mail"):
                self._wait(client, min(seconds, max(0.0, self._renew_at - time.monotonic())))
        except MailboxTrouble as trouble:
            lived = time.monotonic() - self._opened_at
            if lived < USUAL_LIFE:
                raise
            told = "the session ended after %.0f min, which is usual; logging in anew: %s"
            log.info(told, lived / 60, trouble, extra=event("session-ended", server="imap"))

    def _wait(self, client: Any, seconds: float) -> None:
        if self._idles:
            self._idle(client, min(seconds, self._settings.longest_idle))
        if not self._idles and not self._heard_news(client):
            self._pause(min(seconds, self._settings.poll_seconds))
            if time.monotonic() - self._opened_at >= USUAL_LIFE:
                client.noop()  # finds out here, and not in a search, whether the session has ended

    def _idle(self, client: Any, seconds: float) -> None:
        # The NOOP leaves nothing unread behind, and tells what came since the last answer.
        client.noop()
        if self._heard_news(client):
            return
        self._rounds += 1
        try:
            told = idle(client.socket(), self._bell_in, b"idle%d" % self._rounds, seconds)
            self._exists = -1 if told is None else told
            self._shrunk = True  # for all we know: IDLE's own reader may have passed over an EXPUNGE
        except IdleRefused:
            self._idles = False
        self._silence_bell()

    def _heard_news(self, client: Any) -> bool:
        """Whether the folder was said to have grown, in passing, since this was last asked."""
        # imaplib keeps what is said beside an answer, and imapclient has no way to ask it for that.
        told = [int(number) for number in client._imap.response("EXISTS")[1] if number is not None]
        # Kept until the folder is said to have grown: after an EXPUNGE the same number is another mail.
        self._shrunk = client._imap.response("EXPUNGE")[1] != [None] or self._shrunk
        if not told:
            return False
        grown = self._shrunk or self._exists != told[-1]  # some servers repeat the number with every answer
        self._exists, self._shrunk = told[-1], False
        return grown

    def _pause(self, seconds: float) -> None:
        if select.select([self._bell_in], [], [], seconds)[0]:
            self._silence_bell()

    def interrupt(self) -> None:
        """Makes a wait under way, or the next one, return at once. For other threads; never raises."""
        with contextlib.suppress(OSError):
            self._bell_out.send(b"\0")

    def abandon(self) -> None:
        """Breaks off whatever is under way in another thread, which then meets trouble; never raises."""
        client = self._client
        if client is not None:
            with contextlib.suppress(*BROKEN_STREAM):
                client.socket().shutdown(socket.SHUT_RDWR)

    def _silence_bell(self) -> None:
        with contextlib.suppress(OSError):
            self._bell_in.recv(4096)

    # --- filing

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves mails into a folder beside, made where missing (RFC 6851, else COPY and RFC 4315)."""
        client = self._ready()
        if self._read_only:
            raise MailboxTrouble(
                f"{self._settings.where}: {self.folder} is read-only for {self._settings.username}: "
                "grant the right to move mail, or switch `imap.filing.enabled` off"
            )
        with self._told(f"move mail to {folder}"):
            target = self._targets.get(folder) or self._made(client, folder)
            self._targets[folder] = target
            wanted = list(uids)
            if client.has_capability("MOVE"):
                client.move(wanted, target)
                return
            client.copy(wanted, target)
            client.add_flags(wanted, [imapclient.DELETED], silent=True)
            # Without UIDPLUS an EXPUNGE would take other people's deleted mail too: then it stays, marked.
            if client.has_capability("UIDPLUS"):
                client.uid_expunge(wanted)

    def _made(self, client: Any, folder: str) -> str:
        """The folder's name as this server writes it (its separator, its prefix); made where it is missing."""
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

"""Taking mails over a connection: sizes first, then bodies a few at a time, so that memory stays bounded.

Of a mail over the limit only its header and its readable text are fetched (``partial``). One mail must not hold up the
rest: one that the server will not hand over, again and again, while it does hand over another, is replaced by a note
that says so, which reaches the organisers as a mail that a person must read.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from mailbot.adapters.imap import partial
from mailbot.adapters.imap.connect import said
from mailbot.core.discretion import event
from mailbot.ports import Arrival

log = logging.getLogger(__name__)

SIZES_AT_ONCE = 200
BODIES_AT_ONCE = 50
BYTES_AT_ONCE = 8_000_000
MOST_REFUSALS = 5
"""How often a mail is asked for before it is taken as one that cannot be had; with the waits between, a minute."""
_SIZE, _DATE, _BODY = b"RFC822.SIZE", b"INTERNALDATE", b"BODY[]"


class Fetching:
    """Fetches the mails of one folder; remembers which of them were refused."""

    def __init__(self, folder: str, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._refusals: Counter[int] = Counter()

    def arrivals(self, client: Any, uids: list[int]) -> Iterator[Arrival]:
        """These mails, in this order; those gone meanwhile are left out.

        Raises:
            IMAPClientError: and whatever else imaplib and imapclient make of a broken stream.
        """
        for start in range(0, len(uids), SIZES_AT_ONCE):
            facts = client.fetch(uids[start : start + SIZES_AT_ONCE], ["RFC822.SIZE", "INTERNALDATE"])
            there = [uid for uid in uids[start : start + SIZES_AT_ONCE] if {_SIZE, _DATE} <= facts.get(uid, {}).keys()]
            for run in self._runs(there, facts):
                large = facts[run[0]][_SIZE] > self._max_bytes
                raws = self._large(client, run[0]) if large else self._bodies(client, run, uids[-1])
                for uid, raw in raws:
                    yield Arrival(uid, raw, _aware(facts[uid][_DATE]), facts[uid][_SIZE], truncated=large)

    def _runs(self, uids: list[int], facts: Any) -> Iterator[list[int]]:
        """The mails in runs that are fetched together; one over the limit is a run of its own."""
        run: list[int] = []
        together = 0
        for uid in uids:
            size = facts[uid][_SIZE]
            if run and (len(run) == BODIES_AT_ONCE or together + size > BYTES_AT_ONCE or size > self._max_bytes):
                yield run
                run, together = [], 0
            run.append(uid)
            together += size
            if size > self._max_bytes:
                yield run
                run, together = [], 0
        if run:
            yield run

    def _bodies(self, client: Any, run: list[int], last: int) -> Iterator[tuple[int, bytes]]:
        try:
            yield from _in_order(run, client.fetch(run, ["BODY.PEEK[]"]))
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            # One of them is the trouble, or all are: asked for singly, those before it are had.
            for uid in run:
                yield from self._single(client, uid, last)

    def _single(self, client: Any, uid: int, last: int) -> Iterator[tuple[int, bytes]]:
        try:
            got = client.fetch([uid], ["BODY.PEEK[]"])
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self._refusals[uid] += 1
            if self._refusals[uid] < MOST_REFUSALS or uid == last:
                raise
            client.fetch([last], ["BODY.PEEK[HEADER]"])  # raises where it is the server's trouble, not this mail's
            told = event("fetch-failed", uid=uid, folder=self._folder)
            log.error("mail with UID %d in %s cannot be fetched: %s", uid, self._folder, said(error), extra=told)
            yield uid, partial.in_place_of(uid, self._folder, said(error))
        else:
            yield from _in_order([uid], got)

    def _large(self, client: Any, uid: int) -> Iterator[tuple[int, bytes]]:
        """A mail over the limit: its header and its readable text as a mail of their own."""
        header = client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {}).get(b"BODY[HEADER]")
        if header is None:
            return
        texts = []
        for part in self._parts(client, uid):
            answer = client.fetch([uid], [f"BODY.PEEK[{part.number}]<0.{partial.MOST_TEXT}>"]).get(uid, {})
            content = next((value for key, value in answer.items() if key.startswith(b"BODY[")), b"")
            texts.append((part, content or b""))
        yield uid, partial.put_together(header[: partial.MOST_HEADER], texts)

    def _parts(self, client: Any, uid: int) -> list[partial.TextPart]:
        try:
            return partial.readable_parts(client.fetch([uid], ["BODYSTRUCTURE"])[uid][b"BODYSTRUCTURE"])
        except IMAPClientAbortError:
            raise
        except (IMAPClientError, LookupError, TypeError, ValueError) as error:
            # A structure that nobody understands: the header alone is better than to be stuck here for ever.
            told = event("structure-unusable", uid=uid, folder=self._folder)
            log.warning(
                "mail with UID %d in %s has no usable structure: %s", uid, self._folder, said(error), extra=told
            )
            return []


def _in_order(uids: list[int], got: Any) -> Iterator[tuple[int, bytes]]:
    for uid in uids:
        raw = got.get(uid, {}).get(_BODY)
        if raw is not None:
            yield uid, raw


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

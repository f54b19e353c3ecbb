"""Mailbox → store. Mail is kept, with the place up to which the folder has been read, before anything is done with it.

A turn reads past our own cursor by UID, in batches whose bytes are bounded, and commits each batch together with the
cursor. Where the server has renumbered the folder (another UIDVALIDITY), reading starts over; a mail is known again
by its fingerprint and kept once. Filing comes after, as a courtesy to people who look into the mailbox: what is
handled is moved to a folder of its outcome. If that fails nothing is lost, and it is tried again later.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from mailbot.core.model import Outcome
from mailbot.core.reading import fingerprint
from mailbot.loops.house import House
from mailbot.ports import Arrival, Clock, Cursor, Filing, Kept, Mailbox, Store

BATCH_MAILS = 50
BATCH_BYTES = 16_000_000
FILING_MAILS = 200
EVER = date(1970, 1, 1)
"""Before any mail."""


def turn(mailbox: Mailbox, store: Store, house: House, clock: Clock) -> int:
    """Keeps every mail that the folder has and we have not.

    Returns:
        How many of them were not known.

    Raises:
        MailboxTrouble: the mailbox cannot be reached; what was kept before is kept.
        StoreTrouble: the database cannot be written.
    """
    uidvalidity = mailbox.open()
    cursor = store.cursor(mailbox.folder)
    last = cursor.uid if cursor is not None and cursor.uidvalidity == uidvalidity else 0
    uids = mailbox.uids_after(last, house.since)
    if cursor is None:
        # The first start: what lies there from before is left alone, and the first digest says how much it is.
        store.note_left_alone(len(mailbox.uids_after(0, EVER)) - len(uids))
    new = 0
    for start in range(0, len(uids), BATCH_MAILS):
        batch = uids[start : start + BATCH_MAILS]
        for arrivals in _bounded(mailbox.fetch(batch)):
            kept = [Kept(arrival, fingerprint(arrival.raw)) for arrival in arrivals]
            last = arrivals[-1].uid
            new += store.keep(kept, Cursor(mailbox.folder, uidvalidity, last), clock())
        if last != batch[-1]:
            # Mails that vanished at the end of the batch must not be asked for again.
            last = batch[-1]
            store.keep([], Cursor(mailbox.folder, uidvalidity, last), clock())
    return new


def _bounded(arrivals: Iterator[Arrival]) -> Iterator[list[Arrival]]:
    """Runs of mails of at most ``BATCH_BYTES`` together, but at least one."""
    run: list[Arrival] = []
    size = 0
    for arrival in arrivals:
        if run and size + len(arrival.raw) > BATCH_BYTES:
            yield run
            run, size = [], 0
        run.append(arrival)
        size += len(arrival.raw)
    if run:
        yield run


def file_away(mailbox: Mailbox, store: Store, house: House, clock: Clock) -> int:
    """Moves mails that are handled into their folders.

    Returns:
        How many were moved.

    Raises:
        MailboxTrouble: the server would not; those not moved lie where they were.
        StoreTrouble: the database cannot be written.
    """
    if house.filing is None:
        return 0
    uidvalidity = mailbox.open()
    moved = 0
    while filings := store.unfiled(mailbox.folder, uidvalidity, FILING_MAILS):
        by_folder = defaultdict(list)
        for filing in filings:
            by_folder[_folder(filing, house.filing)].append(filing.uid)
        for folder, uids in by_folder.items():
            mailbox.move(uids, folder)
            store.note_filed(mailbox.folder, uidvalidity, uids, clock())
            moved += len(uids)
    return moved


def _folder(filing: Filing, folders: Mapping[str, str]) -> str:
    if filing.to_read:
        return folders["to_read"]
    return folders["ignored" if filing.outcome is Outcome.IGNORE else "done"]

"""Proves a configuration: each part is made and tried once, and each says how it went.

Nothing is stored and nothing sent; the database alone is brought up to date, as the first start would do it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mailbot.adapters.store import SqlStore
from mailbot.adapters.templates import text_problems
from mailbot.adapters.words import word_problems
from mailbot.config import ServiceConfig
from mailbot.core.reading import parse
from mailbot.core.reading.authentication import HEADER, read_results
from mailbot.loops.collect import EVER
from mailbot.parts import first_day, make_mailbox, make_postman, open_store, utc_now
from mailbot.ports import Mailbox, MailboxTrouble, PostmanTrouble, StoreTrouble


@dataclass(frozen=True, slots=True)
class Finding:
    """What trying one part has shown."""

    part: str
    well: bool
    words: str


def findings(service: ServiceConfig) -> Iterator[Finding]:
    """Tries the parts one by one; a finding each, as soon as it is known."""
    problems = text_problems(service.config.service.templates)
    yield from (Finding("letters", False, problem) for problem in problems)
    if not problems:
        yield Finding("letters", True, "every letter can be written, in every language")
    wrong = word_problems(service.config.service.words)
    yield from (Finding("words", False, problem) for problem in wrong)
    store: SqlStore | None = None
    try:
        store = open_store(service, utc_now)
        since = first_day(service, store, utc_now)
        yield Finding("database", True, "reachable and up to date")
    except StoreTrouble as trouble:
        yield Finding("database", False, str(trouble))
    mailbox = make_mailbox(service.imap)
    try:
        yield Finding("imap", True, mailbox.check())
        if store is not None:
            yield _to_answer(mailbox, store, since)
        yield _whom_from(mailbox, service.imap.authserv_id)
    except (MailboxTrouble, StoreTrouble) as trouble:
        yield Finding("imap", False, str(trouble))
    finally:
        mailbox.close()
        if store is not None:
            store.close()
    yield _way_out(service)
    if service.config.service.mode == "supervised":
        who = ", ".join(approver.address for approver in service.config.approvers)
        yield Finding("approval", True, f"supervised: what a mail leads to waits until it is approved by {who}")
    if not service.config.digest_to:
        yield Finding("digest", False, "nobody gets it: set `service.organisers` or `digest.to`")


def _to_answer(mailbox: Mailbox, store: SqlStore, since: date) -> Finding:
    """How many mails a start would take in hand: nobody wants to be surprised by a year of answers."""
    uidvalidity = mailbox.open()
    cursor = store.cursor(mailbox.folder)
    last = cursor.uid if cursor is not None and cursor.uidvalidity == uidvalidity else 0
    count = len(mailbox.uids_after(last, since))
    if last:
        return Finding("to answer", True, f"`mailbot run` would take {count} mail(s) in hand, come meanwhile")
    older = len(mailbox.uids_after(0, EVER)) - count
    rest = f"; {older} older one(s) are left alone, and nobody is answered for them" if older else ""
    return Finding("to answer", True, f"`mailbot run` would take {count} mail(s) in hand, those since {since}{rest}")


NEWEST = 10
"""So many mails are looked at for what the server says of their senders."""


def _whom_from(mailbox: Mailbox, configured: str | None) -> Finding:
    """Whether the server says whom mails are from, and what it means where it does not."""
    mailbox.open()
    newest = mailbox.uids_after(0, EVER)[-NEWEST:]
    written = [parse(arrival.raw).headers.get(HEADER, ()) for arrival in mailbox.fetch(newest)]
    names = Counter(name for values in written if values and (name := read_results(values[0])[0]))
    seen = ", ".join(repr(name) for name, _ in names.most_common(3))
    if configured is None:
        means = (
            "anybody can write in another's name. A cancellation is done at once and its answer offers the way back; "
            "an erasure is done once it is confirmed"
        )
        words = f"not used: {means}."
        if not newest:
            words += " There is no mail yet that would show whether the server writes Authentication-Results"
        elif not seen:
            words += f" The server writes no Authentication-Results into the newest {len(newest)} mail(s)"
        else:
            words += f" The newest mails have some by {seen}: if that is your own server, set `imap.authserv_id`"
        return Finding("senders", True, words)
    if not newest or configured.lower() in names:
        return Finding(
            "senders", True, f"{configured} says whom mails are from: one that fails changes nothing unasked"
        )
    found = f"what they have is by {seen}" if seen else "they have none"
    return Finding(
        "senders",
        False,
        f"imap.authserv_id = {configured!r}, but none of the newest {len(newest)} mail(s) has Authentication-Results "
        f"by that name ({found}): correct the name, or leave the key out",
    )


def _way_out(service: ServiceConfig) -> Finding:
    postman = make_postman(service.smtp)
    try:
        return Finding("smtp", True, postman.check())
    except PostmanTrouble as trouble:
        return Finding("smtp", False, str(trouble))
    finally:
        postman.close()

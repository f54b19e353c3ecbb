"""Proves a configuration: each part is made and tried once, and each says how it went.

Nothing is stored and nothing sent; the database alone is brought up to date, as the first start would do it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mailbot.adapters.store import SqlStore
from mailbot.adapters.templates import text_problems
from mailbot.adapters.words import word_problems
from mailbot.config import ServiceConfig
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
    except (MailboxTrouble, StoreTrouble) as trouble:
        yield Finding("imap", False, str(trouble))
    finally:
        mailbox.close()
        if store is not None:
            store.close()
    yield _way_out(service)
    if not service.config.digest_to:
        yield Finding("digest", False, "nobody gets it: set `service.organisers` or `digest.to`")


def _to_answer(mailbox: Mailbox, store: SqlStore, since: date) -> Finding:
    """How many mails a start would take in hand: nobody wants to be surprised by a year of answers."""
    uidvalidity = mailbox.open()
    cursor = store.cursor(mailbox.folder)
    last = cursor.uid if cursor is not None and cursor.uidvalidity == uidvalidity else 0
    count = len(mailbox.uids_after(last, since))
    which = f"those since {since}" if last == 0 else "those that came since it was last running"
    return Finding("to answer", True, f"`mailbot run` would take {count} mail(s) in hand, {which}")


def _way_out(service: ServiceConfig) -> Finding:
    postman = make_postman(service.smtp)
    try:
        return Finding("smtp", True, postman.check())
    except PostmanTrouble as trouble:
        return Finding("smtp", False, str(trouble))
    finally:
        postman.close()

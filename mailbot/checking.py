"""Proves a configuration: each part is made and tried once, and each says how it went.

Nothing is stored and nothing sent; the database alone is brought up to date, as the first start would do it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.adapters.templates import text_problems
from mailbot.adapters.words import word_problems
from mailbot.config import ServiceConfig
from mailbot.parts import make_house, make_mailbox, make_postman, open_store, utc_now
from mailbot.ports import MailboxTrouble, PostmanTrouble, StoreTrouble


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
    if wrong:
        return
    yield from _database(service)
    yield from _mailbox(service)
    yield _way_out(service)
    if not service.config.digest_to:
        yield Finding("digest", False, "nobody gets it: set `service.organisers` or `digest.to`")


def _database(service: ServiceConfig) -> Iterator[Finding]:
    try:
        open_store(service, utc_now).close()
    except StoreTrouble as trouble:
        yield Finding("database", False, str(trouble))
    else:
        yield Finding("database", True, "reachable and up to date")


def _mailbox(service: ServiceConfig) -> Iterator[Finding]:
    mailbox = make_mailbox(service.imap)
    try:
        yield Finding("imap", True, mailbox.check())
        store = open_store(service, utc_now)
        try:
            since = make_house(service, store, utc_now).since
            cursor = store.cursor(mailbox.folder)
        finally:
            store.close()
        known = cursor is not None and cursor.uidvalidity == mailbox.open()
        count = len(mailbox.uids_after(cursor.uid if cursor and known else 0, since))
        yield Finding("to answer", True, f"`mailbot run` would take {count} mail(s) in hand, those since {since}")
    except (MailboxTrouble, StoreTrouble) as trouble:
        yield Finding("imap", False, str(trouble))
    finally:
        mailbox.close()


def _way_out(service: ServiceConfig) -> Finding:
    postman = make_postman(service.smtp)
    try:
        return Finding("smtp", True, postman.check())
    except PostmanTrouble as trouble:
        return Finding("smtp", False, str(trouble))
    finally:
        postman.close()

"""The parts of a running service, made from its configuration: the one place that knows every adapter.

``daemon`` sets the parts to work for good, ``checking`` tries each once, and the commands borrow what they need.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mailbot.adapters.imap import ImapMailbox, ImapSettings
from mailbot.adapters.smtp import SmtpPostman, SmtpSettings
from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import hold_alone, make_folder, migrate, require_present
from mailbot.adapters.store.fellows import join
from mailbot.adapters.templates import load_texts, text_problems
from mailbot.adapters.words import load_words
from mailbot.config import Config, ConfigError, ImapSection, ServiceConfig, SmtpSection
from mailbot.core.discretion import event
from mailbot.core.names import Names
from mailbot.core.writing import Sender, Texts
from mailbot.loops.house import House
from mailbot.ports import Clock

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def make_mailbox(imap: ImapSection) -> ImapMailbox:
    """The mailbox of this configuration; nothing is opened yet."""
    return ImapMailbox(
        ImapSettings(
            host=imap.host,
            port=imap.actual_port,
            security=imap.security,
            username=imap.username,
            password=imap.password.read,
            auth=imap.auth,
            folder=imap.folder,
            idle=imap.idle,
            poll_seconds=imap.poll_seconds,
            max_bytes=imap.max_bytes,
            ca_file=Path(imap.ca_file) if imap.ca_file else None,
        )
    )


def make_postman(smtp: SmtpSection) -> SmtpPostman:
    """The postman of this configuration; nothing is opened yet."""
    return SmtpPostman(
        SmtpSettings(
            host=smtp.host,
            port=smtp.actual_port,
            security=smtp.security,
            username=smtp.username,
            password=smtp.password.read if smtp.password else None,
            auth=smtp.auth,
            sender=smtp.sender.address,
            connections=smtp.connections,
            per_minute=smtp.per_minute,
            ca_file=Path(smtp.ca_file) if smtp.ca_file else None,
        )
    )


def make_house(service: ServiceConfig, store: SqlStore, clock: Clock) -> House:
    """The house of this configuration.

    Raises:
        ConfigError: a letter cannot be written with the templates in the configured folder, or the folder of words
            has mistakes.
        StoreTrouble: the database cannot be written.
    """
    config, imap, smtp = service.config, service.imap, service.smtp
    first_start, secret = store.installation(clock())
    folders = imap.filing
    return House(
        series=config.to_series(),
        names=Names(secret, smtp.sender.domain),
        sender=Sender(smtp.sender.name or config.series.organiser, smtp.sender.address, config.retention.days),
        texts=_proven_texts(config.service.templates),
        own=frozenset({smtp.sender.address, imap.username.lower()}),
        first_start=first_start,
        since=first_day(service, store, clock),
        reminders=config.reminders.before,
        digest_at=config.digest.at,
        digest_to=config.digest_to,
        retention=timedelta(days=config.retention.days),
        limits=config.limits.to_limits(),
        grace=config.changes.grace,
        authserv_id=imap.authserv_id,
        supervised=config.service.mode == "supervised",
        organisers=config.approvers,
        filing={"done": folders.done, "to_read": folders.to_read, "ignored": folders.ignored}
        if folders.enabled
        else None,
        words=load_words(config.service.words),
    )


def first_day(service: ServiceConfig, store: SqlStore, clock: Clock) -> date:
    """The day since which mail is answered: as configured, else the day before the first start.

    Raises:
        StoreTrouble: the database cannot be written.
    """
    zone = service.config.series.timezone
    since = service.imap.since or store.installation(clock())[0] - timedelta(days=1)
    return (since if since.tzinfo else since.replace(tzinfo=zone)).astimezone(zone).date()


def _proven_texts(overrides: str | None) -> Texts:
    """The templates; a broken one is found now and not by the first citizen whose letter it is to be."""
    if overrides and (problems := text_problems(overrides)):
        raise ConfigError(Path(overrides), problems)
    return load_texts(overrides)


def open_store(service: ServiceConfig, clock: Clock, *, alone: bool = False) -> SqlStore:
    """The store of this configuration, brought up to date.

    Args:
        service: the configuration.
        clock: the time.
        alone: this is a daemon: until the store is closed an SQLite file is kept from others, a PostgreSQL database
            shared with them.

    Raises:
        StoreTrouble: it cannot be opened, a newer mailbot has written it, or another daemon works on it.
    """
    engine = open_engine(service.config.service.database)
    make_folder(engine)
    held = hold_alone(engine) if alone else None  # before anything is changed
    copy = migrate(engine, clock())
    if copy:
        told = "the database was brought up to date; a copy of it as it was is %s"
        log.warning(told, copy, extra=event("database-upgraded"))
    return SqlStore(engine, held, join(engine) if alone else None)


def open_present_store(config: Config) -> SqlStore:
    """The store of this configuration as ``run`` has left it; nothing is made or changed.

    Raises:
        StoreTrouble: there is none yet, or it is of another version.
    """
    engine = open_engine(config.service.database)
    require_present(engine)
    return SqlStore(engine)

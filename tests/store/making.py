"""Short ways to make what the tests of the store need."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from alembic import command

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import _alembic
from mailbot.core.model import (
    Address,
    Kind,
    Letter,
    LetterKind,
    Mail,
    Outcome,
    Place,
    Registration,
    RegistrationStatus,
)
from mailbot.core.situation import Decision, Enrolment, Newcomer
from mailbot.ports import Arrival, Cursor, Handled, Kept
from tests import samples

NOW = samples.NOW
CONFIRMED, WAITING, CANCELLED = RegistrationStatus
SERIES = samples.series()


def kept(uid: int, fingerprint: str | None = None) -> Kept:
    """A small mail."""
    return Kept(Arrival(uid, b"Subject: x\r\n\r\nx", NOW, 16), fingerprint or f"print {uid}")


def upto(uid: int, uidvalidity: int = 7) -> Cursor:
    """A place in the inbox."""
    return Cursor("INBOX", uidvalidity, uid)


HANDLED = Handled(Outcome.ACT, Kind.PERSON, False, "anna@posta.example", "Iscrizione", "Vorrei", "")


def enrol(
    store: SqlStore,
    code: str = "sport",
    address: str = "anna@posta.example",
    at: datetime = NOW,
    inbound_id: int | None = None,
) -> Registration:
    """Gives somebody a place, because of a mail or not."""
    meeting = SERIES.meeting(code)
    assert meeting
    place = Place(meeting, CONFIRMED, samples.NAMES.calendar_uid(code, address), 0)
    with store.work() as work:
        work.apply(
            Decision(Outcome.ACT, enrolled=(Enrolment(Newcomer(address, "Anna", "", "it"), place),)), inbound_id, at
        )
        return next(r for r in work.situation(SERIES, address, None).registrations if r.meeting == code)


def letter(purpose: str = "reply:1", **changes: object) -> Letter:
    """A letter to Anna."""
    values: dict[str, object] = {
        "kind": LetterKind.CONFIRMATION,
        "purpose": purpose,
        "recipient": Address("anna@posta.example"),
        "language": "it",
        "deadline": NOW + timedelta(days=3),
    }
    return Letter(**(values | changes))  # type: ignore[arg-type]


def mail(purpose: str = "reply:1", recipient: str = "anna@posta.example") -> Mail:
    """A mail whose bytes are its purpose."""
    return Mail(samples.NAMES.message_id(purpose), recipient, purpose.encode())


def older(file: Path, schema: str, rows: str) -> None:
    """A file of an older schema, with rows in it (SQL)."""
    engine, config = open_engine(f"sqlite:///{file}"), _alembic()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        database.executescript(rows)

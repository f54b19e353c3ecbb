"""The promises that the schema keeps by itself, past our own queries: each is broken on purpose, and refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import metadata
from mailbot.core.retry import Again
from mailbot.ports import StoreTrouble
from tests.store.making import NOW, SERIES, enrol, kept, letter, mail, upto

INBOUND = (
    "INSERT INTO inbound (fingerprint, received_at, collected_at, size, truncated, state, handled_at, raw) "
    "VALUES ({fingerprint}, '2024-03-01', '2024-03-01', 1, false, {state}, {handled_at}, {raw})"
)
OUTBOX = (
    "INSERT INTO outbox (purpose, kind, recipient, message_id, state, queued_at, next_try_at, deadline, claimed_at, "
    "settled_at, raw) VALUES ({purpose}, 'menu', 'a@b.example', {message_id}, {state}, '2024-03-01', '2024-03-01', "
    "'2024-03-01', {claimed_at}, {settled_at}, {raw})"
)
REGISTRATION = (
    "INSERT INTO registration (meeting, person_id, status, registered_at, cancelled_at, uid) "
    "VALUES ({meeting}, {person_id}, {status}, '2024-03-01', {cancelled_at}, {uid})"
)


def inbound(**changes: str) -> str:
    """A new mail, but for the changes."""
    values = {"fingerprint": "'new'", "state": "'new'", "handled_at": "NULL", "raw": "'\\x00'"}
    return INBOUND.format(**(values | changes))


def outbox(**changes: str) -> str:
    """A queued letter, but for the changes."""
    values = {
        "purpose": "'new'",
        "message_id": "'<new>'",
        "state": "'queued'",
        "claimed_at": "NULL",
        "settled_at": "NULL",
        "raw": "'\\x00'",
    }
    return OUTBOX.format(**(values | changes))


def registration(**changes: str) -> str:
    """Anna's place in the other meeting, but for the changes."""
    values = {
        "meeting": "'musei'",
        "person_id": "(SELECT id FROM person)",
        "status": "'confirmed'",
        "cancelled_at": "NULL",
        "uid": "'new'",
    }
    return REGISTRATION.format(**(values | changes))


def person(address: str) -> str:
    """Somebody with this address."""
    return f"INSERT INTO person (address, name, organisation, language) VALUES ('{address}', '', '', 'it')"


@pytest.fixture
def known(store: SqlStore) -> SqlStore:
    """A store that holds one of each: Anna in the sport meeting, a mail, a letter, the installation."""
    store.installation(NOW)
    enrol(store)
    store.keep([kept(1, "known")], upto(1), NOW)
    with store.work() as work:
        work.queue(letter("known"), mail("known"), None, NOW)
    return store


@pytest.mark.parametrize("statement", [inbound(), outbox(), registration(), person("ugo@posta.example")])
def test_what_is_in_order_is_taken(known: SqlStore, statement: str) -> None:
    """So that the refusals below are for what is wrong with them."""
    with known._write() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(inbound(fingerprint="'known'"), id="a mail kept twice"),
        pytest.param(inbound(state="'lost'"), id="a mail in no known state"),
        pytest.param(inbound(state="'handled'"), id="a mail handled at no moment"),
        pytest.param(inbound(handled_at="'2024-03-01'"), id="a new mail that was handled"),
        pytest.param(inbound(raw="NULL"), id="a new mail without its bytes"),
        pytest.param(outbox(purpose="'known'"), id="a purpose served twice"),
        pytest.param(outbox(message_id="(SELECT message_id FROM outbox)"), id="a Message-ID used twice"),
        pytest.param(outbox(state="'lost'"), id="a letter in no known state"),
        pytest.param(outbox(state="'sent'"), id="a letter sent at no moment"),
        pytest.param(outbox(settled_at="'2024-03-01'"), id="a queued letter that was settled"),
        pytest.param(outbox(state="'sending'"), id="a letter being sent by nobody"),
        pytest.param(outbox(claimed_at="'2024-03-01'"), id="a queued letter that somebody is sending"),
        pytest.param(outbox(raw="NULL"), id="a queued letter without its bytes"),
        pytest.param(outbox(state="'proposed'"), id="a letter that waits for approval in no proposal"),
        pytest.param(
            "INSERT INTO proposal (proposed_at, until, answer) VALUES ('2024-03-01', '2024-03-04', 'approved')",
            id="a proposal approved at no moment",
        ),
        pytest.param(
            "INSERT INTO proposal (proposed_at, until, answered_at) VALUES ('2024-03-01', '2024-03-04', '2024-03-02')",
            id="a proposal answered with nothing",
        ),
        pytest.param(
            "INSERT INTO proposal (proposed_at, until, answer, answered_at) "
            "VALUES ('2024-03-01', '2024-03-04', 'maybe', '2024-03-02')",
            id="a proposal answered with an unknown word",
        ),
        pytest.param(registration(meeting="'sport'"), id="a second place in one meeting"),
        pytest.param(registration(meeting="'none'"), id="a place in no meeting"),
        pytest.param(registration(person_id="99"), id="a place of nobody"),
        pytest.param(registration(status="'maybe'"), id="a place in no known state"),
        pytest.param(registration(status="'cancelled'"), id="a place cancelled at no moment"),
        pytest.param(registration(cancelled_at="'2024-03-01'"), id="a place confirmed and cancelled"),
        pytest.param(registration(uid="(SELECT uid FROM registration)"), id="a calendar UID used twice"),
        pytest.param(person("anna@posta.example"), id="an address known twice"),
        pytest.param(person("Anna@posta.example"), id="an address in capitals"),
        pytest.param(person("anna"), id="an address without a domain"),
        pytest.param("INSERT INTO installation VALUES (2, '2024-03-01', '\\x00', NULL)", id="a second installation"),
        pytest.param("DELETE FROM meeting WHERE code = 'sport'", id="a meeting taken from under its people"),
        pytest.param("INSERT INTO sighting VALUES ('INBOX', 7, 9, 99, NULL)", id="a delivery of no mail"),
        pytest.param("INSERT INTO sighting VALUES ('INBOX', 7, 1, 1, NULL)", id="two mails in one place"),
        pytest.param(
            "INSERT INTO history (registration_id, deed, at) VALUES (1, 'lost', '2024-03-01')", id="an unknown deed"
        ),
        pytest.param(
            "INSERT INTO history (registration_id, deed, at) VALUES (99, 'queued', '2024-03-01')", id="a deed to nobody"
        ),
    ],
)
def test_what_can_never_be_is_refused(known: SqlStore, statement: str) -> None:
    """By a constraint, whoever asks for it."""
    with pytest.raises(IntegrityError), known._write() as connection:
        connection.execute(text(statement))


def test_erasing_a_person_takes_their_places_and_history_along(known: SqlStore) -> None:
    """And nothing else."""
    with known._write() as connection:
        connection.execute(text("DELETE FROM person"))
        counts = {
            table.name: connection.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one()
            for table in metadata.sorted_tables
        }

    assert (counts["registration"], counts["history"]) == (0, 0)
    assert (counts["inbound"], counts["outbox"], counts["meeting"]) == (1, 1, len(SERIES.meetings))


def test_a_fresh_schema_and_a_migrated_one_are_the_same(on_file: SqlStore) -> None:
    """Columns, defaults, keys and every constraint; autogenerate alone does not look at checks."""
    fresh = create_engine("sqlite://")
    metadata.create_all(fresh)

    def described(engine: object) -> dict[str, object]:
        inspector = inspect(engine)
        return {
            table: {
                "columns": [
                    (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
                ],
                "primary key": inspector.get_pk_constraint(table),
                "checks": sorted((c["name"], c["sqltext"]) for c in inspector.get_check_constraints(table)),
                "unique": sorted((u["name"], u["column_names"]) for u in inspector.get_unique_constraints(table)),
                "foreign keys": sorted(
                    (f["name"], f["constrained_columns"], f["referred_table"], str(f["options"]))
                    for f in inspector.get_foreign_keys(table)
                ),
                "indexes": sorted((i["name"], i["column_names"], i["unique"]) for i in inspector.get_indexes(table)),
            }
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }

    assert described(on_file._engine) == described(fresh)
    fresh.dispose()


def test_each_connection_is_set_up_for_one_careful_writer(on_file: SqlStore) -> None:
    """Write-ahead log, foreign keys, a full sync at every commit, and patience with a lock."""
    with on_file._read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }

    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 30_000}


def test_a_writer_has_its_lock_from_the_beginning_and_a_reader_has_none(on_file: SqlStore, file: Path) -> None:
    """BEGIN IMMEDIATE, so that no transaction fails half-way; looking is free at any time."""
    with closing(sqlite3.connect(file, timeout=0.05, isolation_level=None)) as other:
        with on_file._write():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            assert on_file.cursor("INBOX") is None
        with on_file._read() as connection:
            connection.execute(text("SELECT * FROM inbound"))
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")


def test_a_full_disk_is_trouble_in_words_and_undoes_the_whole_transaction(on_file: SqlStore) -> None:
    """SQLite's own limit of pages stands in for the disk."""
    with on_file._read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    on_file._engine.dispose()
    event.listen(on_file._engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count = {pages}"))

    with pytest.raises(StoreTrouble, match="make room"):
        on_file.keep([kept(n, f"{n}" * 2000) for n in range(1, 9)], upto(9), NOW)
    assert on_file.cursor("INBOX") is None
    assert on_file.take(10, NOW) == []


def test_a_letter_that_was_withheld_meanwhile_stays_so(known: SqlStore) -> None:
    """The receipt of a try that was under way changes nothing any more."""
    [claim] = known.claim(1, NOW)
    with known.work() as work:
        work.forget("anna@posta.example", NOW)
    known.settle(claim.parcel.id, Again(NOW, "451 later"), NOW)

    assert known.status(SERIES, NOW).letters == {"withheld": 1}

"""A database from before supervised mode is brought up to date with all that it holds."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate
from tests.store.making import NOW, SERIES, older

HELD = """
INSERT INTO installation VALUES (1, '2024-01-01', x'01', 3);
INSERT INTO meeting VALUES ('sport', 'Incontro', '2024-03-12 17:00:00', 90);
INSERT INTO meeting VALUES ('musei', 'Altro', '2024-03-14 17:00:00', 90);
INSERT INTO inbound
    (id, fingerprint, received_at, collected_at, size, truncated, state, handled_at, outcome, sender, raw)
    VALUES (7, 'print', '2024-03-01', '2024-03-01', 1, 0, 'handled', '2024-03-01', 'act', 'anna@posta.example', x'00');
INSERT INTO person VALUES (1, 'anna@posta.example', 'Anna', '', 'it');
INSERT INTO registration VALUES (5, 'sport', 1, 'confirmed', '2024-03-01', NULL, 'sport.1@x', 0);
INSERT INTO history VALUES (1, 5, 'registered', '2024-03-01', 7);
INSERT INTO outbox (id, purpose, kind, recipient, message_id, state, queued_at, next_try_at, deadline, settled_at,
    last_reply, inbound_id, registration_id, raw) VALUES
    (1, 'reply:1', 'confirmation', 'anna@posta.example', '<1@x>', 'sent', '2024-03-01', '2024-03-01', '2024-03-04',
     '2024-03-01', '2.0.0 ok', 7, 5, x'41'),
    (4, 'reply:4', 'menu', 'ugo@posta.example', '<4@x>', 'queued', '2024-03-01', '2024-03-01', '2024-03-04', NULL,
     NULL, NULL, NULL, x'42');
"""
"""A registration that was told, and a letter that waits to be sent."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The file as a mailbot without proposals left it."""
    file = tmp_path / "old.sqlite"
    older(file, "0002", HELD)
    return file


def contents(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables that are changed, in the old columns."""
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
            for table, columns in {
                "outbox": "id, purpose, kind, recipient, message_id, state, tries, queued_at, deadline, settled_at, "
                "last_reply, inbound_id, registration_id, raw",
                "inbound": "id, fingerprint, state, sender, raw",
                "history": "id, registration_id, deed, inbound_id",
                "registration": "id, meeting, status, uid",
            }.items()
        }


def test_nothing_is_lost_and_work_goes_on(old: Path) -> None:
    """The rows are as they were, what waited is sent, and what was done before is no proposal."""
    before = contents(old)
    engine = open_engine(f"sqlite:///{old}")
    copy = migrate(engine, NOW)
    store = SqlStore(engine)

    assert contents(old) == before
    assert copy is not None
    assert contents(Path(copy)) == before
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    [claimed] = store.claim(10, NOW)
    assert (claimed.parcel.id, claimed.parcel.raw) == (4, b"B")
    with store.work() as work:
        assert work.proposals.waiting() == ()
        assert work.proposals.last_round() is None
    digest = store.digest(SERIES, NOW.date(), NOW - timedelta(days=2))
    assert [change.address for change in digest.changes] == ["anna@posta.example"]
    store.close()

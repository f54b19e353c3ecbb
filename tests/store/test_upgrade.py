"""Files that earlier versions have really written, brought up to date: nothing is missing, and the work goes on.

Each file in ``tests/store/files`` is taken up, so that a later migration is tested without a change here.
"""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import _alembic, migrate, revision
from mailbot.adapters.store.tables import metadata
from mailbot.core.model import InboundState, LetterState, RegistrationStatus
from mailbot.loops import collect, deliver, handle
from tests.loops import world
from tests.loops.world import Clock, MemoryMailbox, ScriptedPostman, house
from tests.store.making import NOW

OLD = sorted((Path(__file__).parent / "files").glob("*.sqlite.gz"))
Contents = dict[str, list[dict[str, object]]]


@pytest.fixture(params=OLD, ids=lambda path: path.name.partition(".")[0])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file as an earlier version has left it."""
    file = tmp_path / "mailbot.sqlite"
    file.write_bytes(gzip.decompress(request.param.read_bytes()))
    return file


def contents(file: Path) -> Contents:
    """Every row of every table, by the names of its columns."""
    with closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        tables = [row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in tables
            if table != "alembic_version"
        }


def test_the_files_are_of_released_versions_and_have_something_of_everything(old: Path) -> None:
    """Otherwise the tests below prove little."""
    with closing(sqlite3.connect(old)) as database:
        [(version,)] = database.execute("SELECT version_num FROM alembic_version").fetchall()

        def found(query: str) -> set[str]:
            return {row[0] for row in database.execute(query)}

        assert version in {known.revision for known in ScriptDirectory.from_config(_alembic()).walk_revisions()}
        assert found("SELECT state FROM inbound") == set(InboundState)
        assert found("SELECT state FROM outbox") >= {LetterState.SENT, LetterState.FAILED, LetterState.SENDING}
        assert found("SELECT status FROM registration") == set(RegistrationStatus)
        assert found("SELECT 'emptied' FROM inbound WHERE raw IS NULL") == {"emptied"}
    assert all(contents(old).values())


def test_the_first_version_is_among_them() -> None:
    """So every step is taken."""
    assert OLD[0].name == "0001.sqlite.gz"


def test_an_upgrade_leads_to_the_schema_and_loses_nothing(old: Path) -> None:
    """Every value of every row is what it was; new columns aside. A copy of the file as it was lies beside it."""
    before = contents(old)
    engine = open_engine(f"sqlite:///{old}")
    with closing(sqlite3.connect(old)) as database:
        [(version,)] = database.execute("SELECT version_num FROM alembic_version").fetchall()
    head = ScriptDirectory.from_config(_alembic()).get_current_head()

    copy = migrate(engine, NOW)

    assert revision(engine) == head
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    after = contents(old)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
    with closing(sqlite3.connect(old)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert (copy is None) is (version == head)
    assert copy is None or contents(Path(copy)) == before


def test_the_work_goes_on_where_the_older_version_left_it(old: Path) -> None:
    """What waited is done, what was being sent is sent with the bytes it had, nobody is answered twice, names stay."""
    before = contents(old)
    clock, mailbox = Clock(world.SPORT.starts_at - 19 * world.HOUR), MemoryMailbox()
    postman = ScriptedPostman(clock)
    engine = open_engine(f"sqlite:///{old}")
    migrate(engine, clock())
    store = SqlStore(engine)
    town = house(world.series(sport={"capacity": 1}))
    with store.work() as work:
        assert work.note_meetings(town.series, clock()) == ()
    store.recover(clock())
    # The mailbox as it was, and one mail more.
    for row in before["inbound"]:
        if row["raw"] is not None:
            assert isinstance(row["raw"], bytes)
            mailbox.put(row["raw"], NOW)
    mailbox.renumber()
    mailbox.put(world.cancel("anna", "sport", 99, clock()), clock())

    assert collect.turn(mailbox, store, town, clock) == 1
    while handle.turn(store, town, clock):
        pass
    while deliver.turn(postman, store, clock):
        pass

    half = {row["recipient"]: row["raw"] for row in before["outbox"] if row["state"] == LetterState.SENDING}
    tried = {
        parcel.recipient: [p.raw for p in postman.tried if p.recipient == parcel.recipient] for parcel in postman.tried
    }
    assert half.pop(world.OFFICE) in tried.pop(world.OFFICE)
    # Anna's reminder was under way when she gave up her place: hers is withheld; Bruno moves up; Zeno is answered.
    assert set(half) == {"anna@posta.example"}
    assert {who: len(mails) for who, mails in tried.items()} == {
        "anna@posta.example": 1,
        "bruno@posta.example": 1,
        "zeno@posta.example": 1,
    }
    assert half["anna@posta.example"] not in tried["anna@posta.example"]
    states = {(r.meeting, r.person.address): r.status for r in store.registrations()}
    assert states["sport", "bruno@posta.example"] is RegistrationStatus.CONFIRMED
    assert states["sport", "anna@posta.example"] is RegistrationStatus.CANCELLED
    assert store.installation(clock())[1] == before["installation"][0]["secret"]
    store.close()

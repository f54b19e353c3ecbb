"""The database file: brought up to date, private, never overwritten."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import hold_alone, make_folder, migrate, require_present, revision
from mailbot.adapters.store.tables import metadata
from mailbot.ports import StoreTrouble
from tests import samples
from tests.store.making import NOW, SERIES, enrol, kept, upto


@pytest.fixture
def store(on_file: SqlStore) -> SqlStore:
    """All of this is about the file."""
    return on_file


def test_the_migrations_lead_to_the_schema(store: SqlStore) -> None:
    """What a step-by-step upgrade makes is what the tables say."""
    with store._read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_only_the_owner_can_read_the_file(store: SqlStore, file: Path) -> None:
    """The database and its logs hold addresses."""
    enrol(store)

    assert {stat.S_IMODE(found.stat().st_mode) for found in file.parent.glob("mailbot.sqlite*")} == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give a file away")
def test_what_root_makes_belongs_to_the_services_user(tmp_path: Path) -> None:
    """Who types `mailbot check` as root before the first start leaves no database that the service cannot write."""
    os.chown(tmp_path, 12345, 12346)
    file = tmp_path / "mailbot.sqlite"
    engine = open_engine(f"sqlite:///{file}")
    held = hold_alone(engine)
    migrate(engine, NOW)
    store = SqlStore(engine, held)
    store.keep([kept(1)], upto(1), NOW)
    made = {found.name: (found.stat().st_uid, found.stat().st_gid) for found in tmp_path.iterdir()}
    store.close()

    assert made == {f"mailbot.sqlite{end}": (12345, 12346) for end in ("", ".lock", "-shm", "-wal")}


def test_the_folder_is_made_for_its_owner_alone_where_the_one_above_is_there(tmp_path: Path) -> None:
    """Nobody has to before the first `mailbot check`; a whole path that is not there is a slip of the pen."""
    engine = open_engine(f"sqlite:///{tmp_path}/state/mailbot.sqlite")
    make_folder(engine)
    migrate(engine, NOW)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    make_folder(engine)

    far = open_engine(f"sqlite:///{tmp_path}/far/away/mailbot.sqlite")
    make_folder(far)
    with pytest.raises(StoreTrouble, match="check that the folder exists"):
        migrate(far, NOW)
    engine.dispose()
    far.dispose()


def next_step(folder: Path, monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """The program of tomorrow has one step more."""
    versions = Path(migrate.__code__.co_filename).parent / "migrations"
    scripts = folder / "migrations"
    (scripts / "versions").mkdir(parents=True)
    for source in [versions / "env.py", *(versions / "versions").glob("0*.py")]:
        (scripts / source.relative_to(versions)).write_text(source.read_text())
    done = "".join(f"    op.execute({statement!r})\n" for statement in statements)
    head = max(source.name[:4] for source in (versions / "versions").glob("0*.py"))
    (scripts / "versions" / "9999_next.py").write_text(
        f"from alembic import op\nrevision, down_revision = '9999', '{head}'\ndef upgrade():\n{done}"
    )
    monkeypatch.setattr("mailbot.adapters.store.engine.MIGRATIONS", scripts)


def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is the database as it was."""
    file = tmp_path / "old.sqlite"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine, NOW)
    SqlStore(engine).keep([kept(1)], upto(1), NOW)
    head = revision(engine)
    next_step(tmp_path, monkeypatch, "CREATE TABLE added (x INTEGER)")

    copy = migrate(engine, NOW)

    assert copy == str(tmp_path / f"old.sqlite.before-{head}-{NOW:%Y%m%dT%H%M%SZ}")
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(file)) as new:
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'added'"
        assert [old.execute(query).fetchone(), new.execute(query).fetchone()] == [(0,), (1,)]
        assert old.execute("SELECT count(*) FROM inbound").fetchone() == (1,)
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    engine.dispose()


def test_a_step_that_fails_leaves_the_database_as_it_was(
    store: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is one transaction; the words name the copy."""
    store.keep([kept(1)], upto(1), NOW)
    before = revision(store._engine)
    next_step(file.parent, monkeypatch, "CREATE TABLE added (x INTEGER)", "DROP TABLE no_such_table")

    with pytest.raises(StoreTrouble, match=r"could not be brought up to date.*the copy made before is"):
        migrate(store._engine, NOW)
    assert revision(store._engine) == before
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'added'").fetchone() == (0,)
    assert len(store.take(10, NOW)) == 1


def test_nothing_is_changed_where_no_copy_can_be_made(
    store: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for it, say; here, something of its name is there already."""
    before = revision(store._engine)
    file.with_name(f"{file.name}.before-{before}-{NOW:%Y%m%dT%H%M%SZ}").mkdir()
    next_step(file.parent, monkeypatch, "CREATE TABLE added (x INTEGER)")

    with pytest.raises(StoreTrouble, match="nothing was changed"):
        migrate(store._engine, NOW)
    assert revision(store._engine) == before


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """Its tables are named, and none of ours is made beside them."""
    file = tmp_path / "theirs.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE invoices (x INTEGER)")
    engine = open_engine(f"sqlite:///{file}")

    with pytest.raises(StoreTrouble, match=r"holds something else already \(invoices\)"):
        migrate(engine, NOW)
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("invoices",)]


def test_a_file_that_others_could_read_is_closed_to_them(store: SqlStore, file: Path) -> None:
    """One restored from a copy with everyday rights."""
    store.close()
    file.chmod(0o644)
    migrate(store._engine, NOW)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_of_a_newer_version_is_refused(store: SqlStore, file: Path) -> None:
    """And left as it is."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'later'")
        connection.commit()
    engine = open_engine(f"sqlite:///{file}")

    with pytest.raises(StoreTrouble, match="newer mailbot"):
        migrate(engine, NOW)
    engine.dispose()


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """Nothing is overwritten."""
    file = tmp_path / "broken.sqlite"
    file.write_bytes(content)
    engine = open_engine(f"sqlite:///{file}")

    with pytest.raises(StoreTrouble, match=r"not a database|damaged|malformed"):
        migrate(engine, NOW)
    engine.dispose()
    assert file.read_bytes() == content


def test_looking_makes_no_database(tmp_path: Path) -> None:
    """A command that only looks says that there is nothing to look at."""
    file = tmp_path / "missing.sqlite"
    with pytest.raises(StoreTrouble, match="no database yet"):
        require_present(open_engine(f"sqlite:///{file}"))

    assert not file.exists()


def test_a_folder_that_is_missing_is_told_with_its_mend(tmp_path: Path) -> None:
    """In words for who runs it."""
    with pytest.raises(StoreTrouble, match="check that the folder exists"):
        migrate(open_engine(f"sqlite:///{tmp_path}/missing/mailbot.sqlite"), NOW)


def test_a_locked_database_is_trouble_and_not_a_fault(
    store: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that writes makes us try later."""
    monkeypatch.setattr("mailbot.adapters.store.engine.BUSY_SECONDS", 0.1)
    impatient = SqlStore(open_engine(f"sqlite:///{file}"))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreTrouble, match="another process holds the database"):
            impatient.claim(1, NOW)
    impatient.close()


def test_writers_in_threads_wait_for_each_other(store: SqlStore) -> None:
    """No lock error, nothing lost."""

    def keep(start: int) -> None:
        for uid in range(start, start + 20):
            store.keep([kept(uid)], upto(uid), NOW)

    threads = [threading.Thread(target=keep, args=(start,)) for start in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.take(100, NOW)) == 60


def test_moments_come_back_aware_and_in_utc(store: SqlStore) -> None:
    """Whatever zone they were stored from."""
    at = datetime(2024, 7, 1, 12, 0, tzinfo=samples.ZONE)
    store.note_contact("imap", at)

    contact = store.status(SERIES, NOW).contacts["imap"]
    assert (contact.at, contact.trouble) == (at, "")
    assert contact.at is not None
    assert contact.at.tzinfo is UTC

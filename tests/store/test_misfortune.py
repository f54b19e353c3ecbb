"""The disk is full, the process ends inside a migration: the database comes through, and everybody is answered."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate, revision
from mailbot.loops import collect, deliver, handle
from mailbot.ports import StoreTrouble
from tests.loops import world
from tests.loops.world import Clock, MemoryMailbox, ScriptedPostman, house
from tests.store.making import NOW, kept, upto
from tests.store.test_file import next_step

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def store(on_file: SqlStore) -> SqlStore:
    """All of this is about the file."""
    return on_file


def limited(file: Path, pages: list[int]) -> SqlStore:
    """A store on a disk that has room for so many pages, which a test may change."""
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine, NOW)

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    event.listen(engine, "checkout", limit)
    store = SqlStore(engine)
    with store.work() as work:
        work.note_meetings(world.SERIES, NOW)
    return store


def used(file: Path) -> int:
    """Pages of the database."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


def test_a_full_disk_keeps_everything_waiting_and_loses_nothing(tmp_path: Path) -> None:
    """SQLite itself refuses the page: said with its mend; with room again each mail is kept and answered once."""
    file, clock, mailbox, pages = tmp_path / "mailbot.sqlite", Clock(), MemoryMailbox(), [1_000_000]
    store = limited(file, pages)
    postman = ScriptedPostman(clock)
    pages[0] = used(file) + 30
    kept_before_full = 0
    for number in range(60):
        mailbox.put(world.register(f"anna{number}", "sport", number, NOW), NOW)
    with pytest.raises(StoreTrouble, match="the disk is full; make room and mailbot goes on by itself"):
        for _ in range(50):
            collect.turn(mailbox, store, house(), clock)
            while handle.turn(store, house(), clock):
                pass
            deliver.turn(postman, store, clock)
            kept_before_full += 1
            mailbox.put(world.register(f"bruno{kept_before_full}", "sport", 0, NOW), NOW)
    for _ in range(5):
        with pytest.raises(StoreTrouble, match="disk is full"):
            collect.turn(mailbox, store, house(), clock)
            handle.turn(store, house(), clock)

    pages[0] = 1_000_000
    collect.turn(mailbox, store, house(), clock)
    while handle.turn(store, house(), clock):
        pass
    while deliver.turn(postman, store, clock):
        pass
    everybody = {mail.raw.partition(b"<")[2].partition(b">")[0].decode() for mail in mailbox.held.values()}
    assert sorted(parcel.recipient for _, parcel in postman.accepted) == sorted(everybody)
    store.close()


IN_THE_MIDDLE = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from mailbot.adapters.store import engine as engines
engines.MIGRATIONS = Path(sys.argv[1])
engine = engines.open_engine(f"sqlite:///{sys.argv[2]}")
engines.migrate(engine, datetime(2024, 3, 1, 12, tzinfo=UTC))
"""


def test_a_crash_in_the_middle_of_a_migration_is_recovered_from(
    store: SqlStore, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kill -9` between two statements: the next start finds the database as it was, and completes the step."""
    store.keep([kept(1)], upto(1), NOW)
    before = revision(store._engine)
    store.close()
    with monkeypatch.context() as tomorrow:
        next_step(file.parent, tomorrow, "CREATE TABLE added (x INTEGER)", "UPDATE inbound SET tries = 7")
        scripts = file.parent / "migrations"
    step = scripts / "versions" / "9999_next.py"
    whole = step.read_text("utf-8")
    step.write_text(f"import os, signal\n{whole}    os.kill(os.getpid(), signal.SIGKILL)\n", "utf-8")

    command = [sys.executable, "-c", IN_THE_MIDDLE, str(scripts), str(file)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    [copy] = file.parent.glob(f"{file.name}.before-*")
    for each in (file, copy):
        with closing(sqlite3.connect(each)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(before,)]
            assert connection.execute("SELECT tries FROM inbound").fetchall() == [(0,)]
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert os.stat(copy).st_mode & 0o077 == 0

    step.write_text(whole, "utf-8")
    monkeypatch.setattr("mailbot.adapters.store.engine.MIGRATIONS", scripts)
    engine = open_engine(f"sqlite:///{file}")
    assert migrate(engine, NOW) is not None
    assert revision(engine) == "9999"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT tries FROM inbound").fetchall() == [(7,)]
    engine.dispose()

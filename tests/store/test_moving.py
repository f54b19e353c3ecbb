"""An installation moves from its SQLite file to PostgreSQL: whole, or not at all."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import hold_alone
from mailbot.adapters.store.moving import move
from mailbot.adapters.store.tables import metadata
from mailbot.core.retry import Again, Sent
from mailbot.ports import Arrival, Kept, StoreTrouble
from tests.servers.postgresql import Postgresql
from tests.store.making import HANDLED, NOW, enrol, kept, letter, mail, upto

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.postgresql


@pytest.fixture
def lived(on_file: SqlStore) -> SqlStore:
    """An installation with something in every table, and more than one batch of mails."""
    on_file.installation(NOW)
    large = Kept(Arrival(1, b"\x00\xff" * 300_000, NOW, 600_000), "large")
    on_file.keep([large, *(kept(uid) for uid in range(2, 452))], upto(451), NOW)
    [first, *_] = on_file.take(3, NOW)
    held = enrol(on_file, inbound_id=first.id)
    with on_file.work() as work:
        work.settle(first.id, HANDLED, NOW)
        for purpose in ("sent", "waiting", "in hand"):
            work.queue(letter(purpose, registration_id=held.id), mail(purpose), first.id, NOW)
        work.note_digest(NOW.date(), NOW)
        proposed = work.proposals.propose(first.id, NOW + timedelta(days=1), ["a clue"], NOW)
        work.queue(letter("proposed"), mail("proposed"), first.id, NOW, proposed)
        work.proposals.note_round([proposed], NOW)
    sent, waiting, _ = on_file.claim(3, NOW)
    on_file.settle(sent.parcel.id, Sent("250 ok"), NOW)
    on_file.settle(waiting.parcel.id, Again(NOW + timedelta(minutes=5), "451 later"), NOW)
    on_file.note_contact("imap", NOW)
    on_file.note_left_alone(7)
    return on_file


def everything(store: SqlStore) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with store._read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def tables_of(url: str) -> list[str]:
    """The tables that a database has."""
    engine = open_engine(url)
    try:
        return sorted(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_every_row_is_there_afterwards_and_new_ones_come_after(lived: SqlStore, file: Path, database: str) -> None:
    """Bytes, moments and numbers are the same; what was in hand at a crash is recovered; the file is as it was."""
    before = everything(lived)
    assert all(before.values())
    lived.close()

    counts = move(f"sqlite:///{file}", database)

    assert counts == {name: len(rows) for name, rows in before.items()}
    moved = SqlStore(open_engine(database))
    assert everything(moved) == before == everything(lived)
    assert moved.keep([kept(452)], upto(452), NOW) == 1
    enrol(moved, "musei", "ugo@posta.example")
    with moved.work() as work:
        assert work.queue(letter("new"), mail("new"), None, NOW)
        assert not work.queue(letter("sent"), mail("sent"), None, NOW)
    assert moved.recover(NOW) == 1
    assert [claim.parcel.raw for claim in moved.claim(5, NOW)] == [b"in hand", b"new"]
    after = everything(moved)
    assert [row[0] for row in after["inbound"]] == list(range(1, 453))
    assert len(after["person"]) == 2
    moved.close()
    lived.close()


def test_a_running_daemon_is_not_moved_away_from_under(lived: SqlStore, file: Path, database: str) -> None:
    """The file's lock is asked for, as a second daemon would."""
    held = hold_alone(lived._engine)
    with pytest.raises(StoreTrouble, match="another mailbot is running"):
        move(f"sqlite:///{file}", database)
    assert held is not None
    held.release()
    assert tables_of(database) == []


def test_a_target_that_holds_anything_is_left_alone(lived: SqlStore, file: Path, database: str) -> None:
    """Be it another program's, or an installation's."""
    other = open_engine(database)
    with other.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (x INTEGER)"))
    other.dispose()

    with pytest.raises(StoreTrouble, match=r"is not empty \(invoices\); give it a new database"):
        move(f"sqlite:///{file}", database)
    assert tables_of(database) == ["invoices"]


def test_no_other_way_is_gone(lived: SqlStore, file: Path, database: str, tmp_path: Path) -> None:
    """Not back, not from nothing, and nothing is made on the way."""
    for source, target in ((database, f"sqlite:///{file}"), (database, database), (f"sqlite:///{file}",) * 2):
        with pytest.raises(StoreTrouble, match=r"the way leads from sqlite:///… to postgresql"):
            move(source, target)
    with pytest.raises(StoreTrouble, match="there is no database yet"):
        move(f"sqlite:///{tmp_path}/missing.sqlite", database)
    assert tables_of(database) == []
    assert not (tmp_path / "missing.sqlite").exists()


IN_THE_MIDDLE = """
import os, signal, sys
from mailbot.adapters.store import moving
copy = moving._copy
def until_the_outbox(table, out, into):
    if table.name == "outbox":
        os.kill(os.getpid(), signal.SIGKILL)
    return copy(table, out, into)
moving._copy = until_the_outbox
moving.move(*sys.argv[1:])
"""


def test_a_crash_in_the_middle_leaves_the_target_empty(lived: SqlStore, file: Path, database: str) -> None:
    """`kill -9` after hundreds of rows: no table is there, and the next try succeeds."""
    count = len(everything(lived)["inbound"])
    lived.close()
    command = [sys.executable, "-c", IN_THE_MIDDLE, f"sqlite:///{file}", database]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    assert tables_of(database) == []
    assert move(f"sqlite:///{file}", database)["inbound"] == count


def test_the_command_says_what_to_change(lived: SqlStore, file: Path, database: str) -> None:
    """And where it cannot do it, what is in the way, with exit code 1."""
    lived.close()
    command = [sys.executable, "-m", "mailbot", "migrate-database", f"sqlite:///{file}", database]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert 'database = "postgresql+psycopg://' in done.stdout
    assert "inbound            451 row(s)" in done.stdout
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_a_password_in_the_url_is_not_shown(lived: SqlStore, file: Path, postgresql: Postgresql) -> None:
    """Not where the server refuses, either."""
    url = f"postgresql+psycopg://mailbot:hunter2@/nowhere?host={postgresql.folder}"
    with pytest.raises(StoreTrouble, match="nowhere") as refused:
        move(f"sqlite:///{file}", url)

    assert "hunter2" not in str(refused.value)

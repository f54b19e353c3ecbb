"""`mailbot backup`: of one moment, while others write; whole, private, over nothing that is there."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from mailbot.adapters.store import SqlStore, back_up, open_engine
from mailbot.adapters.store import backup as backups
from mailbot.adapters.store.engine import migrate, revision
from mailbot.core.status import Backup
from mailbot.ports import StoreTrouble
from tests.store.making import NOW, enrol, kept, letter, mail, upto


def url(file: Path) -> str:
    """The database as the configuration names it."""
    return f"sqlite:///{file}"


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    """What a database says."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def test_it_holds_everything_and_can_be_opened(on_file: SqlStore, file: Path, tmp_path: Path) -> None:
    """Rows of every kind, the secret that names are made of, the schema; what it says of them is true."""
    on_file.keep([kept(1), kept(2)], upto(2), NOW)
    enrol(on_file)
    with on_file.work() as work:
        work.queue(letter(), mail(), None, NOW)
    secret = on_file.installation(NOW)
    target = tmp_path / "backup.sqlite"

    made = back_up(url(file), target)

    assert made == Backup(target, str(revision(on_file._engine)), mails=2, registrations=1, letters=1)
    engine = open_engine(url(target))
    assert migrate(engine, NOW) is None
    restored = SqlStore(engine)
    assert restored.installation(NOW) == secret
    assert restored.cursor("INBOX") == upto(2)
    assert [inbound.id for inbound in restored.take(10, NOW)] == [1, 2]
    assert restored.registrations() == on_file.registrations()
    restored.close()


def test_it_is_one_private_file_and_nothing_beside_it(on_file: SqlStore, file: Path, tmp_path: Path) -> None:
    """No log that would have to be kept with it; its owner alone can read it, whatever the umask."""
    folder = tmp_path / "backups"
    folder.mkdir()
    before = os.umask(0)
    try:
        back_up(url(file), folder / "backup.sqlite")
    finally:
        os.umask(before)

    assert [found.name for found in folder.iterdir()] == ["backup.sqlite"]
    assert stat.S_IMODE((folder / "backup.sqlite").stat().st_mode) == 0o600
    assert rows(folder / "backup.sqlite", "PRAGMA journal_mode") == [("delete",)]


def test_it_is_of_one_moment_while_others_write(on_file: SqlStore, file: Path, tmp_path: Path) -> None:
    """Each transaction is in it as a whole or not at all, and no writer fails for its sake."""
    stop, failed = threading.Event(), []

    def work() -> None:
        try:
            uid = 0
            while not stop.is_set():
                uid += 2
                on_file.keep([kept(uid - 1), kept(uid)], upto(uid), NOW)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test fails for it
            failed.append(error)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for number in range(10):
            target = tmp_path / f"{number}.sqlite"
            back_up(url(file), target)
            [(mails, sightings, cursor)] = rows(
                target,
                "SELECT (SELECT count(*) FROM inbound), (SELECT count(*) FROM sighting), (SELECT max(uid) FROM cursor)",
            )
            assert mails == sightings == (cursor or 0)
    finally:
        stop.set()
        writer.join()

    assert failed == []


@pytest.mark.parametrize("dangling", [False, True])
def test_nothing_is_overwritten(on_file: SqlStore, file: Path, tmp_path: Path, dangling: bool) -> None:
    """A file, or a link that leads nowhere, stays as it is."""
    target = tmp_path / "backup.sqlite"
    if dangling:
        target.symlink_to("nowhere")
    else:
        target.write_text("precious")

    with pytest.raises(StoreTrouble, match="is there already, and a backup overwrites nothing; give another name"):
        back_up(url(file), target)
    assert os.readlink(target) == "nowhere" if dangling else target.read_text() == "precious"


def test_what_comes_there_meanwhile_is_not_overwritten_either(
    on_file: SqlStore, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two backups at a time to one name: the first keeps it."""
    target = tmp_path / "backup.sqlite"
    proven = backups._proven

    def slowly(part: Path, named: Path) -> Backup:
        target.write_text("the first")
        return proven(part, named)

    monkeypatch.setattr(backups, "_proven", slowly)
    with pytest.raises(StoreTrouble, match="is there already"):
        back_up(url(file), target)
    assert target.read_text() == "the first"
    assert list(tmp_path.glob(".*")) == []


def test_a_file_system_without_links_gets_it_too(
    on_file: SqlStore, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick that somebody carries to another room."""

    def link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("mailbot.adapters.store.backup.os.link", link)
    back_up(url(file), tmp_path / "backup.sqlite")

    assert rows(tmp_path / "backup.sqlite", "PRAGMA integrity_check") == [("ok",)]
    assert list(tmp_path.glob(".*")) == []


def test_a_damaged_database_gives_no_backup(on_file: SqlStore, file: Path, tmp_path: Path) -> None:
    """Better none than one on which somebody relies; the earlier ones are not pushed out by it."""
    for uid in range(1, 200):
        on_file.keep([kept(uid)], upto(uid), NOW)
    on_file.close()
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(page,)] = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_inbound_handled_at'"
        ).fetchall()
        [(size,)] = database.execute("PRAGMA page_size").fetchall()
    with file.open("r+b") as broken:
        broken.seek((page - 1) * size + 100)
        broken.write(b"\xff" * 600)

    with pytest.raises(StoreTrouble, match="no backup was made"):
        back_up(url(file), tmp_path / "backup.sqlite")
    assert not (tmp_path / "backup.sqlite").exists()
    assert list(tmp_path.glob(".*")) == []


def test_a_folder_that_is_missing_or_shut_is_told(on_file: SqlStore, file: Path, tmp_path: Path) -> None:
    """With the name of the file that could not be written."""
    with pytest.raises(StoreTrouble, match=r"missing/backup.sqlite: the backup cannot be written: No such file"):
        back_up(url(file), tmp_path / "missing" / "backup.sqlite")


def test_no_database_gives_no_backup_and_makes_none(tmp_path: Path) -> None:
    """An empty file that is called a backup would be a trap."""
    with pytest.raises(StoreTrouble, match="there is no database yet"):
        back_up(url(tmp_path / "missing.sqlite"), tmp_path / "backup.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_servers_database_is_backed_up_by_its_server(tmp_path: Path) -> None:
    """The command to type, without the password."""
    target = tmp_path / "backup.dump"
    with pytest.raises(StoreTrouble) as told:
        back_up("postgresql+psycopg://mailbot:hush@db.example/mailbot", target)

    assert f"pg_dump --format=custom --file={target} postgresql://mailbot@db.example/mailbot" in str(told.value)
    assert "hush" not in str(told.value)

"""A backup of a database that is in use: one file that is whole, or none.

SQLite copies all pages as they are at one moment, while the daemon goes on writing. The copy is made beside, under
another name; only once it has been read through and lies on the disk does it get the name that was asked for. Whatever
a restored mailbot needs to go on is in it, the secret that names are derived with included.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from mailbot.adapters.store.engine import BUSY_SECONDS, database_file
from mailbot.core.status import Backup
from mailbot.ports import StoreTrouble


def back_up(url: str, target: Path) -> Backup:
    """Writes a backup of the database with this SQLAlchemy URL to ``target``, which its owner alone can read.

    Raises:
        StoreTrouble: there is no such database or it is a server's, ``target`` is there already, or the copy could not
            be written or is not whole. Nothing of it is left then.
    """
    parsed = make_url(url)
    source = database_file(parsed)
    if source is None:
        raise StoreTrouble(
            f"{parsed.render_as_string(hide_password=True)} is no SQLite file; "
            f"its server makes the backup: pg_dump --format=custom --file={target} {_for_pg_dump(parsed)}"
        )
    if not source.exists():
        raise StoreTrouble(f"{source}: there is no database yet; the first `mailbot run` makes it")
    if os.path.lexists(target):
        raise _there_already(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, part)
        held = _proven(part, target)
        _onto_disk(part)
        _name(part, target)
        _onto_disk(target.parent)
    except OSError as error:
        raise StoreTrouble(f"{target}: the backup cannot be written: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StoreTrouble(f"{source}: no backup was made: {error}") from error
    finally:
        for left in (part, *(part.with_name(f"{part.name}-{end}") for end in ("journal", "wal", "shm"))):
            left.unlink(missing_ok=True)
    return held


def _copy(source: Path, part: Path) -> None:
    # "rw" makes no file; reading alone would not do, because readers of a write-ahead log note where they are.
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)) as present,
        closing(sqlite3.connect(part)) as copy,
    ):
        present.backup(copy)  # in one step: whoever writes meanwhile writes to the log, and does not wait
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log that would belong to it


def _proven(part: Path, target: Path) -> Backup:
    """Reads the copy through, index by index; says what is in it."""
    with closing(sqlite3.connect(part)) as copy:
        faults = [
            *(str(row[0]) for row in copy.execute("PRAGMA integrity_check") if row[0] != "ok"),
            *(f"a row of {row[0]} points nowhere" for row in copy.execute("PRAGMA foreign_key_check")),
        ]
        if faults:
            raise StoreTrouble(f"no backup was made, because the database is damaged: {faults[0]}")

        def count(table: str) -> int:
            return int(copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # names of ours

        [(schema,)] = copy.execute("SELECT version_num FROM alembic_version").fetchall()
        return Backup(target, schema, count("inbound"), count("registration"), count("outbox"))


def _onto_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(part: Path, target: Path) -> None:
    """Gives the copy its name, unless somebody else has taken that meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _there_already(target) from None
    except OSError:
        # A file system without links, such as that of a USB stick.
        if os.path.lexists(target):
            raise _there_already(target) from None
        part.rename(target)


def _there_already(target: Path) -> StoreTrouble:
    return StoreTrouble(f"{target} is there already, and a backup overwrites nothing; give another name")


def _for_pg_dump(url: URL) -> str:
    """The URL without SQLAlchemy's driver, and without its password, which pg_dump takes from ~/.pgpass."""
    return url._replace(drivername=url.get_backend_name(), password=None).render_as_string()

"""Opens the database and brings it up to date.

SQLite is set up for one careful writer: write-ahead log, foreign keys, a full sync at every commit, and write
transactions that take the lock when they begin (BEGIN IMMEDIATE), so that none of them fails half-way for want of it.
Before a migration changes an existing file, a copy of it is put beside it; a database that a newer mailbot has written
is refused. The file and its copies can be read by their owner alone, and what is erased is overwritten.
What is peculiar to PostgreSQL stands in ``postgresql``.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from mailbot.adapters.store import postgresql
from mailbot.adapters.store.alone import Alone
from mailbot.ports import StoreTrouble

BUSY_SECONDS = 30
"""How long a writer waits for another process's lock before it says that the database is locked."""

MIGRATIONS = Path(__file__).parent / "migrations"

READING = {"mailbot_reading": True}
"""Execution options of a connection that will only read: it takes no lock."""


def open_engine(url: str) -> Engine:
    """An engine for this SQLAlchemy URL. Nothing is opened yet.

    Raises:
        StoreTrouble: the URL names no database that we can use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreTrouble(
            f"database = {url!r} is no SQLAlchemy URL, such as sqlite:////var/lib/mailbot/mailbot.sqlite"
        ) from error
    if parsed.get_backend_name() == "postgresql":
        return postgresql.make_engine(parsed)
    if parsed.get_backend_name() != "sqlite":
        raise StoreTrouble(f"database: {parsed.drivername!r} is none of ours; mailbot works on SQLite and PostgreSQL")
    # Errors go to the log, and the values of a row are words of a mail.
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    # The driver's own idea of when a transaction begins is switched off: _begin_sqlite says it.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",  # what savepoints keep aside: no words of mails in a folder of others, which may be full
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("mailbot_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def trouble_told(url: URL) -> Iterator[None]:
    """Turns the library's errors into ``StoreTrouble``, in words for who runs the database.

    Errors in what we ask of it (a broken constraint, say) are our own bugs and stay as they are.
    """
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error) and not isinstance(error, OperationalError | InterfaceError):
            raise
        if isinstance(error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        raise StoreTrouble(f"{_shown(url)}: {_in_words(_first(error).orig)}") from error


def _first(error: DBAPIError) -> DBAPIError:
    """The error with which it began: a full disk undoes the transaction, and then its savepoint is missing as well."""
    first, before = error, error.__context__
    while before is not None:
        first = before if isinstance(before, DBAPIError) else first
        before = before.__context__
    return first


def _in_words(error: BaseException | None) -> str:
    said = str(error)
    mends = {
        "locked": "another process holds the database; only one mailbot may use an SQLite file",
        "full": "the disk is full; make room and mailbot goes on by itself",
        "unable to open": "the file cannot be opened; check that the folder exists and belongs to mailbot's user",
        "readonly": "the file may not be written; check its owner and mode",
        "malformed": "the file is damaged; stop mailbot, keep the file, and restore the last backup",
        "not a database": "the file is not an SQLite database; check the `database` key",
        "No space left": "the server's disk is full; make room and mailbot goes on by itself",
        "password authentication failed": "check user and password of the `database` key, or the file PGPASSFILE names",
        "no password supplied": "name a file with the password in PGPASSFILE (docs/operations.md)",
    }
    said = " ".join(said.split())
    return next((f"{said}: {mend}" for sign, mend in mends.items() if sign in said), said)


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


# --- up to date -------------------------------------------------------------------------------------------------------


def migrate(engine: Engine, at: datetime) -> str | None:
    """Brings the schema up to date, after a backup copy where the database is an SQLite file that has one already.

    Returns:
        Where the backup copy is, or None where none was needed.

    Raises:
        StoreTrouble: the database cannot be opened, or a newer mailbot has written it.
    """
    with trouble_told(engine.url), postgresql.schema_locked(engine):
        _keep_private(engine.url)
        script = ScriptDirectory.from_config(_alembic())
        present, newest = revision(engine), script.get_current_head()
        if present == newest:
            return None
        if present is not None and present not in {known.revision for known in script.walk_revisions()}:
            raise StoreTrouble(
                f"{_shown(engine.url)} was written by a newer mailbot (schema {present}, this one knows {newest}); "
                "upgrade mailbot, or restore the backup made before the newer one first started"
            )
        if present is None and (others := _tables(engine)):
            raise StoreTrouble(
                f"{_shown(engine.url)} holds something else already ({', '.join(others[:5])}); "
                "give mailbot a database of its own"
            )
        copy = None if present is None else _copy_beside(engine.url, present, at)
        with engine.begin() as connection:
            if present is not None and postgresql.anybody_alive(connection):
                raise StoreTrouble(
                    f"{_shown(engine.url)} must be brought up to date for this mailbot, and others are running on it; "
                    "stop all of them, upgrade them too, then start them"
                )
            try:
                upgrade(connection)
            except SQLAlchemyError as error:
                where = f"; the copy made before is {copy}" if copy else ""
                said = error.orig if isinstance(error, DBAPIError) else error
                raise StoreTrouble(f"{_shown(engine.url)}: could not be brought up to date: {said}{where}") from error
        return copy


def upgrade(connection: Connection) -> None:
    """Takes every step to the newest schema, in the transaction at hand."""
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision(engine: Engine) -> str | None:
    """The schema that the database has, or None where it is empty."""
    with engine.connect().execution_options(**READING) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _tables(engine: Engine) -> list[str]:
    with engine.connect().execution_options(**READING) as connection:
        return sorted(inspect(connection).get_table_names())


def require_present(engine: Engine) -> None:
    """Sees to it that the database is there and of our version; makes and changes nothing.

    Raises:
        StoreTrouble: it is not.
    """
    file = database_file(engine.url)
    if file is not None and not file.exists():
        raise StoreTrouble(f"{file}: there is no database yet; `mailbot check` or the first `mailbot run` makes it")
    with trouble_told(engine.url):
        present, newest = revision(engine), ScriptDirectory.from_config(_alembic()).get_current_head()
    if present != newest:
        raise StoreTrouble(
            f"{_shown(engine.url)} has schema {present or 'none'}, this mailbot wants {newest}; "
            "restart `mailbot run`, which brings it up to date"
        )


def _alembic() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def make_folder(engine: Engine) -> None:
    """Makes the folder of an SQLite file, for nobody else to read, where the folder above is there.

    So nobody has to before the first `mailbot check`. What stands in the way is told when the file is opened.
    """
    file = database_file(engine.url)
    if file is not None:
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700)


def hold_alone(engine: Engine) -> Alone | None:
    """Keeps an SQLite file from other daemons; None where the database is a server's.

    Raises:
        StoreTrouble: another daemon has it.
    """
    file = database_file(engine.url)
    return None if file is None else Alone(file)


def database_file(url: URL) -> Path | None:
    """The file of an SQLite database, or None where it is a server's, or in memory."""
    on_disk = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return Path(url.database) if on_disk and url.database else None


def _keep_private(url: URL) -> None:
    """Sees to it that its owner alone can read the file, a restored one too; SQLite's log files get the same mode.

    A file that root makes, as by typing `mailbot check`, belongs to whom the folder belongs to: the service's user.
    """
    if file := database_file(url):
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if os.geteuid() == 0 and os.fstat(descriptor).st_size == 0:
                    folder = file.resolve().parent.stat()
                    os.fchown(descriptor, folder.st_uid, folder.st_gid)
                if os.fstat(descriptor).st_mode & 0o077:
                    os.fchmod(descriptor, 0o600)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreTrouble(
                f"{file}: {error.strerror}: the database cannot be opened; "
                "check that the folder exists and belongs to mailbot's user"
            ) from error


def copies_beside(url: URL) -> list[Path]:
    """The copies of this database that were made before it was brought up to date."""
    file = database_file(url)
    return sorted(file.parent.glob(f"{file.name}.before-*")) if file else []


def _copy_beside(url: URL, present: str, at: datetime) -> str | None:
    file = database_file(url)
    if file is None:
        return None
    copy = file.with_name(f"{file.name}.before-{present}-{at:%Y%m%dT%H%M%SZ}")
    try:
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except (OSError, sqlite3.Error) as error:
        raise StoreTrouble(
            f"{copy}: the database could not be copied before it is brought up to date: {error}; nothing was changed"
        ) from error
    return str(copy)

"""What is peculiar to PostgreSQL: its engine, and the locks by which several daemons keep out of each other's way.

SQLite lets one transaction write at a time; the promises of the house were made on that ground. Here the same is said
by an advisory lock: whatever decides about places, limits and letters holds ``Lock.WORK`` for its transaction, so that
it sees everything the one before has committed. That is cheap, because a batch of mails takes well under a second.
What is slow, a letter at the SMTP server, is outside of any transaction and done by all daemons at once.

The locks are the server's own: they end with the transaction or the session that holds them, however that ends. A
session must stay one and the same for that, so a pooler may not share it out by transactions.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL

from mailbot.ports import StoreTrouble

OURS = 0x6D61696C
"""The first half of our advisory locks' names, lest other programs in the same database mean something by them."""
ALIVE = OURS + 1
"""The first half of the name of the lock that a living daemon holds; the second is its number."""

PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""libpq's settings by which a network that has died in silence is found out; whatever the URL says comes first."""
SERVERS_PATIENCE = (
    "SET idle_in_transaction_session_timeout = '2min'; "
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
)
"""The same for the server, so that a machine that is gone, or a process that stands still, does not keep a lock."""


class Lock(IntEnum):
    """What one daemon does at a time; the second half of a lock's name."""

    WORK = 1
    """Deciding: every transaction that looks before it writes."""
    CLAIM = 2
    """Claiming letters."""
    COLLECT = 3
    """Reading the mailbox."""
    REMIND = 4
    """The bell: reminders, the digest, the end of retention."""
    SCHEMA = 5
    """Bringing the schema up to date."""


def make_engine(url: URL, patience: Mapping[str, int] = PATIENCE, **more: Any) -> Engine:
    """An engine for a PostgreSQL URL. Nothing is opened yet.

    Raises:
        StoreTrouble: the driver is missing, or the URL names another one.
    """
    if url.get_driver_name() != "psycopg":
        raise StoreTrouble(f"database: the driver {url.get_driver_name()!r} is not ours; write postgresql+psycopg://…")
    unsaid = {name: value for name, value in patience.items() if name not in url.query}
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args=unsaid, hide_parameters=True, **more)
    except ImportError as error:
        raise StoreTrouble(
            f"PostgreSQL needs the library psycopg, which is not there ({error}); install it with "
            "pip install 'mailbot[postgresql]', in the environment in which mailbot is"
        ) from error
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def _set_up(connection: Any, record: Any) -> None:
    connection.autocommit = True  # what is set in a transaction that is rolled back is not set
    connection.execute(SERVERS_PATIENCE)
    connection.autocommit = False


def _begin(connection: Connection) -> None:
    # Whoever only looks sees one moment, as with SQLite.
    if connection.get_execution_options().get("mailbot_reading"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _without_nul(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    """PostgreSQL takes no NUL in a text, and strangers write any character."""
    if isinstance(parameters, dict):
        return statement, _clean(parameters)
    if executemany:
        return statement, [_clean(each) if isinstance(each, dict) else each for each in parameters]
    return statement, parameters


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in values.items()}


# --- locks ------------------------------------------------------------------------------------------------------------

_HOLDERS = text(
    "SELECT objid::bigint AS second, pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid::bigint = :first AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def is_postgresql(connection: Connection | Engine) -> bool:
    """Whether this is one."""
    return connection.dialect.name == "postgresql"


def take_turn(connection: Connection, lock: Lock) -> None:
    """Waits for the lock, and holds it to the end of the transaction at hand. SQLite has its own way: nothing there."""
    if is_postgresql(connection):
        connection.execute(select(func.pg_advisory_xact_lock(OURS, int(lock))))


def try_turn(connection: Connection, lock: Lock) -> bool:
    """The same without waiting: whether it was free."""
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(OURS, int(lock)))).scalar_one())


@contextmanager
def schema_locked(engine: Engine) -> Iterator[None]:
    """Nobody else brings the schema up to date meanwhile; of SQLite's file one daemon alone has hold anyway."""
    if not is_postgresql(engine):
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(select(func.pg_advisory_lock(OURS, int(Lock.SCHEMA))))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(OURS, int(Lock.SCHEMA))))


def holders(connection: Connection, first: int) -> dict[int, int]:
    """Who holds our locks with this first half of the name: the second halves, and the sessions that hold them."""
    return {row.second: row.pid for row in connection.execute(_HOLDERS, {"first": first})}


def anybody_alive(connection: Connection) -> bool:
    """Whether a daemon is running on this PostgreSQL database; whether on an SQLite file, its lock says."""
    return is_postgresql(connection) and bool(holders(connection, ALIVE))

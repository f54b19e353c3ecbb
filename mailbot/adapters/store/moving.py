"""Takes a stopped installation from its SQLite file to an empty PostgreSQL database.

The daemon's own lock keeps a daemon from the file meanwhile. Schema and rows are one transaction on the target, so that
whatever happens in the middle leaves it as empty as it was; the file is only read.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, Engine, Integer, Table, func, insert, inspect, select

from mailbot.adapters.store.engine import (
    READING,
    hold_alone,
    open_engine,
    require_present,
    trouble_told,
    upgrade,
)
from mailbot.adapters.store.postgresql import is_postgresql, schema_locked
from mailbot.adapters.store.tables import metadata
from mailbot.ports import StoreTrouble

BATCH = 25
"""Rows that are in memory at once; a mail may have megabytes."""


def move(source_url: str, target_url: str) -> dict[str, int]:
    """Copies everything; answers how many rows each table has.

    Raises:
        StoreTrouble: a daemon runs on the source, it is not of this version, the target is not empty, or one of them
            cannot be used; the target is as it was.
    """
    with closing_engine(source_url) as source, closing_engine(target_url) as target:
        if is_postgresql(source) or not is_postgresql(target):
            raise StoreTrouble("the way leads from sqlite:///… to postgresql+psycopg://…, and no other")
        require_present(source)
        held = hold_alone(source)
        try:
            with trouble_told(target.url), schema_locked(target), target.begin() as into:
                if there := sorted(inspect(into).get_table_names()):
                    raise StoreTrouble(
                        f"{target.url.render_as_string()} is not empty ({', '.join(there[:5])}); give it a new database"
                    )
                upgrade(into)
                with trouble_told(source.url), source.connect().execution_options(**READING) as out:
                    return {table.name: _copy(table, out, into) for table in metadata.sorted_tables}
        finally:
            if held is not None:
                held.release()


@contextmanager
def closing_engine(url: str) -> Iterator[Engine]:
    """An engine that holds no connection afterwards."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _copy(table: Table, out: Connection, into: Connection) -> int:
    """All rows of a table; answers how many, after it has counted them on both sides."""
    rows = out.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key))
    with closing(rows):
        for batch in rows.mappings().partitions(BATCH):
            into.execute(insert(table), [dict(row) for row in batch])
    here, there = (each.execute(select(func.count()).select_from(table)).scalar_one() for each in (out, into))
    if here != there:
        raise StoreTrouble(f"{table.name}: {here} rows were read and {there} written; nothing was changed")
    key = table.autoincrement_column
    if key is not None and isinstance(key.type, Integer) and here:
        # The next row's number comes after the greatest that is there.
        greatest = select(func.max(key)).scalar_subquery()
        into.execute(select(func.setval(func.pg_get_serial_sequence(table.name, key.name), greatest)))
    return int(there)

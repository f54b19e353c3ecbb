"""Writes a database as this version of mailbot makes it, with something of everything in it, compressed.

Run it with the program of the version whose file is wanted (README.md beside): it uses what the tests of the loops have
had in every version, and nothing else.
"""

import gzip
import sqlite3
import sys
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.core.retry import Refused
from mailbot.loops import collect, deliver, handle, remind
from tests.loops import world
from tests.loops.world import Clock, Crash, MemoryMailbox, ScriptedPostman, house, open_store


def fill(file: Path) -> None:
    """A few days of a small town, broken off in the middle of a delivery."""
    clock, mailbox = Clock(), MemoryMailbox()
    postman = ScriptedPostman(clock)
    town = house(world.series(sport={"capacity": 1}))
    store = open_store(file, clock())
    store.installation(clock())
    with store.work() as work:
        work.note_meetings(town.series, clock())

    def turn() -> None:
        collect.turn(mailbox, store, town, clock)
        while handle.turn(store, town, clock):
            pass
        deliver.turn(postman, store, clock)

    # Long ago: done, sent, and emptied by the retention time.
    clock.move(-timedelta(days=200))
    mailbox.put(world.register("nonna", "musei", 1, clock()), clock())
    collect.turn(mailbox, store, house(since=clock().date()), clock)
    handle.turn(store, town, clock)
    deliver.turn(postman, store, clock)
    clock.move(timedelta(days=200))
    remind.retire(store, town, clock)
    # Places taken, waited for, given up; a question, a machine; the same mail delivered twice.
    for number, who in enumerate(("anna", "bruno", "carla"), start=2):
        mailbox.put(world.register(who, "sport", number, clock()), clock())
    mailbox.put(world.register("carla", "musei", 5, clock()), clock())
    mailbox.put(world.register("carla", "musei", 5, clock()), clock())
    turn()
    clock.move(timedelta(hours=1))
    mailbox.put(world.cancel("carla", "musei", 6, clock()), clock())
    mailbox.put(world.mail("dora", "Domanda", "Quanto dura il corso di formazione?", 7, clock()), clock())
    mailbox.put(world.away("elsa", 8, clock()), clock())
    turn()
    # A server that refuses for good, and one that refuses for now.
    postman.lined_up += [Refused(550, "5.1.1 no such user"), Refused(451, "4.3.0 later")]
    for number, who in enumerate(("fabio", "gina"), start=9):
        mailbox.put(world.register(who, "musei", number, clock()), clock())
    turn()
    # A mail that is set aside, reminders and a digest, and a letter that was being sent at the end.
    mailbox.put(world.register("ugo", "musei", 11, clock()), clock())
    collect.turn(mailbox, store, town, clock)
    for _ in range(3):
        [taken] = store.take(1, clock())
        store.note_failure(taken.id, "RuntimeError: a fault of the tests", clock())
    clock.now = world.SPORT.starts_at - timedelta(hours=20)
    remind.turn(store, town, clock)
    store.note_contact("imap", clock())
    store.note_contact("smtp", clock(), "the server could not be reached")
    postman.lined_up.append("crash after")
    with suppress(Crash):
        deliver.turn(postman, store, clock)
    mailbox.put(world.register("zeno", "musei", 12, clock()), clock())
    collect.turn(mailbox, store, town, clock)
    store._engine.dispose()


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mailbot.sqlite"
        fill(path)
        with closing(sqlite3.connect(path)) as database:
            [(revision,)] = database.execute("SELECT version_num FROM alembic_version")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        made = Path(sys.argv[1]) / f"{revision}.sqlite.gz"
        made.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        sys.stdout.write(f"{made}\n")

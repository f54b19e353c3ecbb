"""A database that a daemon may share with others: its transactions, and this daemon's place among them.

``store`` is built on it. With SQLite there is nobody else: every duty is this daemon's, and so is all that is in hand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from mailbot.adapters.store import inbox, outbox
from mailbot.adapters.store.alone import Alone
from mailbot.adapters.store.engine import READING, trouble_told
from mailbot.adapters.store.fellows import Duty, Fellows
from mailbot.adapters.store.postgresql import Lock, take_turn, try_turn


@dataclass(frozen=True, slots=True)
class Attendance:
    """What there is to do for one daemon of several."""

    taken_up: frozenset[Duty] = frozenset()
    """Duties that are this one's from now on."""
    mails: int = 0
    letters: int = 0
    """How many mails and letters daemons that are gone have left behind; they wait again."""
    to_handle: bool = False
    to_deliver: bool = False
    """Whether any wait that nobody has in hand."""


class SharedDatabase:
    """The transactions of a store, alone or among others."""

    def __init__(self, engine: Engine, alone: Alone | None = None, fellows: Fellows | None = None) -> None:
        """A store on this database.

        Args:
            engine: the database.
            alone: keeps it from other daemons until ``close``.
            fellows: this daemon's standing among others that share it, until ``close``.
        """
        self._engine = engine
        self._alone = alone
        self._fellows = fellows
        self._by = fellows.number if fellows else None

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with trouble_told(self._engine.url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[Connection]:
        """For whatever looks before it writes, or writes many rows: one at a time, with PostgreSQL too."""
        with self._write() as connection:
            take_turn(connection, Lock.WORK)
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with trouble_told(self._engine.url), self._engine.connect().execution_options(**READING) as connection:
            yield connection

    def close(self) -> None:
        """Closes every connection, and leaves the database to others."""
        if self._fellows is not None:
            self._fellows.leave()
        self._engine.dispose()
        if self._alone is not None:
            self._alone.release()

    @property
    def shared(self) -> bool:
        """Whether other daemons may work on the database too; then somebody must ``attend`` every second."""
        return self._fellows is not None

    def has(self, duty: Duty) -> bool:
        """Whether this daemon is the one to do this now; one that is alone always is."""
        return self._fellows is None or self._fellows.has(duty)

    def at_home(self) -> bool:
        """Whether what this daemon has in hand is surely still its own."""
        return self._fellows is None or self._fellows.at_home()

    def lay_down(self, duty: Duty, seconds: float) -> None:
        """Leaves a duty to others for so long; then it is ours again where nobody has taken it up."""
        if self._fellows is not None:
            self._fellows.lay_down(duty, seconds)

    def attend(self, at: datetime) -> Attendance:
        """Looks who is there: takes up duties that are free, and puts back into the queues what others left behind.

        Raises:
            StoreTrouble: the database cannot be reached; this daemon has no duties until it can.
        """
        if self._fellows is None:
            return Attendance()
        look = self._fellows.look()
        letters = mails = 0
        if look.gone:
            # Without waiting: whoever waits does not look, and loses its own place. The next look is a second away.
            with self._write() as connection:
                if try_turn(connection, Lock.WORK):
                    mails = inbox.recover(connection, look.gone)
                    letters = outbox.recover(connection, at, look.gone)
        with self._read() as connection:
            waiting = inbox.anything_new(connection), outbox.anything_due(connection, at)
        return Attendance(look.taken_up, mails, letters, *waiting)

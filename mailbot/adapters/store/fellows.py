"""One daemon among several on a PostgreSQL database: who is alive, who does what, whose work has been left behind.

Each daemon has a number, and holds an advisory lock of that name in a session of its own for as long as it lives; the
server lets go of it however the daemon ends. A mail in hand and a letter being sent bear the number of whose they are.
What bears the number of a living daemon is not touched; what was left behind is taken over once its lock has been free
for ``GRACE``, in which a daemon that has only lost its session, as when the server is restarted, takes its number up
again. Duties that one of them has at a time (``Duty``) are locks in the same session.

A look, once a second, does all of it: it joins where not joined, takes up duties that are free, and sees who is gone.
Between two looks a daemon trusts what it saw for ``LEASE`` only, and the server ends a session that says nothing for a
while: a process that stood still, or a machine that is cut off, has laid down its duties before another takes them up.
"""

import secrets
import time
from dataclasses import dataclass, field
from enum import IntEnum

from sqlalchemy import Connection, Engine, NullPool, func, select, text, union

from mailbot.adapters.store.engine import trouble_told
from mailbot.adapters.store.postgresql import ALIVE, OURS, Lock, holders, is_postgresql, make_engine
from mailbot.adapters.store.tables import inbound, outbox
from mailbot.core.model import InboundState, LetterState
from mailbot.ports import StoreTrouble

LEASE = 5.0
"""Seconds for which a daemon trusts its last look."""
GRACE = 3.0
"""Seconds for which a lock must have been free before what bears its number is taken over."""
SILENCE = 10
"""Seconds after which the server ends a session that does not look: more than a lease."""
SESSION = {
    "connect_timeout": 5,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 4000,
}


class Duty(IntEnum):
    """What one of several daemons does at a time."""

    COLLECT = Lock.COLLECT
    REMIND = Lock.REMIND


@dataclass(frozen=True, slots=True)
class Look:
    """What a look has shown."""

    taken_up: frozenset[Duty] = frozenset()
    gone: frozenset[int] = frozenset()
    """Numbers of daemons that are gone and have left something behind."""


@dataclass(slots=True)
class _Session:
    connection: Connection
    pid: int
    duties: set[Duty] = field(default_factory=set)


class Fellows:
    """This daemon's standing among the others. ``look`` is for one thread; the rest may be asked from any."""

    def __init__(self, engine: Engine) -> None:
        """Has a number, and has not joined yet: the first look does."""
        self.number = secrets.randbelow(2**31 - 1) + 1
        self._engine = make_engine(engine.url, SESSION, poolclass=NullPool)
        self._session: _Session | None = None
        self._looked = 0.0
        self._free_since: dict[int, float] = {}
        self._resting: dict[Duty, float] = {}

    # --- asked from any thread

    def at_home(self) -> bool:
        """Whether what bears this number is surely still ours."""
        return self._session is not None and time.monotonic() - self._looked < LEASE

    def has(self, duty: Duty) -> bool:
        """Whether the duty is ours."""
        session = self._session
        return session is not None and duty in session.duties and self.at_home()

    def lay_down(self, duty: Duty, seconds: float) -> None:
        """Leaves a duty to others for so long, from the next look on; where nobody takes it up it is ours again."""
        self._resting[duty] = time.monotonic() + seconds

    def require(self, connection: Connection, duty: Duty) -> None:
        """Sees to it, in the transaction at hand, that the duty is ours.

        Raises:
            StoreTrouble: it is not.
        """
        session = self._session
        if session is None or holders(connection, OURS).get(int(duty)) != session.pid:
            raise StoreTrouble("the connection that held this daemon's place among the others is lost; it is made anew")

    # --- the look

    def look(self) -> Look:
        """Joins where not joined, takes up and lays down duties, and sees who is gone.

        Raises:
            StoreTrouble: the database cannot be reached; every duty is lost.
        """
        began = time.monotonic()
        try:
            with trouble_told(self._engine.url):
                session = self._session or self._join()
                taken_up = self._take_up(session, began)
                gone = self._gone(session.connection)
        except StoreTrouble:
            self.leave()
            raise
        self._session, self._looked = session, began
        return Look(taken_up, gone)

    def _join(self) -> _Session:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if (connection.dialect.server_version_info or (0,)) >= (14,):
                connection.execute(text(f"SET idle_session_timeout = '{SILENCE}s'"))
            if not connection.execute(select(func.pg_try_advisory_lock(ALIVE, self.number))).scalar_one():
                raise StoreTrouble("the server has not noticed yet that this daemon's last connection has ended")
            pid = connection.execute(select(func.pg_backend_pid())).scalar_one()
        except BaseException:
            connection.close()
            raise
        return _Session(connection, pid)

    def _take_up(self, session: _Session, now: float) -> frozenset[Duty]:
        taken_up = set()
        for duty in Duty:
            name = (OURS, int(duty))
            resting = self._resting.get(duty, 0.0) > now
            if resting and duty in session.duties:
                session.duties.discard(duty)
                session.connection.execute(select(func.pg_advisory_unlock(*name)))
            if resting or duty in session.duties:
                continue
            if session.connection.execute(select(func.pg_try_advisory_lock(*name))).scalar_one():
                session.duties.add(duty)
                taken_up.add(duty)
        return frozenset(taken_up)

    def _gone(self, connection: Connection) -> frozenset[int]:
        """Who has left something behind, and has not been seen alive for long enough."""
        bearing = union(
            select(outbox.c.claimed_by).where(outbox.c.state == LetterState.SENDING),
            select(inbound.c.claimed_by).where(inbound.c.state == InboundState.NEW),
        )
        alive = holders(connection, ALIVE)
        left = {int(number) for number in connection.execute(bearing).scalars() if number} - set(alive)
        now = time.monotonic()
        self._free_since = {number: self._free_since.get(number, now) for number in left}
        return frozenset(number for number, since in self._free_since.items() if now - since >= GRACE)

    def leave(self) -> None:
        """Lays down every duty, and lets go of the number."""
        session, self._session, self._free_since = self._session, None, {}
        if session is not None:
            session.connection.invalidate()
            session.connection.close()


def join(engine: Engine) -> Fellows | None:
    """This daemon's place among others on a PostgreSQL database; None on SQLite, where it is alone.

    Raises:
        StoreTrouble: the database cannot be reached.
    """
    if not is_postgresql(engine):
        return None
    fellows = Fellows(engine)
    fellows.look()
    return fellows

"""The store: every promise of the house that a schema can keep.

``tables`` says what is kept and what can never be; ``engine`` opens the database and brings it up to date; ``alone``
keeps a second daemon from an SQLite file; ``backup`` copies it while it is in use; ``postgresql`` has the locks by
which several share a PostgreSQL database, ``fellows`` who of them is alive and does what; ``moving`` takes an
installation from the one to the other. ``inbox``, ``registrations``, ``editions``, ``outbox``, ``proposals``,
``reports`` and ``figures`` hold the queries, each a function of a connection;
``store`` draws the transactions around them and is all that the rest of the program sees.
"""

from mailbot.adapters.store.backup import back_up
from mailbot.adapters.store.engine import open_engine
from mailbot.adapters.store.fellows import Duty
from mailbot.adapters.store.store import SqlStore

__all__ = ["Duty", "SqlStore", "back_up", "open_engine"]

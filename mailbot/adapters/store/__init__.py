"""The store: every promise of the house that a schema can keep.

``tables`` says what is kept and what can never be; ``engine`` opens the database and brings it up to date; ``alone``
keeps a second daemon from it;
``inbox``, ``registrations``, ``outbox`` and ``reports`` hold the queries, each a function of a connection;
``store`` draws the transactions around them and is all that the rest of the program sees.
"""

from mailbot.adapters.store.engine import open_engine
from mailbot.adapters.store.store import SqlStore

__all__ = ["SqlStore", "open_engine"]

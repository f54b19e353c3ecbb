"""The store: every promise of the house that a schema can keep.

``tables`` says what is kept and what can never be; ``engine`` opens the database and brings it up to date; ``alone``
keeps a second daemon from it; ``backup`` copies it while it is in use;
``inbox``, ``registrations``, ``outbox``, ``reports`` and ``figures`` hold the queries, each a function of a connection;
``store`` draws the transactions around them and is all that the rest of the program sees.
"""

from mailbot.adapters.store.backup import back_up
from mailbot.adapters.store.engine import open_engine
from mailbot.adapters.store.store import SqlStore

__all__ = ["SqlStore", "back_up", "open_engine"]

"""Sees to it that one daemon alone works on an SQLite file.

The rows say what is being sent, not by whom: a second daemon would take the first one's letters for those of a process
that died, and send them again. So the daemon holds a lock on a file beside the database for as long as it lives. The
system lets go of the lock however the process ends; the file stays, and says nothing by being there.
"""

import fcntl
import os
import weakref
from pathlib import Path

from mailbot.ports import StoreTrouble


class Alone:
    """The hold of one process on a database file, until it is released or the process ends."""

    def __init__(self, database: Path) -> None:
        """Takes hold of it.

        Raises:
            StoreTrouble: another process has it, or no lock can be had there.
        """
        # The database's own name, whatever links lead to it.
        lock = database.resolve().with_name(f"{database.resolve().name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreTrouble(
                f"{lock}: {error.strerror}: the database cannot be locked; "
                "check that its folder exists and belongs to mailbot's user"
            ) from error
        self._release = weakref.finalize(self, os.close, descriptor)
        if os.geteuid() == 0:
            folder = lock.parent.stat()
            os.fchown(descriptor, folder.st_uid, folder.st_gid)  # the service's user must be able to take it next time
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            self.release()
            raise StoreTrouble(
                f"another mailbot is running on this database (pid {holder}, {database}); stop it first"
            ) from None
        except OSError as error:
            self.release()
            raise StoreTrouble(f"{lock}: {error.strerror}: the database cannot be locked") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets go of it; nothing where that has been done."""
        self._release()

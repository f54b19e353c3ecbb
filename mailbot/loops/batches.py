"""Letters to many, a transaction a batch and a savepoint a letter: one that cannot be written keeps no other."""

from collections.abc import Callable, Sequence
from datetime import datetime

from mailbot.core.model import Registration
from mailbot.ports import Clock, Store, StoreTrouble, Work

BATCH = 200


def one_by_one(
    store: Store,
    clock: Clock,
    find: Callable[[Work, int], Sequence[Registration]],
    write: Callable[[Work, Registration, datetime], None],
    failed: Callable[[Registration], None],
) -> int:
    """Writes to everybody who is found, until nobody is left.

    Args:
        store: the rows.
        clock: the time; each batch is of one moment.
        find: the first so many who are to be written to and have not been.
        write: writes to one of them, at a moment, so that ``find`` finds them no more.
        failed: is told, within the exception, whom a fault of ours kept from it; the next call tries again.

    Returns:
        How many were written to.

    Raises:
        StoreTrouble: the database cannot be read or written; the batches before are done.
    """
    written, done = 0, BATCH
    while done == BATCH:
        done = 0
        at = clock()
        with store.work() as work:
            for registration in find(work, BATCH):
                try:
                    with work.savepoint():
                        write(work, registration, at)
                    done += 1
                except StoreTrouble:
                    raise
                except Exception:  # noqa: BLE001  # whatever it is, it is one letter's, and told by the caller
                    failed(registration)
        written += done
    return written

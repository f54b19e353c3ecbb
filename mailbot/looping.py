"""One loop of the daemon: a turn, again and again, whatever happens in it.

A turn is a plain function that answers how many seconds it can wait for a ring before the next. When it meets the
world's trouble, or a fault of ours, the loop says so once, waits longer each time, and goes on. What the loops have
done and what troubles them is what systemd's watchdog and STATUS are fed with (``daemon``).
"""

import logging
import random
import threading
import time
from collections.abc import Callable

from mailbot.core.discretion import event
from mailbot.core.retry import reconnect_wait
from mailbot.ports import MailboxTrouble, StoreTrouble

log = logging.getLogger(__name__)


class Loop:
    """A turn that is taken for ever, in a thread of its own or by somebody else's clock."""

    def __init__(self, name: str, on_trouble: Callable[[Exception, str], None] = lambda trouble, words: None) -> None:
        """Has done nothing yet.

        Args:
            name: what the log and the status call it.
            on_trouble: is told of each failed turn, with the trouble in words.
        """
        self.name = name
        self.rung = threading.Event()
        """Set by whoever has something for it to do."""
        self.trouble = ""
        """What is the matter now, in words."""
        self.turns = 0
        """How many have been taken."""
        self.went_well_at: float | None = None
        """When it last got on, in seconds since 1970."""
        self._on_trouble = on_trouble
        self._told = ""
        self._failures = 0
        self._turn_began: float | None = None

    def run(self, turn: Callable[[], float], stopping: threading.Event) -> None:
        """Takes turns until ``stopping``, each after the wait that the one before has answered, or a ring."""
        while not stopping.is_set():
            wait = self.take(turn)
            if wait > 0:
                self.rung.wait(wait)
                self.rung.clear()

    def take(self, turn: Callable[[], float]) -> float:
        """Takes one turn; answers how many seconds to wait before the next. Never raises."""
        self._turn_began = time.monotonic()
        try:
            wait = turn()
            self.went_well()
            self._failures, self._told = 0, ""
        except Exception as trouble:  # noqa: BLE001  # whatever it is, the loop goes on, later
            wait = self._failed(trouble)
        self._turn_began = None
        self.turns += 1
        return wait

    def turn_lasts(self) -> float:
        """For how many seconds the turn in hand has lasted; 0 between two turns."""
        began = self._turn_began
        return 0.0 if began is None else time.monotonic() - began

    def went_well(self) -> None:
        """What troubled it is over; a long turn may say so before it ends."""
        if self.trouble:
            log.info("%s: goes on", self.name, extra=event("loop-goes-on"))
        self.trouble, self.went_well_at = "", time.time()

    def _failed(self, trouble: Exception) -> float:
        self._failures += 1
        wait = reconnect_wait(self._failures, random.random())  # noqa: S311  # spreads retries, keeps no secret
        ours = not isinstance(trouble, MailboxTrouble | StoreTrouble)
        # What an exception of ours says may quote a mail; where it happened is in the log.
        words = f"a fault of mailbot's own: {type(trouble).__name__}" if ours else str(trouble)
        if words != self._told:
            # Once, until a whole turn has gone well.
            level = logging.ERROR if ours else logging.WARNING
            told = event("loop-failed", wait=round(wait))
            fault = trouble if ours else None
            log.log(level, "%s: %s (next try in %.0f s)", self.name, words, wait, exc_info=fault, extra=told)
        self.trouble = self._told = words
        self._on_trouble(trouble, words)
        return wait

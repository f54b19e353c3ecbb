"""The fifth loop, where several daemons share a PostgreSQL database: who is there, and what is there to do.

Once a second it looks at the others (``adapters.store.fellows``): duties that are free are taken up, mails and letters
that a daemon left behind wait again, and the loops are rung for what waits. The look is also what keeps this daemon's
own place: while the database cannot be reached it has no duties, and lays them down before anybody else takes them up.
"""

import logging
import random
import threading
from collections.abc import Callable, Sequence

from mailbot.adapters.store import Duty, SqlStore
from mailbot.core.discretion import event
from mailbot.core.retry import reconnect_wait
from mailbot.looping import Loop
from mailbot.ports import Clock, StoreTrouble

log = logging.getLogger(__name__)

REST = 5.0
"""Seconds for which the mailbox is at least left to others by a daemon that cannot reach it."""
EVERY = 1.0
"""Seconds between two looks; a fail-over takes a few of them."""
DOES = {Duty.COLLECT: "reads the mailbox", Duty.REMIND: "rings the bell for reminders and the digest"}


class Attending:
    """The look, again and again; with SQLite there is nobody to look at, and all of it does nothing."""

    def __init__(self, store: SqlStore, clock: Clock, stopping: threading.Event, loops: Sequence[Loop]) -> None:
        """Has not looked yet.

        Args:
            store: the shared rows.
            clock: the time.
            stopping: ends it.
            loops: collect, which is rung where this daemon begins to read the mailbox; handle and deliver, which are
                rung where a mail or a letter waits.
        """
        self._store = store
        self._clock = clock
        self._stopping = stopping
        self._collecting, self._handling, self._delivering, *_ = loops
        self._failures = 0
        self._on_lost: Callable[[], None] = lambda: None
        self._told = ""
        self._had: frozenset[Duty] = frozenset()

    @property
    def shortest_wait(self) -> float:
        """Seconds between two turns of deliver that find nothing: what is due may be in another daemon's hands."""
        return EVERY if self._store.shared else 0.05

    def in_words(self) -> str:
        """What this daemon does about the mailbox."""
        watching = self._store.has(Duty.COLLECT)
        return "watching the mailbox" if watching else "standing by: another mailbot watches the mailbox"

    def must_stop(self) -> bool:
        """Whether no other letter may be begun: this daemon ends, or may have lost what it has in hand to others."""
        return self._stopping.is_set() or not self._store.at_home()

    def mailbox_failed(self) -> None:
        """The mailbox could not be reached; from the second time on another machine may try, meanwhile."""
        self._failures += 1
        if self._failures > 1:
            wait = reconnect_wait(self._failures, random.random())  # noqa: S311  # spreads retries, keeps no secret
            self._store.lay_down(Duty.COLLECT, max(REST, wait))

    def mailbox_reached(self) -> None:
        """All is well there."""
        self._failures = 0

    def threads(self, on_lost: Callable[[], None]) -> list[threading.Thread]:
        """The thread that looks until this daemon ends, to be started; none where it is alone.

        Args:
            on_lost: is told when this daemon no longer reads the mailbox.
        """
        self._on_lost = on_lost
        run = threading.Thread(target=self._run, name="attend", daemon=True)
        return [run] if self._store.shared else []

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.turn()
            self._stopping.wait(EVERY)

    def turn(self) -> None:
        """One look. Never raises: whatever it is, the next look is a second away."""
        try:
            seen = self._store.attend(self._clock())
        except StoreTrouble as trouble:
            self._tell(f"the database cannot be reached: {trouble}")
        except Exception as fault:
            if not self._told:
                log.exception("attend: a fault of mailbot's own; it goes on", extra=event("attend-failed"))
            self._told = str(fault) or "a fault"
        else:
            self._tell("")
            if seen.mails or seen.letters:
                left = f"{seen.mails} mail(s) and {seen.letters} letter(s)"
                fields = event("taken-over", count=seen.mails + seen.letters)
                log.warning(
                    "attend: %s were in the hands of a mailbot that is gone; they wait again", left, extra=fields
                )
            if seen.to_handle:
                self._handling.rung.set()
            if seen.to_deliver:
                self._delivering.rung.set()
        self._compare()

    def _tell(self, trouble: str) -> None:
        if trouble and not self._told:
            log.warning("attend: %s", trouble, extra=event("database-unreachable"))
        elif self._told and not trouble:
            log.info("attend: goes on", extra=event("database-reached"))
        self._told = trouble

    def _compare(self) -> None:
        """Duties that came or went since the last look are told, and the collector woken."""
        has = frozenset(duty for duty in Duty if self._store.has(duty))
        for duty in has - self._had:
            log.info(
                "attend: this daemon %s from now on", DOES[duty], extra=event("duty-taken-up", kind=duty.name.lower())
            )
        for duty in self._had - has:
            log.warning(
                "attend: this daemon no longer %s", DOES[duty], extra=event("duty-lost", kind=duty.name.lower())
            )
        before, self._had = self._had, has
        if Duty.COLLECT in has - before:
            self._collecting.rung.set()
        if Duty.COLLECT in before - has:
            self._on_lost()

"""Shares the mails out over a few connections, which are kept open between deliveries.

``deliver`` is an ordinary generator; behind it a thread of its own runs the event loop in which the connections live.
Each parcel is tried once. Where the server cannot be reached, or is in trouble mail after mail, what is left gets the
same receipt untried, so that nobody hammers at its door.
"""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from mailbot.adapters.smtp.line import Line, SmtpSettings
from mailbot.adapters.smtp.pace import Pace
from mailbot.core.retry import Receipt, Refused, Unreachable
from mailbot.ports import Parcel, PostmanTrouble

BUSY = (421, 432)
"""Refusals that speak of the server (shutting down, too many at once), not of the mail."""
ENOUGH = 3
"""So many of those, or silences, in a row, and the rest is left for later."""

CLOSING_SECONDS = 0.02
"""What the event loop needs to let go of sockets that have been closed."""


def _never() -> bool:
    return False


class SmtpPostman:
    """Hands mails to one server; see ``ports.Postman``."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Connects to nothing yet."""
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._closing = threading.Lock()
        self._idle: list[Line] = []
        self._pace = Pace(settings.per_minute)

    def deliver(
        self, parcels: Sequence[Parcel], stopping: Callable[[], bool] = _never
    ) -> Iterator[tuple[Parcel, Receipt]]:
        """Tries each parcel once; each with its receipt as soon as there is one, in any order.

        Once ``stopping`` says yes, no other parcel is begun; what is in hand still gets its receipt. One that is not in
        time any more when its turn comes has none either. A caller that leaves the iteration early breaks off what is
        in hand.
        """
        if self._closed:
            return
        round_ = _Round(parcels, stopping)
        running = asyncio.run_coroutine_threadsafe(self._deliver(round_), self._started())
        try:
            while (receipt := round_.receipts.get()) is not None:
                yield receipt
        finally:
            running.cancel()

    def check(self) -> str:
        """Connects and logs in; says what the server can do.

        Raises:
            PostmanTrouble: it cannot be used.
        """
        return asyncio.run_coroutine_threadsafe(self._check(), self._started()).result()

    def close(self) -> None:
        """Breaks off what is in hand, and says goodbye to every connection; never raises."""
        with self._closing:
            self._closed = True
            if self._thread is not None:
                with contextlib.suppress(Exception):
                    asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join(5)
                self._thread = None
            if not self._loop.is_running() and not self._loop.is_closed():
                self._loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
            self._thread.start()
        return self._loop

    # --- inside the event loop

    async def _deliver(self, round_: "_Round") -> None:
        workers = max(1, min(self._settings.connections, len(round_.waiting)))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(round_))
        finally:
            round_.receipts.put(None)

    async def _work(self, round_: "_Round") -> None:
        line = self._idle.pop() if self._idle else Line(self._settings)
        try:
            while round_.waiting and not round_.stopping():
                parcel = round_.waiting.popleft()
                if not parcel.in_time():
                    continue
                if not await self._pace.enter(round_.stopping):
                    return
                try:
                    if not parcel.in_time():
                        continue
                    receipt = await line.send(parcel)
                finally:
                    self._pace.leave()
                round_.note(parcel, receipt, hopeless=line.failed_to_open)
        finally:
            if line.is_open:
                self._idle.append(line)

    async def _check(self) -> str:
        line = Line(self._settings)
        trouble = await line.open()
        if trouble:
            raise PostmanTrouble(trouble)
        words = await line.in_words()
        await line.close()
        return words

    async def _close(self) -> None:
        current = asyncio.current_task()
        under_way = [task for task in asyncio.all_tasks() if task is not current]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await asyncio.gather(*(line.close() for line in self._idle))
        self._idle.clear()
        await asyncio.sleep(CLOSING_SECONDS)


class _Round:
    """One delivery: the parcels that wait, and the receipts so far."""

    def __init__(self, parcels: Sequence[Parcel], stopping: Callable[[], bool]) -> None:
        self.waiting = deque(parcels)
        self.stopping = stopping
        self.receipts: queue.SimpleQueue[tuple[Parcel, Receipt] | None] = queue.SimpleQueue()
        self._troubles = 0

    def note(self, parcel: Parcel, receipt: Receipt, *, hopeless: bool) -> None:
        """Hands a receipt out; after a ``hopeless`` one, or the last of many troubles in a row, to all that wait."""
        self.receipts.put((parcel, receipt))
        in_trouble = isinstance(receipt, Unreachable) or (isinstance(receipt, Refused) and receipt.code in BUSY)
        self._troubles = self._troubles + 1 if in_trouble else 0
        if hopeless or self._troubles >= ENOUGH:
            while self.waiting:
                self.receipts.put((self.waiting.popleft(), receipt))

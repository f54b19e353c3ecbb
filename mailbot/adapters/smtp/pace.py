"""A provider's rate limit, kept exactly: at most so many mails in any minute, over all connections."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

MINUTE = 60.0
SLICE = 0.25
"""Seconds after which one who waits asks again whether to stop."""


class Pace:
    """Lets mails through, so many in any minute.

    A mail counts from the moment when it begins until a minute after it has ended. However the server measures, at
    the first command or at the last byte, no minute of its clock holds more.
    """

    def __init__(
        self,
        per_minute: int | None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """``per_minute`` None means no limit; ``now`` and ``sleep`` are the time, which a test may move."""
        self._per_minute = per_minute
        self._now = now
        self._sleep = sleep
        self._under_way = 0
        self._ended: deque[float] = deque()

    async def enter(self, stopping: Callable[[], bool]) -> bool:
        """Returns True when the next mail may go; False where ``stopping`` says yes before that."""
        while True:
            while self._ended and self._now() - self._ended[0] >= MINUTE:
                self._ended.popleft()
            if self._per_minute is None or self._under_way + len(self._ended) < self._per_minute:
                self._under_way += 1
                return True
            if stopping():
                return False
            await self._sleep(min(SLICE, MINUTE - (self._now() - self._ended[0])) if self._ended else SLICE)

    def leave(self) -> None:
        """The mail that was let through has ended, well or not."""
        self._under_way -= 1
        if self._per_minute is not None:
            self._ended.append(self._now())

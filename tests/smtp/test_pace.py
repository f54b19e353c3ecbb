"""The rate limit, on a clock that the test moves."""

import asyncio
import random

from mailbot.adapters.smtp.pace import MINUTE, Pace


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 1e-6)
        await asyncio.sleep(0)


def test_any_minute_holds_at_most_so_many_begun_or_ended() -> None:
    """However long each mail takes, and however the server measures."""
    chance = random.Random(7)
    clock = Time()
    pace = Pace(30, clock, clock.sleep)
    spans: list[tuple[float, float]] = []

    async def work() -> None:
        for _ in range(60):
            assert await pace.enter(lambda: False)
            began = clock()
            await clock.sleep(chance.random() * 3)
            pace.leave()
            spans.append((began, clock()))

    async def all_of_them() -> None:
        await asyncio.gather(work(), work(), work())

    asyncio.run(all_of_them())

    for moment in [each for span in spans for each in span]:
        assert sum(begun < moment + MINUTE and ended >= moment for begun, ended in spans) <= 30


def test_without_a_limit_nobody_waits() -> None:
    """The clock stands still."""
    clock = Time()
    pace = Pace(None, clock, clock.sleep)

    async def many() -> bool:
        return all([await pace.enter(lambda: False) for _ in range(1000)])

    assert asyncio.run(many())
    assert clock() == 1000.0


def test_the_limit_is_used_to_the_full() -> None:
    """Thirty go at once, and the next when the first is a minute old."""
    clock = Time()
    pace = Pace(30, clock, clock.sleep)

    async def burst() -> float:
        for _ in range(30):
            await pace.enter(lambda: False)
            pace.leave()
        assert clock() == 1000.0
        await pace.enter(lambda: False)
        return clock()

    assert MINUTE <= asyncio.run(burst()) - 1000.0 < MINUTE + 0.01


def test_who_is_told_to_stop_does_not_wait() -> None:
    """And takes no place from those who go on."""
    clock = Time()
    pace = Pace(1, clock, clock.sleep)

    async def stopped() -> list[bool]:
        first = await pace.enter(lambda: True)
        return [first, await pace.enter(lambda: True)]

    assert asyncio.run(stopped()) == [True, False]
    assert clock() == 1000.0

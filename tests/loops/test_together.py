"""The loops in threads over one store, as the daemon runs them: nobody is forgotten, nobody answered twice."""

import threading
from collections import Counter
from collections.abc import Callable

from mailbot.adapters.store import SqlStore
from mailbot.loops import collect, deliver, handle, remind
from tests.loops import world
from tests.loops.world import DAY, SPORT, Clock, MemoryMailbox, ScriptedPostman, house

PEOPLE = 60


def test_loops_in_threads_share_one_store(
    store: SqlStore, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """While mails come in, all four work; in the end each person holds one place and has one answer, one reminder."""
    ours = house(world.series(sport={"capacity": PEOPLE // 2}), digest_to=())
    clock.now = SPORT.starts_at - DAY * 2
    faults: list[BaseException] = []
    ended = threading.Event()

    def running(turn: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                while not ended.is_set():
                    if not turn():
                        ended.wait(0.002)
            except BaseException as fault:  # noqa: BLE001  # whatever it is, the test must see it
                faults.append(fault)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    threads = [
        running(lambda: collect.turn(mailbox, store, ours, clock)),
        running(lambda: handle.turn(store, ours, clock)),
        running(lambda: deliver.turn(postman, store, clock)),
        running(lambda: remind.turn(store, ours, clock)),
    ]
    try:
        for number in range(PEOPLE):
            raw = world.register(f"p{number}", "sport", number, clock())
            mailbox.put(raw, clock())
            mailbox.put(b"Received: by another\r\n" + raw, clock())
        for number in range(0, PEOPLE // 2, 3):
            mailbox.put(world.cancel(f"p{number}", "sport", 1000 + number, clock()), clock())
        expected = PEOPLE + 2 * (PEOPLE // 2 // 3)  # each answer, each withdrawal, each promotion
        for _ in range(600):
            if faults or len(postman.accepted) >= expected:
                break
            ended.wait(0.05)
        clock.now = SPORT.starts_at - DAY
        for _ in range(600):
            if faults or len(postman.accepted) >= expected + PEOPLE // 2:
                break
            ended.wait(0.05)
    finally:
        ended.set()
        for thread in threads:
            thread.join()

    assert faults == []
    assert Counter(registration.status.value for registration in store.registrations()) == {
        "confirmed": PEOPLE // 2,
        "waiting": PEOPLE // 2 - PEOPLE // 2 // 3,
        "cancelled": PEOPLE // 2 // 3,
    }
    assert len(postman.accepted) == expected + PEOPLE // 2
    assert len({parcel.raw for _, parcel in postman.accepted}) == len(postman.accepted)

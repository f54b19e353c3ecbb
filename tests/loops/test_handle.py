"""Handling: done and told is one fact, and one bad mail never stops the rest."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import Connection

from mailbot.adapters.store import SqlStore
from mailbot.loops import collect, deliver, handle
from mailbot.ports import StoreTrouble
from tests import samples
from tests.loops import world
from tests.loops.world import SERIES, Clock, Crash, MemoryMailbox, ScriptedPostman, house

NOW = samples.NOW


def collected(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, *raws: bytes) -> None:
    """These mails are kept, and wait to be handled."""
    for raw in raws:
        mailbox.put(raw, clock())
    collect.turn(mailbox, store, house(), clock)


def outcomes(store: SqlStore) -> dict[str, int]:
    """How many mails became what."""
    return dict(store.status(SERIES, NOW).outcomes)


def spoil(monkeypatch: pytest.MonkeyPatch, who: str, fault: BaseException) -> list[bytes]:
    """From now on a mail of somebody meets a fault; answers the list of what is understood."""
    understand, seen = handle.understand, []

    def spoiled(raw: bytes, *rest: object) -> object:
        seen.append(raw)
        if f"<{who}@".encode() in raw:
            raise fault
        return understand(raw, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(handle, "understand", spoiled)
    return seen


def test_one_bad_mail_is_set_aside_after_three_tries_and_the_rest_go_on(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those before it and behind it are answered in the first turn."""
    spoil(monkeypatch, "bruno", KeyError("a fault"))
    people = ("anna", "bruno", "carla")
    collected(store, mailbox, clock, *(world.register(who, "sport", n, NOW) for n, who in enumerate(people)))

    assert handle.turn(store, house(), clock) == 3
    assert outcomes(store) == {"act": 2, "new": 1}
    deliver.turn(postman, store, clock)
    assert [len(postman.to(who)) for who in people] == [1, 0, 1]

    assert [handle.turn(store, house(), clock) for _ in range(3)] == [1, 1, 0]
    assert outcomes(store) == {"act": 2, "set-aside": 1}
    [shown] = store.digest(SERIES, NOW.date(), None).set_aside
    assert shown.error == "KeyError: 'a fault'"


def test_a_mail_half_handled_leaves_nothing_behind(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault after the place was taken: no place, no letter."""
    carry_out = handle.carry_out

    def faulty(*given: object) -> None:
        carry_out(*given)  # type: ignore[arg-type]
        raise RecursionError

    monkeypatch.setattr(handle, "carry_out", faulty)
    collected(store, mailbox, clock, world.register("anna", "sport", 1, NOW))
    handle.turn(store, house(), clock)

    assert store.registrations() == ()
    assert store.next_try_at() is None


def test_a_mail_that_ends_the_process_is_set_aside_after_three_tries(
    url: str, store: SqlStore, mailbox: MemoryMailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tries are counted before the work: each start gets further, and the others are answered."""
    seen = spoil(monkeypatch, "bruno", Crash())
    people = ("anna", "bruno", "carla")
    collected(store, mailbox, clock, *(world.register(who, "sport", n, NOW) for n, who in enumerate(people)))

    ends = 0
    for _ in range(10):
        restarted = world.open_store(url, clock())
        try:
            while handle.turn(restarted, house(), clock):
                pass
        except Crash:
            ends += 1
        finally:
            restarted.close()

    assert ends == 3
    assert sum(b"<bruno@" in raw for raw in seen) == 3
    assert outcomes(store) == {"act": 2, "set-aside": 1}


def test_who_ends_the_process_again_and_again_has_no_innocent_mail_set_aside(
    url: str, store: SqlStore, mailbox: MemoryMailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tries may fall to that; the last one waits until mailbot has run for a while, and the others go on."""
    people = ("anna", "bruno", "carla")
    collected(store, mailbox, clock, *(world.register(who, "sport", n, NOW) for n, who in enumerate(people)))
    with monkeypatch.context() as killing:
        spoil(killing, "bruno", Crash())
        for _ in range(10):
            restarted = world.open_store(url, clock())
            with suppress(Crash):
                while handle.turn(restarted, house(), clock, calm=False):
                    pass
            restarted.close()
    assert outcomes(store) == {"act": 2, "new": 1}

    assert handle.turn(store, house(), clock, calm=False) == 0
    assert handle.turn(store, house(), clock, calm=True) == 1
    assert outcomes(store) == {"act": 3}


def test_nobody_overtakes_their_own_mail_that_was_put_back(
    url: str, store: SqlStore, mailbox: MemoryMailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever registers and then cancels is not registered in the end, though the process was killed in between."""
    collected(store, mailbox, clock, world.register("bruno", "sport", 1, NOW))
    with monkeypatch.context() as killing:
        spoil(killing, "bruno", Crash())
        for _ in range(2):
            with suppress(Crash):
                handle.turn(store, house(), clock, calm=False)
    collected(store, mailbox, clock, world.cancel("bruno", "sport", 2, NOW), world.register("anna", "sport", 3, NOW))

    assert handle.turn(store, house(), clock, calm=False) == 1
    assert handle.turn(store, house(), clock, calm=False) == 0
    while handle.turn(store, house(), clock):
        pass
    held = {each.person.address: each.status for each in store.registrations()}
    assert held == {"anna@posta.example": "confirmed", "bruno@posta.example": "cancelled"}


def test_a_full_disk_sets_no_mail_aside(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The world's trouble is a later time; once it is over, everybody is answered."""
    collected(store, mailbox, clock, world.register("anna", "sport", 1, NOW), world.ask("bruno", 2, NOW))
    with monkeypatch.context() as full:

        @contextmanager
        def no_room(self: SqlStore) -> Iterator[Connection]:
            with self._write():
                raise StoreTrouble("the disk is full")
            yield

        full.setattr(SqlStore, "work", no_room)
        for _ in range(5):
            with pytest.raises(StoreTrouble):
                handle.turn(store, house(), clock)

    assert handle.turn(store, house(), clock) == 2
    assert outcomes(store) == {"act": 2}


def test_nothing_is_done_twice_when_a_batch_is_lost(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed in the middle of a batch has handled none of it; afterwards all are answered once, in order."""
    with monkeypatch.context() as killed:
        spoil(killed, "bruno", Crash())
        raws = [
            world.register("anna", "sport", 1, NOW),
            world.register("bruno", "sport", 2, NOW),
            world.cancel("anna", "sport", 3, NOW),
        ]
        collected(store, mailbox, clock, *raws)
        with pytest.raises(Crash):
            handle.turn(store, house(), clock)
    assert outcomes(store) == {"new": 3}

    while handle.turn(store, house(), clock):
        pass
    deliver.turn(postman, store, clock)

    assert {r.person.address: r.status.value for r in store.registrations()} == {
        "anna@posta.example": "cancelled",
        "bruno@posta.example": "confirmed",
    }
    assert [len(postman.to(who)) for who in ("anna", "bruno")] == [2, 1]


def test_the_same_mail_again_is_answered_once(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Delivered twice, and read anew after the server has renumbered its folder."""
    raw = world.register("anna", "sport", 1, NOW)
    collected(store, mailbox, clock, raw, b"Received: by another\r\n" + raw)
    handle.turn(store, house(), clock)
    mailbox.renumber()
    collected(store, mailbox, clock)

    assert handle.turn(store, house(), clock) == 0
    deliver.turn(postman, store, clock)
    assert len(postman.to("anna")) == 1


def test_two_mails_that_share_a_message_id_are_two(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """A stranger's names are not ours."""
    first = world.register("anna", "sport", 1, NOW, message_id="<same@x.example>")
    second = world.register("bruno", "sport", 2, NOW, message_id="<same@x.example>")
    collected(store, mailbox, clock, first, second)
    handle.turn(store, house(), clock)
    deliver.turn(postman, store, clock)

    assert [len(postman.to(who)) for who in ("anna", "bruno")] == [1, 1]


def test_who_waits_moves_up_when_somebody_withdraws_first_come_first(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Also where all of it is one batch, and somebody had left the queue and come back to its end."""
    small = house(world.series(sport={"capacity": 1}))
    raws = [
        world.register("anna", "sport", 1, NOW),
        world.register("bruno", "sport", 2, NOW),
        world.cancel("bruno", "sport", 3, NOW),
        world.register("carla", "sport", 4, NOW),
        world.register("bruno", "sport", 5, NOW),
        world.cancel("anna", "sport", 6, NOW),
    ]
    collected(store, mailbox, clock, *raws)
    handle.turn(store, small, clock)
    deliver.turn(postman, store, clock)

    assert {r.person.address.partition("@")[0]: r.status.value for r in store.registrations()} == {
        "anna": "cancelled",
        "bruno": "waiting",
        "carla": "confirmed",
    }
    assert [len(postman.to(who)) for who in ("anna", "bruno", "carla")] == [2, 3, 2]


def test_whoever_comes_back_after_an_erasure_is_served_as_anybody(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Promoted before, erased, and promoted again: told both times."""
    small = house(world.series(sport={"capacity": 1}))
    erase = world.erase("bruno", 3, NOW)

    def served(*raws: bytes) -> None:
        collected(store, mailbox, clock, *raws)
        handle.turn(store, small, clock)
        deliver.turn(postman, store, clock)

    def queue_and_move_up(number: int) -> None:
        served(world.register("anna", "sport", number, NOW), world.register("bruno", "sport", number + 1, NOW))
        served(world.cancel("anna", "sport", number + 2, NOW))

    queue_and_move_up(10)
    assert len(postman.to("bruno")) == 2
    served(erase)
    served(world.confirmation("bruno", postman.to("bruno")[-1], 4, NOW))
    assert [r.person.address for r in store.registrations()] == ["anna@posta.example"]
    queue_and_move_up(20)
    assert len(postman.to("bruno")) == 6
    assert outcomes(store).get("set-aside") is None

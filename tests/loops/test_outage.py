"""An SMTP server that is gone for a day while a thousand letters wait, and what follows when it is back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import outbox
from mailbot.core.model import Address, Letter, LetterKind, LetterState
from mailbot.core.retry import Refused, Unreachable
from mailbot.loops import deliver, remind
from mailbot.loops.house import queue_letter
from tests.loops.test_remind import NO_DIGEST, receive
from tests.loops.world import HOUR, MINUTE, SERIES, Clock, ScriptedPostman, house, register
from tests.smtp.making import postman as real_postman
from tests.smtp.scripted import ScriptedServer

LETTERS = 1000
PER_MINUTE = 100
FIND_OUT = 25
"""So many at the most go ahead of their turn, while it is found out that the server is back; mostly one or two."""
DAY_LONG = timedelta(hours=24)


def queued(store: SqlStore, clock: Clock, number: int) -> None:
    """A letter to somebody."""
    to = Address(f"anna{number}@posta.example")
    letter = Letter(LetterKind.STATUS, f"status:{number}", to, "it", clock() + timedelta(days=3))
    with store.work() as work:
        assert queue_letter(work, house(), letter, None, clock())


def enrolled(store: SqlStore, clock: Clock, postman: ScriptedPostman, who: str, code: str) -> None:
    """Somebody has a place, and has been told."""
    receive(store, clock, house(**NO_DIGEST), register(who, code, 1, clock()))
    deliver.turn(postman, store, clock)
    postman.accepted.clear()


def states(store: SqlStore, kind: LetterKind) -> list[str]:
    """Of all letters of a kind, in the order in which they were queued."""
    with store._read() as connection:
        query = select(outbox.c.state).where(outbox.c.kind == kind).order_by(outbox.c.id)
        return list(connection.execute(query).scalars())


def test_a_thousand_letters_go_out_after_it_in_order_and_at_the_providers_pace(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is lost or sent twice; all are due as soon as one was taken, and go by age; each minute has its limit."""
    minute = 0.3
    monkeypatch.setattr("mailbot.adapters.smtp.pace.MINUTE", minute)
    postman.always = Unreachable("no route to host")
    for number in range(LETTERS):
        queued(store, clock, number)
        clock.move(DAY_LONG / LETTERS)
        if number % 10 == 0:
            deliver.turn(postman, store, clock)
    assert len(postman.tried) < LETTERS * 30

    with ScriptedServer() as server, real_postman(server.port, per_minute=PER_MINUTE) as ours:
        while deliver.turn(ours, store, clock, limit=PER_MINUTE):
            pass

    taken = [int(recipient.partition("@")[0].removeprefix("anna")) for recipient, _ in server.taken]
    ahead = taken.index(0)
    assert ahead < FIND_OUT
    assert taken[ahead:] == [number for number in range(LETTERS) if number not in taken[:ahead]]
    assert set(states(store, LetterKind.STATUS)) == {LetterState.SENT}
    moments = server.moments
    later = zip(moments, moments[PER_MINUTE:], strict=False)
    assert all(after - before >= minute for before, after in later)


def test_reminders_of_a_meeting_that_began_meanwhile_are_given_up_and_the_rest_arrive(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """The meeting of the other day is still reminded of."""
    enrolled(store, clock, postman, "anna", "sport")
    enrolled(store, clock, postman, "bruno", "musei")
    sport, musei = SERIES.meetings
    clock.now = sport.starts_at - 3 * HOUR
    postman.always = Unreachable("no route to host")
    while clock() < sport.starts_at + 21 * HOUR:
        remind.remind(store, house(), clock)
        deliver.turn(postman, store, clock)
        clock.move(20 * MINUTE)
    assert postman.accepted == []
    postman.always = None
    while clock() < musei.starts_at + HOUR:
        remind.remind(store, house(), clock)
        deliver.turn(postman, store, clock)
        clock.move(5 * MINUTE)

    assert postman.to("anna") == []
    assert set(states(store, LetterKind.REMINDER)) == {LetterState.FAILED, LetterState.SENT}
    assert len(postman.to("bruno")) == 2
    assert all(at < musei.starts_at for at, _ in postman.accepted)


def test_a_letter_that_waits_for_its_turn_past_its_time_is_not_begun(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """The server takes minutes for each; the meeting begins while the second reminder is in hand."""
    for who in ("anna", "bruno"):
        enrolled(store, clock, postman, who, "sport")
    clock.now = SERIES.meetings[0].starts_at - MINUTE
    remind.remind(store, house(), clock)
    postman.on_accept = lambda parcel: clock.move(2 * MINUTE)
    while deliver.turn(postman, store, clock):
        pass

    assert [parcel.recipient for _, parcel in postman.accepted] == ["anna@posta.example"]
    assert states(store, LetterKind.REMINDER) == [LetterState.SENT, LetterState.FAILED]


def test_the_real_postman_begins_none_that_is_past_its_time(
    store: SqlStore, clock: Clock, postman: ScriptedPostman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held back by the rate limit: its time is over when its minute comes."""
    monkeypatch.setattr("mailbot.adapters.smtp.pace.MINUTE", 0.5)
    for who in ("anna", "bruno"):
        enrolled(store, clock, postman, who, "sport")
    clock.now = SERIES.meetings[0].starts_at - MINUTE
    remind.remind(store, house(), clock)
    with ScriptedServer() as server, real_postman(server.port, per_minute=1) as ours:

        def asked() -> bool:
            if server.taken:
                clock.now = SERIES.meetings[0].starts_at
            return False

        deliver.turn(ours, store, clock, asked)
        deliver.turn(ours, store, clock)

    assert [recipient for recipient, _ in server.taken] == ["anna@posta.example"]
    assert states(store, LetterKind.REMINDER) == [LetterState.SENT, LetterState.FAILED]


def test_a_greylisted_letter_keeps_its_wait_while_others_go_out(
    store: SqlStore, clock: Clock, postman: ScriptedPostman
) -> None:
    """Only the server's own return hastens what waits, once."""
    queued(store, clock, 1)
    postman.lined_up.append(Refused(450, "4.2.0 greylisted"))
    deliver.turn(postman, store, clock)
    queued(store, clock, 2)
    deliver.turn(postman, store, clock)
    deliver.turn(postman, store, clock)

    assert [parcel.recipient for parcel in postman.tried] == [f"anna{n}@posta.example" for n in (1, 2)]


def test_too_many_connections_back_off(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
    """Microsoft's 432: each letter waits longer each time, and none is given up for it."""
    for number in range(5):
        queued(store, clock, number)
    postman.always = Refused(432, "4.3.2 Concurrent connections limit exceeded")
    tried = []
    for _ in range(120):
        before = len(postman.tried)
        while deliver.turn(postman, store, clock):
            pass
        tried.append(len(postman.tried) - before)
        clock.move(MINUTE)
    assert [minute for minute, tries in enumerate(tried) if tries] == [0, 1, 4, 9, 19, 34, 64]
    postman.always = None
    clock.move(HOUR)
    deliver.turn(postman, store, clock)

    assert set(states(store, LetterKind.STATUS)) == {LetterState.SENT}

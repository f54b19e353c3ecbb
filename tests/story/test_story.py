"""The story: mails, refusals, crashes, restarts, clock jumps and new configurations in any order.

The real loops and the real store on a file; only the servers and the clock are ours. Whatever happens, everybody holds
what the oracle says and is told so once: each letter is queued once, every try of it is the same bytes, and it reaches
its reader as soon as the world allows, or is given up for a reason that can be named. A mail goes out twice only where
a crash fell between the server's 250 and our commit.

A few seconds in every run; ``HYPOTHESIS_PROFILE=nightly`` takes 10,000 steps.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any, Literal

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, select

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import inbound, outbox
from mailbot.core.retry import Accepted, Receipt, Refused, Unreachable
from mailbot.loops import collect, deliver, handle, remind
from mailbot.ports import MailboxTrouble, Parcel
from tests import samples
from tests.loops import world
from tests.loops.world import DAY, HOUR, MINUTE, OFFICE, Clock, Crash, MemoryMailbox, ScriptedPostman
from tests.story.oracle import Oracle, Wish

COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
}
settings.register_profile("small", max_examples=12, stateful_step_count=30, **COMMON)
settings.register_profile("nightly", max_examples=200, stateful_step_count=50, **COMMON)
settings.register_profile(
    "breaks", max_examples=150, stateful_step_count=40, database=None, phases=[Phase.generate], **COMMON
)
PROFILE = settings.get_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "nightly" if os.environ.get("MAILBOT_NIGHTLY") else "small")
)

PEOPLE = st.sampled_from(["anna", "bruno", "carla", "dario"])
CODES = st.sampled_from(["sport", "musei"])
ALL_LOOPS = ("collect", "handle", "remind", "deliver", "file")
BEGIN = datetime(2024, 3, 10, 8, 0, tzinfo=samples.ZONE)

AGAIN = b"Received: by another.example; Fri, 1 Mar 2024 11:00:00 +0000\r\n"

MONTHS = ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno")
Side = Literal["before", "after"]


class FragileStore(SqlStore):
    """The real store, in a process that can end just before or just after any of its commits."""

    crash_at: tuple[int, Side] | None = None

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        count, side = self.crash_at or (0, "before")
        self.crash_at = (count - 1, side) if count > 1 else None
        with super()._write() as connection:
            yield connection
            if count == 1 and side == "before":
                raise Crash
        if count == 1:
            raise Crash


class Story(RuleBasedStateMachine):
    """One town's mailbox, for a few days in March."""

    @initialize(capacity=st.sampled_from([1, 2]), early=st.lists(PEOPLE, max_size=3, unique=True))
    def begin(self, capacity: int, early: list[str]) -> None:
        """Two meetings, one of them small, and some people who were quick."""
        self.folder = Path(tempfile.mkdtemp(prefix="mailbot-story-"))
        self.clock = Clock(BEGIN)
        self.series = world.series(sport={"capacity": capacity})
        self.oracle = Oracle({meeting.code: meeting for meeting in self.series.meetings})
        self.mailbox = MemoryMailbox()
        self.postman = ScriptedPostman(self.clock, on_accept=self._accepted)
        self.written: dict[bytes, Wish] = {}  # by their bytes, in the order of arrival
        self.raws: list[bytes] = []
        self.done = 0
        self.crashes_in_delivery = 0
        self.seen: dict[str, bytes] = {}
        self._start()
        for who in early:
            for code in ("sport", "musei"):
                self.registers(who, code, shared_id=False)
        self.works(ALL_LOOPS)

    def _start(self) -> None:
        self.store = world.open_store(self.folder / "mailbot.sqlite", self.clock(), FragileStore)
        self.store.recover(self.clock())
        self._configure()

    def _configure(self) -> None:
        folders = {"done": "Done", "to_read": "To read", "ignored": "Ignored"}
        self.house = world.house(self.series, filing=folders)
        with self.store.work() as work:
            work.note_meetings(self.series, self.clock())
        self.oracle.noted(self.clock())

    def teardown(self) -> None:
        """In the end the world is kind, and nothing is left undone."""
        if hasattr(self, "store"):
            try:
                self._calm()
            finally:
                self.store.close()
                shutil.rmtree(self.folder)

    # --- people

    def _announced(self, *codes: str) -> None:
        """Whoever writes of a meeting writes of one to come: one that has begun is held again."""
        for code in codes:
            if self.clock() > self.oracle.meetings[code].starts_at - MINUTE * 20:
                self.start_changes(code, DAY * 3)

    def _arrives(self, raw: bytes, wish: Wish) -> None:
        self.mailbox.put(raw, self.clock())
        self.raws.append(raw)
        self.written[raw] = wish

    @rule(who=PEOPLE, code=CODES, shared_id=st.booleans())
    def registers(self, who: str, code: str, shared_id: bool) -> None:
        """Two different mails may share a Message-ID."""
        self._announced(code)
        named = "<same@posta.example>" if shared_id else ""
        raw = world.register(who, code, len(self.raws), self.clock(), message_id=named)
        self._arrives(raw, Wish(who, join=code))

    @rule(who=PEOPLE, code=CODES)
    def cancels(self, who: str, code: str) -> None:
        """Whether they are signed up or not."""
        self._announced(code)
        self._arrives(world.cancel(who, code, len(self.raws), self.clock()), Wish(who, leave=code))

    @rule(who=PEOPLE, code=CODES)
    def moves(self, who: str, code: str) -> None:
        """From one meeting to the other."""
        other = {"sport": "musei", "musei": "sport"}[code]
        self._announced(code, other)
        raw = world.move(who, code, other, len(self.raws), self.clock())
        self._arrives(raw, Wish(who, leave=code, join=other))

    @rule(who=PEOPLE)
    def asks(self, who: str) -> None:
        """What am I signed up for?"""
        self._arrives(world.ask(who, len(self.raws), self.clock()), Wish(who))

    @rule(who=PEOPLE)
    def is_away(self, who: str) -> None:
        """A machine writes."""
        self._arrives(world.away(who, len(self.raws), self.clock()), Wish(who, answered=False))

    @precondition(lambda self: self.raws)
    @rule(data=st.data())
    def is_delivered_twice(self, data: st.DataObject) -> None:
        """The same mail comes again, by another way."""
        raw = data.draw(st.sampled_from(self.raws))
        self.mailbox.put(AGAIN + raw, self.clock())

    # --- the world

    @rule(
        receipts=st.lists(
            st.sampled_from(
                [
                    Accepted("ok"),
                    Refused(451, "greylisted"),
                    Refused(550, "no such user"),
                    Unreachable("connection refused"),
                    "crash before",
                    "crash after",
                ]
            ),
            min_size=1,
            max_size=3,
        )
    )
    def smtp_will(self, receipts: list[Receipt | str]) -> None:
        """What the next letters meet."""
        self.postman.lined_up.extend(receipts)

    @rule(out=st.booleans())
    def smtp_is(self, out: bool) -> None:
        """An outage begins, or ends."""
        self.postman.always = Unreachable("no route to host") if out else None

    @rule(call=st.sampled_from(["open", "uids_after", "fetch", "move"]))
    def imap_will_fail(self, call: str) -> None:
        """At the next call of this name."""
        self.mailbox.troubles.append(call)

    @rule()
    def imap_renumbers(self) -> None:
        """UIDVALIDITY changes, and with it every UID."""
        self.mailbox.renumber()

    @rule(count=st.integers(1, 6), side=st.sampled_from(["before", "after"]))
    def crashes_at_a_commit(self, count: int, side: Side) -> None:
        """The so-manieth from now."""
        self.store.crash_at = (count, side)

    @rule(by=st.sampled_from([MINUTE, MINUTE * 10, HOUR, HOUR * 5, DAY]))
    def time_passes(self, by: timedelta) -> None:
        """Nothing runs meanwhile: a stop, a sleep."""
        self.clock.move(by)

    @rule(code=CODES, after=st.sampled_from([-DAY, -HOUR, timedelta(0)]))
    def time_passes_until(self, code: str, after: timedelta) -> None:
        """Until just after a reminder falls due, or a meeting begins."""
        self.clock.now = max(self.clock.now, self.oracle.meetings[code].starts_at + after + MINUTE)

    @rule(code=CODES, after=st.sampled_from([-DAY, -DAY, -HOUR]))
    def life_goes_on_until(self, code: str, after: timedelta) -> None:
        """The same, with all loops at work before and after."""
        self.works(ALL_LOOPS)
        self.time_passes_until(code, after)
        self.works(ALL_LOOPS)

    @rule()
    def clock_is_set_back(self) -> None:
        """A bit."""
        self.clock.move(-MINUTE * 5)

    @rule(capacity=st.sampled_from([None, 1, 2, 3]))
    def capacity_changes(self, capacity: int | None) -> None:
        """By a new configuration."""
        self._reconfigure("sport", capacity=capacity)

    @rule(code=CODES)
    def start_is_mended(self, code: str) -> None:
        """Back to what it was before, where that is to come."""
        before = [start for _, start in self.oracle.starts[code][:-1] if start > self.clock()]
        if before:
            self._reconfigure(code, starts_at=before[-1])

    @rule(code=CODES, ahead=st.sampled_from([HOUR * 3, DAY * 2, DAY * 3]))
    def start_changes(self, code: str, ahead: timedelta) -> None:
        """By a new configuration, to some time ahead, at a full hour."""
        start = (self.clock().astimezone(samples.ZONE) + ahead).replace(minute=0, second=0)
        self._reconfigure(code, starts_at=start)

    def _reconfigure(self, code: str, **changes: Any) -> None:
        meetings = [replace(m, **changes) if m.code == code else m for m in self.series.meetings]
        self.series = samples.series(*meetings)
        self.oracle.meetings = {meeting.code: meeting for meeting in meetings}
        self.store.crash_at = None
        self._configure()

    # --- the loops

    @rule(loops=st.sampled_from([ALL_LOOPS, ALL_LOOPS, ("collect",), ("collect", "handle"), ("remind",), ("deliver",)]))
    def works(self, loops: tuple[str, ...]) -> None:
        """Some loops, or all; where the process ends, it starts again and all of them run."""
        try:
            self._work(loops)
        except Crash:
            self.store.close()
            self._start()
            self.postman.lined_up = type(self.postman.lined_up)(
                each for each in self.postman.lined_up if not isinstance(each, str)
            )
            self._work(ALL_LOOPS)

    def _work(self, loops: tuple[str, ...]) -> None:
        if "collect" in loops:
            with suppress(MailboxTrouble):
                collect.turn(self.mailbox, self.store, self.house, self.clock)
        try:
            while "handle" in loops and handle.turn(self.store, self.house, self.clock):
                pass
        finally:
            self._catch_up()
        if "remind" in loops:
            self.oracle.rung(self.clock(), self.series)
            remind.turn(self.store, self.house, self.clock)
        if "deliver" in loops:
            try:
                while deliver.turn(self.postman, self.store, self.clock):
                    pass
            except Crash:
                self.crashes_in_delivery += 1
                raise
        if "file" in loops:
            with suppress(MailboxTrouble):
                collect.file_away(self.mailbox, self.store, self.house, self.clock)

    def _catch_up(self) -> None:
        """Tells the oracle what has been handled since it was last told: always the oldest mails first."""
        with self.store._read() as connection:
            rows = connection.execute(select(inbound.c.raw, inbound.c.state)).all()
        states = {row.raw.removeprefix(AGAIN): row.state for row in rows}
        assert len(states) == len(rows), "a mail is kept once"
        assert set(states.values()) <= {"new", "handled"}, "no mail is set aside"
        order = list(self.written)
        handled = [raw for raw in order if states.get(raw) == "handled"]
        assert handled == order[: len(handled)], "mails are handled in the order in which they came"
        for raw in handled[self.done :]:
            self.oracle.handled(self.written[raw], self.clock())
        self.done = len(handled)

    # --- what must always be true

    def _accepted(self, parcel: Parcel) -> None:
        """A letter reaches its reader."""
        letter = message_from_bytes(parcel.raw)
        assert self.seen.setdefault(str(letter["Message-ID"]), parcel.raw) == parcel.raw, "every try is the same bytes"
        kind, who, code = said(letter)
        if kind == "reminder":
            meeting = self.oracle.meetings[code]
            assert self.clock() < meeting.starts_at, "nobody is reminded of what has begun"
            assert self.oracle.status(who, code) == "confirmed", "only those who have a place are reminded"
            start = meeting.starts_at.astimezone(samples.ZONE)
            day = f"{start.day}{'º' if start.day == 1 else ''} {MONTHS[start.month - 1]}"
            assert day in text_of(letter), "of the time it has now"

    @invariant()
    def everybody_holds_what_they_deserve(self) -> None:
        """In the store and in the oracle's dictionary."""
        if not hasattr(self, "store"):
            return
        held = {
            (registration.person.address.partition("@")[0], registration.meeting): registration.status.value
            for registration in self.store.registrations()
        }
        assert held == {
            (who, code): place.status for code, queue in self.oracle.places.items() for who, place in queue.items()
        }

    def _calm(self) -> None:
        """The world is kind from here on; what waits for its time gets it."""
        self.postman.always = None
        self.postman.lined_up.clear()
        self.mailbox.troubles.clear()
        self.store.crash_at = None
        self._work(ALL_LOOPS)
        assert self.done == len(self.written), "every mail was handled"
        for _ in range(200):
            due = self.store.next_try_at()
            if due is None:
                break
            self.clock.now = max(self.clock.now, due)
            self._work(ALL_LOOPS)
        assert self.store.next_try_at() is None, "no letter waits for ever"
        self._check_letters()

    def _check_letters(self) -> None:
        with self.store._read() as connection:
            rows = connection.execute(select(outbox.c.raw, outbox.c.state, outbox.c.last_reply)).all()
        told: Counter[tuple[str, str, str]] = Counter()
        names = set()
        accepted = Counter(parcel.raw for _, parcel in self.postman.accepted)
        for row in rows:
            letter = message_from_bytes(row.raw)
            kind, who, code = said(letter)
            # A reminder that was withheld because of a slip is queued again, as the same letter.
            told[kind, who, code] += letter["Message-ID"] not in names
            names.add(letter["Message-ID"])
            if row.state == "sent":
                assert accepted[row.raw], "what is called sent was accepted"
            elif row.state == "failed":
                assert "550" in row.last_reply or "given up" in row.last_reply
            else:
                assert row.state == "withheld"
                assert kind in ("reminder", "notice"), "only these are withheld"
        expected = Counter(
            {("reply", who, ""): count for who, count in self.oracle.answers.items()}
            | {("digest", "ufficio", ""): len(self.oracle.digests)}
        )
        expected.update(("promotion", who, code) for who, code in self.oracle.promotions)
        expected.update(("notice", who, code) for who, code in self.oracle.notices)
        expected.update(("reminder", who, code) for who, code, _, _ in self.oracle.reminders)
        assert +told == +expected, f"{+told - +expected} {+expected - +told}"
        doubled = sum(count - 1 for count in accepted.values())
        assert doubled <= self.crashes_in_delivery, "twice only where a crash fell between the 250 and the commit"


def said(letter: Message) -> tuple[str, str, str]:
    """What a letter is, to whom, and about which meeting where it is about one alone."""
    who = str(letter["To"]).rpartition("<")[2].partition("@")[0]
    if str(letter["To"]).endswith(OFFICE) or who == "ufficio":
        return "digest", "ufficio", ""
    if letter["In-Reply-To"]:
        return "reply", who, ""
    if str(make_header(decode_header(letter["Subject"]))).startswith("Nuov"):
        return "notice", who, "sport" if "associazioni sportive" in text_of(letter) else "musei"
    [code] = [code for code in ("sport", "musei") if f"https://zoom.example/j/{code}" in text_of(letter)]
    return ("reminder" if letter["List-Unsubscribe"] else "promotion"), who, code


def text_of(letter: Message) -> str:
    """Its plain text."""
    part = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


TestStory = Story.TestCase
TestStory.settings = PROFILE

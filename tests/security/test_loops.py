"""Two programs that answer each other fall silent; a person who is held back is left to a person, and seen."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.core.names import Names
from mailbot.core.restraint import Limits
from mailbot.core.status import LATELY, troubles
from mailbot.core.writing import Sender
from mailbot.loops import collect, deliver, handle, remind
from mailbot.loops.house import House
from tests import samples
from tests.loops import world
from tests.loops.world import BOT, DAY, HOUR, OFFICE, SERIES, Clock, MemoryMailbox, ScriptedPostman, house

NOW = samples.NOW
MARKS = ("auto-submitted", "x-auto-response-suppress", "x-mailbot-id", "in-reply-to", "references")


@dataclass
class Copy:
    """One of two copies of the bot."""

    address: str
    store: SqlStore
    clock: Clock
    mailbox: MemoryMailbox = field(default_factory=MemoryMailbox)

    def __post_init__(self) -> None:
        self.postman = ScriptedPostman(self.clock)
        domain = self.address.partition("@")[2]
        self.house: House = house(
            names=Names(self.address.encode(), domain),
            sender=Sender("Comune", self.address, 90),
            own=frozenset({self.address}),
            limits=Limits(),
            digest_to=(),
        )

    def live(self) -> int:
        """Reads, answers and sends; how many letters went out."""
        before = len(self.postman.accepted)
        collect.turn(self.mailbox, self.store, self.house, self.clock)
        while handle.turn(self.store, self.house, self.clock):
            pass
        deliver.turn(self.postman, self.store, self.clock)
        return len(self.postman.accepted) - before


def stripped(raw: bytes, number: int) -> bytes:
    """What a gateway leaves that takes away every mark and gives a Message-ID of its own."""
    mail = message_from_bytes(raw)
    for name in (*MARKS, "message-id"):
        del mail[name]
    mail["Message-ID"] = f"<{number}@gateway.example>"
    return mail.as_bytes()


@pytest.mark.parametrize("marks", ["kept", "taken away by one", "taken away by both"])
def test_two_copies_wired_to_each_other_fall_silent_within_a_few_mails(
    tmp_path: Path, clock: Clock, marks: str
) -> None:
    """Also where no mark survives the way: then the count of answers ends it, and what is left is shown."""
    one, two = (
        Copy(address, world.open_store(tmp_path / f"{address}.sqlite", clock()), clock)
        for address in ("bot@lucca.example", "bot@siena.example")
    )
    for copy in (one, two):
        with copy.store.work() as work:
            work.note_meetings(SERIES, clock())

    def wire(sender: Copy, receiver: Copy, *, strips: bool) -> None:
        def carry(parcel: object) -> None:
            raw = parcel.raw  # type: ignore[attr-defined]
            number = receiver.mailbox.next_uid
            receiver.mailbox.put(stripped(raw, number) if strips else raw, clock())

        sender.postman.on_accept = carry

    wire(one, two, strips=marks != "kept")
    wire(two, one, strips=marks == "taken away by both")
    first = world.register("anna", "sport", 1, NOW).replace(b"anna@posta.example", two.address.encode())
    one.mailbox.put(first, clock())

    rounds = []
    for _ in range(60):
        rounds.append(one.live() + two.live())
        clock.move(timedelta(minutes=1))

    assert rounds[0] >= 1
    assert sum(rounds) <= 12
    assert rounds[20:] == [0] * 40
    if marks == "taken away by both":
        held_back = [each for copy in (one, two) for each in copy.store.digest(SERIES, NOW.date(), None).to_read]
        assert any("Nessuna risposta" in each.why for each in held_back)
    for copy in (one, two):
        copy.store.close()


def test_every_letter_bears_the_marks_that_keep_other_programs_silent(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Answers, reminders, promotions, digests and alarms alike; the mark can be told from any other."""
    town = house(limits=Limits(per_hour=2), series=world.series(sport={"capacity": 1}))
    first, second = world.register("anna", "sport", 1, NOW), world.register("bruno", "sport", 2, NOW)
    answer_all(store, mailbox, clock, town, first, second, world.cancel("anna", "sport", 3, NOW))
    clock.move(DAY - 2 * HOUR)
    remind.turn(store, town, clock)
    deliver.turn(postman, store, clock)
    mails = [message_from_bytes(parcel.raw) for _, parcel in postman.accepted]

    assert len(mails) == 4  # two answers, an alarm, a digest
    for mail in mails:
        assert mail["Auto-Submitted"] in ("auto-replied", "auto-generated")
        assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply, RN, NRN"
        assert town.names.is_ours(mail["X-Mailbot-Id"])
        assert town.names.is_ours(mail["Message-ID"])
        assert not Names(b"another", town.names.domain).is_ours(mail["Message-ID"])


def test_our_own_mail_is_known_when_it_comes_back(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """By its mark, by its Message-ID, and where a provider has given it another and keeps ours elsewhere."""
    mailbox.put(world.register("anna", "sport", 1, NOW), clock())
    collect.turn(mailbox, store, house(), clock)
    handle.turn(store, house(), clock)
    deliver.turn(postman, store, clock)
    [ours] = postman.to("anna")
    ours = re.sub(rb"(?m)^From: [^\r]*", b"From: Anna <anna@posta.example>", ours)
    bare = re.sub(rb"(?mi)^(Auto-Submitted|X-Auto-Response-Suppress): [^\r]*\r\n", b"", ours)
    renamed = re.sub(
        rb"(?m)^Message-ID: ([^\r]*)", rb"Message-ID: <x@y.example>\r\nX-Google-Original-Message-ID: \1", bare
    )
    without_mark = re.sub(rb"(?m)^X-Mailbot-Id: [^\r]*\r\n", b"", bare)
    for raw in (re.sub(rb"(?m)^Message-ID: [^\r]*", b"Message-ID: <a@b.example>", bare), without_mark):
        mailbox.put(raw, clock())
    mailbox.put(re.sub(rb"(?m)^X-Mailbot-Id: [^\r]*\r\n", b"", renamed), clock())
    collect.turn(mailbox, store, house(), clock)
    handle.turn(store, house(), clock)

    assert store.status(SERIES, NOW).outcomes == {"act": 1, "ignore": 3}


def answer_all(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, town: House, *raws: bytes) -> None:
    """These mails come and are handled."""
    for raw in raws:
        mailbox.put(raw, clock())
    collect.turn(mailbox, store, town, clock)
    while handle.turn(store, town, clock):
        pass


def test_somebody_over_the_limit_is_left_to_a_person_and_answered_again_tomorrow(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Nothing is sent and nothing is done; the organisers see the mail and why; others are not concerned."""
    town = house(limits=Limits(per_address_day=2))
    mails = [world.register("anna", "sport", 1, NOW), world.ask("anna", 2, NOW), world.cancel("anna", "sport", 3, NOW)]
    answer_all(store, mailbox, clock, town, *mails, world.ask("bruno", 4, NOW))
    deliver.turn(postman, store, clock)
    status = store.status(SERIES, clock() - LATELY)

    assert [len(postman.to(who)) for who in ("anna", "bruno")] == [2, 1]
    assert [r.status.value for r in store.registrations()] == ["confirmed"]
    [shown] = store.digest(SERIES, NOW.date(), None).to_read
    assert (shown.sender, "2 risposte" in shown.why) == ("anna@posta.example", True)
    assert status.restrained_lately == {"address": 1}

    clock.move(DAY + HOUR)
    answer_all(store, mailbox, clock, town, world.cancel("anna", "sport", 5, clock()))
    assert [r.status.value for r in store.registrations()] == ["cancelled"]


def test_answers_that_change_nothing_end_sooner_than_those_that_do(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """That Anna is registered already is said twice; a cancellation after that is done and told all the same."""
    town = house(limits=Limits(unchanged_per_address_day=2))
    again = [world.register("anna", "sport", number, NOW) for number in range(6)]
    answer_all(store, mailbox, clock, town, *again, world.cancel("anna", "sport", 7, NOW))
    deliver.turn(postman, store, clock)

    assert len(postman.to("anna")) == 1 + 2 + 1
    assert [r.status.value for r in store.registrations()] == ["cancelled"]


def test_a_domain_has_a_limit_of_its_own(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Within an hour; somebody at another domain, be it of a longer name, is answered."""
    town = house(limits=Limits(per_domain_hour=2))
    people = [world.register(who, "sport", n, NOW) for n, who in enumerate(("anna", "bruno", "carla"))]
    other = world.register("dora", "sport", 4, NOW).replace(b"dora@posta.example", b"dora@altra-posta.example")
    answer_all(store, mailbox, clock, town, *people, other)

    assert [r.person.address.partition("@")[0] for r in store.registrations()] == ["anna", "bruno", "dora"]


def test_the_breaker_stops_all_answers_and_tells_the_organisers_once(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Over the hourly limit nobody is answered, the status is not well, and after an hour it goes on by itself."""
    town = house(limits=Limits(per_hour=3))
    answer_all(store, mailbox, clock, town, *(world.register(f"p{n}", "sport", n, NOW) for n in range(8)))
    deliver.turn(postman, store, clock)
    to_office = [parcel for _, parcel in postman.accepted if parcel.recipient == OFFICE]

    assert len(postman.accepted) == 3 + 1
    assert b"Auto-Submitted: auto-generated" in to_office[0].raw
    assert b"Risposte sospese" in to_office[0].raw
    assert len(store.registrations()) == 3
    assert len(store.digest(SERIES, NOW.date(), None).to_read) == 5
    assert any("per_hour" in trouble.words for trouble in troubles(store.status(SERIES, clock() - LATELY), clock()))

    clock.move(HOUR + timedelta(minutes=1))
    answer_all(store, mailbox, clock, town, world.register("later", "sport", 99, clock()))
    assert len(store.registrations()) == 4


def test_mail_of_machines_counts_for_nothing(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """A hundred automatic replies are ignored as before, and hold nobody back."""
    town = house(limits=Limits(per_address_day=1))
    away = [world.away("anna", number, NOW) for number in range(30)]
    answer_all(store, mailbox, clock, town, *away, world.register("anna", "sport", 100, NOW))

    assert store.status(SERIES, NOW).outcomes == {"ignore": 30, "act": 1}
    assert BOT not in [parcel.recipient for _, parcel in postman.accepted]

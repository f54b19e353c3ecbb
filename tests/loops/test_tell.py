"""Telling people of changes: each once, after the grace, whatever ends the process meanwhile."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from icalendar import Calendar
from sqlalchemy import Connection

from mailbot.adapters.store import SqlStore
from mailbot.core.model import LetterState, MeetingStatus, Series
from mailbot.loops import batches, collect, deliver, handle, remind, tell
from mailbot.loops.house import House
from tests import samples
from tests.loops import world
from tests.loops.world import DAY, HOUR, MINUTE, MUSEI, OFFICE, SPORT, Clock, Crash, MemoryMailbox, ScriptedPostman

LATER = SPORT.starts_at + DAY
OTHER_LINK = "https://zoom.example/j/sport-b"
OFF = {"status": MeetingStatus.CANCELLED}
SMALL: dict[str, object] = {"capacity": 2}


class Town:
    """The loops over one store, with a mailbox and a postman."""

    def __init__(self, store: SqlStore, clock: Clock, postman: ScriptedPostman) -> None:
        self.store, self.clock, self.postman = store, clock, postman
        self.mailbox = MemoryMailbox()
        self.house: House = world.house()
        self.number = 0

    def takes_over(self, series: Series, **more: object) -> None:
        """A new configuration."""
        with self.store.work() as work:
            work.note_meetings(series, self.clock())
        self.house = world.house(series, **{"digest_to": (), **more})

    def sport(self, **changes: object) -> None:
        """The sport meeting changes."""
        self.takes_over(world.series(sport=SMALL | changes))

    def hears(self, who: str, what: str = "register", code: str = "sport") -> None:
        """Somebody writes, and is answered."""
        self.number += 1
        raw = {"register": world.register, "cancel": world.cancel}[what](who, code, self.number, self.clock())
        self.mailbox.put(raw, self.clock())
        collect.turn(self.mailbox, self.store, self.house, self.clock)
        handle.turn(self.store, self.house, self.clock)
        self.sends()

    def rings(self, after: timedelta = timedelta(0)) -> list[tuple[str, str]]:
        """The bell rings after some time; whom what was sent, by its subject."""
        self.clock.move(after)
        remind.turn(self.store, self.house, self.clock)
        return self.sends()

    def sends(self) -> list[tuple[str, str]]:
        """What is due goes out."""
        before = len(self.postman.accepted)
        deliver.turn(self.postman, self.store, self.clock)
        letters = (parcel for _, parcel in self.postman.accepted[before:])
        return sorted((parcel.recipient.partition("@")[0], mail_of(parcel.raw)["Subject"]) for parcel in letters)

    def last_to(self, who: str) -> EmailMessage:
        """The last letter that somebody got."""
        return mail_of(self.postman.to(who)[-1])

    def sequence(self, who: str) -> int:
        """The SEQUENCE of somebody's registration."""
        return next(r.sequence for r in self.store.registrations(["sport"]) if r.person.address.startswith(f"{who}@"))


def mail_of(raw: bytes) -> EmailMessage:
    """A mail, read."""
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    """Its text, on one line."""
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def invite_of(mail: EmailMessage) -> tuple[str, str, int, object] | None:
    """Method, UID, SEQUENCE and start of its calendar object."""
    part = next((part for part in mail.walk() if part.get_content_type() == "text/calendar"), None)
    if part is None:
        return None
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    [event] = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"]), event["DTSTART"].dt


@pytest.fixture
def town(store: SqlStore, clock: Clock, postman: ScriptedPostman) -> Town:
    """Anna and Bruno have the two places of the sport meeting, Carla waits, Dario has given his up."""
    town = Town(store, clock, postman)
    town.sport()
    for who in ("dario", "anna"):
        town.hears(who)
    town.hears("dario", "cancel")
    for who in ("bruno", "carla"):
        town.hears(who)
    return town


def test_a_new_time_is_told_once_after_the_grace(town: Town) -> None:
    """To those with a place and to those who wait; with the old time, the new, and an invite that updates the first."""
    first = invite_of(town.last_to("anna"))
    assert first is not None
    town.sport(starts_at=LATER)
    assert town.rings() == town.rings(MINUTE * 9) == []

    subject = "Nuova data: mercoledì 13 marzo, ore 18:00–19:30"
    assert town.rings(MINUTE) == [(who, subject) for who in ("anna", "bruno", "carla")]
    assert town.rings() == town.rings(HOUR) == []
    anna, carla = town.last_to("anna"), town.last_to("carla")
    assert "Prima: martedì 12 marzo 2024, ore 18:00–19:30 Ora: mercoledì 13 marzo 2024" in text_of(anna)
    assert invite_of(anna) == ("REQUEST", first[1], first[2] + 1, LATER)
    assert "List-Unsubscribe" in anna
    assert SPORT.join_url in text_of(anna)
    assert "Lei resta in lista d'attesa" in text_of(carla)
    assert SPORT.join_url not in text_of(carla)
    assert invite_of(carla) is None


def test_a_slip_that_is_mended_within_the_grace_is_told_to_those_alone_who_signed_up_meanwhile(town: Town) -> None:
    """They alone have been told the wrong time."""
    town.takes_over(world.series(sport={"starts_at": LATER}))
    town.rings(MINUTE * 3)  # Carla gets a place that has become free, and the wrong time with it
    town.hears("elena")
    town.takes_over(world.series())

    subject = "Nuova data: martedì 12 marzo, ore 18:00–19:30"
    assert town.rings(MINUTE * 9) == []
    assert town.rings(HOUR) == [("carla", subject), ("elena", subject)]
    assert town.rings(DAY) == []


def test_who_signs_up_after_the_change_is_not_told(town: Town) -> None:
    """Nor whoever cancelled, within the grace or before."""
    town.sport(starts_at=LATER, capacity=None)
    town.rings(MINUTE)
    town.hears("elena")
    town.hears("bruno", "cancel")

    assert [who for who, _ in town.rings(MINUTE * 9)] == ["anna"]


def test_who_is_handled_by_the_old_configuration_after_the_new_one_was_noted_is_told(town: Town) -> None:
    """A confirmation under way while the configuration is taken over names the old time."""
    old = town.house
    town.takes_over(world.series(musei={"starts_at": MUSEI.starts_at + DAY}))
    new, town.house = town.house, old
    town.hears("anna", code="musei")
    town.house = new

    assert ("anna", "Nuova data: venerdì 15 marzo, ore 18:00–19:30") in town.rings(MINUTE * 10)


def test_changes_within_the_grace_are_one_letter(town: Town) -> None:
    """From what was to what is; the link too, to those who have it."""
    town.sport(starts_at=LATER)
    town.rings(MINUTE * 9)
    town.sport(starts_at=LATER + HOUR, join_url=OTHER_LINK)

    subject = "Nuova data: mercoledì 13 marzo, ore 19:00–20:30"
    assert town.rings(MINUTE) == [(who, subject) for who in ("anna", "bruno", "carla")]
    assert "anche il link per entrare è cambiato" in text_of(town.last_to("anna"))
    assert OTHER_LINK in text_of(town.last_to("anna"))
    assert "link per entrare è cambiato" not in text_of(town.last_to("carla"))
    assert town.rings(HOUR) == []


def test_a_new_link_is_told_to_those_who_have_it(town: Town) -> None:
    """Not to who waits: they get it with the place."""
    town.sport(join_url=OTHER_LINK)

    subject = "Nuovo link per l'incontro di martedì 12 marzo"
    assert town.rings(MINUTE * 10) == [("anna", subject), ("bruno", subject)]
    town.hears("anna", "cancel")
    assert OTHER_LINK in text_of(town.last_to("carla"))
    assert town.rings(HOUR) == []


@pytest.mark.parametrize("gone", [False, True], ids=["cancelled", "removed"])
def test_a_meeting_that_is_off_is_told_and_one_that_is_back_too(town: Town, gone: bool) -> None:
    """With CANCEL, which takes it out of calendars, and a new REQUEST; reminders come again, places were kept."""
    before = invite_of(town.last_to("anna"))
    assert before is not None
    if gone:
        town.takes_over(samples.series(MUSEI))
    else:
        town.sport(**OFF)
    subject = "Incontro annullato: martedì 12 marzo, ore 18:00–19:30"
    assert town.rings(MINUTE * 9) == []
    assert town.rings(MINUTE) == [(who, subject) for who in ("anna", "bruno", "carla")]
    assert invite_of(town.last_to("anna")) == ("CANCEL", before[1], before[2] + 1, SPORT.starts_at)
    assert invite_of(town.last_to("carla")) is None
    assert town.rings(DAY) == []
    held = {r.person.address.partition("@")[0]: r.status.value for r in town.store.registrations(["sport"])}
    assert held == {"anna": "confirmed", "bruno": "confirmed", "carla": "waiting", "dario": "cancelled"}

    town.sport()
    subject = "L'incontro si terrà: martedì 12 marzo, ore 18:00–19:30"
    assert town.rings(MINUTE * 10) == [(who, subject) for who in ("anna", "bruno", "carla")]
    assert invite_of(town.last_to("anna")) == ("REQUEST", before[1], before[2] + 2, SPORT.starts_at)
    assert town.rings(DAY) == []
    town.clock.now = SPORT.starts_at - HOUR
    assert [who for who, _ in town.rings()] == ["anna", "bruno"]


def test_a_meeting_that_is_over_and_removed_is_told_to_nobody(town: Town) -> None:
    """Tidying up is no news."""
    town.clock.now = SPORT.ends_at
    town.takes_over(samples.series(MUSEI))

    assert town.rings() == town.rings(DAY) == []


def test_nobody_is_reminded_of_what_may_be_a_slip(town: Town) -> None:
    """A reminder that falls due within the grace waits; who was told of a change meanwhile needs none."""
    town.clock.now = SPORT.starts_at - DAY - MINUTE
    town.sport(starts_at=SPORT.starts_at - MINUTE * 15)
    assert town.rings(MINUTE * 5) == []
    town.sport()
    assert [who for who, _ in town.rings(MINUTE)] == ["anna", "bruno"]

    town.clock.now = SPORT.starts_at - HOUR - MINUTE
    town.sport(join_url=OTHER_LINK)
    assert town.rings(MINUTE) == []
    assert {subject for _, subject in town.rings(MINUTE * 9)} == {"Nuovo link per l'incontro di martedì 12 marzo"}
    assert town.rings(MINUTE) == town.rings(MINUTE * 20) == []


def test_a_change_just_before_the_meeting_is_told_at_once(town: Town) -> None:
    """No grace is worth a closed door."""
    town.clock.now = SPORT.starts_at - MINUTE * 59
    town.rings()
    town.clock.now = SPORT.starts_at - MINUTE * 20
    town.sport(join_url=OTHER_LINK)

    assert [who for who, _ in town.rings()] == ["anna", "bruno"]


def test_a_start_by_mistake_in_the_past_tells_nobody(town: Town) -> None:
    """Until it is mended, into what people know already or not."""
    town.sport(starts_at=SPORT.starts_at - DAY * 366)
    assert town.rings() == town.rings(HOUR) == []
    town.sport(starts_at=LATER)

    assert [who for who, _ in town.rings(MINUTE * 10)] == ["anna", "bruno", "carla"]


def test_a_reminder_that_waits_for_the_server_when_a_slip_is_made_comes_once_it_is_mended(town: Town) -> None:
    """It is withheld, because it might be wrong, and is due again."""
    town.clock.now = SPORT.starts_at - DAY
    remind.turn(town.store, town.house, town.clock)
    town.sport(starts_at=LATER)
    assert town.rings() == []
    town.sport()

    assert [who for who, _ in town.rings(MINUTE)] == ["anna", "bruno"]
    assert town.rings(HOUR) == []


class Fragile(SqlStore):
    """A store in a process that ends at the so-manieth commit from now, just before or just after it."""

    left = 0
    after = False

    def _write(self):  # type: ignore[no-untyped-def]
        store, whole = self, super()._write()

        class Commit:
            def __enter__(self) -> Connection:
                return whole.__enter__()

            def __exit__(self, *error: object) -> bool | None:
                store.left -= 1
                if store.left == 0 and not store.after:
                    whole.__exit__(Crash, Crash(), None)
                    raise Crash
                answer = whole.__exit__(*error)  # type: ignore[arg-type]
                if store.left == 0:
                    raise Crash
                return answer

        return Commit()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("crash_minute", "commit"), [(0, 1), (0, 3), *((10, commit) for commit in range(1, 11))])
def test_a_crash_tells_nobody_twice_and_forgets_nobody(
    url: str,
    store: SqlStore,
    town: Town,
    monkeypatch: pytest.MonkeyPatch,
    crash_minute: int,
    commit: int,
    after: bool,
) -> None:
    """At whichever commit, from the reload to the last letter; the grace is counted from when it was first noted."""
    monkeypatch.setattr(batches, "BATCH", 2)
    fragile = town.store = world.open_store(url, town.clock(), Fragile)
    assert isinstance(fragile, Fragile)
    fragile.after = after
    began, crashed = town.clock(), False
    for minute in (0, 6, 9, 10, 11):
        town.clock.now = began + MINUTE * minute
        fragile.left = commit if minute == crash_minute else 0
        try:
            town.sport(starts_at=LATER)  # as each start does
            town.rings()
        except Crash:
            crashed = True
            fragile.close()
            fragile = town.store = world.open_store(url, town.clock(), Fragile)
            town.store.recover(town.clock())
            town.sport(starts_at=LATER)
            town.rings()
        assert minute >= 10 or not notices(town), "not before the grace is over"

    assert sorted(notices(town)) == ["anna", "bruno", "carla"]
    assert {town.sequence(who) for who in ("anna", "bruno")} == {1}
    assert crashed
    fragile.close()


def notices(town: Town) -> list[str]:
    """Who got a letter about the new date; the same letter twice is one."""
    mails = {str(mail["Message-ID"]): mail for mail in (mail_of(p.raw) for _, p in town.postman.accepted)}
    return [
        str(mail["To"]).rpartition("<")[2].partition("@")[0]
        for mail in mails.values()
        if "Nuova data" in mail["Subject"]
    ]


def test_one_letter_that_cannot_be_written_keeps_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next ring tries again."""
    queue_letter, broken = tell.queue_letter, {"anna@posta.example"}

    def fragile(work: object, house: object, letter: object, *rest: object) -> bool:
        if letter.recipient.address in broken:  # type: ignore[attr-defined]
            raise KeyError("a fault")
        return queue_letter(work, house, letter, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(tell, "queue_letter", fragile)
    town.sport(starts_at=LATER)
    assert [who for who, _ in town.rings(MINUTE * 10)] == ["bruno", "carla"]
    broken.clear()
    assert [who for who, _ in town.rings()] == ["anna"]


def test_a_notice_that_waits_when_its_reader_cancels_is_withheld(town: Town) -> None:
    """As a reminder is."""
    town.sport(starts_at=LATER)
    town.clock.move(MINUTE * 10)
    remind.turn(town.store, town.house, town.clock)
    town.hears("carla", "cancel")

    assert [len(town.postman.to(who)) for who in ("anna", "bruno", "carla")] == [2, 2, 2]
    assert town.last_to("carla")["Subject"] == "Re: Disdico l'incontro con le associazioni sportive"
    assert town.store.status(town.house.series, town.clock()).letters[LetterState.WITHHELD] == 1


def test_the_digest_says_what_was_told_and_to_how_many(town: Town) -> None:
    """A line each."""
    town.takes_over(world.series(sport=SMALL | {"starts_at": LATER}), digest_to=world.house().digest_to)
    town.hears("anna", code="musei")
    town.rings(MINUTE * 10)
    town.takes_over(
        samples.series(world.changed(SPORT, SMALL | {"starts_at": LATER})), digest_to=world.house().digest_to
    )
    town.rings(MINUTE * 10)
    town.rings(DAY)
    letters = [mail_of(parcel.raw) for _, parcel in town.postman.accepted if parcel.recipient == OFFICE]
    said = text_of(letters[-1])

    assert (
        "Incontro con le associazioni sportive, mercoledì 13 marzo, ore 18:00–19:30: "
        "3 persone avvisate di questi dati nuovi" in said
    )
    assert "giovedì 14 marzo, ore 18:00–19:30: 1 persona avvisata che è annullato" in said

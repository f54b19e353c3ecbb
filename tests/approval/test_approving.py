"""What a mail leads to waits for an organiser, who sends it or takes it back at one tap."""

from datetime import timedelta

import pytest

from mailbot import console
from mailbot.core.model import Address
from tests import samples
from tests.approval.town import ALL, APPROVE, REJECT, Town, plain, subject, supervised
from tests.loops import world
from tests.loops.world import DAY, HOUR, MINUTE, OFFICE, house

NOW = samples.NOW


def test_what_a_mail_leads_to_is_stored_and_its_letter_waits(town: Town) -> None:
    """The place is kept for Anna, so that nobody else gets it meanwhile; she is told nothing yet."""
    town.gets(world.register("anna", "sport", 1, NOW))

    assert town.held() == {"anna sport": "confirmed"}
    assert town.letters() == {"proposed": 1}
    assert town.postman.to("anna") == []


def test_the_organiser_is_asked_and_shown_all_that_matters(town: Town) -> None:
    """Who wrote, in which words, what was understood, and the very letter that would go out."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.ring()
    [asked] = town.rounds()
    said = " ".join(plain(asked).split())

    assert subject(asked) == "1 risposta da approvare – Valverde in ascolto"
    for words in (
        "anna@posta.example ha scritto",
        "vorrei iscrivermi",
        "Il programma ha capito",
        "Gentile Anna Neri",
        "https://zoom.example/j/sport",
        "Approvo la risposta n. 1 [mb:",
        "Non inviare la risposta n. 1 [mb:",
    ):
        assert words in said


def test_a_tap_sends_the_letter_as_it_was_shown(town: Town) -> None:
    """Byte for byte as it was stored; and the organiser is told."""
    town.gets(world.register("anna", "sport", 1, NOW))
    [(stored,)] = town.rows("SELECT raw FROM outbox WHERE state = 'proposed'")
    town.ring()
    town.clock.move(HOUR)
    town.tap(APPROVE)

    assert town.postman.to("anna") == [stored]
    assert subject(town.to_office()[-1]) == "Inviata: risposta n. 1"
    assert "anna@posta.example" in plain(town.to_office()[-1])
    assert town.held() == {"anna sport": "confirmed"}
    assert town.why() == []


def test_a_rejection_undoes_the_deed_and_leaves_the_mail_to_a_person(town: Town) -> None:
    """Nothing is sent to Anna, nothing of her signing up is told in the digest but that her mail is to be read."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.ring()
    town.tap(REJECT)
    digest = town.digest()

    assert town.postman.to("anna") == []
    assert town.held() == {"anna sport": "cancelled"}
    assert town.letters()["withheld"] == 1
    assert (digest.changes, [count.new + count.withdrawn for count in digest.meetings]) == ((), [0, 0])
    [item] = digest.to_read
    assert (item.sender, item.done) == ("anna@posta.example", ())
    assert "non è stata approvata" in item.why
    assert subject(town.to_office()[-1]) == "Non inviata: risposta n. 1"


def test_a_rejected_cancellation_gives_the_place_back_and_takes_it_from_who_moved_up(town: Town) -> None:
    """All that the one mail led to is one: the promotion of Bruno too, who is the first to wait again."""
    town.house = house(series=world.series(sport={"capacity": 1}))
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "sport", 2, NOW))
    town.gets(world.register("carla", "sport", 3, NOW))
    before = town.waiting_for("sport")
    town.house = supervised(series=world.series(sport={"capacity": 1}))
    town.gets(world.cancel("anna", "sport", 4, NOW))
    assert town.held() == {"anna sport": "cancelled", "bruno sport": "confirmed", "carla sport": "waiting"}
    town.ring()
    assert "Si è liberato un posto" in plain(town.rounds()[0])
    town.tap(REJECT)

    assert town.held() == {"anna sport": "confirmed", "bruno sport": "waiting", "carla sport": "waiting"}
    assert town.waiting_for("sport") == before == ["bruno", "carla"]
    assert [len(town.postman.to(who)) for who in ("anna", "bruno", "carla")] == [1, 1, 1]


def test_a_rejected_signup_gives_its_place_to_who_waits(town: Town) -> None:
    """At the next ring, by a letter that waits for approval as well."""
    town.house = supervised(series=world.series(sport={"capacity": 1}))
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "sport", 2, NOW))
    town.ring()
    town.tap(REJECT, 1)
    town.ring()

    assert town.held() == {"anna sport": "cancelled", "bruno sport": "confirmed"}
    town.clock.move(HOUR)
    town.ring()
    assert "Nessuno ha scritto: si è liberato un posto." in plain(town.rounds()[-1])
    town.tap(REJECT, 3)
    assert "avvisi Lei la persona" in plain(town.to_office()[-1])
    assert town.held() == {"anna sport": "cancelled", "bruno sport": "confirmed"}


def test_a_later_mail_that_builds_on_a_rejected_one_goes_back_with_it(town: Town) -> None:
    """Anna registers, cancels, and asks what she holds: what answers the last two would tell of what never was."""
    town.gets(world.register("anna", "sport", 1, NOW), world.cancel("anna", "sport", 2, NOW), world.ask("anna", 3, NOW))
    town.gets(world.register("anna", "musei", 4, NOW))
    town.ring()
    town.tap(REJECT, 1)

    assert town.held() == {"anna sport": "cancelled", "anna musei": "confirmed"}
    assert town.letters() == {"withheld": 3, "proposed": 1, "sent": 3}
    assert "altre 2 risposte" in " ".join(plain(town.to_office()[-1]).split())
    assert len(town.why()) == 3


def test_a_rejected_later_mail_leaves_the_earlier_as_it_was(town: Town) -> None:
    """The cancellation alone is undone."""
    town.gets(world.register("anna", "sport", 1, NOW), world.cancel("anna", "sport", 2, NOW))
    town.ring()
    town.tap(REJECT, 2)
    town.tap(APPROVE, 1)

    assert town.held() == {"anna sport": "confirmed"}
    assert len(town.postman.to("anna")) == 1


def test_all_listed_are_sent_at_one_tap_and_no_other(town: Town) -> None:
    """What came after the mail that asked has been seen by nobody."""
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "sport", 2, NOW))
    town.ring()
    town.gets(world.register("carla", "sport", 3, NOW))
    town.tap(REJECT, 1)
    town.tap(ALL)

    assert [len(town.postman.to(who)) for who in ("anna", "bruno", "carla")] == [0, 1, 0]
    assert subject(town.to_office()[-1]) == "Inviata: risposta n. 2"
    assert town.letters()["proposed"] == 1


def test_a_flood_is_asked_about_in_few_mails(town: Town) -> None:
    """Each lists at most a dozen, new ones first; the next comes after an hour, while nothing is answered."""
    town.gets(*(world.register(f"u{number}", "sport", number, NOW) for number in range(1, 41)))
    for _ in range(59):
        town.ring()
        town.clock.move(MINUTE)
    assert len(town.rounds()) == 1
    assert subject(town.rounds()[0]).startswith("12 risposte")
    assert "Ne aspettano altre 28" in plain(town.rounds()[0])

    town.clock.move(MINUTE)
    town.ring()
    assert len(town.rounds()) == 2
    assert "RISPOSTA N. 13" in plain(town.rounds()[1])
    town.tap(ALL)
    town.clock.move(16 * MINUTE)
    town.ring()
    assert len(town.rounds()) == 3


def test_what_nobody_answers_is_asked_about_again_the_next_day(town: Town) -> None:
    """Once a day, and the mandates of the first mail are as good as those of the second."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.ring()
    first = town.rounds()[0]
    for _ in range(50):
        town.clock.move(HOUR)
        town.ring()

    assert len(town.rounds()) == 3
    town.tap(APPROVE, raw=first)
    assert len(town.postman.to("anna")) == 1


def test_a_letter_about_a_meeting_that_has_begun_is_not_sent(town: Town) -> None:
    """Nobody answered in time: it is taken back, and said so."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.ring()
    asked = town.rounds()[0]
    town.clock.now = world.SPORT.starts_at
    town.tap(APPROVE, raw=asked)
    town.ring()

    assert town.postman.to("anna") == []
    assert town.held() == {"anna sport": "cancelled"}
    assert any("non è stata approvata in tempo" in why for why in town.why())
    town.house = house()
    town.ring()
    assert town.postman.to("anna") == []


def test_a_question_waits_two_weeks_at_most(town: Town) -> None:
    """An answer that names no meeting has no start that ends it."""
    town.gets(world.mail("anna", "Domanda", "Buongiorno, è previsto un attestato?", 1, NOW))
    town.clock.move(timedelta(days=13))
    town.ring()
    assert town.letters()["proposed"] == 1
    town.clock.move(timedelta(days=1))
    town.ring()

    assert "proposed" not in town.letters()


def test_a_letter_approved_late_still_has_its_time_to_be_delivered(town: Town) -> None:
    """Its patience begins with the approval: an organiser may come back after a long weekend."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.ring()
    town.clock.move(5 * DAY)
    town.tap(APPROVE)

    assert len(town.postman.to("anna")) == 1


def test_switched_to_automatic_what_waits_is_sent(town: Town) -> None:
    """At the first ring, as it was stored; taps that come later find nothing to do."""
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "musei", 2, NOW))
    town.ring()
    town.house = house(organisers=(Address(OFFICE),))
    town.ring()
    town.tap(ALL)

    assert [len(town.postman.to(who)) for who in ("anna", "bruno")] == [1, 1]
    assert town.held() == {"anna sport": "confirmed", "bruno musei": "confirmed"}
    [why] = town.why()
    assert "già decise" in why


def test_who_waits_to_be_told_is_not_reminded(town: Town) -> None:
    """Neither while the confirmation waits, nor of a moment that had passed when it went out."""
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "sport", 2, NOW))
    town.ring()
    town.tap(APPROVE, 2)
    town.clock.now = world.SPORT.starts_at - timedelta(hours=23)
    town.ring()
    assert [len(town.postman.to(who)) for who in ("anna", "bruno")] == [0, 2]

    town.tap(APPROVE, 1)
    town.ring()
    assert len(town.postman.to("anna")) == 1
    town.clock.now = world.SPORT.starts_at - timedelta(minutes=59)
    town.ring()
    assert len(town.postman.to("anna")) == 2


def test_reminders_and_digests_do_not_wait(town: Town) -> None:
    """Nobody has to approve what the calendar asks for."""
    town.house = house()
    town.gets(world.register("anna", "sport", 1, NOW))
    town.house = supervised()
    town.clock.now = world.SPORT.starts_at - timedelta(hours=23)
    town.ring()

    assert len(town.postman.to("anna")) == 2
    assert town.letters() == {"sent": 3}


def test_an_erasure_is_confirmed_by_the_person_because_it_cannot_be_undone(town: Town) -> None:
    """The letter that asks waits for the organiser, who does not see its code; then the person has the last word."""
    town.house = house()
    town.gets(world.register("anna", "sport", 1, NOW))
    town.house = supervised()
    town.gets(world.erase("anna", 2, NOW))
    assert town.held() == {"anna sport": "confirmed"}
    town.ring()
    assert "Confermo la richiesta …" in " ".join(plain(town.rounds()[0]).split())
    town.clock.move(2 * DAY)
    town.tap(APPROVE)
    town.clock.move(2 * DAY)  # more than three since it was made, not since it went out
    town.gets(world.confirmation("anna", town.postman.to("anna")[-1], 3, town.clock()))

    assert town.held() == {}
    assert "proposed" not in town.letters()


def test_a_rejected_question_to_confirm_makes_its_code_void(town: Town) -> None:
    """Nobody has got it; and should somebody guess it, it is good for nothing."""
    town.house = house()
    town.gets(world.register("anna", "sport", 1, NOW))
    town.house = supervised()
    town.gets(world.erase("anna", 2, NOW))
    assert town.rows("SELECT count(*) FROM inbound WHERE awaits IS NOT NULL") == [(1,)]
    town.ring()
    town.tap(REJECT)

    assert town.rows("SELECT count(*) FROM inbound WHERE awaits IS NOT NULL") == [(0,)]
    assert town.held() == {"anna sport": "confirmed"}


def test_who_is_forgotten_is_asked_about_no_more(town: Town) -> None:
    """`mailbot forget` withholds what waits, and no mail to the organisers tells of it again."""
    town.gets(world.register("anna", "sport", 1, NOW))
    with town.store.work() as work:
        work.forget("anna@posta.example", NOW)
    town.ring()

    assert town.rounds() == []
    assert town.letters()["withheld"] == 1
    assert town.rows("SELECT count(*) FROM proposal WHERE answered_at IS NULL") == [(0,)]
    assert town.rows("SELECT evidence FROM inbound") == [(None,)]


def test_a_mail_stays_in_the_inbox_until_it_is_decided_on(town: Town) -> None:
    """Then it goes where what was decided belongs."""
    town.house = supervised(filing={"done": "Done", "to_read": "To read", "ignored": "Ignored"})
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "sport", 2, NOW))
    town.file_away()
    assert town.mailbox.moved == []
    town.ring()
    town.tap(APPROVE, 1)
    town.tap(REJECT, 2)
    town.file_away()

    assert sorted(town.mailbox.moved) == [(1, "Done"), (2, "To read"), (3, "Done"), (4, "Done")]


def test_the_digest_and_the_status_say_how_many_wait_and_since_when(town: Town) -> None:
    """Until they are decided on."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.clock.move(HOUR)
    town.gets(world.register("bruno", "sport", 2, NOW))
    proposed = town.digest().proposed
    assert proposed is not None
    assert (proposed.count, proposed.since) == (2, NOW)
    status = town.store.status(world.SERIES, NOW)
    assert status.proposed == proposed
    assert "for organisers to approve: 2, since Fri 01 Mar 2024 12:00" in console.status(
        status, (), world.SERIES, town.clock()
    )
    town.ring()
    town.tap(ALL)

    assert town.digest().proposed is None


def test_all_does_not_send_what_is_too_late(town: Town) -> None:
    """The one meeting has begun, the other not yet; the bell has not rung in between."""
    town.gets(world.register("anna", "sport", 1, NOW), world.register("bruno", "musei", 2, NOW))
    town.ring()
    asked = town.rounds()[0]
    town.clock.now = world.SPORT.starts_at
    town.tap(ALL, raw=asked)

    assert [len(town.postman.to(who)) for who in ("anna", "bruno")] == [0, 1]
    assert subject(town.to_office()[-1]) == "Inviata: risposta n. 2"
    town.ring()
    assert town.held() == {"anna sport": "cancelled", "bruno musei": "confirmed"}


def test_who_waits_has_their_turn_back_after_a_rejection(town: Town) -> None:
    """Bruno's cancelling and coming again, both rejected, have not cost him his place in the line."""
    one_place = world.series(sport={"capacity": 1})
    town.house = house(series=one_place)
    for number, who in enumerate(("anna", "bruno", "carla"), start=1):
        town.gets(world.register(who, "sport", number, NOW))
    town.house = supervised(series=one_place)
    town.gets(world.cancel("bruno", "sport", 4, NOW))
    town.gets(world.register("bruno", "sport", 5, NOW))
    assert town.waiting_for("sport") == ["carla", "bruno"]
    town.ring()
    town.tap(REJECT, 1)

    assert town.waiting_for("sport") == ["bruno", "carla"]
    assert "proposed" not in town.letters()


@pytest.mark.parametrize("known", [True, False])
def test_even_a_proven_erasure_is_asked_about(town: Town, known: bool) -> None:
    """Of somebody whom nothing else is held on, too: what the bot has understood is what an organiser must see."""
    if known:
        town.house = house()
        town.gets(world.register("anna", "sport", 1, NOW))
    town.house = supervised(authserv_id="mx.comune.example")
    passed = ("Authentication-Results: mx.comune.example; dmarc=pass header.from=posta.example",)
    town.gets(world.erase("anna", 2, NOW, headers=passed))

    assert town.held() == ({"anna sport": "confirmed"} if known else {})
    assert town.rows("SELECT kind FROM outbox WHERE state = 'proposed'") == [("verification",)]
    assert town.rows("SELECT sender FROM inbound ORDER BY id DESC LIMIT 1") == [("anna@posta.example",)]


def test_who_waits_to_be_told_hears_of_a_change_afterwards(town: Town) -> None:
    """The meeting is moved while the confirmation waits: first the place is told, as approved, then its new hour."""
    town.gets(world.register("anna", "sport", 1, NOW))
    moved = world.series(sport={"starts_at": world.SPORT.starts_at + HOUR})
    town.house = supervised(series=moved)
    with town.store.work() as work:
        work.note_meetings(moved, town.clock())
    town.clock.move(HOUR)
    town.ring()
    assert town.postman.to("anna") == []
    town.tap(APPROVE)
    assert len(town.postman.to("anna")) == 1
    town.ring()

    told = [subject(raw) for raw in town.postman.to("anna")]
    assert len(told) == 2
    assert told[1].startswith("Nuovo orario")

"""A mail in somebody else's name takes nothing away from them before they have confirmed it."""

import json
import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.loops import collect, deliver, handle, remind
from mailbot.loops.house import House
from tests import samples
from tests.loops import world
from tests.loops.world import DAY, HOUR, SERIES, Clock, MemoryMailbox, ScriptedPostman, house

NOW = samples.NOW
SERVER = "mx.comune.example"
FAILED = (f"Authentication-Results: {SERVER}; dmarc=fail header.from=posta.example",)
PASSED = (f"Authentication-Results: {SERVER}; dmarc=pass header.from=posta.example",)


class Town:
    """The loops over one store, with a server that writes verdicts."""

    def __init__(self, store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> None:
        self.store, self.mailbox, self.clock, self.postman = store, mailbox, clock, postman
        self.house: House = house(authserv_id=SERVER)

    def gets(self, *raws: bytes) -> None:
        """These mails come, and are answered."""
        for raw in raws:
            self.mailbox.put(raw, self.clock())
        collect.turn(self.mailbox, self.store, self.house, self.clock)
        while handle.turn(self.store, self.house, self.clock):
            pass
        deliver.turn(self.postman, self.store, self.clock)

    def held(self) -> dict[str, str]:
        """The registrations, by who and what."""
        return {f"{r.person.address.partition('@')[0]} {r.meeting}": r.status.value for r in self.store.registrations()}

    def outcomes(self) -> dict[str, int]:
        """How many mails became what."""
        return dict(self.store.status(SERIES, NOW).outcomes)


@pytest.fixture
def town(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> Town:
    """Anna has a place."""
    town = Town(store, mailbox, clock, postman)
    town.gets(world.register("anna", "sport", 1, NOW, headers=PASSED))
    return town


def subject(raw: bytes) -> str:
    """Of a letter."""
    return str(message_from_bytes(raw, policy=policy.default)["Subject"])


def test_a_signup_needs_no_proof(town: Town) -> None:
    """Also one that fails: the answer goes to the address that is signed up, and costs it nothing."""
    town.gets(world.register("bruno", "musei", 2, NOW, headers=FAILED))

    assert town.held() == {"anna sport": "confirmed", "bruno musei": "confirmed"}


@pytest.mark.parametrize("headers", [PASSED, ()], ids=["passed", "no verdict"])
def test_a_cancellation_is_done_at_once_unless_it_fails(town: Town, headers: tuple[str, ...]) -> None:
    """And its answer offers the way back."""
    town.gets(world.cancel("anna", "sport", 2, NOW, headers=headers))

    assert town.held() == {"anna sport": "cancelled"}
    assert "Iscrizione%20all%27incontro" in world.html_of(town.postman.to("anna")[-1]).replace("&amp;", "&")


@pytest.mark.parametrize("wish", ["cancel", "move"])
def test_one_that_fails_is_asked_about_and_done_once_confirmed(town: Town, wish: str) -> None:
    """Until then the place is kept, nobody moves up, and the letter gives nothing of the forger's words."""
    made = {
        "cancel": lambda: world.cancel("anna", "sport", 2, NOW, headers=FAILED),
        "move": lambda: world.move("anna", "sport", "musei", 2, NOW, headers=FAILED),
    }
    forged = made[wish]().replace(b"Anna Neri <", b"Forger's words <")
    town.gets(forged)
    [_, asked] = town.postman.to("anna")

    assert town.held() == {"anna sport": "confirmed"}
    assert subject(asked) == "Una conferma, per favore: ci ha scritto Lei?"
    assert b"Forger" not in asked
    assert message_from_bytes(asked)["In-Reply-To"] is None

    town.gets(world.confirmation("anna", asked, 3, NOW))
    assert town.held() == {"anna sport": "cancelled"} | ({"anna musei": "confirmed"} if wish == "move" else {})
    assert len(town.postman.to("anna")) == 3


def test_a_confirmation_needs_the_code_not_the_sender(town: Town) -> None:
    """From another address of the same person it serves as well; the answer goes to the registered address."""
    town.gets(world.cancel("anna", "sport", 2, NOW, headers=FAILED))
    asked = town.postman.to("anna")[-1]
    town.gets(world.confirmation("altra", asked, 3, NOW, headers=FAILED))

    assert town.held() == {"anna sport": "cancelled"}
    assert len(town.postman.to("anna")) == 3
    assert town.postman.to("altra") == []


def test_a_code_serves_once(town: Town) -> None:
    """Sent again after Anna has come back, it cancels nothing and is shown to a person."""
    town.gets(world.cancel("anna", "sport", 2, NOW, headers=FAILED))
    asked = town.postman.to("anna")[-1]
    town.gets(world.confirmation("anna", asked, 3, NOW), world.register("anna", "sport", 4, NOW))
    town.gets(world.confirmation("anna", asked, 5, NOW))

    assert town.held() == {"anna sport": "confirmed"}
    [shown] = town.store.digest(SERIES, NOW.date(), None).to_read
    assert "codice" in shown.why


def test_a_code_runs_out(town: Town) -> None:
    """After three days it cancels nothing."""
    town.gets(world.cancel("anna", "sport", 2, NOW, headers=FAILED))
    asked = town.postman.to("anna")[-1]
    town.clock.move(3 * DAY + HOUR)
    town.gets(world.confirmation("anna", asked, 3, town.clock()))

    assert town.held() == {"anna sport": "confirmed"}


def test_a_guessed_code_confirms_nothing(town: Town) -> None:
    """Nor one that stands in a quote: whoever answers "it was not me" has our letter below."""
    town.gets(world.cancel("anna", "sport", 2, NOW, headers=FAILED))
    asked = town.postman.to("anna")[-1]
    guessed = world.mail("anna", f"Confermo la richiesta {'0' * 24}", "", 3, NOW)
    text = message_from_bytes(asked, policy=policy.default).get_body(("plain",))
    assert text is not None
    quote = "\r\n".join(f"> {line}" for line in str(text.get_content()).splitlines())
    denied = f"Non sono stata io, non fate nulla!\r\n\r\nIl 1 marzo 2024 il Comune ha scritto:\r\n{quote}"
    town.gets(guessed, world.mail("anna", "Re: Una conferma, per favore: ci ha scritto Lei?", denied, 4, NOW))

    assert town.held() == {"anna sport": "confirmed"}


@pytest.mark.parametrize("headers", [FAILED, ()], ids=["failed", "no verdict"])
def test_an_erasure_without_proof_is_done_once_confirmed(town: Town, headers: tuple[str, ...]) -> None:
    """It cannot be undone."""
    town.gets(world.erase("anna", 2, NOW, headers=headers))
    assert town.held() == {"anna sport": "confirmed"}

    town.gets(world.confirmation("anna", town.postman.to("anna")[-1], 3, NOW))
    assert town.held() == {}
    assert subject(town.postman.to("anna")[-1]) in ("I Suoi dati sono cancellati", "Re: Cancellate i miei dati")


def test_an_erasure_that_passes_is_done_at_once(town: Town) -> None:
    """Nobody is asked for what is proved."""
    town.gets(world.erase("anna", 2, NOW, headers=PASSED))

    assert town.held() == {}


def test_an_export_that_fails_is_sent_once_confirmed_and_only_to_its_address(town: Town) -> None:
    """Reply-To or not: what is held on Anna goes to Anna."""
    ask = world.mail("anna", "I miei dati", "Vorrei una copia dei miei dati personali.", 2, NOW, headers=FAILED)
    town.gets(ask)
    asked = town.postman.to("anna")[-1]
    assert b"mailbot.json" not in asked

    town.gets(world.confirmation("mallory", asked, 3, NOW))
    assert b"mailbot.json" in town.postman.to("anna")[-1]
    assert town.postman.to("mallory") == []


def test_whoever_asks_with_a_reply_to_gets_the_data_of_that_address_alone(town: Town) -> None:
    """Anna's data cannot be had by writing as Anna and asking to be answered elsewhere."""
    headers = (*PASSED, "Reply-To: mallory@altrove.example")
    town.gets(world.mail("anna", "I miei dati", "Vorrei una copia dei miei dati personali.", 2, NOW, headers=headers))
    [sent] = [parcel for _, parcel in town.postman.accepted if parcel.recipient == "mallory@altrove.example"]
    held = next(part.get_payload(decode=True) for part in message_from_bytes(sent.raw).walk() if part.get_filename())

    assert json.loads(held)["person"] is None  # type: ignore[arg-type]
    assert "anna" not in json.dumps(json.loads(held)["registrations"])  # type: ignore[arg-type]


def test_a_forger_cannot_flood_anybody_with_questions(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """The questions count as answers that change nothing."""
    town = Town(store, mailbox, clock, postman)
    town.house = house(authserv_id=SERVER, limits=world.Limits(unchanged_per_address_day=2))
    town.gets(world.register("anna", "sport", 1, NOW, headers=PASSED))
    town.gets(*(world.cancel("anna", "sport", number, NOW, headers=FAILED) for number in range(2, 30)))

    assert len(postman.to("anna")) == 3

    town.house = house(authserv_id=SERVER, limits=world.Limits(per_address_day=1))
    town.gets(world.confirmation("anna", postman.to("anna")[-1], 50, NOW))
    assert town.held() == {"anna sport": "cancelled"}


def test_nobody_moves_up_into_a_place_that_a_forger_gave_up(town: Town) -> None:
    """The place is kept while the question is open, and lost to nobody when it runs out."""
    town.house = house(world.series(sport={"capacity": 1}), authserv_id=SERVER)
    town.gets(world.register("bruno", "sport", 2, NOW), world.cancel("anna", "sport", 3, NOW, headers=FAILED))
    town.clock.move(timedelta(minutes=5))
    remind.turn(town.store, town.house, town.clock)

    assert town.held() == {"anna sport": "confirmed", "bruno sport": "waiting"}


@pytest.mark.parametrize(
    "words",
    ["Confermo la richiesta {}", "Buongiorno,\r\nconfermo la\r\nrichiesta {}.\r\nGrazie", "«Confermo la richiesta {}»"],
)
def test_whoever_reads_text_alone_can_reply_with_the_words(town: Town, words: str) -> None:
    """They stand in the letter; wrapped or between other words they serve as well."""
    town.gets(world.cancel("anna", "sport", 2, NOW, headers=FAILED))
    asked = message_from_bytes(town.postman.to("anna")[-1], policy=policy.default).get_body(("plain",))
    assert asked is not None
    found = re.search(r"«Confermo la richiesta ([0-9a-f]{24})»", str(asked.get_content()))
    assert found
    town.gets(world.mail("anna", "Re: Una conferma, per favore: ci ha scritto Lei?", words.format(found[1]), 3, NOW))

    assert town.held() == {"anna sport": "cancelled"}

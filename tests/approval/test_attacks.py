"""Who is no organiser, or cannot prove it, or comes too late, orders nothing; and the digest says what was tried."""

import re
from email import message_from_bytes, policy
from email.header import Header

import pytest

from mailbot.core import mandate
from mailbot.core.model import Order
from tests import samples
from tests.approval.town import ALL, APPROVE, REJECT, Town, links, order, plain, subject, supervised
from tests.loops import world
from tests.loops.world import BOT, DAY, HOUR, OFFICE

NOW = samples.NOW
SERVER = "mx.comune.example"
PASSED = (f"Authentication-Results: {SERVER}; dmarc=pass header.from=comune.valverde.example",)
FAILED = (f"Authentication-Results: {SERVER}; dmarc=fail header.from=comune.valverde.example",)
UNKNOWN = (f"Authentication-Results: {SERVER}; dmarc=none; spf=none",)


@pytest.fixture
def asked(town: Town) -> Town:
    """Anna's confirmation waits, and the organiser has been asked."""
    town.gets(world.register("anna", "sport", 1, NOW))
    town.ring()
    return town


def nothing_happened(town: Town) -> bool:
    """Whether all is as it was before: the letter waits, nobody was written to."""
    return (
        town.letters().get("proposed") == 1
        and town.postman.to("anna") == []
        and town.held()["anna sport"] == "confirmed"
        and len(town.to_office()) == 1
    )


@pytest.mark.parametrize("words", [APPROVE, REJECT])
def test_a_stolen_mandate_is_worth_nothing_from_another_address(asked: Town, words: str) -> None:
    """Not even that of the person whose letter it is, who is not answered either."""
    for number, sender in enumerate(("Anna <anna@posta.example>", f"{OFFICE} <mallory@altrove.example>", f"{BOT}")):
        asked.tap(words, sender=sender)
        assert nothing_happened(asked), number

    assert ["da un altro indirizzo" in why for why in asked.why()[:2]] == [True, True]
    assert [parcel for _, parcel in asked.postman.accepted if parcel.recipient != OFFICE] == []


@pytest.mark.parametrize(
    ("headers", "obeyed"),
    [(PASSED, True), (FAILED, False), (UNKNOWN, False), ((), True)],
    ids=["passed", "failed", "no verdict", "not judged, as within the town's own server"],
)
def test_where_the_server_writes_verdicts_a_tap_must_pass(asked: Town, headers: tuple[str, ...], obeyed: bool) -> None:
    """A stranger who has a mandate and forges the organiser's From comes from outside, and is judged."""
    asked.house = supervised(authserv_id=SERVER)
    asked.tap(APPROVE, headers=headers)

    assert (asked.postman.to("anna") != []) is obeyed
    assert nothing_happened(asked) is not obeyed
    assert ["non è provato" in why for why in asked.why()] == [True] * (not obeyed)


def test_a_failed_tap_is_not_obeyed_with_an_answer_elsewhere(asked: Town) -> None:
    """Whoever wants to be answered at another organisation's address has proved nothing."""
    asked.house = supervised(authserv_id=SERVER)
    asked.tap(APPROVE, headers=(*PASSED, "Reply-To: mallory@altrove.example"))

    assert nothing_happened(asked)


def test_a_mandate_serves_once(asked: Town) -> None:
    """A second mail with it finds nothing to do, nor does the other tap."""
    [title] = links(asked.rounds()[0], APPROVE)
    for words in (APPROVE, APPROVE, REJECT):
        asked.tap(words)

    assert "[mb:approve.1." in title
    assert len(asked.postman.to("anna")) == 1
    assert asked.held() == {"anna sport": "confirmed"}
    assert len(asked.to_office()) == 2
    assert ["già decise" in why for why in asked.why()] == [True, True]


def test_a_forged_or_changed_mandate_orders_nothing(asked: Town) -> None:
    """Another number, another purpose, a later minute, another installation's secret."""
    [title] = links(asked.rounds()[0], APPROVE)
    purpose, number, minute, proof = title.partition("[mb:")[2].rstrip("]").split(".")
    forged = [
        f"[mb:{purpose}.{int(number) + 1}.{minute}.{proof}]",
        f"[mb:reject.{number}.{minute}.{proof}]",
        f"[mb:approve-all.{number}.{minute}.{proof}]",
        f"[mb:{purpose}.{number}.{int(minute) + 1}.{proof}]",
        f"[mb:{purpose}.{number}.{minute}.{'0' * 24}]",
        mandate.sign("approve", 1, NOW + DAY, samples.Names(b"another", "comune.valverde.example")),
        mandate.sign("burn-down", 1, NOW + DAY, asked.house.names),
    ]
    for text in forged:
        asked.gets(order(f"Approvo {text}", asked.another()))
        assert nothing_happened(asked), text

    assert ["non è nostro" in why for why in asked.why()] == [True] * len(forged)


def test_a_mandate_runs_out(asked: Town) -> None:
    """One that says that it is over is not even looked up."""
    asked.gets(order(f"Approvo {mandate.sign(Order.APPROVE, 1, NOW - HOUR, asked.house.names)}", asked.another()))

    assert nothing_happened(asked)
    assert "scaduto" in asked.why()[0]


@pytest.mark.parametrize("title", ["Risposta automatica: Approvo {}", "Approvo {}"])
def test_a_machine_orders_nothing(asked: Town, title: str) -> None:
    """Its answer may have the subject of what it answers; it is shown, and not answered."""
    [tapped] = links(asked.rounds()[0], APPROVE)
    away = ("Auto-Submitted: auto-replied",)
    asked.gets(order(title.format(tapped), 1, headers=away, text="Sono fuori ufficio fino a lunedì."))

    assert nothing_happened(asked)
    assert "risposta automatica" in asked.why()[0]


def test_an_out_of_office_answer_to_the_mail_that_asks_is_ignored(asked: Town) -> None:
    """It quotes everything, with every mandate, or so it may."""
    [raw] = asked.rounds()
    text = f"Sono fuori ufficio.\r\n\r\n{plain(raw)}"
    for number, title in enumerate((f"Risposta automatica: {subject(raw)}", f"Re: {subject(raw)}")):
        asked.gets(order(title, number, headers=("Auto-Submitted: auto-replied", "X-Autoreply: yes"), text=text))

    assert nothing_happened(asked)
    assert asked.why() == []


@pytest.mark.parametrize("mark", ["> ", ""], ids=["quoted", "not marked as a quote"])
def test_who_answers_the_mail_that_asks_in_words_orders_nothing(asked: Town, mark: str) -> None:
    """All the mandates stand below the words, quoted by the mail program or not: a person must read it."""
    [raw] = asked.rounds()
    quote = "\r\n".join(f"{mark}{line}" for line in plain(raw).splitlines())
    asked.gets(order(f"Re: {subject(raw)}", 1, text=f"Sentiamo prima il presidente.\r\n\r\n{quote}"))

    assert asked.postman.to("anna") == []
    assert asked.held() == {"anna sport": "confirmed"}
    assert asked.letters()["proposed"] == 2


def test_a_command_in_a_participants_mail_leaves_the_rest_of_it_alone(asked: Town) -> None:
    """Quoted below a signup it is a quote, and the signup a signup; in the subject it is shown and nothing is done."""
    [raw] = asked.rounds()
    quote = "\r\n".join(f"> {line}" for line in plain(raw).splitlines())
    words = f"Vorrei iscrivermi all'incontro con i musei.\r\n\r\nIl 1 marzo 2024 il Comune ha scritto:\r\n{quote}"
    asked.gets(world.mail("bruno", "Iscrizione", words, 2, NOW))
    assert asked.held() == {"anna sport": "confirmed", "bruno musei": "confirmed"}
    assert asked.letters()["proposed"] == 2

    [title] = links(raw, APPROVE)
    asked.gets(world.mail("bruno", title, "Vorrei iscrivermi all'incontro con le associazioni sportive.", 3, NOW))
    assert asked.held() == {"anna sport": "confirmed", "bruno musei": "confirmed"}
    assert asked.postman.to("anna") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda title: f"Re: {title}",
        lambda title: f"R: Fwd: [EXTERNAL] {title}",
        lambda title: title.upper(),
        lambda title: title.replace("[mb:", "\r\n [mb:"),
        lambda title: title.replace(".", ".\r\n\t", 3),
        lambda title: f"{title[:60]}\r\n {title[60:]}",
        lambda title: Header(title, "utf-8", maxlinelen=40).encode(linesep="\r\n"),
        lambda title: f"  {title}  (inviato da un telefono)",
    ],
    ids=["re", "prefixes", "capitals", "folded before", "folded inside", "cut anywhere", "encoded in pieces", "tail"],
)
def test_what_mail_programs_make_of_a_subject_is_read(asked: Town, change: object) -> None:
    """Prefixes, folding, encoding, marks behind it."""
    [title] = links(asked.rounds()[0], APPROVE)
    asked.gets(order(change(title), asked.another()))  # type: ignore[operator]

    assert len(asked.postman.to("anna")) == 1


@pytest.mark.parametrize("quoted", [True, False])
def test_the_line_of_the_text_can_be_replied_with(asked: Town, quoted: bool) -> None:
    """For who reads text alone: as it stands there, cut over two lines, with our mail quoted below."""
    [raw] = asked.rounds()
    found = re.search(r"«(Approvo[^»]*)»", plain(raw))
    assert found
    assert "\n" in found[1]
    quote = "\r\n".join(f"> {line}" for line in plain(raw).splitlines()) if quoted else ""
    attribution = "\r\n\r\nIl giorno 1 marzo 2024 il Comune ha scritto:\r\n" if quoted else ""
    asked.gets(order(f"Re: {subject(raw)}", 1, text=found[1].replace("\n", "\r\n") + attribution + quote))

    assert len(asked.postman.to("anna")) == 1


def test_a_subject_with_two_orders_is_none(asked: Town) -> None:
    """Which of the two is meant nobody knows."""
    [approve], [reject] = links(asked.rounds()[0], APPROVE), links(asked.rounds()[0], REJECT)
    asked.gets(order(f"{approve} {reject}", 1))

    assert asked.postman.to("anna") == []
    assert asked.held() == {"anna sport": "confirmed"}


def test_all_of_another_round_is_not_all_of_this_one(asked: Town) -> None:
    """A round's number that there never was lists nothing."""
    asked.gets(order(f"Approvo tutte {mandate.sign(Order.APPROVE_ALL, 99, NOW + DAY, asked.house.names)}", 1))

    assert nothing_happened(asked)
    assert "già decise" in asked.why()[0]


def test_the_mail_that_tells_what_was_done_holds_no_mandate(asked: Town) -> None:
    """An answer to it, such as "thank you", orders nothing; nor does it show in the thread's subject."""
    asked.tap(APPROVE)
    [_, told] = asked.to_office()

    assert b"[mb:" not in told
    assert "[mb:" not in subject(asked.rounds()[0])
    assert message_from_bytes(told, policy=policy.default)["Auto-Submitted"] == "auto-generated"


def test_one_alone_has_no_tap_for_all(asked: Town) -> None:
    """It would say the same twice."""
    assert ALL not in plain(asked.rounds()[0])

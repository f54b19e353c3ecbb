"""Personal data has an end, goes to whom it is about alone, and leaves no trace in the log."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import metadata
from mailbot.core.retry import Refused
from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.logs import TextLines
from mailbot.looping import Loop
from mailbot.loops import collect, deliver, handle, remind
from tests import samples
from tests.loops import world
from tests.loops.world import DAY, OFFICE, Clock, MemoryMailbox, ScriptedPostman, house
from tests.security.test_bounces import report, whole
from tests.servers.daemons import running, until, write_configuration

NOW = samples.NOW
LINKS = (world.SPORT.join_url.encode(), world.MUSEI.join_url.encode())


def gets(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, *raws: bytes) -> None:
    """These mails come, and are answered."""
    for raw in raws:
        mailbox.put(raw, clock())
    collect.turn(mailbox, store, house(), clock)
    while handle.turn(store, house(), clock):
        pass
    deliver.turn(postman, store, clock)


def everything(store: SqlStore) -> bytes:
    """All cells of all tables, whatever their type, in one heap."""
    with store._read() as connection:
        tables = [connection.execute(table.select()).all() for table in metadata.sorted_tables]
        cells = [cell for rows in tables for row in rows for cell in row]
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def a_life(store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman) -> None:
    """Anna and Bruno: signups, a colleague's mail, a question, a bounce, a reminder, a digest, a mail set aside."""
    colleague = world.mail(
        "carla",
        "Iscrizione di una collega",
        "Vorrei iscrivere all'incontro con le associazioni sportive la mia collega Anna Neri, anna@posta.example.",
        3,
        NOW,
    )
    gets(
        store,
        mailbox,
        clock,
        postman,
        colleague,
        world.register("anna", "musei", 1, NOW),
        world.mail("anna", "Una domanda", "Quanto dura il corso di formazione ANNASEGRETA?", 4, NOW),
        world.register("bruno", "sport", 2, NOW),
    )
    gets(store, mailbox, clock, postman, report(whole(postman.to("anna")[0])))
    clock.move(DAY)
    remind.turn(store, house(), clock)
    deliver.turn(postman, store, clock)


@pytest.mark.parametrize("how", ["the command", "a mail"])
def test_an_erasure_leaves_counts_alone(
    file: Path, store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, how: str
) -> None:
    """No cell holds Anna's address or words, be it a bounce's or a colleague's; nor do the bytes of the file."""
    a_life(store, mailbox, clock, postman)
    before = store.status(world.SERIES, NOW)
    assert everything(store).lower().count(b"anna@posta.example") > 10
    if how == "the command":
        with store.work() as work:
            assert work.forget("anna@posta.example", clock()) > 0
    else:
        gets(store, mailbox, clock, postman, world.erase("anna", 8, clock()))
        gets(store, mailbox, clock, postman, world.confirmation("anna", postman.to("anna")[-1], 9, clock()))
    held = everything(store).lower()

    assert b"anna@posta.example" not in held
    assert b"annasegreta" not in held
    assert b"anna neri" not in held
    assert b"bruno@posta.example" in held
    after = store.status(world.SERIES, NOW)
    store.close()
    if file.exists():  # PostgreSQL overwrites as it sees fit
        assert b"anna@posta.example" not in file.read_bytes().lower()
    assert sum(after.outcomes.values()) >= sum(before.outcomes.values())


def test_retention_empties_mails_letters_and_people(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Ninety days after the last meeting nothing tells who anybody was; the counts are left."""
    a_life(store, mailbox, clock, postman)
    handled = sum(store.status(world.SERIES, NOW).outcomes.values())
    clock.move(timedelta(days=120))
    remind.retire(store, house(), clock)
    held = everything(store).lower()

    assert b"posta.example" not in held
    assert b"annasegreta" not in held
    assert OFFICE.encode() not in held
    assert sum(store.status(world.SERIES, NOW).outcomes.values()) == handled


def test_an_export_holds_all_that_is_held_and_nothing_of_others(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Two people: each copy has its owner's places, history, mails in full and our letters; and goes to its owner."""
    long = "Quanto dura il corso di formazione? " + "Una riga molto lunga. " * 60 + "LAFINE"
    gets(
        store,
        mailbox,
        clock,
        postman,
        world.register("anna", "sport", 1, NOW),
        world.mail("anna", "Domanda", long, 2, NOW),
    )
    gets(store, mailbox, clock, postman, world.register("bruno", "musei", 3, NOW))
    copies = {}
    for who in ("anna", "bruno"):
        ask = world.mail(who, "I miei dati", "Vorrei una copia dei miei dati personali.", 4, NOW)
        gets(store, mailbox, clock, postman, ask)
        mail = message_from_bytes(postman.to(who)[-1], policy=policy.default)
        [attached] = [part for part in mail.walk() if part.get_filename()]
        copies[who] = str(attached.get_payload(decode=True).decode())  # type: ignore[union-attr]
    told = json.loads(copies["anna"])

    assert [r["meeting"] for r in told["registrations"]] == ["sport"]
    assert [(deed["what"], deed["meeting"]) for deed in told["history"]] == [("registered", "sport")]
    assert any(
        mail["text"].rstrip().endswith("Anna Neri") and "LAFINE" in mail["text"] for mail in told["mails_from_you"]
    )
    assert any("zoom.example/j/sport" in letter["text"] for letter in told["letters_to_you"])
    assert "bruno" not in copies["anna"].lower()
    assert "anna" not in copies["bruno"].lower()


def test_an_organiser_s_export_holds_no_digest(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """What it tells is other people's."""
    a_life(store, mailbox, clock, postman)
    ask = world.mail("x", "I miei dati", "Vorrei una copia dei miei dati personali.", 4, clock())
    gets(store, mailbox, clock, postman, ask.replace(b"x@posta.example", OFFICE.encode()))
    mail = [parcel.raw for _, parcel in postman.accepted if parcel.recipient == OFFICE][-1]
    [attached] = [part for part in message_from_bytes(mail).walk() if part.get_filename()]

    assert b"posta.example" not in attached.get_payload(decode=True)  # type: ignore[operator]


def test_nobody_learns_by_mail_whether_another_is_registered(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Whoever signs a colleague up is told the same, be they registered already, on the list, or new."""
    small = house(world.series(sport={"capacity": 1}))

    def told(colleague: str, number: int) -> str:
        text = (
            "Vorrei iscrivere all'incontro con le associazioni sportive il mio collega "
            f"Nome Cognome, {colleague}@altrove.example."
        )
        mailbox.put(world.mail("carla", "Iscrizione di un collega", text, number, NOW), clock())
        collect.turn(mailbox, store, small, clock)
        handle.turn(store, small, clock)
        deliver.turn(postman, store, clock)
        letter = message_from_bytes(postman.to("carla")[-1], policy=policy.default)
        body = letter.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace(colleague, "X")

    answers = [told("dino", 1), told("dino", 2), told("elsa", 3), told("elsa", 4)]

    assert [r.status.value for r in store.registrations()] == ["confirmed", "waiting"]
    assert len(set(answers)) == 1


def test_the_link_goes_to_whoever_has_a_place_and_to_nobody_else(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman
) -> None:
    """Not with a menu, an acknowledgement, a waiting list, a withdrawal, a status of nothing, or to a colleague."""
    small = house(world.series(sport={"capacity": 1}))
    for number, raw in enumerate(
        [
            world.register("anna", "sport", 1, NOW),
            world.register("bruno", "sport", 2, NOW),
            world.ask("carla", 3, NOW),
            world.mail("dora", "Iscrizione", "Vorrei partecipare a un incontro.", 4, NOW),
            world.mail("elsa", "Domanda", "Quanto dura il corso di formazione?", 5, NOW),
            world.cancel("fabio", "musei", 6, NOW),
            world.mail("gina", "Il link", "Mi mandate il link per entrare?", 7, NOW),
        ]
    ):
        assert number < 7
        mailbox.put(raw, clock())
    collect.turn(mailbox, store, small, clock)
    handle.turn(store, small, clock)
    clock.move(DAY)
    remind.turn(store, small, clock)
    deliver.turn(postman, store, clock)
    knowing = {
        parcel.recipient
        for _, parcel in postman.accepted
        for part in message_from_bytes(parcel.raw).walk()
        if not part.is_multipart() and any(link in part.get_payload(decode=True) for link in LINKS)  # type: ignore[operator]
    }

    assert len({parcel.recipient for _, parcel in postman.accepted}) == 8
    assert knowing == {"anna@posta.example"}


# --- the log ----------------------------------------------------------------------------------------------------------


@contextmanager
def logged() -> Iterator[list[str]]:
    """All lines above DEBUG, as the daemon's log shows them."""
    lines: list[str] = []
    handler = logging.Handler(logging.INFO)
    form = TextLines(with_time=False)
    handler.addFilter(lambda record: record.name.startswith("mailbot") or record.levelno >= logging.WARNING)
    handler.emit = lambda record: lines.append(form.format(record))  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_the_daemon_s_log_holds_no_address_and_no_words(tmp_path: Path) -> None:
    """Signups, a question, a machine, a mail that is broken: rows by number, and nothing of who or what."""
    clock = Clock()
    raws = [
        world.register("anna", "sport", 1, NOW),
        world.mail("bruno", "PAROLESEGRETE", "Quanto dura il corso PAROLESEGRETE?", 2, NOW),
        world.away("carla", 3, NOW),
        b"From: dora@posta.example\r\n\r\n\xff\xfe\x00 PAROLESEGRETE",
    ]
    with EmbeddedServers(world.BOT) as servers, logged() as lines:
        for raw in raws:
            servers.put(raw, NOW)
        imap: dict[str, object] = {"host": "127.0.0.1", "port": servers.imap_port, "security": "none"}
        login: dict[str, object] = {"username": world.BOT, "password": PASSWORD}
        file = write_configuration(tmp_path, imap | login, servers.smtp_port)
        with running(file, clock):
            until(lambda: len(servers.delivered) >= 3)
    log = "\n".join(lines)

    assert "mail 1: act" in log
    assert "letter 1: sent" in log
    assert "@" not in log
    assert "PAROLESEGRETE" not in log
    assert not any(who in log.lower() for who in ("anna", "bruno", "carla", "dora"))


def test_what_a_server_says_of_an_address_is_logged_without_it(
    store: SqlStore,
    mailbox: MemoryMailbox,
    clock: Clock,
    postman: ScriptedPostman,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Refusals repeat the recipient, and faults of ours may hold anything."""
    postman.always = Refused(550, "5.1.1 <anna@posta.example>: user unknown")
    with caplog.at_level(logging.INFO):
        gets(store, mailbox, clock, postman, world.register("anna", "sport", 1, NOW))
    assert "given up" in caplog.text
    assert "anna@" not in caplog.text

    def faulty(*given: object) -> None:
        raise KeyError("anna@posta.example")

    monkeypatch.setattr(handle, "decide", faulty)
    with logged() as lines:
        gets(store, mailbox, clock, postman, world.register("anna", "musei", 2, NOW))
    assert any("KeyError" in line for line in lines)
    assert not any("anna@" in line for line in lines)


def test_a_fault_that_quotes_a_mail_leaves_no_words_of_it_in_the_log(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what an exception says nor the values of the row that it broke on; the digest shows them."""
    quoted = "dora@posta.example wrote PAROLESEGRETE"

    def broken(*_: object) -> float:
        raise ValueError(quoted)

    mailbox.put(world.mail("dora", "PAROLESEGRETE", "PAROLESEGRETE", 1, NOW), clock())
    with logged() as lines:
        collect.turn(mailbox, store, house(), clock)
        monkeypatch.setattr(handle, "decide", broken)
        handle.turn(store, house(), clock)
        with pytest.raises(IntegrityError) as told, store.work() as work:
            work._connection.execute(text("UPDATE inbound SET state = :state"), {"state": "PAROLESEGRETE"})
        Loop("handle").take(broken)
    log = "\n".join(lines)

    assert "mail 1 will be tried again" in log
    assert "handle: a fault of mailbot's own: ValueError" in log
    assert log.count("in broken") == 2
    assert "PAROLESEGRETE" not in log
    assert "dora" not in log
    assert told.value.hide_parameters  # PostgreSQL itself names the row; the log leaves that out

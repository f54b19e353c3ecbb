"""A changed series over the real daemon and real servers: SIGHUP, `kill -9` within the grace, and a moved clock."""

import signal
import time
from datetime import timedelta
from email import message_from_bytes, policy

from tests.cli.conftest import SERIES, Town, mail
from tests.faults.test_process import ahead, inbound, unsteady
from tests.servers.daemons import rows, until

MOVED = SERIES.replace("2099-03-11T17:00:00", "2099-03-11T18:30:00")
WITHOUT = SERIES[: SERIES.index("[[meetings]]")] + SERIES[SERIES.rindex("[[meetings]]") :]
MINUTE = timedelta(minutes=1)


def subjects(town: Town) -> list[str]:
    """Of all that was delivered after the two confirmations, in order."""
    letters = (message_from_bytes(each.raw, policy=policy.default) for each in town.servers.delivered[2:])
    return [str(letter["Subject"]) for letter in letters]


def sent(town: Town) -> int:
    """How many letters are settled: a kill before that would send one again, which is another test's matter."""
    return len(inbound(town, "SELECT 1 FROM outbox WHERE state = 'sent'"))


def ready(town: Town) -> int:
    """How often a daemon was ready."""
    return (town.folder / "log").read_text("utf-8").count("ready: ")


def noted(town: Town) -> int:
    """How many editions the database has."""
    return len(rows(town.file, "SELECT 1 FROM edition"))


def test_a_change_survives_kills_and_is_told_once_after_its_grace(town: Town) -> None:
    """Counted from the SIGHUP, not from the starts after it; then the meeting is removed, and people are told that."""
    offset = town.folder / "ahead"
    ahead(offset, timedelta(0))
    with unsteady(town, str(offset)) as process:
        for number in (1, 2):
            town.servers.put(mail(number))
        until(lambda: sent(town) == 2 and ready(town) == 1)
        town.configure(series=MOVED)
        process.send_signal(signal.SIGHUP)
        until(lambda: noted(town) == 3)
        process.kill()
    ahead(offset, MINUTE * 6)
    with unsteady(town, str(offset)) as process:  # the bell rings at each start
        until(lambda: ready(town) == 2)
        time.sleep(1)
        assert subjects(town) == []
        process.kill()
    ahead(offset, MINUTE * 11)
    told = ["Nuovo orario: mercoledì 11 marzo, ore 18:30–20:00"] * 2
    with unsteady(town, str(offset)) as process:
        until(lambda: sent(town) == 4)
        process.kill()
    starts = ready(town)
    with unsteady(town, str(offset)) as process:
        until(lambda: ready(town) > starts)
        town.configure(series=WITHOUT)
        process.send_signal(signal.SIGHUP)
        until(lambda: noted(town) == 4)
        process.kill()
    ahead(offset, MINUTE * 22)
    with unsteady(town, str(offset)) as process:
        until(lambda: sent(town) == 6)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    letters = [message_from_bytes(each.raw, policy=policy.default) for each in town.servers.delivered[2:]]
    off = ["Incontro annullato: mercoledì 11 marzo, ore 18:30–20:00"] * 2
    assert [str(letter["Subject"]) for letter in letters] == told + off
    assert {each.recipient for each in town.servers.delivered[2:4]} == {"anna1@mail.example", "anna2@mail.example"}
    assert [b"METHOD:CANCEL" in part.get_payload(decode=True) for letter in letters[2:] for part in calendars(letter)]
    assert "Traceback" not in (town.folder / "log").read_text("utf-8")


def calendars(letter):  # type: ignore[no-untyped-def]
    """The calendar parts of a letter."""
    return [part for part in letter.walk() if part.get_content_type() == "text/calendar"]

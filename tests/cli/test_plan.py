"""`mailbot plan`: who would be told what, before anybody is; nothing is touched."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.cli.conftest import SERIES, Running, Town, mail
from tests.servers.daemons import rows, until

MOVED = SERIES.replace("2099-03-11T17:00:00", "2099-03-11T18:30:00")


def dump(town: Town) -> list[str]:
    """All that the database holds of people and meetings; mails and servers are the daemon's, which works meanwhile."""
    tables = ("meeting", "edition", "person", "registration", "history", "digest")
    with closing(sqlite3.connect(town.folder / "mailbot.sqlite")) as database:
        return [
            line for line in database.iterdump() if line.startswith(tuple(f'INSERT INTO "{each}"' for each in tables))
        ]


@pytest.fixture
def registered(town: Town, start: Callable[[], Running]) -> Running:
    """Two people in the sport meeting of its two places, one who waits for it; the daemon runs."""
    town.configure(series=SERIES.replace('"https://zoom.example/j/1"\n', '"https://zoom.example/j/1"\ncapacity = 2\n'))
    running = start()
    for number in (1, 2, 3):
        town.servers.put(mail(number))
        town.servers.wait_for(number, 30)
    return running


def planned(town: Town, *options: str) -> list[str]:
    """What the command prints; it ends well and changes nothing."""
    before = dump(town)
    ended = town.mailbot("plan", *options)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert dump(town) == before
    return ended.stdout.decode().splitlines()


def test_it_says_who_would_be_told_what_of_a_file_not_yet_taken_over(town: Town, registered: Running) -> None:
    """Meeting by meeting, from old to new, with counts; addresses where they are asked for; links never."""
    small = town.file.read_text("utf-8")
    assert planned(town) == ["nobody would be told anything"]

    changed = small.replace("2099-03-11T17:00:00", "2099-03-11T18:30:00").replace(
        "zoom.example/j/1", "zoom.example/j/9"
    )
    town.file.write_text(changed.replace("Incontro con i musei", "Incontro con tutti i musei"), "utf-8")
    said = planned(town)
    assert said[0] == "sport: Incontro con le associazioni sportive"
    assert said[1] == "  in the file, not taken over yet: another start, another link"
    assert said[2].startswith("  2 registered would be told on ")
    times = "Wed 11 Mar 2099 17:00-18:30 -> Wed 11 Mar 2099 18:30-20:00"
    assert said[2].endswith(f": {times}, another link")
    assert said[3].startswith("  1 waiting would be told on ")
    assert said[3].endswith(f": {times}")
    assert said[4:] == [
        "musei: Incontro con tutti i musei",
        "  in the file, not taken over yet: another title",
        "  nobody is registered",
        "3 letter(s) would go out",
    ]
    assert "zoom.example" not in "".join(said)
    assert "@" not in "".join(said)
    with_names = planned(town, "--names")
    assert [line.strip() for line in with_names if "@" in line] == [f"anna{n}@mail.example" for n in (1, 2, 3)]

    town.file.write_text(small[: small.index("[[meetings]]")] + small[small.rindex("[[meetings]]") :], "utf-8")
    said = planned(town)
    assert "  in the file, not taken over yet: called off" in said
    assert "2 registered and 1 waiting would be told" in said[2]
    assert said[2].endswith("Wed 11 Mar 2099 17:00-18:30 is called off")

    town.file.write_text(small.replace("capacity = 2", "capacity = 3"), "utf-8")
    assert planned(town) == [
        "sport: Incontro con le associazioni sportive",
        "  1 who wait would get a place, and be told at once",
        "1 letter(s) would go out",
    ]


def test_it_sees_what_waits_for_its_grace_and_what_the_file_undoes(town: Town, registered: Running) -> None:
    """What was taken over is told at the moment it was going to be; a file that mends it leaves nobody to tell."""
    before = town.file.read_text("utf-8")
    town.file.write_text(before.replace("2099-03-11T17:00:00", "2099-03-11T18:30:00"), "utf-8")
    registered.process.send_signal(signal.SIGHUP)
    until(lambda: len(rows(town.file, "SELECT 1 FROM edition")) == 3)
    said = planned(town)
    assert said[1].startswith("  2 registered and 1 waiting would be told on ")
    assert said[2:] == ["3 letter(s) would go out"]

    town.file.write_text(before, "utf-8")
    assert planned(town) == [
        "sport: Incontro con le associazioni sportive",
        "  in the file, not taken over yet: another start",
        "  what was to be told is undone: nobody is told",
        "nobody would be told anything",
    ]


def test_it_says_that_a_start_in_the_past_is_told_to_nobody(town: Town, registered: Running) -> None:
    """The year was mistyped."""
    town.file.write_text(town.file.read_text("utf-8").replace("2099-03-11", "2009-03-11"), "utf-8")

    assert "  nobody would be told: it is over; if the day is wrong, correct it" in planned(town)


def test_without_a_database_and_with_mistakes_it_ends_as_every_command(town: Town) -> None:
    """1 and 78, with what to do."""
    nothing = town.mailbot("plan")
    town.configure(series=SERIES.replace("duration_minutes = 90", "duration_minutes = 0"))
    mistaken = town.mailbot("plan")

    assert (nothing.returncode, mistaken.returncode) == (1, 78)
    assert b"no database yet" in nothing.stderr
    assert b"duration_minutes" in mistaken.stderr
    assert not (town.folder / "mailbot.sqlite").exists()

"""A database is put back from a backup: the mailbox and the people are further on than the rows are.

What was done by the time of the backup is not done again. What was done after it is done anew, with the same names, so
that whoever gets a letter a second time gets it under the Message-ID that it had. What was not sent yet at the time of
the backup goes out with the bytes that it had.
"""

from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from mailbot.adapters.store import SqlStore, back_up
from mailbot.core.retry import Refused
from mailbot.loops import collect, deliver, handle, remind
from tests.loops import world
from tests.loops.world import DAY, HOUR, SERIES, Clock, MemoryMailbox, ScriptedPostman, house, open_store

DONE = {"done": "Done", "to_read": "To read", "ignored": "Ignored"}


class Town:
    """A store that is used, saved, and put back."""

    def __init__(self, folder: Path, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman) -> None:
        self.folder, self.clock, self.mailbox, self.postman = folder, clock, mailbox, postman
        self.file = folder / "mailbot.sqlite"
        self.store = self._open()
        self.house = house(filing=DONE, digest_to=())

    def _open(self) -> SqlStore:
        store = open_store(self.file, self.clock())
        with store.work() as work:
            work.note_meetings(SERIES, self.clock())
        store.recover(self.clock())
        return store

    def put(self, raw: bytes) -> int:
        return self.mailbox.put(raw, self.clock())

    def work(self) -> None:
        """Everything that is to be done now."""
        collect.turn(self.mailbox, self.store, self.house, self.clock)
        while handle.turn(self.store, self.house, self.clock):
            pass
        remind.turn(self.store, self.house, self.clock)
        while deliver.turn(self.postman, self.store, self.clock):
            pass

    def save(self) -> Path:
        """A backup, while the store is in use."""
        return back_up(f"sqlite:///{self.file}", self.folder / "backup.sqlite").file

    def restore(self, backup: Path) -> None:
        """As docs/operations.md has it: the old file and its logs go, the backup takes the place."""
        self.store.close()
        for old in self.folder.glob("mailbot.sqlite*"):
            old.unlink()
        self.file.write_bytes(backup.read_bytes())
        self.store = self._open()

    def sent(self) -> list[tuple[str, str, bytes]]:
        """Who got which letter, in the order of the server's answers."""
        return [
            (parcel.recipient.partition("@")[0], str(message_from_bytes(parcel.raw)["Message-ID"]), parcel.raw)
            for _, parcel in self.postman.accepted
        ]

    def places(self) -> dict[tuple[str, str], str]:
        """Who has which place."""
        return {(r.meeting, r.person.address.partition("@")[0]): r.status.value for r in self.store.registrations()}


def test_what_came_after_the_backup_is_answered_again_under_the_same_names(
    tmp_path: Path, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """The mails lie in the mailbox and are read again; the places are as before; nobody else is written to."""
    town = Town(tmp_path, clock, mailbox, postman)
    town.put(world.register("anna", "sport", 1, clock()))
    town.work()
    backup = town.save()
    clock.move(HOUR)
    town.put(world.register("bruno", "musei", 2, clock()))
    town.put(world.cancel("anna", "sport", 3, clock()))
    town.work()
    before, places = town.sent(), town.places()
    clock.move(HOUR)

    town.restore(backup)
    assert town.places() == {("sport", "anna"): "confirmed"}
    town.work()
    town.work()

    again = town.sent()[len(before) :]
    assert town.places() == places
    assert [(who, name) for who, name, _ in again] == [(who, name) for who, name, _ in before[1:]]


def test_what_had_been_sent_by_then_is_not_sent_again_though_the_folder_has_other_numbers(
    tmp_path: Path, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """A mailbox that was restored too has another UIDVALIDITY; mails are known by their fingerprints."""
    town = Town(tmp_path, clock, mailbox, postman)
    for number, who in enumerate(("anna", "bruno", "carla")):
        town.put(world.register(who, "sport", number, clock()))
    town.work()
    backup = town.save()
    before = town.sent()

    town.restore(backup)
    mailbox.renumber()
    town.work()

    assert town.sent() == before


def test_what_was_waiting_at_the_backup_goes_out_with_the_bytes_that_it_had(
    tmp_path: Path, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """A letter that was queued then and sent later is sent again as it was, byte for byte."""
    town = Town(tmp_path, clock, mailbox, postman)
    postman.lined_up.append(Refused(451, "4.3.0 later"))
    town.put(world.register("anna", "sport", 1, clock()))
    town.work()
    assert town.sent() == []
    backup = town.save()
    clock.move(HOUR)
    town.work()

    town.restore(backup)
    town.work()

    [first, second] = town.sent()
    assert first == second


def test_a_reminder_after_the_backup_comes_again_under_its_name_and_none_once_the_meeting_has_begun(
    tmp_path: Path, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """It is due as long as the meeting is to come; the digest of the day as well."""
    town = Town(tmp_path, clock, mailbox, postman)
    town.house = house()
    town.put(world.register("anna", "sport", 1, clock()))
    town.work()
    backup = town.save()
    clock.now = world.SPORT.starts_at - DAY + timedelta(minutes=1)
    town.work()
    before = town.sent()
    assert [who for who, _, _ in before] == ["anna", "ufficio", "anna", "ufficio"]
    clock.move(HOUR)

    town.restore(backup)
    town.work()
    again = town.sent()[len(before) :]
    assert {(who, name) for who, name, _ in again} == {(who, name) for who, name, _ in before[2:]}

    clock.now = world.SPORT.starts_at + timedelta(minutes=1)
    before = town.sent()
    town.restore(backup)
    town.work()
    assert {who for who, _, _ in town.sent()[len(before) :]} == {"ufficio"}


def test_mails_that_were_filed_after_the_backup_are_read_once_they_are_put_back(
    tmp_path: Path, clock: Clock, mailbox: MemoryMailbox, postman: ScriptedPostman
) -> None:
    """Whoever moves them back into the inbox, more than were needed too, loses nobody and bothers nobody twice."""
    town = Town(tmp_path, clock, mailbox, postman)
    old, new = world.register("anna", "sport", 1, clock()), world.register("bruno", "musei", 2, clock())
    town.put(old)
    town.work()
    collect.file_away(mailbox, town.store, town.house, clock)
    backup = town.save()
    town.put(new)
    town.work()
    collect.file_away(mailbox, town.store, town.house, clock)
    places, before = town.places(), town.sent()
    assert mailbox.held == {}

    town.restore(backup)
    town.work()
    assert ("musei", "bruno") not in town.places()

    for raw in (old, new):  # moved back from Done: other UIDs, the same mails
        town.put(raw)
    town.work()

    assert town.places() == places
    assert [(who, name) for who, name, _ in town.sent()[len(before) :]] == [before[-1][:2]]

"""What a rehearsal counts, and how it goes on where something is in its way."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import pytest

from mailbot.core.understanding import Understood, understand
from mailbot.ports import Arrival, MailboxTrouble
from mailbot.rehearsing import MOST_TROUBLES, Rehearsed, Tally, counted, rehearsed
from tests import samples
from tests.cli.conftest import Town, mail
from tests.loops import world
from tests.loops.world import BOT, SERIES, MemoryMailbox

NOW = samples.NOW
EVER = date(1970, 1, 1)


def read(arrival: Arrival) -> Understood:
    """As the daemon does."""
    return understand(arrival.raw, SERIES, frozenset({BOT}), NOW, arrival.received_at)


def tally(mails: Iterator[Rehearsed]) -> Tally:
    """All of them, counted."""
    tally = Tally()
    for each in mails:
        tally.count(each)
    return tally


def test_the_count_says_what_it_would_come_to() -> None:
    """By outcome, by meeting, who would be written to, which machines, and which mails a person must read and why."""
    mailbox = MemoryMailbox()
    question = "Buongiorno, vorrei iscrivermi per i musei e le biblioteche. È previsto un attestato di partecipazione?"
    for raw in (
        world.register("anna", "sport", 1, NOW),
        world.register("bruno", "sport", 2, NOW),
        world.cancel("anna", "sport", 3, NOW),
        world.mail("carla", "Iscrizione", question, 4, NOW),
        world.erase("dario", 5, NOW),
        world.away("elena", 6, NOW),
    ):
        mailbox.put(raw, NOW)
    told = tally(rehearsed(mailbox, EVER, read)).in_words(SERIES)
    lines = told.splitlines()

    assert lines[-1] == "6 mail(s): act 5, ask 0, attention 0, ignore 1"
    assert "  act            5  what is wanted is clear, and would be done" in lines
    assert "  ignore         1  written by machines, not answered: auto-reply 1" in lines
    assert "4 address(es) would be written to" in lines
    assert "  sport  register 2, cancel 1" in lines
    assert "  musei  register 1, cancel 0" in lines
    assert "asked for besides: erase 1" in lines
    assert "for a person to read: 1" in lines
    assert "  INBOX/4 from carla@posta.example: " in told
    assert "attestato" in told


def test_a_server_that_hangs_up_is_asked_again_from_there_on() -> None:
    """Each mail is told once."""
    mailbox = MemoryMailbox()
    for number in range(1, 6):
        mailbox.put(world.register(f"u{number}", "sport", number, NOW), NOW)
    mailbox.troubles.extend(["fetch", "fetch"])

    assert [each.name for each in rehearsed(mailbox, EVER, read)] == [f"INBOX/{number}" for number in range(1, 6)]


def test_a_server_that_hands_over_nothing_any_more_ends_it_with_the_count_of_what_was_read() -> None:
    """After a few tries, in the words of the trouble."""

    class Broken(MemoryMailbox):
        asked = 0

        def fetch(self, uids: Sequence[int]) -> Iterator[Arrival]:
            for uid in uids:
                if uid > 2:
                    self.asked += 1
                    raise MailboxTrouble("no")
                yield self.held[uid]

    mailbox = Broken()
    for number in range(1, 5):
        mailbox.put(world.register(f"u{number}", "sport", number, NOW), NOW)
    said: list[str] = []
    with pytest.raises(MailboxTrouble), counted(SERIES, said.append) as count:
        for each in rehearsed(mailbox, EVER, read):
            count(each)

    assert mailbox.asked == MOST_TROUBLES
    assert [text.splitlines()[-1] for text in said] == ["2 mail(s): act 2, ask 0, attention 0, ignore 0"]


def test_who_breaks_it_off_gets_the_count_of_what_was_read() -> None:
    """And nothing where nothing was."""
    said: list[str] = []
    for mails in ([Rehearsed("INBOX/1", None, "KeyError: 'x'")], []):
        with pytest.raises(KeyboardInterrupt), counted(SERIES, said.append) as count:
            for each in mails:
                count(each)
            raise KeyboardInterrupt

    assert len(said) == 1


def test_a_mail_that_meets_a_fault_of_ours_is_told_and_the_rest_go_on() -> None:
    """As the daemon would set it aside."""
    mailbox = MemoryMailbox()
    for number in range(1, 4):
        mailbox.put(world.register(f"u{number}", "sport", number, NOW), NOW)

    def stumbling(arrival: Arrival) -> Understood:
        if arrival.uid == 2:
            raise ValueError("a fault")
        return read(arrival)

    mails = list(rehearsed(mailbox, EVER, stumbling))

    assert [each.fault for each in mails] == ["", "ValueError: a fault", ""]
    assert tally(iter(mails)).in_words(SERIES).endswith("3 mail(s): act 2, ask 0, attention 0, ignore 0, fault 1")


def test_the_count_alone_can_be_had_of_many_mails(town: Town) -> None:
    """Over a real server: more than are fetched at once, in a short page."""
    for number in range(1, 121):
        town.servers.put(mail(number))
    ended = town.mailbot("rehearse", "--summary", "--since", f"{datetime.now(UTC):%Y-%m-%d}")
    lines = ended.stdout.decode().splitlines()

    assert ended.returncode == 0
    assert lines[-1] == "120 mail(s): act 120, ask 0, attention 0, ignore 0"
    assert "  sport  register 120, cancel 0" in lines
    assert len(lines) < 15
    assert town.servers.delivered == []

"""A mailbox with years of mail: what came before is left alone, and the organisers are told how much it is."""

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.loops import collect, deliver, handle, remind
from tests import samples
from tests.loops import world
from tests.loops.world import DAY, Clock, MemoryMailbox, ScriptedPostman, house

NOW = samples.NOW


def digest_text(postman: ScriptedPostman, number: int) -> str:
    """The text of a digest."""
    digests = [parcel.raw for _, parcel in postman.accepted if parcel.recipient == world.OFFICE]
    body = message_from_bytes(digests[number], policy=policy.default).get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


@pytest.mark.parametrize("older", [0, 700])
def test_older_mail_is_counted_in_the_first_digest_and_never_answered(
    store: SqlStore, mailbox: MemoryMailbox, clock: Clock, postman: ScriptedPostman, older: int
) -> None:
    """Once; a restart, or a folder that the server has renumbered, changes neither."""
    town = house(since=date(2024, 3, 1))
    store.installation(clock())
    for number in range(older):
        before = NOW - timedelta(days=1 + number)
        mailbox.put(world.register(f"old{number}", "sport", number, before), before)
    mailbox.put(world.register("anna", "sport", 9_999, NOW), clock())

    def turn() -> None:
        collect.turn(mailbox, store, town, clock)
        while handle.turn(store, town, clock):
            pass
        remind.turn(store, town, clock)
        deliver.turn(postman, store, clock)

    turn()
    mailbox.renumber()
    turn()
    clock.move(DAY)
    turn()
    clock.move(DAY)
    turn()

    assert {parcel.recipient for _, parcel in postman.accepted} == {"anna@posta.example", world.OFFICE}
    assert [r.person.address for r in store.registrations()] == ["anna@posta.example"]
    assert ("conteneva già 700 messaggi" in digest_text(postman, 0)) is bool(older)
    assert "conteneva già" not in digest_text(postman, -1)

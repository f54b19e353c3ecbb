"""A mail that was too large to be kept whole: it is handled, and a person looks at what was not read."""

from mailbot.adapters.store import SqlStore
from mailbot.core.model import RegistrationStatus
from mailbot.loops import handle
from mailbot.ports import Arrival, Cursor, Kept
from tests.loops import world
from tests.loops.world import SERIES, Clock, house


def test_organisers_hear_of_a_mail_that_was_cut(store: SqlStore, clock: Clock) -> None:
    """Its text is acted on all the same; a machine's is nobody's concern, and a whole one needs no reader."""
    mails = (world.register("anna", "sport", 1, clock()), world.away("ugo", 2, clock()))
    cut = [Arrival(n, raw, clock(), 20_000_000, truncated=True) for n, raw in enumerate(mails, 1)]
    whole = Arrival(3, world.register("bruno", "sport", 3, clock()), clock(), 500)
    store.keep([Kept(arrival, str(arrival.uid)) for arrival in (*cut, whole)], Cursor("INBOX", 1, 3), clock())

    handle.turn(store, house(), clock)

    [shown] = store.digest(SERIES, clock().date(), None).to_read
    assert (shown.sender, shown.cut) == ("anna@posta.example", True)
    assert [change.address for change in shown.done] == ["anna@posta.example"]
    assert [r.status for r in store.registrations()] == [RegistrationStatus.CONFIRMED] * 2

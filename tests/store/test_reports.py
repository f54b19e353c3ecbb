"""What organisers and sysadmins are shown, and what is forgotten."""

from dataclasses import replace
from datetime import timedelta

from mailbot.adapters.store import SqlStore
from mailbot.adapters.store.tables import metadata
from mailbot.core.digest import Deed
from mailbot.core.model import (
    Address,
    Outcome,
)
from mailbot.core.retry import Sent
from mailbot.core.situation import Decision
from mailbot.ports import Arrival, Kept
from tests.store.making import CANCELLED, HANDLED, NOW, SERIES, enrol, kept, letter, mail, upto


def test_the_digest_tells_what_happened_since_the_last_one(store: SqlStore) -> None:
    """Counts, names and mails to read, each once."""
    held = enrol(store)
    later = NOW + timedelta(hours=1)
    gone = replace(held, status=CANCELLED, cancelled_at=later, sequence=1)
    with store.work() as work:
        work.apply(Decision(Outcome.ACT, withdrawn=(gone,)), None, later)
    store.keep([kept(1)], upto(1), NOW)
    [taken] = store.take(1, NOW)
    with store.work() as work:
        work.settle(taken.id, replace(HANDLED, attention=True, why="È gratuito?"), later)

    whole = store.digest(SERIES, NOW.date(), None)
    since = store.digest(SERIES, NOW.date(), NOW)

    assert [change.deed for change in whole.changes] == [Deed.WITHDRAWN]
    assert [change.deed for change in since.changes] == [Deed.WITHDRAWN]
    assert [(count.meeting.code, count.confirmed, count.new, count.withdrawn) for count in since.meetings] == [
        ("sport", 0, 0, 1),
        ("musei", 0, 0, 0),
    ]
    assert [item.why for item in since.to_read] == ["È gratuito?"]
    assert store.digest(SERIES, NOW.date(), later).to_read == ()


def test_a_mail_to_read_tells_what_was_done_because_of_it(store: SqlStore) -> None:
    """Its own deeds, not those of other mails, nor whoever moved up; and whether it was cut."""
    large = kept(1)
    store.keep([replace(large, arrival=replace(large.arrival, truncated=True)), kept(2)], upto(2), NOW)
    first, second = store.take(2, NOW)
    held = enrol(store, inbound_id=first.id)
    with store.work() as work:
        work.apply(Decision(Outcome.ACT, promoted=(held,)), first.id, NOW)
        work.settle(first.id, replace(HANDLED, attention=True), NOW)
        work.settle(second.id, replace(HANDLED, attention=True), NOW)

    one, other = store.digest(SERIES, NOW.date(), None).to_read

    assert [(change.deed, change.meeting) for change in one.done] == [(Deed.REGISTERED, "sport")]
    assert (one.cut, other.cut, other.done) == (True, False, ())


def test_forgetting_a_person_leaves_counts_alone(store: SqlStore) -> None:
    """No byte of the address or the mail is left in the file's live rows."""
    enrol(store)
    store.keep([Kept(Arrival(1, b"From: anna@posta.example\r\n\r\nciao", NOW, 30), "f")], upto(1), NOW)
    [taken] = store.take(1, NOW)
    with store.work() as work:
        work.settle(taken.id, HANDLED, NOW)
        work.queue(letter(), mail(), taken.id, NOW)
        work.queue(
            letter("other", recipient=Address("ugo@posta.example")), mail("other", "ugo@posta.example"), None, NOW
        )
        assert work.forget("anna@posta.example", NOW) == 3

    with store._read() as connection:
        rows = [repr(row) for table in metadata.sorted_tables for row in connection.execute(table.select())]
    assert not [row for row in rows if "anna" in row.lower()]
    assert [row for row in rows if "ugo" in row]
    assert store.status(SERIES, NOW).outcomes == {"act": 1}


def test_personal_data_ends_with_the_retention_time(store: SqlStore) -> None:
    """Mails and letters by their age, people by their last meeting; what is younger stays."""
    enrol(store)
    store.keep([kept(1), kept(2)], upto(2), NOW)
    first, second = store.take(2, NOW)
    with store.work() as work:
        work.settle(first.id, HANDLED, NOW)
        work.settle(second.id, HANDLED, NOW + timedelta(days=40))
        work.queue(letter(), mail(), first.id, NOW)
    store.settle(store.claim(1, NOW)[0].parcel.id, Sent("ok"), NOW)

    assert store.forget_before(NOW + timedelta(days=1)) == 2
    assert len(store.registrations()) == 1
    assert store.forget_before(NOW + timedelta(days=30)) == 1
    assert store.registrations() == ()

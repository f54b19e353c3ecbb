"""What is kept of collected mail, and in which order it is taken in hand."""

import pytest

from mailbot.adapters.store import SqlStore
from mailbot.core.status import LATELY
from tests.store.making import HANDLED, NOW, SERIES, kept, letter, mail, upto


def test_mails_and_the_cursor_are_kept_together(store: SqlStore) -> None:
    """After a commit both are there."""
    assert store.cursor("INBOX") is None
    assert store.keep([kept(3), kept(5)], upto(5), NOW) == 2
    assert store.cursor("INBOX") == upto(5)


def test_the_same_mail_delivered_twice_is_one_mail(store: SqlStore) -> None:
    """Also under another UIDVALIDITY, after the server has renumbered the folder."""
    store.keep([kept(3, "same")], upto(3), NOW)

    assert store.keep([kept(4, "same")], upto(4), NOW) == 0
    assert store.keep([kept(1, "same")], upto(1, uidvalidity=8), NOW) == 0
    assert [mail.fingerprint for mail in store.take(10, NOW)] == ["same"]


def test_every_delivery_of_a_handled_mail_is_filed(store: SqlStore) -> None:
    """A copy that lies in the inbox twice is moved twice."""
    store.keep([kept(3, "same"), kept(4, "same"), kept(5, "other")], upto(5), NOW)
    [first, _] = store.take(10, NOW)
    with store.work() as work:
        work.settle(first.id, HANDLED, NOW)

    assert [filing.uid for filing in store.unfiled("INBOX", 7, 10)] == [3, 4]
    store.note_filed("INBOX", 7, [3], NOW)
    assert [filing.uid for filing in store.unfiled("INBOX", 7, 10)] == [4]
    assert store.unfiled("INBOX", 8, 10) == []


def test_a_mail_that_ends_the_process_is_set_aside_after_three_tries(store: SqlStore) -> None:
    """It is taken alone from the second try on, so that it takes no other with it."""
    store.keep([kept(1), kept(2)], upto(2), NOW)

    assert [taken.id for taken in store.take(10, NOW)] == [1, 2]
    assert [taken.id for taken in store.take(10, NOW)] == [1]
    assert [taken.id for taken in store.take(10, NOW)] == [2]
    with store.work() as work:
        work.settle(2, HANDLED, NOW)
    assert [taken.id for taken in store.take(10, NOW)] == [1]
    assert store.take(10, NOW) == []
    status = store.status(SERIES, NOW - LATELY)
    assert status.outcomes == {"set-aside": 1, "act": 1}
    assert status.set_aside_lately == 1


def test_mails_keep_their_order_when_one_is_tried_again(store: SqlStore) -> None:
    """Somebody who registered and then cancelled is not registered after a crash."""
    store.keep([kept(1)], upto(1), NOW)
    store.take(10, NOW)
    store.keep([kept(2), kept(3)], upto(3), NOW)

    assert [taken.id for taken in store.take(10, NOW)] == [1]


def test_one_that_failed_alone_goes_behind_all_others(store: SqlStore) -> None:
    """A bad mail holds nobody up."""
    store.keep([kept(1)], upto(1), NOW)
    store.take(10, NOW)
    store.take(10, NOW)
    store.keep([kept(2), kept(3)], upto(3), NOW)

    assert [taken.id for taken in store.take(10, NOW)] == [2, 3]


def test_what_the_world_kept_from_being_tried_counts_no_try(store: SqlStore) -> None:
    """Three turns against a full disk set nothing aside."""
    store.keep([kept(1), kept(2)], upto(2), NOW)
    for _ in range(5):
        taken = store.take(10, NOW)
        assert [mail.id for mail in taken] == [1, 2]
        store.give_back([mail.id for mail in taken])


def test_a_fault_is_counted_and_the_third_sets_the_mail_aside(store: SqlStore) -> None:
    """The mail and the error are kept."""
    store.keep([kept(1)], upto(1), NOW)
    aside = []
    for _ in range(3):
        [taken] = store.take(10, NOW)
        aside.append(store.note_failure(taken.id, "KeyError: 'x'", NOW))

    assert aside == [False, False, True]
    [shown] = store.digest(SERIES, NOW.date(), None).set_aside
    assert shown.error == "KeyError: 'x'"


def test_what_leaves_a_savepoint_by_an_exception_is_undone_alone(store: SqlStore) -> None:
    """The rest of the batch is committed."""
    with store.work() as work:
        work.queue(letter("one"), mail("one"), None, NOW)
        with pytest.raises(KeyError), work.savepoint():
            work.queue(letter("two"), mail("two"), None, NOW)
            raise KeyError
        work.queue(letter("three"), mail("three"), None, NOW)

    assert [claim.parcel.raw for claim in store.claim(10, NOW)] == [b"one", b"three"]

"""Outgoing mail: each purpose once, the same bytes at every try."""

from dataclasses import replace
from datetime import timedelta

from mailbot.adapters.store import SqlStore
from mailbot.core.retry import Again, GivenUp, Sent
from tests.store.making import NOW, SERIES, letter, mail


def test_a_purpose_is_served_once(store: SqlStore) -> None:
    """A second letter with the same purpose is not queued."""
    with store.work() as work:
        assert work.queue(letter(), mail(), None, NOW)
        assert not work.queue(letter(), replace(mail(), raw=b"other"), None, NOW)

    assert [claim.parcel.raw for claim in store.claim(10, NOW)] == [b"reply:1"]


def test_a_claimed_letter_is_nobody_elses_until_it_is_settled(store: SqlStore) -> None:
    """Tried again only when it is due again; sent is sent."""
    with store.work() as work:
        work.queue(letter(), mail(), None, NOW)
    [claim] = store.claim(10, NOW)
    assert (claim.tries, store.claim(10, NOW), store.next_try_at()) == (1, [], None)

    later = NOW + timedelta(minutes=1)
    store.settle(claim.parcel.id, Again(later, "451 busy"), NOW)
    assert (store.claim(10, NOW), store.next_try_at()) == ([], later)
    [again] = store.claim(10, later)
    assert (again.tries, again.parcel) == (2, claim.parcel)

    store.settle(claim.parcel.id, Sent("ok"), later)
    assert (store.claim(10, later + timedelta(days=1)), store.next_try_at()) == ([], None)


def test_letters_that_were_being_sent_at_a_crash_go_out_again_unchanged(store: SqlStore) -> None:
    """Whether they went out is not known; the bytes are the same."""
    with store.work() as work:
        work.queue(letter(), mail(), None, NOW)
    [before] = store.claim(10, NOW)

    assert store.recover(NOW) == 1
    [after] = store.claim(10, NOW)
    assert after.parcel == before.parcel


def test_a_letter_that_was_given_up_is_in_the_digest(store: SqlStore) -> None:
    """With the reason the server gave."""
    with store.work() as work:
        work.queue(letter(), mail(), None, NOW)
    [claim] = store.claim(10, NOW)
    store.settle(claim.parcel.id, GivenUp("550 no such user"), NOW)

    [undelivered] = store.digest(SERIES, NOW.date(), None).undelivered
    assert (undelivered.recipient, undelivered.error) == ("anna@posta.example", "550 no such user")
    assert store.digest(SERIES, NOW.date(), NOW).undelivered == ()

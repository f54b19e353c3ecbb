"""What keeps people from harm, as the rows tell it, on each kind of database."""

from dataclasses import replace
from datetime import timedelta

from mailbot.adapters.store import SqlStore
from mailbot.core.model import Address, LetterKind
from mailbot.core.retry import Sent
from tests import samples
from tests.store.making import HANDLED, NOW, SERIES, enrol, kept, letter, mail, upto

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def answer(
    store: SqlStore, inbound_id: int | None, purpose: str, to: str = "anna@posta.example", **more: object
) -> None:
    """A letter that a mail has led to, or none has."""
    with store.work() as work:
        queued = letter(purpose, recipient=Address(to), **more)
        assert work.queue(queued, mail(purpose, to), inbound_id, NOW)


def test_answers_are_counted_by_address_by_domain_and_in_all(store: SqlStore) -> None:
    """Of a day, and of an hour; those that changed nothing apart; letters that no mail has led to are none."""
    store.keep([kept(uid) for uid in range(1, 5)], upto(4), NOW)
    enrol(store, inbound_id=1)
    answer(store, 1, "changed something")
    answer(store, 2, "menu", kind=LetterKind.MENU)
    answer(store, 3, "another's", "ugo@posta.example")
    answer(store, 4, "elsewhere", "ida@altrove.example")
    answer(store, None, "reminder")

    with store.work() as work:
        lately = work.answered("anna@posta.example", NOW + timedelta(minutes=1))
        work.queue(letter("one more"), mail("one more"), 2, NOW)
        with_one_more = work.answered("anna@posta.example", NOW + timedelta(minutes=1))
    with store.work() as work:
        after_an_hour = work.answered("anna@posta.example", NOW + HOUR)
        after_a_day = work.answered("anna@posta.example", NOW + DAY)

    assert [getattr(lately, name) for name in lately.__dataclass_fields__] == [2, 1, 3, 4]
    assert [getattr(with_one_more, name) for name in lately.__dataclass_fields__] == [3, 2, 4, 5]
    assert [getattr(after_an_hour, name) for name in lately.__dataclass_fields__] == [3, 2, 0, 0]
    assert [getattr(after_a_day, name) for name in lately.__dataclass_fields__] == [0, 0, 0, 0]


def test_a_code_serves_once_and_in_its_time(store: SqlStore) -> None:
    """It gives the mail that it confirms, with its bytes."""
    store.keep([kept(1), kept(2)], upto(2), NOW)
    store.take(2, NOW)
    with store.work() as work:
        work.settle(1, replace(HANDLED, awaits="ABCD", awaits_until=NOW + DAY), NOW)
        work.settle(2, replace(HANDLED, awaits="EFGH", awaits_until=NOW + HOUR), NOW)
    with store.work() as work:
        assert work.take_awaiting("EFGH", NOW + HOUR) is None
        assert work.take_awaiting("none", NOW) is None
        confirmed = work.take_awaiting("ABCD", NOW + HOUR)
        assert work.take_awaiting("ABCD", NOW + HOUR) is None

    assert confirmed is not None
    assert (confirmed.id, confirmed.raw, confirmed.received_at) == (1, b"Subject: x\r\n\r\nx", NOW)


def test_the_first_bounce_of_a_letter_counts(store: SqlStore) -> None:
    """It is found by its name, whatever stands behind the @; what was not sent has not come back."""
    answer(store, None, "sent")
    answer(store, None, "queued", "ugo@posta.example")
    [claim] = store.claim(1, NOW)
    store.settle(claim.parcel.id, Sent("250 ok"), NOW)
    names = [samples.NAMES.message_id(purpose).strip("<>").partition("@")[0] for purpose in ("sent", "queued")]
    with store.work() as work:
        assert not work.note_bounce(["%", "nobody's", names[1]], "550 x", 1, NOW)
        assert work.note_bounce(["nobody's", names[0]], "550 gone", 1, NOW)
        assert work.note_bounce([names[0]], "550 later", 2, NOW + HOUR)
        lost = work.bounced(NOW - HOUR, NOW)

    assert [(each.at, each.recipient, each.error) for each in lost] == [(NOW, "anna@posta.example", "550 gone")]
    assert store.status(SERIES, NOW - HOUR).bounced_lately == 1


def test_what_was_left_alone_is_counted_once(store: SqlStore) -> None:
    """At the first start; the digest says it."""
    store.installation(NOW)
    store.note_left_alone(7)
    store.note_left_alone(9)

    assert store.digest(SERIES, NOW.date(), None).left_alone == 7


def test_whatever_a_stranger_writes_can_be_noted(store: SqlStore) -> None:
    """NUL too, which PostgreSQL takes in no text."""
    store.keep([kept(1)], upto(1), NOW)
    store.take(1, NOW)
    with store.work() as work:
        work.settle(1, replace(HANDLED, attention=True, subject="a\0b 🎉 \\x00 %s", opening="\x01'\""), NOW)

    [shown] = store.digest(SERIES, NOW.date(), None).to_read
    assert (shown.subject.replace("\0", ""), shown.opening) == ("ab 🎉 \\x00 %s", "\x01'\"")

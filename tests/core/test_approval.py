"""When organisers are asked, and how long what waits is of use."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core import mandate
from mailbot.core.approval import (
    AGAIN_AFTER,
    LASTS,
    MOST_LISTED,
    ROUND_EVERY,
    UNANSWERED_EVERY,
    next_round,
    worth_until,
)
from mailbot.core.model import Letter, LetterKind, Place, RegistrationStatus, Waiting
from tests import samples

NOW = samples.NOW
SOON, LATER, FAR = (samples.meeting(code, day) for code, day in (("sport", 4), ("musei", 14), ("giovani", 31)))


def place(meeting: object = SOON) -> Place:
    """A place."""
    return Place(meeting, RegistrationStatus.CONFIRMED, "uid", 0)  # type: ignore[arg-type]


def letter(kind: LetterKind = LetterKind.CONFIRMATION, **said: object) -> Letter:
    """A letter to Anna."""
    return Letter(kind, "p", samples.message().sender, "it", NOW + timedelta(days=3), **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("letters", "until"),
    [
        ([letter(registered=(place(),))], SOON.starts_at),
        ([letter(registered=(place(), place(LATER)))], LATER.starts_at),
        ([letter(registered=(place(),), held=(place(), place(LATER)))], SOON.starts_at),
        ([letter(LetterKind.WITHDRAWAL, withdrawn=(place(),))], SOON.starts_at),
        ([letter(LetterKind.WITHDRAWAL, declined=(SOON,), held=(place(LATER),))], SOON.starts_at),
        ([letter(LetterKind.MENU, offers=(SOON, LATER))], LATER.starts_at),
        ([letter(LetterKind.STATUS, held=(place(),))], SOON.starts_at),
        ([letter(registered=(place(),)), letter(registered=(place(LATER),))], LATER.starts_at),
        ([letter(registered=(place(FAR),))], NOW + LASTS),
        ([letter(LetterKind.ACKNOWLEDGEMENT)], NOW + LASTS),
        ([letter(registered=(place(replace(SOON, starts_at=NOW)),))], NOW + LASTS),
        ([letter(LetterKind.VERIFICATION, withdrawn=(place(LATER),))], NOW + timedelta(days=3)),
    ],
)
def test_a_letter_is_of_use_until_the_last_meeting_of_its_news_begins(letters: list[Letter], until: datetime) -> None:
    """Two weeks at most; a code no longer than it is good."""
    assert worth_until(letters, NOW) == until


def waiting(new: int, asked: int = 0) -> list[Waiting]:
    """Some that the organisers were asked about, and newer ones that they were not."""
    return [Waiting(number, number <= asked) for number in range(1, asked + new + 1)]


@pytest.mark.parametrize(
    ("those", "last", "listed"),
    [
        (waiting(0), None, 0),
        (waiting(3), None, 3),
        (waiting(40), None, MOST_LISTED),
        (waiting(1), (ROUND_EVERY - timedelta(seconds=1), True), 0),
        (waiting(1), (ROUND_EVERY, True), 1),
        (waiting(1), (ROUND_EVERY, False), 0),
        (waiting(1), (UNANSWERED_EVERY, False), 1),
        (waiting(0, asked=2), (UNANSWERED_EVERY, True), 0),
        (waiting(0, asked=2), (AGAIN_AFTER, False), 2),
        (waiting(1), (-timedelta(days=1), True), 1),
    ],
)
def test_organisers_are_asked_soon_but_not_again_and_again(
    those: list[Waiting], last: tuple[timedelta, bool] | None, listed: int
) -> None:
    """``last`` is how long ago they were asked, and whether they have answered since; a clock may be set back."""
    assert len(next_round(those, (NOW - last[0], last[1]) if last else None, NOW)) == listed


def test_new_ones_come_first_and_the_rest_is_filled_up() -> None:
    """In the order of their numbers, as they came."""
    assert next_round(waiting(3, asked=20), None, NOW) == (*range(1, MOST_LISTED - 2), 21, 22, 23)


@given(st.text(max_size=300), st.sampled_from(["approve", "reject"]), st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_mandate_is_found_in_whatever_stands_around_it(noise: str, purpose: str, number: int, minutes: int) -> None:
    """And says what was signed, to the minute."""
    until = NOW + timedelta(minutes=minutes)
    signed = mandate.sign(purpose, number, until, samples.NAMES)
    message = replace(samples.message(text="nothing"), subject=f"{noise} {signed} {noise}")

    assert mandate.read(mandate.written(message), samples.NAMES) == mandate.Mandate(purpose, number, until)


@given(st.text(alphabet="[mb:approve.0123456789abcdef] \n", max_size=200))
def test_nothing_that_looks_like_a_mandate_is_taken_for_one(text: str) -> None:
    """However much it looks like one; and no text makes the reading raise."""
    assert mandate.read(mandate.written(replace(samples.message(text=text), subject=text)), samples.NAMES) is None


APPROVE, REJECT = (
    mandate.sign(purpose, 12, NOW + timedelta(days=1), samples.NAMES) for purpose in ("approve", "reject")
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Approvo la risposta n. 12\n{APPROVE}", APPROVE),
        (f"Re: {APPROVE[:20]}\n{APPROVE[20:]}\n\nGrazie!", APPROVE),
        (f"Sentiamo prima il presidente. {APPROVE} oppure {REJECT}", ""),
        (f"Non so. {'Che ne dite? ' * 12}{APPROVE}", ""),
        ("x" * mandate.LONGEST + APPROVE, ""),
        (f"{APPROVE[:-1]}", ""),
        ("", ""),
    ],
    ids=["a line", "cut", "two", "far below", "beyond what is searched", "without its end", "nothing"],
)
def test_a_body_holds_an_order_where_it_begins_with_the_one(text: str, found: str) -> None:
    """Whoever pastes or quotes our mail without a mark has all of its mandates in their own words."""
    assert mandate.written(samples.message(text=text)) == found


def test_the_subject_outranks_the_body() -> None:
    """Some mail programs quote our mail below a tap."""
    tapped = replace(samples.message(text=f"{REJECT} {APPROVE}"), subject=f"Re: Approvo {APPROVE}")
    both = replace(tapped, subject=f"{REJECT} {APPROVE}")

    assert mandate.written(tapped) == APPROVE
    assert mandate.written(both) == ""

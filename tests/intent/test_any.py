"""Whatever anybody writes, to whatever series: an answer comes, and it keeps the promises of ``Intent``."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.core.intent import read_intent
from mailbot.core.intent.lexicon import shipped
from mailbot.core.model import ALL, Intent, Meeting, Message, Outcome, Series
from tests.intent.series import VALSENIO, mail, read

NOW = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
PIECES = st.sampled_from(
    [
        *"il 12 13 7/3 12.03.2024 2024-03-12 31/2 99 giovedì domani marzo alle 10 21:00 primo ultimo penultimo".split(),
        *"mi iscrivo non posso tranne ma anzi no tutti entrambi invece del cancellatemi spostatemi dal al".split(),
        *"musei sport coro quartieri associazione ? ! . , : ; ( ) - \n \n\n » « > … ✅ ❌ 👍 '".split(" "),
        *"please sign me up can't the 12th all but instead of Thursday both sessions link data delete never".split(),
    ]
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=60).map(" ".join))
NAMES = st.one_of(
    st.text(min_size=1, max_size=30), st.sampled_from(["musei", "sport", "primo turno", "12", "*", "~ _"])
)


@st.composite
def any_series(draw: st.DrawFn) -> Series:
    """A series of one to eight meetings, some of them at the same time, with any names."""
    meetings = tuple(
        Meeting(
            code=f"m{number}",
            title=draw(NAMES),
            sector=draw(NAMES),
            keywords=tuple(draw(st.lists(NAMES, max_size=4))),
            starts_at=NOW + timedelta(hours=draw(st.integers(-2000, 2000))),
            duration=timedelta(hours=1),
            join_url="https://zoom.example/j/1",
        )
        for number in range(draw(st.integers(1, 8)))
    )
    zone = ZoneInfo(draw(st.sampled_from(["Europe/Rome", "America/New_York", "Pacific/Apia"])))
    language = draw(st.sampled_from(["it", "en"]))
    return Series("S", "O", "c@o.example", zone, language, meetings)


def check(intent: Intent, series: Series) -> None:
    """The promises of an intent."""
    codes = {meeting.code for meeting in series.meetings}
    assert set(intent.register) <= codes
    assert set(intent.cancel) <= codes or intent.cancel == (ALL,)
    assert list(intent.register) == sorted(intent.register)
    assert not set(intent.register) & set(intent.cancel)
    if intent.outcome is not Outcome.ACT:
        assert (intent.register, intent.cancel, intent.requests) == ((), (), ())
    else:
        assert intent.register or intent.cancel or intent.requests
    assert (intent.doubt is not None) == (intent.outcome is Outcome.ASK)
    assert intent.attention or intent.outcome is not Outcome.ATTENTION
    assert intent.evidence or intent.outcome is Outcome.ACT
    assert all(isinstance(clue, str) and clue for clue in intent.evidence)


@settings(deadline=None)
@given(text=TEXTS, subject=st.one_of(st.just(""), TEXTS), quote=st.one_of(st.just(""), TEXTS), series=any_series())
def test_any_mail_to_any_series_gets_an_answer(text: str, subject: str, quote: str, series: Series) -> None:
    """Nothing raises, and codes are always those of meetings."""
    check(read_intent(mail(text, subject, quote=quote, signature=quote), series, NOW), series)


@settings(deadline=None)
@given(text=TEXTS)
def test_a_mail_is_read_the_same_every_time(text: str) -> None:
    """What is remembered from one mail to the next changes nothing."""
    message: Message = mail(text)

    assert read(message) == read(message)


@settings(deadline=None, max_examples=25)
@given(piece=PIECES, times=st.integers(2_000, 20_000))
def test_a_long_mail_takes_its_time_and_no_more(piece: str, times: int) -> None:
    """No text, however often it repeats itself, keeps the daemon busy."""
    message = mail(f"{piece} " * times)
    began = time.monotonic()
    check(read(message), VALSENIO)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize("text", ["", " ", "\n", "\ufeff", "?", "a" * 50_000, "12" * 10_000, ". " * 20_000])
def test_odd_texts_are_for_a_person(text: str) -> None:
    """Nothing that means nothing is acted on."""
    assert read(mail(text)).outcome is Outcome.ATTENTION


@pytest.mark.parametrize("filling", ["si allega la relazione sulle attività svolte. " * 200, "bene. " * 400])
def test_what_is_not_heard_of_a_long_mail_is_read_by_a_person(filling: str) -> None:
    """What stands at the beginning is done; that there is more is told, whatever it says."""
    intent = read(mail(f"Mi iscrivo all'incontro del 12 marzo. {filling} Anzi no, disdico."))

    assert (intent.outcome, intent.attention) == (Outcome.ACT, True)
    assert intent.evidence[-1] == "il testo è lungo: il seguito non è stato letto"


def test_the_lexicon_is_made_once() -> None:
    """Every mail is read with the same words."""
    assert shipped() is shipped()

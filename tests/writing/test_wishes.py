"""One-tap mails: what a letter offers is what the reader understands."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot import demo
from mailbot.config import load
from mailbot.core.intent import read_intent
from mailbot.core.model import Intent, Kind, Language, Message, Origin, Outcome, Passage, PassageKind, Request
from mailbot.core.writing.samples import ANNA, AT, SENDER, series
from mailbot.core.writing.wishes import Wishes
from tests.writing.reading import mailto_links, sample, written

LANGUAGES: tuple[Language, ...] = ("it", "en")
CODES = ("sport", "musei", "giovani")


def wishes(language: Language) -> Wishes:
    """The one-tap mails of the sample series."""
    return Wishes(SENDER.address, language, ZoneInfo("Europe/Rome"))


def taken_apart(link: str) -> tuple[str, str]:
    """Subject and body of a mailto link (RFC 6068)."""
    address, _, query = link.partition("?")
    assert address == f"mailto:{SENDER.address}"
    fields = dict(field.split("=", 1) for field in query.split("&"))
    return unquote(fields["subject"]), unquote(fields.get("body", ""))


def understood(link: str, language: Language, added: str = "") -> Intent:
    """What the reader makes of the mail that a tap sends, with what the person added at its end."""
    subject, body = taken_apart(link)
    words = f"{body}{added}"
    message = Message(
        sender=ANNA,
        reply_to=ANNA,
        subject=subject,
        date=AT,
        message_id="<m1@posta.example>",
        references=(),
        body=(Passage(PassageKind.OWN, words),) if words else (),
        origin=Origin(Kind.PERSON),
    )
    return read_intent(message, series(language), AT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_a_tap_to_join_is_read_as_a_signup(code: str, language: Language) -> None:
    """For this meeting alone, in the letter's language."""
    meeting = series(language).meeting(code)
    assert meeting is not None
    intent = understood(wishes(language).join(meeting), language)

    assert (intent.outcome, intent.register, intent.cancel) == (Outcome.ACT, (code,), ())
    assert (intent.language, intent.attention) == (language, False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_a_tap_to_leave_is_read_as_a_withdrawal(code: str, language: Language) -> None:
    """From this meeting alone."""
    meeting = series(language).meeting(code)
    assert meeting is not None
    intent = understood(wishes(language).leave(meeting), language)

    assert (intent.outcome, intent.register, intent.cancel) == (Outcome.ACT, (), (code,))


@pytest.mark.parametrize(("language", "day"), [("it", "martedì 16 marzo"), ("en", "Tuesday 16 March")])
def test_a_tap_to_change_is_completed_by_the_person(language: Language, day: str) -> None:
    """With a day at its end the mail moves the signup; sent as it is, nothing is given up."""
    meeting = series(language).meetings[0]
    link = wishes(language).move(meeting)
    moved = understood(link, language, day)

    assert (moved.outcome, moved.register, moved.cancel) == (Outcome.ACT, ("musei",), ("sport",))
    assert understood(link, language).outcome is Outcome.ASK


def replied(words: str, language: Language) -> Intent:
    """What the reader makes of an answer to a letter in these words."""
    body = (Passage(PassageKind.OWN, words),)
    message = Message(ANNA, ANNA, "Re: Iscrizione", AT, "<m2@posta.example>", (), body, Origin(Kind.PERSON))
    return read_intent(message, series(language), AT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("broken", [False, True], ids=["as written", "copied over two lines"])
def test_the_words_to_reply_with_are_understood(code: str, language: Language, broken: bool) -> None:
    """What the text of a letter proposes does what it says, copied with quotes and a line end or without."""
    meeting = series(language).meeting(code)
    assert meeting is not None
    joining, leaving = (
        "\n  ".join(f"«{words}»".rsplit(" ", 1)) if broken else words
        for words in (wishes(language).joining(meeting), wishes(language).leaving(meeting))
    )

    joined, left = replied(joining, language), replied(leaving, language)
    assert (joined.outcome, joined.register, joined.cancel, joined.attention) == (Outcome.ACT, (code,), (), False)
    assert (left.outcome, left.register, left.cancel, left.attention) == (Outcome.ACT, (), (code,), False)
    assert replied(wishes(language).erasing(), language).requests == (Request.ERASE,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_real_series_is_understood_too(language: Language) -> None:
    """With the sectors of a real town, each tap and each reply does for each meeting what it says."""
    real = load(Path(demo.__file__).with_name("series.toml")).to_series()
    at = min(meeting.starts_at for meeting in real.meetings) - timedelta(days=5)
    ready = Wishes(SENDER.address, language, real.timezone)

    def read(subject: str, body: str) -> tuple[Outcome, tuple[str, ...], tuple[str, ...], bool]:
        passages = (Passage(PassageKind.OWN, body),) if body else ()
        message = Message(ANNA, ANNA, subject, at, "<m@x>", (), passages, Origin(Kind.PERSON))
        intent = read_intent(message, real, at)
        return intent.outcome, intent.register, intent.cancel, intent.attention

    for meeting in real.meetings:
        for subject, body in ((taken_apart(ready.join(meeting))[0], ""), ("Re: Iscrizione", ready.joining(meeting))):
            assert read(subject, body) == (Outcome.ACT, (meeting.code,), (), False), subject + body
        for subject, body in ((taken_apart(ready.leave(meeting))[0], ""), ("Re: Iscrizione", ready.leaving(meeting))):
            assert read(subject, body) == (Outcome.ACT, (), (meeting.code,), False), subject + body


@pytest.mark.parametrize("language", LANGUAGES)
def test_taps_for_the_data_are_understood(language: Language) -> None:
    """A copy, and erasure."""
    ready = wishes(language)

    assert understood(ready.export(), language).requests == (Request.EXPORT,)
    assert understood(ready.erase(), language).requests == (Request.ERASE,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_meeting_on_the_first_of_a_month_at_noon_is_understood(language: Language) -> None:
    """Days and hours that are written in a way of their own."""
    about = series(language)
    first = replace(about.meetings[0], starts_at=datetime(2027, 4, 1, 12, 0, tzinfo=about.timezone))
    subject, _ = taken_apart(wishes(language).join(first))
    message = Message(ANNA, ANNA, subject, AT, "", (), (), Origin(Kind.PERSON))
    intent = read_intent(message, replace(about, meetings=(first, *about.meetings[1:])), AT)

    assert (intent.outcome, intent.register) == (Outcome.ACT, ("sport",))


def test_letters_offer_leaving_and_changing_for_each_place() -> None:
    """A confirmation of two meetings has four such mails ready, each naming its own meeting."""
    subjects = [
        f"{subject} {text}" for _, subject, text in mailto_links(written(sample("confirmation-several"))) if subject
    ]

    assert [("giovedì 11 marzo" in words, "martedì 16 marzo" in words) for words in subjects[:4]] == [
        *((True, False), (True, False), (False, True), (False, True)),
    ]


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_links_are_links_whatever_a_sector_is_called(sector: str, language: Language) -> None:
    """ASCII, without blanks, quotes or brackets, and short enough for a header line (RFC 5322 section 2.1.1)."""
    meeting = replace(series(language).meetings[0], sector=sector)
    for link in (wishes(language).join(meeting), wishes(language).leave(meeting), wishes(language).move(meeting)):
        assert link.isascii()
        assert not set(link) & set(" \"'<>\r\n")
        assert len(link) + len("List-Unsubscribe: <>") <= 998
        assert sector[:5].strip() in taken_apart(link)[0] + taken_apart(link)[1] or not sector[:5].isprintable()

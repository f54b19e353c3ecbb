"""Mails of the corpora, mutilated: understanding as a whole (reading and intent) never raises and takes little time.

What happens to mail on its way happens here to mails that people might have written: cut off, doubled, bytes shuffled,
parts exchanged, encodings renamed. The mutations are drawn from a fixed seed, so that a failure is there again the next
time; Hypothesis looks for others in the small.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.config import load
from mailbot.core.model import Outcome
from mailbot.core.reading import parse
from mailbot.core.understanding import Understood, understand

CORPORA = Path(__file__).parent.parent / "corpora"
NOW = datetime(2024, 11, 20, 12, tzinfo=UTC)
SERIES = {folder.name: load(folder / "series.toml").to_series() for folder in sorted(CORPORA.glob("*-*"))}
MAILS = {name: [path.read_bytes() for path in sorted((CORPORA / name).glob("*/*.eml"))] for name in SERIES}
SECONDS_FOR_100_KB = 5.0
"""Many times what it takes, and many times less than what is quadratic would."""


def cut(raw: bytes, chance: random.Random) -> bytes:
    """Off at some byte."""
    return raw[: chance.randrange(len(raw))]


def headless(raw: bytes, chance: random.Random) -> bytes:
    """Begun somewhere within."""
    return raw[chance.randrange(len(raw)) :]


def doubled(raw: bytes, chance: random.Random) -> bytes:
    """A stretch of it said many times over."""
    start = chance.randrange(len(raw))
    stretch = raw[start : start + chance.randrange(1, 400)]
    return raw[:start] + stretch * chance.choice((2, 20, 200)) + raw[start:]


def shuffled(raw: bytes, chance: random.Random) -> bytes:
    """Bytes of a stretch in another order."""
    start = chance.randrange(len(raw))
    stretch = list(raw[start : start + chance.randrange(2, 300)])
    chance.shuffle(stretch)
    return raw[:start] + bytes(stretch) + raw[start + len(stretch) :]


def reordered(raw: bytes, chance: random.Random) -> bytes:
    """Its lines in another order."""
    lines = raw.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def flipped(raw: bytes, chance: random.Random) -> bytes:
    """Some bytes changed to any other."""
    changed = bytearray(raw)
    for _ in range(chance.randrange(1, 40)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def renamed(raw: bytes, chance: random.Random) -> bytes:
    """Another charset, encoding, type or boundary than the true one."""
    old, new = chance.choice(
        (
            (b"utf-8", b"utf-16"),
            (b"utf-8", b"x-unknown"),
            (b"8bit", b"base64"),
            (b"quoted-printable", b"base64"),
            (b"base64", b"quoted-printable"),
            (b"text/plain", b"text/html"),
            (b"text/html", b"text/plain"),
            (b"text/plain", b"multipart/mixed"),
            (b"text/plain", b"message/rfc822"),
            (b"boundary=", b"bound="),
            (b"\n\n", b"\n"),
            (b"\n", b"\r\n"),
            (b"\n", b"\r"),
            (b" ", b"\xc2\xa0"),
            (b".", b"\n"),
            (b"a", b"<a"),
        )
    )
    return raw.replace(old, new)


def joined(raw: bytes, chance: random.Random) -> bytes:
    """Another mail behind it, as a mailbox file without separators has it."""
    return raw + chance.choice(MAILS["harwick-2025"])


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    cut,
    headless,
    doubled,
    shuffled,
    reordered,
    flipped,
    renamed,
    joined,
)


def is_sound(understood: Understood, codes: frozenset[str]) -> bool:
    """Whether an intent keeps the promises that everything behind it relies on."""
    intent = understood.intent
    sound = set(intent.register) <= codes and set(intent.cancel) <= codes | {"*"}
    return sound and (intent.outcome is Outcome.ACT or not (intent.register or intent.cancel))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("name", SERIES)
def test_a_mutilated_mail_is_understood_or_left_to_a_person(name: str, mutation: Callable[..., bytes]) -> None:
    """Whatever was done to a mail, an intent comes out that names no meeting but the series' own."""
    chance = random.Random(f"{name} {mutation.__name__}")
    codes = frozenset(meeting.code for meeting in SERIES[name].meetings)

    unsound = []
    for raw in MAILS[name]:
        changed = mutation(raw, chance)
        if not is_sound(understand(changed, SERIES[name], frozenset(), NOW), codes):
            unsound.append(changed)

    assert unsound == []


@pytest.mark.parametrize("size", [100_000, 1_000_000])
@pytest.mark.parametrize("name", SERIES)
def test_long_texts_take_little_time(name: str, size: int) -> None:
    """The words of all mails of a corpus, to the length of a book: time is bounded by the size."""
    own = "\n".join(parse(raw).text() for raw in MAILS[name])
    text = (own * (size // len(own) + 1))[:size]
    raw = b"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n" + text.encode()
    began = time.perf_counter()

    understood = understand(raw, SERIES[name], frozenset(), NOW)

    assert understood.message.text()
    assert time.perf_counter() - began < SECONDS_FOR_100_KB * max(1.0, size / 1_000_000)


REPEATED = [
    "21",
    "no ",
    "si\n",
    "a",
    "il 21 no, ",
    "> ",
    "\n",
    "?",
    "invece del 21 il 22, ",
    "tutti tranne ",
    "un ",
    "9/",
]


@pytest.mark.parametrize("piece", REPEATED)
def test_one_thing_said_without_end_takes_little_time(piece: str) -> None:
    """A hundred kilobytes of one piece of text, as own words and as a subject."""
    text = (piece * (100_000 // len(piece))).encode()
    began = time.perf_counter()

    for raw in (
        b"From: a@b.example\nSubject: x\n\n" + text,
        b"From: a@b.example\nSubject: " + text.replace(b"\n", b" ") + b"\n\nx",
        b"From: a@b.example\nContent-Type: text/html\n\n<p>" + text + b"</p>",
    ):
        understand(raw, SERIES["lucca-2021"], frozenset(), NOW)

    assert time.perf_counter() - began < 3 * SECONDS_FOR_100_KB


WORDS = (
    "il 21 22 giovedì domani no sì non vengo vorrei iscrivermi tutti tranne invece anzi scusate e o ma primo ultimo "
    "turno ore 17 alle sport musei cancellatemi spostatemi grazie ? . , : ; ( ) « » \n \n\n > -- -"
).split(" ")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), st.lists(st.sampled_from(WORDS), max_size=8))
def test_no_words_make_it_raise(body: str, subject: list[str]) -> None:
    """Any order of the words that mean something gives an intent."""
    line = " ".join(subject).replace("\n", " ")
    raw = f"From: a@b.example\nSubject: {line}\nContent-Type: text/plain; charset=utf-8\n\n{body}".encode()
    codes = frozenset(meeting.code for meeting in SERIES["lucca-2021"].meetings)

    assert is_sound(understand(raw, SERIES["lucca-2021"], frozenset(), NOW), codes)

"""Reads a million spoiled mails: none may raise, none may take longer than its size excuses.

    .venv/bin/python -m benchmarks.fuzz [--inputs 1000000] [--seed 1] [--processes 2]

Each input is a mail of the corpora or of `tests/mails`, changed a few times: bytes flipped, cut or repeated, mails
spliced, headers doubled, charsets swapped, lines shuffled, one thing made very long. It is read as the daemon reads it
(`understand`), or by `parse` alone, or its text alone is given to `read_intent`. Whatever raises or is late, once more
when it is timed alone, is written to `build/fuzz/`; exit code 1 says that there is some.
"""

import argparse
import gc
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import FrameType

from mailbot.config import load
from mailbot.core.intent import read_intent
from mailbot.core.model import Series
from mailbot.core.reading import fingerprint, parse
from mailbot.core.understanding import understand
from tests.loops.world import BOT, SERIES

ROOT = Path(__file__).parent.parent
FOUND = ROOT / "build" / "fuzz"
NOW = datetime(2024, 3, 1, 11, 0, tzinfo=UTC)
FLOOR = 0.05
"""Seconds that any input may take."""
PER_BYTE = 0.05 / 100_000
HOPELESS = 30.0
"""Seconds after which reading is broken off."""
RETIMED = 3
CHUNK = 2_000
LONGEST_SEED = 20_000

CHARSETS = [
    b"utf-8", b"us-ascii", b"iso-8859-1", b"windows-1252", b"utf-16", b"utf-7", b"punycode", b"idna", b"x-unknown",
    b"iso-2022-jp", b"gb18030", b"hz", b"base64", b"rot13", b"unicode_escape", b"\xff",
]  # fmt: skip
MORSELS = [
    b"\0", b"\r", b"\n", b"\r\n\r\n", b"\xff\xfe", b"\xe2\x80\xae", b"=?utf-8?q?", b"?=", b"<", b">", b"<div>",
    b"<blockquote>",
    b"&#x110000;", b"> ", b"-- \n", b"--\n", b"no, anzi ", b"I mean ", b"mi correggo, ", b"non ", b"disdico ",
    b"tutti ",
    b"tranne ", b"il 12 ", b"31/02/2024 ", b"alle 25:99 ", b"domani ", b"tomorrow ", b"instead of ", b"not ", b"link ",
    b"Content-Type: multipart/mixed; boundary=q\n", b"Content-Transfer-Encoding: base64\n", b"Date: \n", b"From: ",
    "\u200b\u0130\u0307\u1e9e\ufb01".encode(), "\u0660\u0661\u00b2".encode(), b"\xed\xa0\x80", b"1" * 40,
    b"9999999999 ",
]  # fmt: skip


class Late(BaseException):
    """Reading was broken off."""


@cache
def seeds() -> tuple[bytes, ...]:
    """The mails to begin with, in an order that is always the same."""
    files = sorted([*(ROOT / "tests" / "mails").glob("*.eml"), *(ROOT / "tests" / "corpora").rglob("*.eml")])
    raws = (file.read_bytes() for file in files)
    return tuple(raw for raw in raws if len(raw) <= LONGEST_SEED)


def flipped(raw: bytes, chance: random.Random) -> bytes:
    """Some bytes are others."""
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(raw: bytes, chance: random.Random) -> bytes:
    """A piece is gone."""
    begin = chance.randint(0, len(raw))
    return raw[:begin] + raw[chance.randint(begin, len(raw)) :]


def ended(raw: bytes, chance: random.Random) -> bytes:
    """It ends early."""
    return raw[: chance.randint(0, len(raw))]


def repeated(raw: bytes, chance: random.Random) -> bytes:
    """A piece stands twice."""
    begin = chance.randint(0, len(raw))
    end = min(len(raw), begin + chance.randint(1, 300))
    return raw[:end] + raw[begin:]


def spliced(raw: bytes, chance: random.Random) -> bytes:
    """It goes on as another."""
    other = chance.choice(seeds())
    return raw[: chance.randint(0, len(raw))] + other[chance.randint(0, len(other)) :]


def sprinkled(raw: bytes, chance: random.Random) -> bytes:
    """Pieces that mean something stand where they should not."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(raw))
        raw = raw[:at] + chance.choice(MORSELS) + raw[at:]
    return raw


def header_doubled(raw: bytes, chance: random.Random) -> bytes:
    """A header of this mail or another stands once more."""
    lines = chance.choice([raw, chance.choice(seeds())]).partition(b"\n\n")[0].split(b"\n")
    at = raw.find(b"\n") + 1
    return raw[:at] + chance.choice(lines) + b"\n" + raw[at:]


def recharset(raw: bytes, chance: random.Random) -> bytes:
    """A charset, or an encoding, is another."""
    for known in (
        b"utf-8",
        b"UTF-8",
        b"iso-8859-1",
        b"windows-1252",
        b"us-ascii",
        b"quoted-printable",
        b"base64",
        b"8bit",
    ):
        if known in raw:
            return raw.replace(known, chance.choice(CHARSETS), chance.randint(1, 3))
    return raw


def shuffled(raw: bytes, chance: random.Random) -> bytes:
    """Some lines stand elsewhere."""
    lines = raw.split(b"\n")
    begin = chance.randrange(len(lines))
    some = lines[begin : begin + chance.randint(2, 30)]
    chance.shuffle(some)
    return b"\n".join([*lines[:begin], *some, *lines[begin + len(some) :]])


def words_shuffled(raw: bytes, chance: random.Random) -> bytes:
    """The words of the body stand in another order, for a stretch."""
    head, blank, body = raw.partition(b"\n\n")
    words = body.split(b" ")
    begin = chance.randrange(len(words))
    some = words[begin : begin + chance.randint(2, 60)]
    chance.shuffle(some)
    return head + blank + b" ".join([*words[:begin], *some, *words[begin + len(some) :]])


def lengthened(raw: bytes, chance: random.Random) -> bytes:
    """One thing is very long."""
    at, end = sorted((chance.randint(0, len(raw)), chance.randint(0, len(raw))))
    piece = chance.choice([chance.choice(MORSELS), raw[at : min(end, at + 40)], chance.randbytes(2)]) or b"a"
    return raw[:at] + piece * (chance.randint(100, 30_000) // len(piece)) + raw[at:]


Mutation = Callable[[bytes, random.Random], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    flipped, cut, ended, repeated, spliced, sprinkled, header_doubled, recharset, shuffled, words_shuffled,
)  # fmt: skip
TARGETS = {"parse": 0.5, "read_intent": 0.3, "understand": 0.2}
"""What inputs are given to, and how many of them."""


def made(number: int, seed: int) -> tuple[str, bytes]:
    """The input of a number: what it is given to, and its bytes. The same for the same seed."""
    chance = random.Random(f"{seed}:{number}")
    raw = chance.choice(seeds())
    for _ in range(chance.randint(1, 4)):
        raw = chance.choice(MUTATIONS)(raw, chance)
    if chance.random() < 0.02:
        raw = lengthened(raw, chance)
    return chance.choices(list(TARGETS), list(TARGETS.values()))[0], raw


def read(target: str, raw: bytes, series: Series) -> None:
    """Gives an input to its target."""
    if target == "understand":
        understand(raw, series, frozenset({BOT}), NOW, NOW)
    elif target == "parse":
        parse(raw, frozenset({BOT}))
        fingerprint(raw)
    else:
        text = raw.partition(b"\n\n")[2][:20_000]
        plain = parse(b"From: anna@posta.example\nContent-Type: text/plain; charset=utf-8\n\n" + text)
        read_intent(replace(plain, subject=text[:80].decode("utf-8", "replace")), series, NOW)


def _broken_off(number: int, frame: FrameType | None) -> None:
    raise Late


def seconds(target: str, raw: bytes, series: Series) -> float:
    """How long reading took, of the processor's time; HOPELESS where it was broken off."""
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, HOPELESS)
    try:
        read(target, raw, series)
    except Late:
        return HOPELESS
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - began


def kept(target: str, raw: bytes, why: str) -> str:
    """Writes a finding down; answers a line on it."""
    FOUND.mkdir(parents=True, exist_ok=True)
    name = f"{target}-{hashlib.sha256(raw).hexdigest()[:12]}"
    (FOUND / f"{name}.bin").write_bytes(raw)
    (FOUND / f"{name}.txt").write_text(why + "\n", "utf-8")
    return f"{name}: {why.strip().splitlines()[-1]}"


def chunk(task: tuple[int, int, int]) -> tuple[Counter[str], float, int, list[str]]:
    """Reads the inputs of a range of numbers: how many went where, the slowest, the bytes, and the findings."""
    begin, end, seed = task
    signal.signal(signal.SIGPROF, _broken_off)
    _warm_up()
    counts: Counter[str] = Counter()
    slowest, size, findings = 0.0, 0, []
    for number in range(begin, end):
        target, raw = made(number, seed)
        series = _series()[begin // CHUNK % len(_series())]
        counts[target] += 1
        size += len(raw)
        try:
            took, bound = seconds(target, raw, series), FLOOR + PER_BYTE * len(raw)
            if took > bound:
                took = min([took, *(seconds(target, raw, series) for _ in range(RETIMED))])
        except Exception:  # noqa: BLE001  # whatever it is, it is a finding
            findings.append(kept(target, raw, f"number {number}, seed {seed}\n{traceback.format_exc()}"))
            continue
        if took > bound:
            findings.append(kept(target, raw, f"number {number}, seed {seed}: {took:.3f} s, {bound:.3f} allowed"))
        slowest = max(slowest, took / bound)
    return counts, slowest, size, findings


@cache
def _series() -> tuple[Series, ...]:
    """The series of the corpora, as far as they can be read, and that of the tests."""
    files = sorted((ROOT / "tests" / "corpora").rglob("series.toml"))
    return (SERIES, *(load(file).to_series() for file in files))


@cache
def _warm_up() -> None:
    """The words and series are there, and left alone by the collector of garbage, as in the daemon."""
    for series in _series():
        read("understand", seeds()[0], series)
    gc.collect()
    gc.freeze()


def fuzz(inputs: int, seed: int, processes: int) -> list[str]:
    """Reads so many inputs, prints how far it is, and answers the findings."""
    tasks = [(begin, min(inputs, begin + CHUNK), seed) for begin in range(0, inputs, CHUNK)]
    counts: Counter[str] = Counter()
    slowest, size, findings, began = 0.0, 0, [], time.monotonic()
    with multiprocessing.get_context("forkserver").Pool(processes) as pool:
        for done, (some, slow, bytes_, found) in enumerate(pool.imap_unordered(chunk, tasks), start=1):
            counts += some
            size += bytes_
            slowest = max(slowest, slow)
            findings += found
            for finding in found:
                print(finding, flush=True)
            if done % 10 == 0 or done == len(tasks):
                print(
                    f"{counts.total()} inputs ({', '.join(f'{k} {v}' for k, v in sorted(counts.items()))}), "
                    f"{size / 1e6:.0f} MB, {time.monotonic() - began:.0f} s, "
                    f"the slowest took {slowest:.0%} of its bound, {len(findings)} finding(s)",
                    flush=True,
                )
    return findings


def main() -> None:
    """Fuzzes."""
    parser = argparse.ArgumentParser(description="Reads spoiled mails.")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    sys.exit(bool(fuzz(given.inputs, given.seed, given.processes)))


if __name__ == "__main__":
    main()

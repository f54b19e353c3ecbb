"""The labelled mails: what the reader makes of each, counted, and never worse than what was reached."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailbot.config import load
from mailbot.core.understanding import understand

HERE = Path(__file__).parent.parent / "corpora"
DEV = Path(__file__).parents[3] / "shared" / "corpus" / "dev"
LUCCA = Path(__file__).parents[3] / "shared" / "series" / "lucca-2021.toml"
LISTS = ("register", "cancel", "requests")
KEYS = ("outcome", *LISTS, "attention", "reply_to")

REACHED = {
    # wave: harm, done exactly so of those to act on, every key right
    "ashcombe-2024/seventh": (0, 21, 37),
    "ballycarrow-2024/eighth": (0, 29, 49),
    "borgoselva-2022/seventh": (0, 29, 53),
    "carrowmere-2026/sixth": (0, 30, 46),
    "castelrovo-2022/third": (0, 36, 59),
    "clonmara-2026/twelfth": (0, 60, 100),
    "fornaci-2022/fifth": (0, 44, 77),
    "harwick-2025/first": (0, 32, 45),
    "harwick-2025/second": (0, 29, 42),
    "lucca-2021/eighth": (0, 58, 90),
    "lucca-2021/eleventh": (0, 71, 120),
    "lucca-2021/fifth": (0, 61, 99),
    "lucca-2021/first": (0, 32, 44),
    "lucca-2021/fourth": (0, 43, 70),
    "lucca-2021/ninth": (0, 38, 59),
    "lucca-2021/second": (0, 33, 45),
    "lucca-2021/seventh": (0, 56, 97),
    "lucca-2021/sixth": (0, 38, 67),
    "lucca-2021/tenth": (0, 32, 49),
    "lucca-2021/third": (0, 44, 69),
    "montebruno-2023/first": (0, 33, 45),
    "montebruno-2023/second": (0, 31, 45),
    "piandelleselve-2022/fourth": (0, 44, 70),
    "pieve-santorso-2024/sixth": (0, 38, 59),
    "pievelago-2026/eleventh": (0, 70, 118),
    "roccalanza-2022/eighth": (0, 36, 63),
    "roccaselva-2023/tenth": (0, 42, 66),
    "saltmere-2024/third": (0, 25, 41),
    "tamarack-2024/fourth": (0, 34, 59),
    "tamarack-2025/tenth": (0, 25, 39),
    "thornby-2024/fifth": (0, 34, 58),
    "trebiola-2027/twelfth": (0, 70, 118),
    "valdoria-2024/first": (0, 32, 44),
    "valdoria-2024/second": (0, 31, 44),
    "wetherleigh-2026/ninth": (0, 31, 49),
}
"""What each wave has come to: harm may only fall, the others only rise."""


def answer(raw: bytes, series: Any) -> dict[str, Any]:
    """What the reader says of one mail, in the form of a label."""
    understood = understand(raw, series, frozenset(), datetime(2021, 1, 16, 12, tzinfo=UTC))
    intent, message = understood.intent, understood.message
    answered = None if intent.outcome == "ignore" or message.reply_to is None else message.reply_to.address
    return {
        "outcome": str(intent.outcome),
        "register": sorted(intent.register),
        "cancel": sorted(intent.cancel),
        "requests": sorted(map(str, intent.requests)),
        "attention": intent.attention,
        "reply_to": answered,
    }


def harms(truth: dict[str, Any], said: dict[str, Any]) -> bool:
    """Whether something was done that must never be."""
    if "ignore" in (truth["outcome"], said["outcome"]):
        return bool(truth["outcome"] != said["outcome"])
    unasked = any(set(said[key]) - set(truth[key]) for key in ("register", "cancel"))
    erased = "erase" in set(said["requests"]) - set(truth["requests"])
    return unasked or erased or (said["reply_to"] or "").lower() != (truth["reply_to"] or "").lower()


def same(truth: dict[str, Any], said: dict[str, Any], *keys: str) -> bool:
    """Whether these keys are as labelled."""
    return all(sorted(truth[k]) == sorted(said[k]) if k in LISTS else truth[k] == said[k] for k in keys)


def count(corpus: Path, configuration: Path) -> Counter[str]:
    """The figures of one wave."""
    series = load(configuration).to_series()
    figures: Counter[str] = Counter()
    for line in (corpus / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        said = answer((corpus / truth["file"]).read_bytes(), series)
        figures["mails"] += 1
        figures["harm"] += harms(truth, said)
        figures["exact"] += same(truth, said, *KEYS)
        if truth["outcome"] == "act":
            figures["act"] += 1
            figures["done"] += said["outcome"] == "act" and same(truth, said, *LISTS)
    return figures


WAVES = sorted(str(file.parent.relative_to(HERE)) for file in HERE.glob("*/*/truth.jsonl"))


def test_every_wave_has_its_figures() -> None:
    """A wave that is added is counted."""
    assert sorted(REACHED) == WAVES


@pytest.mark.parametrize("wave", WAVES)
def test_a_wave_comes_to_no_less_than_it_did(wave: str) -> None:
    """No more harm, no fewer mails done exactly so."""
    figures = count(HERE / wave, HERE / wave.split("/")[0] / "series.toml")
    harm, done, exact = REACHED[wave]

    assert figures["harm"] <= harm
    assert figures["done"] >= done
    assert figures["exact"] >= exact


@pytest.mark.skipif(not DEV.is_dir(), reason="the shared development corpus is not at hand")
def test_the_shared_corpus_is_read_without_harm() -> None:
    """No harm, 97 % of what is to be done, 95 % of all mails exactly."""
    figures = count(DEV, LUCCA)

    assert figures["harm"] == 0
    assert figures["done"] >= 0.97 * figures["act"]
    assert figures["exact"] >= 0.95 * figures["mails"]

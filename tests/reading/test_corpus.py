"""The labelled sample corpus, where it is at hand: no machine answered, no person swallowed, every answer addressed."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mailbot.core.reading import parse

CORPUS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus" / "dev"
TRUTHS = CORPUS / "truth.jsonl"


@pytest.mark.skipif(not TRUTHS.is_file(), reason="the sample corpus is not at hand")
def test_machines_and_people_are_told_apart_and_answers_find_their_way() -> None:
    """Each mail is a machine's exactly where it is labelled so, and Reply-To or From is read as labelled."""
    truths = [json.loads(line) for line in TRUTHS.read_text("utf-8").splitlines() if line.strip()]
    raws = {truth["file"]: (CORPUS / truth["file"]).read_bytes() for truth in truths}
    inbox = Counter(line for raw in raws.values() for line in raw.splitlines() if line.startswith(b"To: "))
    own = frozenset([inbox.most_common(1)[0][0].removeprefix(b"To: ").decode().lower()])

    wrong = []
    for truth in truths:
        message = parse(raws[truth["file"]], own)
        machine = truth["outcome"] == "ignore"
        answered = message.reply_to.address if message.reply_to else None
        if message.origin.kind.is_machine != machine or (not machine and answered != truth["reply_to"]):
            wrong.append((truth["file"], message.origin, answered))

    assert wrong == []

"""How mail programs introduce what they quote: one reply in the form of each, of which only the first line is own.

The forms are in ``forms.txt``, each below its name; ``{signed}`` stands for the quoted mail behind quote signs,
``{quoted}`` for the same without.
"""

import re
from pathlib import Path

import pytest

from mailbot.core.model import PassageKind
from mailbot.core.reading import parse

ANSWER = "Vengo il 22, grazie."
QUOTED = "Care cittadine,\nvenite il 21 o il 22 gennaio.\nUn saluto\nComune"
SIGNED = "\n".join(f"> {line}" for line in QUOTED.split("\n"))
TWICE = "\n".join(f"> {line}" for line in SIGNED.split("\n"))

PARTS = re.split(r"^=== (.+)\n", (Path(__file__).parent / "forms.txt").read_text("utf-8"), flags=re.MULTILINE)
FORMS = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_reply_in_any_program_s_form_is_told_from_what_it_quotes(form: str) -> None:
    """The sender's own words are the answer alone, and the quoted words are kept as somebody else's."""
    text = form.replace("{signed twice}", TWICE).replace("{signed}", SIGNED).replace("{quoted}", QUOTED)
    header = "From: Anna <anna@c.example>\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n"

    message = parse(f"{header}{ANSWER}\n\n{text}".encode())

    assert message.text() == ANSWER
    assert "venite il 21" in message.text(PassageKind.QUOTE, PassageKind.FORWARD)


def test_there_are_forms() -> None:
    """The file is read whole."""
    assert len(FORMS) == 47

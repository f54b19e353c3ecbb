"""What `mailbot explain` prints of one mail: the clues, the reading that came second, and the words marked."""

import pytest

from mailbot import console
from mailbot.core.understanding import Understood
from tests.intent.series import NOW, VALSENIO, mail, read


def printed(text: str) -> str:
    """The explanation of a mail with these words."""
    message = mail(text, "Iscrizione")
    return console.explained("001.eml", Understood(message, read(message), NOW["it"]), VALSENIO)


def test_the_clues_are_printed_in_their_order() -> None:
    """A line each, what was set aside last."""
    lines = [line for line in printed("Mi iscrivo il 12. Il 7 non posso.").splitlines() if "because" in line]

    assert lines == [
        "  because  si iscrive: «Mi iscrivo il 12»",
        "  because  «12» → martedì 12 marzo (musei e biblioteche), nel testo",
        "  because  «Il 7 non posso»: escluso",
    ]


def test_the_words_that_told_are_marked_in_the_text() -> None:
    """Between quotation marks where the output is no terminal."""
    assert "  | «Mi iscrivo il 12». «Il 7 non posso»." in printed("Mi iscrivo il 12. Il 7 non posso.")


def test_on_a_terminal_the_words_are_underlined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bold and underlined, and nothing else of the line is."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    assert "  | \x1b[1m\x1b[4mMi iscrivo il 12\x1b[0m." in printed("Mi iscrivo il 12.")


def test_the_reading_that_came_second_is_printed() -> None:
    """On a line of its own, and only where there is one."""
    assert "  nearly   altrimenti: martedì 12 marzo" in printed("Lavoro in un museo ma mi iscrivo per giovedì 7.")
    assert "nearly" not in printed("Mi iscrivo il 12.")


def test_a_stranger_cannot_place_the_marks() -> None:
    """What stands for a mark inside is taken out of what was written."""
    shown = printed("Mi iscrivo il 12. \ue000pagate subito\ue001")

    assert "«pagate" not in shown
    assert "\ue000" not in shown

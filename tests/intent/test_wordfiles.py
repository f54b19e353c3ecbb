"""Words of the sysadmin's own: added to those shipped, and every mistake named with its mend."""

from pathlib import Path

import pytest

from mailbot.adapters.words import load_words, word_problems
from mailbot.config import ConfigError
from mailbot.core.intent import read_intent
from mailbot.core.intent.lexicon import shipped
from mailbot.core.intent.wordfiles import extended, problems
from tests.intent.series import NOW, VALSENIO, mail, noted


def understood(text: str, **files: str) -> str:
    """What a mail comes to with these files added."""
    return noted(read_intent(mail(text), VALSENIO, NOW["it"], extended(files)))


def test_a_word_is_added_to_a_group() -> None:
    """In the dialect of the place."""
    text = "Me zonto par el 12 de marzo al museo dea cità, quando che i verze le porte a tuti i soci de casa nostra."
    assert understood(text) == "!"
    assert understood(text, it='join = ["me zonto"]') == "+musei"


def test_a_word_is_added_to_a_theme() -> None:
    """Who practises something that no list knows."""
    text = "Giochiamo a palla tamburello e vorremmo iscriverci."
    assert understood(text) == "?unnamed"
    assert understood(text, themes='sport = ["tamburello"]') == "+sport"


def test_a_theme_is_added() -> None:
    """Of its own name, for what only this town has."""
    text = "Siamo gruppo tintinnatori e ci iscriviamo."
    assert understood(text, themes='ringers = ["tintinnator*", "musica", "banda", "cori"]') == "+banda"


def test_a_weekday_gets_another_name() -> None:
    """Counted lists are added to place by place."""
    assert understood("Mi iscrivo per zobia", it='weekdays = [[], [], [], ["zobia"]]') == "+sport"


def test_nothing_added_changes_nothing() -> None:
    """Empty files are well."""
    assert list(problems({"it": "", "en": "", "themes": ""})) == []
    assert understood("Mi iscrivo per il 12", it="", themes="") == "+musei"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("it", 'joyn = ["x"]', "it.toml, joyn: no such group of words; do you mean 'join'?"),
        ("it", "join = [", "it.toml: is not valid TOML"),
        ("it", 'join = "vengo"', 'it.toml, join: must be a list of words, ["one", "another"]'),
        ("en", "join = [12]", "en.toml, join: entry 1 is 12; put words between quotation marks"),
        ("en", 'join = ["well", "!!"]', "en.toml, join: entry 2, '!!', has no letters"),
        ("it", 'join = ["~ vengo"]', "it.toml, join: entry 1, '~ vengo', must begin and end with a word"),
        ("it", 'join = ["vengo ~"]', "it.toml, join: entry 1, 'vengo ~', must begin and end with a word"),
        ("it", 'join = ["ven*go"]', "it.toml, join: entry 1, 'ven*go': an asterisk stands at the end"),
        ("it", 'join = ["v*"]', "it.toml, join: entry 1, 'v*': an asterisk stands at the end"),
        ("it", 'weekdays = ["lunedi"]', "it.toml, weekdays: must be a list of at most 7 lists"),
        ("it", "weekdays = [[], [], [], [], [], [], [], []]", "it.toml, weekdays: must be a list of at most 7 lists"),
        ("themes", "heads = []", "themes.toml, heads: must be a table"),
        ("themes", '[heads]\nnowhere = ["x"]', "themes.toml, heads.nowhere: no such theme"),
        ("themes", "sport = [true]", "themes.toml, sport: entry 1 is True"),
        ("fr", "", "fr.toml: no such file of words; use it.toml, en.toml, themes.toml"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_mend(name: str, text: str, says: str) -> None:
    """One sentence each, for whoever wrote the file."""
    (said,) = problems({name: text})
    assert said.startswith(says)


def test_every_mistake_is_told_at_once() -> None:
    """Nobody mends a file mistake by mistake."""
    with pytest.raises(ValueError, match="joyn") as caught:
        extended({"it": 'joyn = []\nmove = "x"', "en": "join = [1]"})
    assert len(str(caught.value).splitlines()) == 3


def test_the_folder_is_read(tmp_path: Path) -> None:
    """Every .toml file in it; nothing else."""
    (tmp_path / "it.toml").write_text('join = ["me zonto"]', "utf-8")
    (tmp_path / "README").write_text("ours", "utf-8")

    assert word_problems(str(tmp_path)) == []
    assert load_words(str(tmp_path)).matcher.find(["me", "zonto"])


def test_without_a_folder_the_shipped_words_are_read() -> None:
    """Once for all."""
    assert load_words(None) is shipped()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the key that names it."""
    (said,) = word_problems(str(tmp_path / "nowhere"))
    assert said == "service.words: there is no such folder; make it, or correct the path"


def test_a_file_of_another_encoding_is_told(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "it.toml").write_bytes("join = ['sarò']".encode("latin-1"))
    (said,) = word_problems(str(tmp_path))
    assert said == "it.toml: this is not UTF-8; save it with that encoding"


def test_mistakes_in_the_folder_are_mistakes_of_the_configuration(tmp_path: Path) -> None:
    """So that every command tells them in the same way, and `run` does not start with them."""
    (tmp_path / "it.toml").write_text("joyn = []", "utf-8")
    with pytest.raises(ConfigError, match="joyn"):
        load_words(str(tmp_path))

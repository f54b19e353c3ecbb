"""Templates: shipped, overridden file by file, and what is told of one that is broken."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mailbot.adapters.templates import load_texts, text_problems
from mailbot.core.writing import Texts, compose, proof
from mailbot.core.writing.samples import AT, SENDER, series
from tests.writing.reading import body, parsed, sample, texts, written


def with_override(path: str, source: str) -> Texts:
    """The shipped templates with one in its own place."""
    return Texts.of(texts().sources, {path: source})


def told(path: str, source: str) -> list[str]:
    """What is told of the templates with this override."""
    return list(proof.problems(with_override(path, source)))


def test_one_file_is_replaced_and_the_rest_stays() -> None:
    """The text of one letter in one language; its HTML and all other letters are as shipped."""
    changed = with_override("it/acknowledgement.txt", "Ricevuto\n\nCiao {{ name }}!")
    letter = sample("acknowledgement")
    mail = compose(letter, series("it"), SENDER, changed, AT, "<token@comune.valverde.example>")

    assert body(mail) == "Ciao Anna Neri!\n"
    assert body(mail, "html").splitlines()[8:] == body(written(letter), "html").splitlines()[8:]
    assert list(proof.problems(changed)) == []


def test_a_shared_part_is_replaced_for_every_letter() -> None:
    """A new foot stands under each letter of the language, and under none of another."""
    source = texts().sources["it/_parts.html"]
    changed = with_override("it/_parts.html", source.replace("Questa risposta è automatica", "Risponde Pippo"))
    for language, found in (("it", True), ("en", False)):
        letter = sample("acknowledgement", language)
        mail = compose(letter, series("it"), SENDER, changed, AT, "<token@comune.valverde.example>")
        assert ("Risponde Pippo" in body(mail, "html")) is found


def test_the_subject_is_the_first_line_that_is_not_empty() -> None:
    """Trimmed, on one line, and the title of the HTML page."""
    changed = with_override("it/reminder.txt", "\n\n   A  presto \n\n{{ letter.registered[0].meeting.join_url }}")
    mail = compose(sample("reminder"), series("it"), SENDER, changed, AT, "<token@comune.valverde.example>")

    assert parsed(mail)["Subject"] == "A presto"
    assert "<title>A  presto</title>" in body(mail, "html")


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("it/menu.txt", "A\n\n{{ nome }}", "it/menu.txt, line 3: 'nome' is undefined; correct the name"),
        ("it/menu.txt", "A\n{% if %}", "it/menu.txt, line 2: Expected an expression"),
        ("it/menu.html", "{{ letter.ofers }}", "it/menu.html, line 1: 'mailbot.core.model.sent.Letter object' has no"),
        ("it/menu.html", "{% include 'it/none.html' %}", "it/menu.html, line 1: there is no template it/none.html"),
        ("it/menu.html", "a\n{{ 1 // 0 }}", "it/menu.html, line 2: ZeroDivisionError: integer division"),
        ("it/menu.html", "{{ letter.__class__.__mro__ }}", "it/menu.html, line 1: access to attribute '__class__'"),
        ("it/_doubt.txt", "{{ dubbio }}", "it/_doubt.txt, line 1: 'dubbio' is undefined"),
        ("it/menu.txt", "", "it/menu.txt, line 1: the subject is missing"),
        ("it/menu.txt", "Oggetto\n\n", "it/menu.txt: the letter is empty"),
        (
            "it/reminder.html",
            "<p>A presto</p>",
            "it/reminder.html: https://zoom.example/j/814000011?pwd=sport is missing",
        ),
        ("en/menu.html", '<img src="https://x.example/a.png">', "en/menu.html: <img fetches something from elsewhere"),
        ("it/confermation.txt", "A", "it/confermation.txt: no letter has this name; do you mean it/confirmation.txt?"),
        ("de/zzz.txt", "A", "de/zzz.txt: no letter has this name"),
    ],
)
def test_a_broken_override_is_told_with_its_place(path: str, source: str, problem: str) -> None:
    """The file, the line, what is wrong and what to do; and nothing else."""
    found = told(path, source)

    assert len(found) == 1, found
    assert found[0].startswith(problem)


def test_a_template_that_is_gone_is_told() -> None:
    """By its path."""
    less = Texts.of({path: text for path, text in texts().sources.items() if path != "en/status.html"})

    assert list(proof.problems(less)) == ["en/status.html: this template is missing; put it back"]


def test_a_part_of_ones_own_may_have_any_name() -> None:
    """A file whose name begins with an underscore is no letter."""
    assert told("it/_nostro.txt", "Cordiali saluti") == []


def test_overrides_are_read_from_a_folder(tmp_path: Path) -> None:
    """The shipped templates are found, the folder's files replace them, other files are left alone."""
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "menu.txt").write_text("Quale?\n\nDica quale, è urgente.", "utf-8")
    (tmp_path / "README.md").write_text("not a letter", "utf-8")
    (tmp_path / "it" / "menu.txt~").write_text("{{ broken", "utf-8")

    loaded = load_texts(str(tmp_path))
    assert loaded.overridden == {"it/menu.txt"}
    assert loaded.sources["it/menu.txt"].startswith("Quale?")
    assert loaded.sources["it/menu.html"] == texts().sources["it/menu.html"]
    assert text_problems(str(tmp_path)) == []


def test_a_folder_that_is_none_and_a_file_that_is_no_text_are_told(tmp_path: Path) -> None:
    """Each with what to correct."""
    assert text_problems(str(tmp_path / "none")) == [
        f"service.templates: there is no folder {tmp_path / 'none'}; make it, or correct the path"
    ]
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "menu.txt").write_bytes(b"caff\xe8")
    assert text_problems(str(tmp_path)) == [
        f"{tmp_path / 'it' / 'menu.txt'}: this is not UTF-8; save it with that encoding"
    ]


def test_check_names_a_broken_override_with_file_line_and_mend(tmp_path: Path) -> None:
    """On the command line, beside what else it finds; the exit code says that not all is well."""
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "menu.txt").write_text("Quale?\n\n{{ nome }}, quale incontro?\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()[1]  # closed again below: whoever knocks is refused
    config = tmp_path / "config.toml"
    config.write_text(
        f"""
        [service]
        database = "sqlite:///{tmp_path}/mailbot.sqlite"
        templates = "{tmp_path}"
        organisers = ["a@x.example"]
        [series]
        name = "Valverde"
        organiser = "Comune"
        contact = "a@x.example"
        timezone = "Europe/Rome"
        language = "it"
        [[meetings]]
        code = "sport"
        title = "Sport"
        sector = "sport"
        starts_at = 2027-03-11T17:00:00
        duration_minutes = 90
        join_url = "https://zoom.example/j/1"
        [imap]
        host = "127.0.0.1"
        port = {nobody}
        security = "none"
        username = "a"
        password = "b"
        [smtp]
        host = "127.0.0.1"
        port = {nobody}
        security = "none"
        from = "a@x.example"
        """,
        "utf-8",
    )
    command = [sys.executable, "-m", "mailbot", "check", "--config", str(config)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert run.returncode == 1
    told = " ".join((run.stdout + run.stderr).split())
    assert "it/menu.txt, line 3: 'nome' is undefined; correct the name" in told

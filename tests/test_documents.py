"""What is written about mailbot is true: links lead somewhere, commands and names exist, pictures are there."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mailbot.cli import main
from mailbot.config.draft import Answers, drafted, example_file
from mailbot.config.providers import Servers, providers
from mailbot.core.model import LetterKind
from mailbot.core.writing.samples import ANNA, AT, SENDER, digests, letters, series
from mailbot.core.writing.texts import FORMS, LANGUAGES
from mailbot.core.writing.vocabulary import digest_words, letter_words

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "systemd").glob("*.md")])
README = (ROOT / "README.md").read_text("utf-8")
PROVIDERS = (ROOT / "docs" / "providers.md").read_text("utf-8")
TEXTS = (ROOT / "docs" / "texts.md").read_text("utf-8")
PICTURES = sorted((ROOT / "docs").rglob("*.png"))


def anchors(document: Path) -> set[str]:
    """The headings of a document, as links name them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    """A link to a file names a file that is there, one to a heading a heading."""
    text = document.read_text("utf-8")
    links = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'(?:src|href)="([^"]+)"', text)]
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), f"{document.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{document.name}: {link}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    """A path into this repository, in backquotes, exists."""
    for path in re.findall(r"`((?:mailbot|templates|tests|docs|systemd)/[\w/.-]+)`", document.read_text("utf-8")):
        assert (ROOT / path).exists(), f"{document.name}: {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    """`mailbot X` is a command, `--Y` after it is one of its options, `make Z` is a target."""
    text = document.read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = re.findall(r"^```[a-z]*\n(.*?)^```|`([^`\n]+)`", text, re.DOTALL | re.MULTILINE)
    for block in ("\n".join(pair) for pair in code):
        for name, rest in re.findall(r"(?:^|/bin/|\s)mailbot ([a-z][a-z-]*)([^\n]*)", block):
            assert isinstance(main, click.Group)
            assert name in main.commands, f"{document.name}: mailbot {name}"
            known = {option for each in main.commands[name].params for option in each.opts}
            for option in re.findall(r"(?<!\S)\[?(--[a-z-]+)", rest.partition("#")[0]):
                assert option in known, f"{document.name}: mailbot {name} {option}"
        for target in re.findall(r"(?:^|\s)make ([a-z]+)", block):
            assert target in targets, f"{document.name}: make {target}"


def test_the_readme_names_every_command() -> None:
    """None is left out."""
    assert isinstance(main, click.Group)
    assert set(re.findall(r"\| `mailbot ([a-z-]+)", README)) == set(main.commands)


def test_the_pictures_are_there_shown_and_light() -> None:
    """Each is a PNG of less than 250 kB, that of the README less than 150, and each is shown by a document."""
    shown = " ".join(document.read_text("utf-8") for document in DOCUMENTS)

    assert (ROOT / "docs" / "confirmation.png") in PICTURES
    assert (ROOT / "docs" / "confirmation.png").stat().st_size < 150_000
    for picture in PICTURES:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < 250_000
        assert picture.name in shown


def test_every_picture_is_described() -> None:
    """For those who cannot see it."""
    for document in DOCUMENTS:
        for picture in re.findall(r"<img [^>]+>", document.read_text("utf-8")):
            assert re.search(r'alt="[^"]{20,}"', picture), f"{document.name}: {picture}"


def test_every_letter_has_its_templates_in_each_language() -> None:
    """Text and HTML."""
    missing = [
        f"{language}/{kind}.{form}"
        for language in LANGUAGES
        for kind in LetterKind
        for form in FORMS
        if not (ROOT / "templates" / language / f"{kind}.{form}").is_file()
    ]

    assert missing == []


def test_every_word_of_templates_is_explained() -> None:
    """docs/texts.md lists each name that is open in a template, and each letter."""
    words = letter_words(next(letters("it"))[1], series("it"), SENDER, AT, invited=True)
    more = digest_words(next(digests("it"))[1], ANNA, series("it"), SENDER, AT)
    named = set(re.findall(r"`(\w+)(?:\([a-z]\)|\(code\))?`", TEXTS))

    assert set(words) | set(more) <= named
    assert {kind.value for kind in LetterKind} <= named


def test_the_table_of_providers_is_what_init_knows() -> None:
    """docs/providers.md has each with its servers, ports and way to log in."""
    rows = {
        row[0]: row[1:] for row in re.findall(r"^\| `(\w[\w-]*)` \| (.*) \| (.*) \| (.*) \|$", PROVIDERS, re.MULTILINE)
    }

    for provider in providers():
        servers = provider.servers
        port = {"tls": 465, "starttls": 587}[servers.smtp_security]
        imap, smtp, login = rows.pop(provider.key)
        assert (imap, smtp) == (f"`{servers.imap}` 993", f"`{servers.smtp}` {port}")
        assert (login == "token") is bool(servers.token_url)
    assert rows == {}


def test_the_token_command_that_is_written_about_is_the_one_that_init_writes() -> None:
    """Word for word, but for the address."""
    servers = Servers("imap.example", "smtp.example", "starttls", token_url="https://…/token")
    written = drafted(Answers("a@b.example", servers, "x", "y", "c@b.example"), example_file().read_text("utf-8"))
    [line] = [line for line in PROVIDERS.splitlines() if line.startswith("password = { command")]

    assert line in written.splitlines()


def test_letters_are_written_out_for_looking_at(tmp_path: Path) -> None:
    """`make letters` writes mail, text and HTML even where no browser takes the picture, and says so."""
    command = [sys.executable, str(ROOT / "docs" / "render_letters.py"), str(tmp_path), "it/menu-several"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env={"PATH": ""})

    assert run.returncode == 1
    assert "Chromium is not installed" in run.stderr
    assert {path.name for path in (tmp_path / "it").iterdir()} == {f"menu-several.{e}" for e in ("eml", "txt", "html")}


def test_the_licence_is_whole() -> None:
    """The EUPL 1.2: fifteen articles in order, and the appendix of compatible licences."""
    text = (ROOT / "LICENSE").read_text("utf-8")

    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert re.findall(r"^(\d+)\.\s?[A-Z]", text, re.MULTILINE) == [str(number) for number in range(1, 16)]
    assert text.rstrip().endswith("require the production of a new EUPL version.")
    assert len(re.findall("^— .*(?:GPL|MPL|EUPL|CeCILL|LiLiQ|EPL|OSL|CC BY-SA)", text, re.MULTILINE)) == 10


def printed() -> list[str]:
    """What the program may print: every piece of text in it that stands between two things that differ."""
    found: list[str] = []
    for path in (ROOT / "mailbot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += re.split(r"%(?:\.\d)?[sdfr]", node.value)
    return found


def test_messages_that_the_troubleshooting_quotes_are_really_printed() -> None:
    """Whoever searches the page for what the log says finds it; "…" stands for what differs."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    quotes = re.findall(r"^ *> (.+)$", page, re.MULTILINE)
    texts = printed()
    missing = [
        (quote, piece)
        for quote in quotes
        for piece in re.split(r"…", quote)
        if len(piece.strip()) > 3 and not any(piece.strip() in text for text in texts)
    ]

    assert len(quotes) > 25
    assert missing == []

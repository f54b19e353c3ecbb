"""Letters for everybody: headings and roles for the ear, contrast for the eye, size for the finger (WCAG 2.2).

The HTML is computed as a mail program does it: colours are inherited, the dark ones come from the style sheet.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from mailbot.core.model import Mail
from mailbot.core.writing import proof
from tests.writing.reading import body, texts

MAILS = list(proof.mails(texts()))
IDS = [path for path, _ in MAILS]
VOID = ("meta", "br")


@dataclass
class Node:
    """An element with what it holds."""

    tag: str
    attributes: dict[str, str]
    parent: "Node | None" = None
    children: list["Node | str"] = field(default_factory=list)

    def text(self) -> str:
        """All its words."""
        return " ".join("".join(c if isinstance(c, str) else c.text() for c in self.children).split())

    def walk(self) -> list["Node"]:
        """Itself and every element inside, in order."""
        return [self, *(node for c in self.children if isinstance(c, Node) for node in c.walk())]

    def style(self, name: str, *, dark: dict[str, dict[str, str]] | None = None) -> str:
        """A property as it stands here: the sheet's dark one by class or tag, else the one in place."""
        classes = [f".{each}" for each in self.attributes.get("class", "").split()]
        for selector in (*[s for s in reversed(list(dark or {})) if s in classes], self.tag):
            if value := (dark or {}).get(selector, {}).get(name):
                return value
        found = re.search(rf"(?:^|;)\s*{name}:\s*([^;]+)", self.attributes.get("style", ""))
        return found.group(1).strip() if found else ""

    def inherited(self, name: str, dark: dict[str, dict[str, str]] | None) -> str:
        """The same, from the nearest that has it."""
        here = self.style(name, dark=dark)
        return here or (self.parent.inherited(name, dark) if self.parent else "")


class _Tree(HTMLParser):
    """The elements of a page; fails where one is not closed as it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Node("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag
        assert self.at.parent
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def page(mail: Mail) -> list[Node]:
    """Every element of a letter's HTML, in order."""
    tree = _Tree()
    tree.feed(body(mail, "html"))
    return tree.root.walk()


def dark_colours(mail: Mail) -> dict[str, dict[str, str]]:
    """What the style sheet says for the dark, by tag or class."""
    block = body(mail, "html").partition("(prefers-color-scheme: dark) {")[2].partition("</style>")[0]
    colours: dict[str, dict[str, str]] = {}
    for selectors, rules in re.findall(r"([^{}]+)\{([^{}]+)\}", block):
        for selector in selectors.split(","):
            found = re.findall(r"([a-z-]+):\s*([^;!]+?)\s*!important", rules)
            colours.setdefault(selector.strip(), {}).update(found)
    assert len(colours) > 5
    return colours


def contrast(ink: str, paper: str) -> float:
    """The ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_a_page_says_its_language_and_its_name(path: str, mail: Mail) -> None:
    """On the page and, because some mail programs drop that, on the letter itself too (WCAG 3.1.1, 2.4.2)."""
    nodes = page(mail)
    language = path.partition("/")[0]

    assert next(n for n in nodes if n.tag == "html").attributes["lang"] == language
    assert next(n for n in nodes if n.attributes.get("role") == "article").attributes["lang"] == language
    assert next(n for n in nodes if n.tag == "title").text()


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_headings_go_down_step_by_step(path: str, mail: Mail) -> None:
    """One first heading, before all others; no level is skipped, none is empty (WCAG 1.3.1)."""
    headings = [(int(n.tag[1]), n.text()) for n in page(mail) if re.fullmatch("h[1-6]", n.tag)]
    levels = [level for level, _ in headings]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(text for _, text in headings)


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_a_table_is_either_a_table_or_a_box(path: str, mail: Mail) -> None:
    """A box is marked as presentation; a table has headed columns and rows (WCAG 1.3.1)."""
    for table in (n for n in page(mail) if n.tag == "table"):
        heads = [n for n in table.walk() if n.tag == "th"]
        if table.attributes.get("role") == "presentation":
            assert table.attributes.get("class") != "counts"
            assert not heads or any(n.attributes.get("class") == "counts" for n in table.walk())
        else:
            assert heads
            assert all(n.attributes.get("scope") for n in heads)
            assert all(n.text() for n in heads)


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_no_paragraph_holds_a_box(path: str, mail: Mail) -> None:
    """A table or a division inside of a paragraph would end it, and leave a gap."""
    for paragraph in (n for n in page(mail) if n.tag == "p"):
        assert [n.tag for n in paragraph.walk() if n.tag in ("table", "div", "p", "ul", "h1", "h2")] == ["p"]


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_links_say_what_they_do(path: str, mail: Mail) -> None:
    """Below one heading no two links to different places are called the same; none is "here" (WCAG 2.4.4)."""
    called: dict[str, str] = {}
    for node in page(mail):
        if re.fullmatch("h[1-6]", node.tag):
            called = {}
        if node.tag == "a":
            assert len(node.text()) > 4
            assert node.text().lower() not in ("clicca qui", "click here", "link")
            assert called.setdefault(node.text(), node.attributes["href"]) == node.attributes["href"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_every_word_can_be_read(path: str, mail: Mail, scheme: str) -> None:
    """All text has a contrast of 4.5 at least, the edge of a hollow button one of 3 (WCAG 1.4.3, 1.4.11)."""
    dark = dark_colours(mail) if scheme == "dark" else None
    for node in page(mail):
        written = [c for c in node.children if isinstance(c, str) and c.strip()]
        if written and node.tag not in ("style", "title", "head", "", "html"):
            ink, paper = node.inherited("color", dark), node.inherited("background", dark)
            assert contrast(ink, paper) >= 4.5, f"{written[0].strip()!r}: {ink} on {paper}"
        if node.tag == "td" and node.attributes.get("class") == "plain":
            edge = (dark or {}).get(".plain", {}).get("border-color") or node.style("border").split()[-1]
            assert contrast(edge, node.inherited("background", dark)) >= 3


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_buttons_can_be_hit(path: str, mail: Mail) -> None:
    """A button, and the address of a meeting on its own line, is 44 pixels high at least (WCAG 2.5.5)."""
    for node in page(mail):
        if node.tag != "a" or (node.attributes.get("class") is None and "://" not in node.attributes["href"]):
            continue
        padding = int(node.style("padding").split("px")[0])
        line = int((node.style("line-height") or "24px").removesuffix("px"))
        assert node.style("display") in ("block", "inline-block")
        assert line + 2 * padding >= 44

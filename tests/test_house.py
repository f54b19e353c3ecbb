"""The rules of the house: who may import whom, how large a room may grow, and what every file must keep."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mailbot"
MODULES = sorted(PACKAGE.rglob("*.py"))

HOMES = {
    "imapclient": ["mailbot.adapters.imap"],
    "aiosmtplib": ["mailbot.adapters.smtp"],
    "sqlalchemy": ["mailbot.adapters.store"],
    "alembic": ["mailbot.adapters.store"],
    "apscheduler": ["mailbot.daemon"],
    "jinja2": ["mailbot.core.writing"],
    "icalendar": ["mailbot.core.writing"],
    "pydantic": ["mailbot.config"],
    "prometheus_client": ["mailbot.adapters.metrics"],
    "click": [
        "mailbot.cli",
        "mailbot.beginning",
        "mailbot.console",
        "mailbot.exits",
        "mailbot.explaining",
        "mailbot.moving",
        "mailbot.demo",
    ],
    "pymap": ["mailbot.demo"],
    "aiosmtpd": ["mailbot.demo"],
    "xlsxwriter": ["mailbot.core.export"],
    "defusedxml": ["mailbot.core.reading"],
    "flufl": ["mailbot.core.reading"],
    "rapidfuzz": ["mailbot.core.intent"],
}
"""Where each foreign library may be used: in one place, so that it can be replaced there."""

ALLOWED = {
    "mailbot.core": ["mailbot.core"],
    "mailbot.ports": ["mailbot.core", "mailbot.ports"],
    "mailbot.loops": ["mailbot.core", "mailbot.ports", "mailbot.loops"],
    "mailbot.config.secret": [],
    "mailbot.config": ["mailbot.core", "mailbot.config"],
    "mailbot.console": ["mailbot.core", "mailbot.checking"],
    "mailbot.parts": ["mailbot.core", "mailbot.ports", "mailbot.config", "mailbot.adapters", "mailbot.loops"],
}
"""What each room may import of ours; parts, daemon, checking, cli and demo are missing: they put things together."""

SHELL = (
    *("mailbot.cli", "mailbot.daemon", "mailbot.serving", "mailbot.checking"),
    *("mailbot.parts", "mailbot.demo", "mailbot.__main__"),
)


def name_of(path: Path) -> str:
    """The module's dotted name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, ours and others'."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, rooms: list[str] | tuple[str, ...]) -> bool:
    """Whether a dotted name lies in one of the rooms."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_room_imports_only_what_it_may(path: Path) -> None:
    """The core knows nothing outside; the loops know ports; adapters do not know each other; nobody knows the cli."""
    room = name_of(path)
    ours = [imported for imported in imports(path) if within(imported, ("mailbot",))]

    for rule, allowed in ALLOWED.items():
        if within(room, (rule,)):
            assert [name for name in ours if name != "mailbot.__version__" and not within(name, allowed)] == []
    if within(room, ("mailbot.adapters",)):
        own = ".".join(room.split(".")[:3])
        allowed = ["mailbot.core", "mailbot.ports", "mailbot.config", "mailbot.adapters.tls", own]
        assert [name for name in ours if not within(name, allowed)] == []
    if not within(room, SHELL):
        assert [name for name in ours if within(name, ("mailbot.cli", "mailbot.daemon", "mailbot.serving"))] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_foreign_library_has_one_home(path: Path) -> None:
    """A library is wrapped in one place."""
    room = name_of(path)
    for imported in imports(path):
        homes = HOMES.get(imported.split(".")[0])
        assert homes is None or within(room, homes), f"{room} imports {imported}, whose home is {homes}"


IMPURE = {"random", "secrets", "socket", "subprocess", "logging", "sqlite3", "threading", "os", "time", "requests"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=name_of)
def test_the_core_is_pure(path: Path) -> None:
    """No clock, chance, file, log, network or database in there."""
    text = path.read_text("utf-8")
    roots = {imported.split(".")[0] for imported in imports(path)}

    assert roots & IMPURE == set()
    assert re.search(r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|\bopen\(|\bprint\(", text) is None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_module_tells_its_story_and_is_no_crowd(path: Path) -> None:
    """A docstring at the top, and at most about 330 lines."""
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text)), f"{path} has no first paragraph"
    assert text.count("\n") <= 330, f"{path} is crowded"


def test_nothing_names_a_machine() -> None:
    """No path of anybody's machine, no unfinished business."""
    signs = re.compile(r"/(work|root|farm)/|NotImplementedError|\bTODO\b|\bFIXME\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("mailbot", "templates", "docs", "systemd")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".md", ".txt", ".html", ".toml", ".service"}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if signs.search(line)
    ]

    assert found == []

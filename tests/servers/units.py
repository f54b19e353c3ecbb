"""What a unit in systemd/ says, read from the file itself; and which system calls it lets through."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

UNITS = Path(__file__).parents[2] / "systemd"


def systemd_is_here() -> bool:
    """Whether systemd's tools are installed; it need not run."""
    return shutil.which("systemd-analyze") is not None


def settings(unit: Path) -> list[tuple[str, str]]:
    """Each key with its value, in order: some keys add to what stood before."""
    return re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


def value(unit: Path, key: str) -> str:
    """The one value of a key."""
    [only] = [value for name, value in settings(unit) if name == key]
    return only


def system_calls(unit: Path) -> set[str]:
    """The names of the system calls that ``SystemCallFilter=`` lets through (systemd.exec(5)).

    The first line is what is allowed, a line that begins with ``~`` takes away; @default is always let through.
    """
    allowed = _calls_of("@default")
    for key, line in settings(unit):
        if key == "SystemCallFilter":
            named = set().union(*(_calls_of(word) for word in line.removeprefix("~").split()))
            allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


@cache
def _calls_of(word: str) -> frozenset[str]:
    """The calls of a group, as this machine's systemd has them, or the one call itself."""
    if not word.startswith("@"):
        return frozenset({word})
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True)
    inside = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return frozenset().union(*(_calls_of(name) for name in inside if name and not name.startswith("#")))

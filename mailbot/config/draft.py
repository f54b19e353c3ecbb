"""Answers → the text of a configuration: the example with the answers in their places, comments and all.

``config.example.toml`` is the one source of what a configuration looks like. Its lines are kept; of those that an
answer concerns the value is replaced (a key that stands there as a comment comes to life), and their CHANGE is taken
away, so that what is still marked is what is still to do.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailbot.config.providers import Servers

_TABLE = re.compile(r"(?:# )?\[+([\w.]+)\]+$")
_KEY = re.compile(r"(?:# )?(\w+) = ")
_VALUE = re.compile(r'("(?:[^"\\]|\\.)*"|\[.*?\]|\{.*?\}|[^\s#]+)')
_CHANGE = "# CHANGE: "


@dataclass(frozen=True, slots=True)
class Answers:
    """What a configuration cannot guess."""

    address: str
    """The registration inbox."""
    servers: Servers
    name: str
    """What the series is called."""
    organiser: str
    """Who holds it."""
    contact: str
    """The organisers' address: it gets the digest, and people are told to write there."""
    language: str = "it"
    secret_file: str = ""
    """A file with the password, where it does not come from systemd's credentials."""
    database: str = ""
    """Where registrations are kept, where not in the usual place."""


def example_file() -> Path:
    """The example to start from: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "config.example.toml"
    return inside if inside.exists() else package.parent / inside.name


def drafted(answers: Answers, example: str) -> str:
    """The configuration as text: the example with these answers.

    Raises:
        KeyError: the example lacks a key that an answer needs.
    """
    wanted = {table: dict(values) for table, values in _values(answers).items()}
    lines: list[str] = []
    table, mark = "", -1
    for line in example.splitlines():
        if found := _TABLE.match(line):
            table = found[1]
        key = (_KEY.match(line) or ["", ""])[1]
        if line.startswith(_CHANGE):
            mark = len(lines)
        elif not line.startswith("#") and not key and not found:
            mark = -1
        if key in wanted.get(table, {}):
            line = _with_value(line, wanted[table].pop(key))
            if mark >= 0:
                words = lines[mark].removeprefix(_CHANGE)
                lines[mark], mark = f"# {words[:1].upper()}{words[1:]}", -1
        lines.append(line)
    if left := [f"{table}.{key}" for table, values in wanted.items() for key in values]:
        raise KeyError(f"the example has no {', '.join(left)}")
    return "\n".join(lines) + "\n"


def still_to_change(text: str) -> list[tuple[int, str]]:
    """The lines of a configuration that are marked CHANGE, with their numbers."""
    return [
        (number, line.removeprefix(_CHANGE))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.startswith(_CHANGE)
    ]


def _values(answers: Answers) -> Mapping[str, Mapping[str, str]]:
    """What is written where, as TOML."""
    servers = answers.servers
    sender = f"{answers.organiser.replace('<', '').replace('>', '')} <{answers.address}>"
    smtp = {
        "host": _text(servers.smtp),
        "security": _text(servers.smtp_security),
        "username": _text(answers.address),
        "from": _text(sender if _plain(answers.organiser) else answers.address),
        "password": _secret(answers, "smtp"),
        "auth": _text("xoauth2" if servers.token_url else "password"),
    }
    if servers.per_minute:
        smtp["per_minute"] = str(servers.per_minute)
    service = {"organisers": f"[{_text(answers.contact)}]"}
    if answers.database:
        service["database"] = _text(answers.database)
    return {
        "service": service,
        "series": {
            "name": _text(answers.name),
            "organiser": _text(answers.organiser),
            "contact": _text(answers.contact),
            "language": _text(answers.language),
        },
        "imap": {
            "host": _text(servers.imap),
            "security": _text(servers.imap_security),
            "username": _text(answers.address),
            "password": _secret(answers, "imap"),
            "auth": smtp["auth"],
        },
        "smtp": smtp,
    }


def _secret(answers: Answers, name: str) -> str:
    if answers.servers.token_url:
        # sh puts in the folder where systemd, or whoever types a command, has the credential.
        file = shlex.quote(f"@{answers.secret_file}") if answers.secret_file else f'"@$CREDENTIALS_DIRECTORY/{name}"'
        words = f"exec curl --silent --show-error --max-time 20 --data {file} {answers.servers.token_url}"
        return f'{{ command = ["sh", "-c", {_text(words)}] }}'
    if answers.secret_file:
        return f"{{ file = {_text(answers.secret_file)} }}"
    return f'{{ credential = "{name}" }}'


def _plain(name: str) -> bool:
    """Whether a name can stand before an address as it is."""
    return not re.search(r'[",;:@()\\\[\]]', name)


def _text(value: str) -> str:
    """A basic string of TOML, which has JSON's escapes."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _with_value(line: str, value: str) -> str:
    key, _, rest = line.removeprefix("# ").partition(" = ")
    found = _VALUE.match(rest)
    assert found is not None
    return f"{key} = {value}{rest[found.end() :]}"

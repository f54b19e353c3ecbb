"""docs/configuration.md, written from the keys as the code has them; ``make reference`` calls this module."""

import sys
from collections.abc import Iterator
from datetime import time, timedelta
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mailbot.config.sections import Config
from mailbot.config.values import in_units

HEAD = """\
# Configuration

One TOML file, `/etc/mailbot/config.toml` unless `--config` or `$MAILBOT_CONFIG` names another. Unknown keys and bad
values are errors; `mailbot check` tells all of them at once. `config.example.toml` is a file to start from. This page
is written from the code (`make reference`).

A **secret** may be given in place (`"…"`), or as `{ file = "…" }`, `{ env = "…" }`, `{ credential = "…" }` (a systemd
credential) or `{ command = ["…"] }` (what the command prints). It is read anew at each log-in. A **duration** is a
number and a unit: `"1 day"`, `"90 minutes"`. An **address** may carry a name: `"Name <local@domain>"`.
"""


def reference() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_tables(Config, "")])


def _tables(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _section(field.annotation)
        if inner is None:
            continue
        table = f"{path}{name}"
        yield f"## `[[{table}]]`\n" if name == "meetings" else f"## `[{table}]`\n"
        yield from ((inner.__doc__ or "").split(": ", 1)[-1].capitalize(), "")
        yield from ("| key | default | meaning |", "| --- | --- | --- |")
        for key, value in inner.model_fields.items():
            if _section(value.annotation) is None:
                yield f"| `{value.alias or key}` | {_default(value)} | {value.description} |"
        yield ""
        yield from _tables(inner, f"{table}.")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*needed*"
    if field.default_factory is not None:
        return '`"sqlite:////var/lib/mailbot/mailbot.sqlite"`'
    return "" if field.default is None else f"`{_toml(field.default)}`"


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return f'"{value.value}"'
        case str():
            return f'"{value}"'
        case timedelta():
            return f'"{in_units(value)}"'
        case time():
            return f'"{value:%H:%M}"'
        case tuple():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case _:
            return str(value)


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _section(inner))), None)


if __name__ == "__main__":
    sys.stdout.write(reference())

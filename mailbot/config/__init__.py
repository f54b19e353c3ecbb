"""config.toml → a frozen ``Config``, or every problem at once, each with its key, what is wrong and what is allowed.

``values`` has the kinds of values, ``sections`` every key, this module reads the file and words the mistakes. Sections
that a command does not need may be missing: ``mailbot explain`` wants a series and no servers.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mailbot.config.draft import example_file
from mailbot.config.sections import Config
from mailbot.config.servers import ImapSection, SmtpSection

__all__ = [
    "Config",
    "ConfigError",
    "ImapSection",
    "ServiceConfig",
    "SmtpSection",
    "default_file",
    "load",
    "load_service",
]

DEFAULT_FILE = Path("/etc/mailbot/config.toml")


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` are sentences, one a mistake."""

    def __init__(self, file: Path, problems: Iterable[str]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__(f"{file}:\n" + "\n".join(f"  - {problem}" for problem in self.problems))


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """A configuration with both servers: what the daemon needs."""

    config: Config
    imap: ImapSection
    smtp: SmtpSection


def default_file() -> Path:
    """Where the configuration is where nobody says otherwise."""
    return Path(os.environ.get("MAILBOT_CONFIG") or DEFAULT_FILE)


def load(file: Path) -> Config:
    """The configuration in this file; the servers may be missing.

    Raises:
        ConfigError: the file cannot be read, or has mistakes.
    """
    config, problems = _read(file, ())
    if config is None or problems:
        raise ConfigError(file, problems)
    return config


def load_service(file: Path) -> ServiceConfig:
    """The configuration in this file, servers included.

    Raises:
        ConfigError: the file cannot be read, has mistakes, or lacks a server.
    """
    config, problems = _read(file, ("imap", "smtp"))
    if config is None or problems or config.imap is None or config.smtp is None:
        raise ConfigError(file, problems)
    return ServiceConfig(config, config.imap, config.smtp)


def _read(file: Path, needed: Iterable[str]) -> tuple[Config | None, list[str]]:
    try:
        text = file.read_text("utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        mend = f"write one with `mailbot init`, or copy {example_file()} there"
        return None, [f"there is no such file; name one with --config, {mend}"]
    except OSError as error:
        return None, [f"cannot be read: {error.strerror}; let mailbot's user read it"]
    except UnicodeDecodeError as error:
        return None, [f"cannot be read: {error}; save it as UTF-8"]
    except tomllib.TOMLDecodeError as error:
        return None, [f"is not valid TOML: {error}{_line_of(str(error), text)}"]
    missing = [f"[{section}] is missing; see config.example.toml" for section in needed if section not in data]
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        return None, missing + [_in_words(dict(detail), data) for detail in error.errors()]
    return config, missing + _times_that_are_not(config)


def _line_of(said: str, text: str) -> str:
    """The line that a mistake stands in, unless it may hold a secret."""
    found = re.search(r"at line (\d+)", said)
    lines = text.split("\n")
    line = lines[int(found[1]) - 1].strip() if found and int(found[1]) <= len(lines) else ""
    return f": {line}" if line and not re.search("pass|secret|token", line, re.IGNORECASE) else ""


def _times_that_are_not(config: Config) -> list[str]:
    """Local times that the change to summer time leaves out."""
    zone = config.series.timezone
    return [
        f"meetings[{number}].starts_at ({meeting.code}): "
        f"the clocks leave out {meeting.starts_at:%H:%M} on that day in {zone.key}"
        for number, meeting in enumerate(config.meetings, start=1)
        if meeting.starts_at.tzinfo is None
        and meeting.meeting(zone).starts_at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != meeting.starts_at
    ]


def _in_words(error: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """One mistake: its key, what is wrong, what is allowed."""
    where = [part + 1 if isinstance(part, int) else part for part in error["loc"]]
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".") or "the file"
    context = error.get("ctx", {})
    key += _meeting_named(where, data)
    match error["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            near = difflib.get_close_matches(str(where[-1]), _known_beside(where), n=1)
            return f"{key} is not a known key" + (f"; do you mean {near[0]!r}?" if near else "")
        case "value_error":
            return f"{key}: {context['error']}"
        case "literal_error" | "enum":
            return f"{key}: {error['input']!r} is not allowed; write {context['expected']}"
        case "model_type":
            return f"{key}: must be a table, [{key}]"
        case "tuple_type":
            return f"{key}: must be a list, [ … ]"
        case "string_pattern_mismatch":
            return f"{key}: {error['input']!r} may hold letters, digits, - and _ alone"
        case _:
            return f"{key}: {error['msg'][:1].lower()}{error['msg'][1:]}, not {error['input']!r}"


def _meeting_named(where: list[str | int], data: Mapping[str, Any]) -> str:
    """The code of the meeting that a mistake is in: nobody likes to count tables."""
    match where:
        case ["meetings", int(number), str(name), *_] if name != "code":
            code = data["meetings"][number - 1].get("code")
            return f" ({code})" if isinstance(code, str) else ""
    return ""


def _known_beside(where: list[str | int]) -> list[str]:
    """The keys that a table has, for the last name in ``where``."""
    model: type[BaseModel] = Config
    for part in where[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            inner = _section_of(model.model_fields[part].annotation)
            model = inner or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := _section_of(inner))), None)

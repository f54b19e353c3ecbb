"""What `mailbot explain` and `mailbot rehearse` have in common: where messages come from, and how one is told.

Neither touches the database; `explain` touches no server either.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import click

from mailbot.config import Config
from mailbot.core.understanding import Understood

_WORTH_A_BAR = 20


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601."""

    name = "ISO"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment that was written; without a zone where none was."""
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment in ISO 8601; write it as 2027-03-11T17:00 or 2027-03-11T17:00+01:00")


def own_addresses(config: Config) -> frozenset[str]:
    """The addresses whose mail is our own coming back."""
    ours = [config.smtp.sender.address] if config.smtp else []
    return frozenset([*ours, *([config.imap.username.lower()] if config.imap else [])])


def files_of(sources: Sequence[str]) -> list[str]:
    """The single messages that the sources stand for, in the order given: files, and ``-`` for standard input.

    Raises:
        click.UsageError: there is no such file, or a folder without messages; said before anything is done.
    """
    found: list[str] = []
    for source in sources:
        path = Path(source)
        if source == "-":
            found.append(source)
        elif path.is_dir():
            inner = [str(file) for file in sorted(path.glob("*.eml"))]
            if not inner:
                raise click.UsageError(f"there is no *.eml file in the folder {source}")
            found += inner
        elif path.exists():
            found.append(source)
        else:
            raise click.UsageError(f"there is no file or folder {source}")
    return found


def read(file: str) -> bytes:
    """The bytes of one message.

    Raises:
        click.ClickException: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error


def progress(length: int, label: str) -> "AbstractContextManager[click._termui_impl.ProgressBar[int]]":
    """A bar on the terminal, where there is something to wait for and the output goes elsewhere."""
    seen = sys.stderr.isatty() and not sys.stdout.isatty() and length >= _WORTH_A_BAR
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not seen)


def shown_one_by_one(files: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each message, with a bar on the way."""
    with progress(len(files), f"{len(files)} messages") as bar:
        for file in files:
            yield file, read(file)
            bar.update(1)


def as_json(name: str, understood: Understood) -> str:
    """One message as a line of JSON."""
    message, intent = understood.message, understood.intent
    answered = None if message.origin.kind.is_machine or message.reply_to is None else message.reply_to.address
    return json.dumps(
        {
            "file": name,
            "outcome": intent.outcome,
            "register": intent.register,
            "cancel": intent.cancel,
            "requests": intent.requests,
            "attention": intent.attention,
            "reply_to": answered,
            "language": intent.language,
            "kind": message.origin.kind,
            "evidence": intent.evidence,
            "name": intent.name,
            "organisation": intent.organisation,
            "attendee": intent.attendee.address if intent.attendee else None,
            "question": intent.question,
            "runner_up": intent.runner_up,
        },
        ensure_ascii=False,
    )

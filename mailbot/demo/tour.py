"""The guided tour: the real daemon, on embedded servers and an SQLite file that goes with them.

For each sample mail the tour shows the mail, what the bot made of it and why, and the answer as it came in by SMTP; and
it holds both against what the mail deserves, so that the tour fails where an answer is wrong. On a terminal it then
takes mails of your own, typed here or sent by any mail program.
"""

import email
import email.policy
import signal
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from typing import Any

import click

from mailbot import console
from mailbot.config import load_service
from mailbot.core.model import Outcome, Series
from mailbot.core.status import LATELY
from mailbot.core.understanding import Understood, understand
from mailbot.daemon import Daemon
from mailbot.demo.samples import BOT, Sample, samples, typed
from mailbot.demo.servers import HOST, PASSWORD, Delivered, EmbeddedServers

FIRST_DAY = datetime(2021, 1, 16, tzinfo=UTC)
"""The day of the series that becomes today."""
PATIENCE = 20.0
"""Seconds that an answer may take before the tour fails."""


def tour(*, interactive: bool) -> int:
    """Plays the tour.

    Args:
        interactive: take mails from the terminal afterwards.

    Returns:
        The exit code: 0 where every answer was right.
    """
    with TemporaryDirectory(prefix="mailbot-demo-") as folder, EmbeddedServers(BOT) as servers:
        file = _configuration(Path(folder), servers)
        service = load_service(file)
        series = service.config.to_series()
        with _running(Daemon(file, service)) as daemon:
            click.echo(click.style("mailbot, a guided tour\n", bold=True) + _introduction(series))
            played = [_play(number, sample, servers, daemon, series) for number, sample in enumerate(_mails(series), 1)]
            click.echo(console.status(daemon.status(LATELY), (), series))
            wrong = played.count(False)
            click.echo(f"\n{len(played) - wrong} of {len(played)} sample mails handled as they deserve.")
            if interactive:
                _converse(servers, series)
    return 1 if wrong else 0


def _mails(series: Series) -> list[Sample]:
    return samples({meeting.code: meeting for meeting in series.meetings}, datetime.now(series.timezone))


@contextmanager
def _running(daemon: Daemon) -> Iterator[Daemon]:
    thread = threading.Thread(target=daemon.run, name="demo daemon")
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop()
        thread.join()


def _configuration(folder: Path, servers: EmbeddedServers) -> Path:
    """The configuration file of the tour: the series, moved to the coming days, and the embedded servers."""
    source = (files("mailbot.demo") / "series.toml").read_text("utf-8")
    shift = timedelta(days=(datetime.now(UTC).date() - FIRST_DAY.date()).days)
    for meeting in tomllib.loads(source)["meetings"]:
        moved = meeting["starts_at"] + shift
        source = source.replace(f"{meeting['starts_at']:%Y-%m-%dT%H:%M:%S}", f"{moved:%Y-%m-%dT%H:%M:%S}", 1)
    account = f'host = "{HOST}"\nsecurity = "none"\n'
    file = folder / "config.toml"
    file.write_text(
        f'[service]\ndatabase = "sqlite:///{folder}/mailbot.sqlite"\n{source}\n'
        f'[imap]\n{account}port = {servers.imap_port}\nusername = "{BOT}"\npassword = "{PASSWORD}"\n'
        f'[smtp]\n{account}port = {servers.smtp_port}\nfrom = "Iscrizioni Lucca Learning City <{BOT}>"\n',
        "utf-8",
    )
    return file


def _introduction(series: Series) -> str:
    rows = [f"  {m.starts_at:%a %d %b %H:%M}  {m.code:<12} {m.sector}" for m in series.meetings]
    return "\n".join([f"{series.name}, {series.organiser}", *rows, ""])


# --- one mail ---------------------------------------------------------------------------------------------------------


def _play(number: int, sample: Sample, servers: EmbeddedServers, daemon: Daemon, series: Series) -> bool:
    """Shows one sample mail and its answer; True where both are right."""
    click.echo(click.style(f"{'─' * 78}\n{number}. {sample.title}", bold=True))
    understood = understand(sample.raw, series, frozenset({BOT}), datetime.now(UTC))
    click.echo(console.explained("the mail", understood, series))
    before = len(servers.delivered)
    handled = _handled(daemon)
    started = time.monotonic()
    servers.put(sample.raw)
    answer = _answer(sample, servers, before)
    took = time.monotonic() - started
    while _handled(daemon) <= handled and time.monotonic() - started < PATIENCE:
        time.sleep(0.02)
    if answer is not None:
        click.echo(_shown(answer, f"the answer, after {took * 1000:.0f} ms"))
    elif sample.answer is None:
        click.echo(click.style("  no answer, as it should be\n", fg="green"))
    faults = list(_faults(sample, understood, answer, servers.delivered[before:]))
    for fault in faults:
        click.echo(click.style(f"  wrong: {fault}", fg="red", bold=True))
    return not faults


def _handled(daemon: Daemon) -> int:
    outcomes = daemon.status(LATELY).outcomes
    return sum(count for name, count in outcomes.items() if name != "new")


def _answer(sample: Sample, servers: EmbeddedServers, before: int) -> Delivered | None:
    if sample.answer is None:
        return None
    delivered = servers.wait_for(before + 1, PATIENCE)
    return delivered[before] if len(delivered) > before else None


def _faults(
    sample: Sample, understood: Understood, answer: Delivered | None, delivered: list[Delivered]
) -> Iterator[str]:
    intent = understood.intent
    if (intent.outcome, intent.register, intent.cancel) != (sample.outcome, sample.register, sample.cancel):
        yield f"understood as {intent.outcome} {intent.register} {intent.cancel}"
    if sample.outcome is Outcome.IGNORE and delivered:
        yield "a machine was answered"
    if sample.answer is None:
        return
    if answer is None:
        yield "no answer came"
        return
    if answer.recipient != sample.sender:
        yield f"the answer went to {answer.recipient}"
    if sample.contains not in " ".join(_text(answer.raw).split()):
        yield f"the answer does not contain {sample.contains!r}"


def _parsed(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _text(raw: bytes) -> str:
    body: Any = _parsed(raw).get_body(("plain",))
    return str(body.get_content()) if body else ""


def _shown(answer: Delivered, title: str) -> str:
    mail = _parsed(answer.raw)
    names = [name for part in mail.iter_attachments() if (name := part.get_filename())]
    attached = f"\nattached: {', '.join(names)}" if names else ""
    text = console.plain(f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{_text(answer.raw).strip()}{attached}")
    return f"\n  {click.style(title, fg='cyan', bold=True)}\n{indent(text, '  > ', lambda _: True)}\n"


# --- mails of your own ------------------------------------------------------------------------------------------------


def _converse(servers: EmbeddedServers, series: Series) -> None:
    """Takes mails from the terminal until nothing more is typed."""
    click.echo(
        f"\nOr connect a mail program: IMAP {HOST}:{servers.imap_port}, user {servers.participant}, password "
        f"{PASSWORD}; SMTP {HOST}:{servers.smtp_port}, no log-in; no encryption. Write to {BOT}.\n"
        "Now write a mail yourself, in Italian or English. End it with an empty line; an empty mail ends the demo.\n"
    )
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while text := _typed_text():
            raw = typed("You <you@participant.example>", text, datetime.now(series.timezone))
            before = len(servers.delivered)
            click.echo(
                console.explained("your mail", understand(raw, series, frozenset({BOT}), datetime.now(UTC)), series)
            )
            servers.put(raw)
            for answer in servers.wait_for(before + 1, 5)[before:]:
                click.echo(_shown(answer, "the answer"))
    except (EOFError, KeyboardInterrupt, click.Abort):
        click.echo()
    finally:
        signal.signal(signal.SIGINT, previous)


def _typed_text() -> str:
    lines: list[str] = []
    while line := input("> " if not lines else ". "):
        lines.append(line)
    return "\n".join(lines)

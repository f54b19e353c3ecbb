"""The guided tour: the real daemon, on embedded servers and an SQLite file that goes with them.

For each sample mail the tour shows the mail, what the bot made of it and why, and the answer as it came in by SMTP; and
it holds both against what the mail deserves, so that the tour fails where an answer is wrong. On a terminal it then
takes mails of your own, typed here or sent by any mail program.
"""

import email
import email.policy
import re
import select
import signal
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent, shorten
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from mailbot import console
from mailbot.config import load_service
from mailbot.core.model import Series
from mailbot.core.status import LATELY
from mailbot.core.understanding import Understood, understand
from mailbot.daemon import Daemon
from mailbot.demo.samples import BOT, Sample, samples, typed
from mailbot.demo.servers import HOST, PASSWORD, Delivered, EmbeddedServers

WIDTH = 78
WEEK = timedelta(days=7)
PATIENCE = 8.0
"""Seconds that an answer may take before the tour fails; for all the sample mails together less than a minute."""


def tour(*, interactive: bool) -> int:
    """Plays the tour.

    Args:
        interactive: take mails from the terminal afterwards.

    Returns:
        The exit code: 0 where every answer was right.
    """
    try:
        with (
            _ends_in_order(),
            TemporaryDirectory(prefix="mailbot-demo-") as folder,
            EmbeddedServers(BOT) as servers,
        ):
            return _tour(Path(folder), servers, interactive)
    except KeyboardInterrupt:
        click.echo("\nstopped; nothing is left behind")
        return 1


def _tour(folder: Path, servers: EmbeddedServers, interactive: bool) -> int:
    file = _configuration(folder, servers)
    service = load_service(file)
    series = service.config.to_series()
    with _running(Daemon(file, service)) as daemon:
        click.echo(click.style("mailbot, a guided tour\n", bold=True) + _introduction(series))
        stage = Stage(servers, daemon, series)
        played = [_play(number, sample, stage) for number, sample in enumerate(_mails(series), 1)]
        click.echo(click.style(f"{'─' * WIDTH}\nafterwards, as `mailbot status` shows it", bold=True))
        now = datetime.now(series.timezone)
        click.echo(console.status(daemon.status(LATELY), (), series, now))
        wrong = played.count(False)
        told = f"\n{len(played) - wrong} of {len(played)} sample mails handled as they deserve."
        click.echo(click.style(told, fg="red" if wrong else "green", bold=True))
        if interactive:
            _converse(stage)
    return 1 if wrong else 0


def _mails(series: Series) -> list[Sample]:
    return samples({meeting.code: meeting for meeting in series.meetings}, datetime.now(series.timezone))


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Being told to end (SIGTERM), or a terminal that is closed (SIGHUP), takes the way of Ctrl-C: all is put away."""
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in previous:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


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
    starts = [meeting["starts_at"] for meeting in tomllib.loads(source)["meetings"]]
    # By whole weeks, so that the days of the week stay what they were; the first meeting is tomorrow at the earliest.
    weeks = (datetime.now(UTC).date() - min(starts).date()) // WEEK + 1
    for start in starts:
        source = source.replace(f"{start:%Y-%m-%dT%H:%M:%S}", f"{start + weeks * WEEK:%Y-%m-%dT%H:%M:%S}", 1)
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


@dataclass(frozen=True, slots=True)
class Stage:
    """What the tour plays on."""

    servers: EmbeddedServers
    daemon: Daemon
    series: Series

    def understood(self, raw: bytes) -> Understood:
        """What the bot makes of a mail."""
        return understand(raw, self.series, frozenset({BOT}), datetime.now(UTC))

    def exchange(self, raw: bytes) -> tuple[list[Delivered], float]:
        """Puts a mail into the bot's inbox, and waits until it is handled and every letter is out.

        Returns:
            The answers, and the seconds that the first of them took.
        """
        before, handled = len(self.servers.delivered), self._counted()[0]
        started = time.monotonic()
        self.servers.put(raw)
        first = 0.0
        while time.monotonic() - started < PATIENCE:
            if self.servers.wait_for(before + 1, 0.02)[before:] and not first:
                first = time.monotonic() - started
            now_handled, under_way = self._counted()
            if now_handled > handled and not under_way:
                break
            if first:
                time.sleep(0.02)
        return self.servers.delivered[before:], first

    def _counted(self) -> tuple[int, int]:
        """Mails handled, and letters that are not out yet."""
        status = self.daemon.status(LATELY)
        handled = sum(count for name, count in status.outcomes.items() if name != "new")
        return handled, sum(status.letters.get(state, 0) for state in ("queued", "sending"))


def _play(number: int, sample: Sample, stage: Stage) -> bool:
    """Shows one sample mail and its answer; True where both are right."""
    click.echo(click.style(f"{'─' * WIDTH}\n{number}. {sample.title}", bold=True))
    understood = stage.understood(sample.raw)
    click.echo(console.explained("the mail", understood, stage.series))
    answers, took = stage.exchange(sample.raw)
    _show(answers, took)
    faults = list(_faults(sample, understood, answers))
    for fault in faults:
        click.echo(click.style(f"  wrong: {fault}", fg="red", bold=True))
    return not faults


def _show(answers: list[Delivered], took: float) -> None:
    for answer in answers:
        click.echo(_shown(answer, f"the answer, after {took * 1000:.0f} ms"))
    if not answers:
        click.echo(click.style("\n  no answer\n", fg="cyan", bold=True))


def _faults(sample: Sample, understood: Understood, answers: list[Delivered]) -> Iterator[str]:
    intent = understood.intent
    if (intent.outcome, intent.register, intent.cancel) != (sample.outcome, sample.register, sample.cancel):
        yield f"understood as {intent.outcome} {intent.register} {intent.cancel}"
    if sample.answer is None:
        if answers:
            yield "nobody should have been answered"
        return
    if len(answers) != 1:
        yield f"{len(answers) or 'no'} answer(s) came instead of one"
    for answer in answers:
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
    attached = f"\n[attached: {', '.join(names)}]" if names else ""
    body = _ONE_TAP.sub(_tap, _text(answer.raw).strip())
    text = console.plain(f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{body}{attached}")
    return f"\n  {click.style(title, fg='cyan', bold=True)}\n{indent(text, '  > ', lambda _: True)}\n"


_ONE_TAP = re.compile(r"mailto:[^?\s]+\?\S*")


def _tap(link: re.Match[str]) -> str:
    """A one-tap link, told by the subject of the mail that it begins instead of by its percent signs."""
    subject = parse_qs(urlsplit(link[0]).query).get("subject", [""])[0]
    return f'[one tap: a mail "{shorten(subject, 60, placeholder=" …")}"]'


# --- mails of your own ------------------------------------------------------------------------------------------------


def _converse(stage: Stage) -> None:
    """Takes mails from the terminal until nothing more is typed."""
    try:
        _invite(stage.servers)
        while text := _typed_text():
            raw = typed("you@participant.example", text, datetime.now(stage.series.timezone))
            click.echo(console.explained("your mail", stage.understood(raw), stage.series))
            _show(*stage.exchange(raw))
    except (EOFError, KeyboardInterrupt):
        click.echo()
    click.echo("The end; nothing is left behind.")


def _invite(servers: EmbeddedServers) -> None:
    click.echo(
        f"\n{'─' * WIDTH}\n"
        f"Now write a mail to {BOT} yourself, in Italian or English, such as\n"
        f"  {click.style('Subject: sign up', italic=True)}\n"
        f"  {click.style('Hello, we are a sports club and would like to come. Anna', italic=True)}\n"
        "The first line may be a subject. An empty line sends the mail; an empty mail ends the demo.\n\n"
        "Or connect any mail program, without encryption:\n"
        f"  IMAP {HOST}, port {servers.imap_port}, user {servers.participant}, password {PASSWORD}\n"
        f"  SMTP {HOST}, port {servers.smtp_port}, no log-in\n"
    )
    with suppress(ImportError):
        import readline  # noqa: F401  # merely by being there it lets a line be edited


def _typed_text() -> str:
    lines: list[str] = []
    while (line := input(". " if lines else "> ")) or (lines and _more_waits()):
        lines.append(line)
    return "\n".join(lines)


def _more_waits() -> bool:
    """Whether more was pasted: then the empty line just read is one within the mail."""
    return bool(select.select([sys.stdin], [], [], 0.1)[0])

"""`mailbot init`: five questions, or as many options, and a configuration with all its comments is written.

What the answers become is ``config.draft``'s; which servers an address has is ``config.providers``'. Here is the
asking, the file that is never overwritten, and what to do next.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click

from mailbot import console
from mailbot.config import ConfigError, default_file, load_service
from mailbot.config.draft import Answers, drafted, example_file, still_to_change
from mailbot.config.providers import Provider, Servers, guessed, provider_named, provider_of, providers, servers_at
from mailbot.config.values import mail_address

_KEYS = [provider.key for provider in providers()]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Home:
    """Where one inbox has its things, as its unit in systemd/ has it."""

    file: Path = Path("/etc/mailbot/config.toml")
    secrets: str = "/etc/mailbot/secrets"
    unit: str = "mailbot"
    database: str = ""


def _home(instance: str | None) -> _Home:
    if instance is None:
        return _Home()
    if not re.fullmatch(r"[A-Za-z0-9_]{1,40}", instance):
        raise click.BadParameter(f"{instance!r}: write letters, digits and _ alone", param_hint="--instance")
    folder = Path("/etc/mailbot") / instance
    database = f"sqlite:////var/lib/mailbot-{instance}/mailbot.sqlite"
    return _Home(folder / "config.toml", f"{folder}/secrets", f"mailbot@{instance}", database)


@click.command(short_help="Write a configuration, by asking five questions.")
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where to; - is standard output. Else $MAILBOT_CONFIG, else /etc/mailbot/config.toml.",
)
@click.option(
    "--instance",
    metavar="NAME",
    help="For one of several inboxes: mailbot@NAME.service, with /etc/mailbot/NAME and /var/lib/mailbot-NAME.",
)
@click.option("--address", help="The registration inbox.")
@click.option("--servers", help=f"Its provider ({', '.join(_KEYS)}), or the name of its IMAP server.")
@click.option("--smtp", metavar="HOST", help="The name of the SMTP server, where it cannot be guessed from the other.")
@click.option("--name", help="What the series of meetings is called.")
@click.option("--organiser", help="Who holds it, such as the town.")
@click.option("--contact", help="The organisers' address: it gets the daily digest, and people may write to it.")
@click.option("--language", type=click.Choice(["it", "en"]), default="it", show_default=True, help="Of letters.")
@click.option(
    "--secret-file", type=click.Path(), help="A file with the password, where systemd does not pass credentials."
)
def init(
    file: Path | None,
    instance: str | None,
    address: str | None,
    servers: str | None,
    smtp: str | None,
    name: str | None,
    organiser: str | None,
    contact: str | None,
    language: str,
    secret_file: str | None,
) -> None:
    """Write a configuration with all its comments, by asking at most five questions.

    What an option tells is not asked. The servers are guessed from the address; nothing is connected to, and no
    password is asked for or written. A file that is there is left as it is.
    """
    home = _home(instance)
    file = file or (home.file if instance else default_file())
    to_stdout = str(file) == "-"
    if not to_stdout and (file.exists() or file.is_symlink()):
        raise click.ClickException(
            f"{file} is there already and stays as it is; name another with --output, or move it away first"
        )
    missing = [
        f"--{option}"
        for option, given in (("address", address), ("name", name), ("organiser", organiser), ("contact", contact))
        if given is None
    ]
    if missing and not sys.stdin.isatty():
        raise click.UsageError(f"this is no terminal, so nothing can be asked; give {', '.join(missing)}")
    asking = sys.stdin.isatty() and (bool(missing) or servers is None)
    if asking:
        click.echo("Five questions; Enter takes what stands in [brackets]. No password is asked for.", err=True)

    address = _asked("1. The registration inbox, such as iscrizioni@comune.example", address, "--address", is_address)
    known = provider_of(address)
    usual = known.key if known else guessed(address).imap
    if servers is None and asking:
        click.echo(f"   Known providers: {', '.join(_KEYS)}. For others the IMAP server's name.", err=True)
    elif servers is None:
        servers = usual
    chosen, found = _asked("2. Its provider or server", servers, "--servers", _chosen, usual)
    if smtp:
        found = replace(found, smtp=_asked("", smtp, "--smtp", is_host))
    name = _asked("3. What the series of meetings is called", name, "--name", is_line)
    organiser = _asked("4. Who holds it, such as Comune di Valverde", organiser, "--organiser", is_line)
    contact = _asked("5. The organisers' address, for the daily digest", contact, "--contact", is_address)
    text = drafted(
        Answers(address, found, name, organiser, contact, language, secret_file or "", home.database),
        example_file().read_text("utf-8"),
    )
    if to_stdout:
        click.echo(text, nl=False)
        return
    _write(file, text)
    click.echo(_what_next(file, home, text, address, chosen, found, secret_file or ""))


# --- the answers ------------------------------------------------------------------------------------------------------


def is_address(value: str) -> str:
    """The bare address; ``ValueError`` says what is wrong."""
    return mail_address(value).address


def is_line(value: str) -> str:
    """Some text on one line."""
    line = console.one_line(value)
    if not line or "\n" in value.strip():
        raise ValueError("write some text, on one line")
    return line


def is_host(value: str) -> str:
    """The name of a server."""
    host = value.strip().lower()
    if not re.fullmatch(r"localhost|[a-z0-9-]+(\.[a-z0-9-]+)+", host):
        raise ValueError("write a server's name, such as mail.comune.example")
    return host


def _asked(
    question: str, given: str | None, option: str, proven: Callable[[str], Answer], default: str | None = None
) -> Answer:
    """The answer: as the option gives it, else asked for until it is one."""
    if given is not None:
        try:
            return proven(given)
        except ValueError as error:
            raise click.BadParameter(f"{given!r}: {error}", param_hint=option) from error
    while True:
        try:
            return proven(str(click.prompt(question, default=default, err=True)))
        except ValueError as error:
            click.echo(f"   {error}", err=True)


def _chosen(answer: str) -> tuple[Provider | None, Servers]:
    """What a provider's key or a server's name stands for."""
    if provider := provider_named(answer):
        return provider, provider.servers
    try:
        return None, servers_at(is_host(answer))
    except ValueError as error:
        raise ValueError(f"this is no known provider ({', '.join(_KEYS)}); else {error}") from None


# --- the file, and what is next ---------------------------------------------------------------------------------------


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
        file.chmod(0o644)  # it holds no password, and the service's own user must be able to read it
    except OSError as error:
        raise click.ClickException(
            f"{file} cannot be written: {error.strerror}; do it as root, or name another with --output"
        ) from error
    try:
        load_service(file)
    except ConfigError as error:  # a fault of ours, which the person should not have to find by themselves
        raise click.ClickException(f"what was written has mistakes: {error}") from error


def _what_next(
    file: Path, home: _Home, text: str, address: str, chosen: Provider | None, found: Servers, secret_file: str
) -> str:
    named = "" if file == _Home().file else f" --config {file}"
    credentials = "" if secret_file else f"CREDENTIALS_DIRECTORY={home.secrets} "
    where = ", ".join(f"line {number}" for number, _ in still_to_change(text))
    rows = [
        f"{file} is written: IMAP {found.imap}, SMTP {found.smtp} (a guess until `mailbot check` has tried them).",
        *([f"{chosen.name}: {chosen.hint} (docs/providers.md#{chosen.guide})."] if chosen and chosen.hint else []),
        "",
        "Next:",
        f"  {os.environ.get('EDITOR', 'nano')} {file}    # your meetings: {where}",
        *_secrets(address, found, secret_file, home.secrets),
        f"  {credentials}mailbot check{named}    # tries everything, sends nothing",
        f"  systemctl enable --now {home.unit}    # systemd/README.md",
    ]
    return "\n".join(rows)


def _secrets(address: str, found: Servers, secret_file: str, folder: str) -> list[str]:
    """The commands that put the password where it is looked for."""
    what = "what a token is asked with" if found.token_url else f"the password of {address}"
    if secret_file:
        return [f"  install -m 600 /dev/stdin {secret_file}    # {what}, Enter, Ctrl-D"]
    return [
        f"  install -D -m 600 /dev/stdin {folder}/imap    # {what}, Enter, Ctrl-D",
        f"  cp -p {folder}/imap {folder}/smtp    # the same serves for sending",
    ]

"""The commands. Each gathers what it is given, calls the part that does the work, and says how it went.

Exit codes: 0 done, 1 failed, 2 misuse of the command line, 78 bad configuration (EX_CONFIG of sysexits(3), which the
systemd unit does not restart). Imports of the heavy parts stand inside the commands, so that ``mailbot explain`` starts
without a database library.
"""

import io
import os
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from mailbot import __version__, beginning, console, explaining
from mailbot.adapters.words import load_words
from mailbot.config import default_file, load, load_service
from mailbot.core.understanding import understand
from mailbot.exits import FAILED, tells_trouble
from mailbot.moving import migrate_database


class _Commands(click.Group):
    """Lists the commands in the order of a first day, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mailbot")
def main() -> None:
    """Reads a registration inbox and answers it: plain mail in, Zoom link and calendar invite out.

    See it first with `mailbot demo`. Then: `mailbot init` writes a configuration, `mailbot check` proves it, see with
    `mailbot rehearse` how the mails that are there would be understood, and let `mailbot run` do it.

    Exit codes: 0 done, 1 failed, 2 misuse of the command line, 78 bad configuration.
    """
    if os.environ.get("NO_COLOR"):
        click.get_current_context().color = False
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Strangers write any character; a terminal or a pipe that cannot show one gets its number, not an end.
        sys.stdout.reconfigure(errors="backslashreplace")


main.add_command(beginning.init)
config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=default_file,
    help="The configuration file; else $MAILBOT_CONFIG, else /etc/mailbot/config.toml.",
)


# --- the daemon -------------------------------------------------------------------------------------------------------


@main.command(short_help="Run the daemon.")
@config_option
@click.option("--verbose", is_flag=True, help="Also log what is of use when something is looked for.")
@tells_trouble
def run(file: Path, verbose: bool) -> None:
    """Run the daemon: watch the mailbox, answer, remind, until told to stop.

    SIGTERM or Ctrl-C ends it within ten seconds, once what is in hand is finished. SIGHUP takes the configuration
    over again; one with mistakes is refused and the old one stays. A server that cannot be reached is tried again,
    later each time. The log goes to standard error, or to the journal where that leads there.
    """
    from mailbot.logs import log_to_stderr
    from mailbot.serving import serve

    service = load_service(file)
    log_to_stderr(verbose, service.config.service.log)
    serve(file, service)


@main.command(short_help="Prove the configuration, the servers and every letter.")
@config_option
@tells_trouble
def check(file: Path) -> None:
    """Prove the configuration: every letter, the database, both servers; and say how many mails a start would answer.

    Nothing is answered or sent. The database is made, or brought up to date, as the start would do it. Exit code 0:
    all is well; 1: a part is broken, and which; 78: the file itself has mistakes.
    """
    from mailbot.checking import findings

    service = load_service(file)
    click.echo(f"{file}: {len(service.config.meetings)} meeting(s), no mistakes")
    click.echo(console.meetings(service.config.to_series(), datetime.now(UTC)))
    failed = False
    for finding in findings(service):
        failed = failed or not finding.well
        click.echo(console.finding(finding))
    sys.exit(FAILED if failed else 0)


@main.command(short_help="Say who would be told what by a reload.")
@config_option
@click.option("--names", is_flag=True, help="With the addresses.")
@tells_trouble
def plan(file: Path, names: bool) -> None:
    """Say who would be told what of changed, cancelled and reopened meetings, were the file taken over now.

    And what waits already until people are told. Nothing is stored and nothing sent. Exit code 0, whoever is told.
    """
    from mailbot import planning

    for line in planning.plan(load(file), datetime.now(UTC), names=names):
        click.echo(line)


@main.command(short_help="Show it at work, on an embedded mail server.")
@click.option("--no-input", is_flag=True, help="End after the sample mails even on a terminal.")
def demo(no_input: bool) -> None:
    """Show it at work: the real daemon on an embedded mail server, with sample mails.

    Needs no configuration and leaves nothing behind. On a terminal it then takes mails that you write yourself.
    Exit code 0: every sample mail was handled as it deserves.
    """
    try:
        from mailbot.demo.tour import tour
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the demo needs {error.name}; from a checkout: pip install '.[demo]', or type: make demo"
        ) from error
    sys.exit(tour(interactive=sys.stdin.isatty() and sys.stdout.isatty() and not no_input))


# --- what the bot makes of mails --------------------------------------------------------------------------------------


@main.command(short_help="Say what the bot makes of raw messages, and why.")
@config_option
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER|- ...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--now",
    type=explaining.Moment(),
    help="The moment for messages without a Date, such as 2027-03-11T17:00; without a zone, in that of the series.",
)
@tells_trouble
def explain(file: Path, sources: tuple[str, ...], as_json: bool, now: datetime | None) -> None:
    """Say what the bot makes of raw messages, and why. Touches no server and no database.

    A folder stands for its *.eml files, - for standard input. Each message is read as if it had arrived at its own
    Date. The configuration needs no servers for this.
    """
    files = explaining.files_of(sources)
    config = load(file)
    series, own = config.to_series(), explaining.own_addresses(config)
    words = load_words(config.service.words)
    moment = now.replace(tzinfo=now.tzinfo or series.timezone) if now else datetime.now(UTC)
    for name, raw in explaining.shown_one_by_one(files):
        understood = understand(raw, series, own, moment, lexicon=words)
        click.echo(explaining.as_json(name, understood) if as_json else console.explained(name, understood, series))


@main.command(short_help="The same over the real mailbox, read only.")
@config_option
@click.option("--folder", metavar="NAME", help="Another folder than the configured one.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Mail of this day and later; else of the last 30 days.",
)
@click.option("--json", "form", flag_value="json", help="One JSON object a line, as `explain --json`.")
@click.option("--summary", "form", flag_value="summary", help="The count alone.")
@tells_trouble
def rehearse(file: Path, folder: str | None, since: datetime | None, form: str | None) -> None:
    """Say what the bot makes of the mails in the real mailbox, as `explain` does, and count what it would come to.

    Who is registered already, and which meeting is full, it does not look at, and it writes no letters. Changes nothing
    in the mailbox, marks nothing as seen, stores nothing and sends nothing.
    """
    from mailbot import rehearsing
    from mailbot.parts import make_mailbox, utc_now

    service = load_service(file)
    imap = service.imap if folder is None else service.imap.model_copy(update={"folder": folder})
    series, own = service.config.to_series(), explaining.own_addresses(service.config)
    words = load_words(service.config.service.words)
    first = since.date() if since else (utc_now() - timedelta(days=30)).date()
    say = click.echo if form != "json" else lambda _: None
    with closing(make_mailbox(imap)) as mailbox, rehearsing.counted(series, say) as count:
        for mail in rehearsing.rehearsed(
            mailbox, first, lambda it: understand(it.raw, series, own, utc_now(), it.received_at, words)
        ):
            count(mail)
            if mail.understood is None:
                click.echo(f"{mail.name}: a fault of mailbot's own: {console.one_line(mail.fault)}", err=True)
            elif form == "json":
                click.echo(explaining.as_json(mail.name, mail.understood))
            elif form is None:
                click.echo(console.explained(mail.name, mail.understood, series))


# --- what is held -----------------------------------------------------------------------------------------------------


@main.command(short_help="Show how the service stands.")
@config_option
@click.option("--json", "form", flag_value="json", help="As one JSON object.")
@click.option("--nagios", "form", flag_value="nagios", help="For Nagios and Icinga: a line with figures; codes 0 to 3.")
@tells_trouble
def status(file: Path, form: str | None) -> None:
    """Show how the service stands. Exit code 0: healthy; 1: not, and why."""
    from mailbot.standing import Form, standing

    told, code = standing(file, Form(form or Form.PAGE))
    click.echo(told)
    sys.exit(code)


@main.command(short_help="Write the registrations as CSV, XLSX or JSON.")
@config_option
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "json"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of standard output.")
@click.argument("meeting", required=False)
@tells_trouble
def export(file: Path, form: str, output: Path | None, meeting: str | None) -> None:
    """Write the registrations, all or those of one MEETING (its code), to standard output or a file."""
    from mailbot.core import export as tables
    from mailbot.parts import open_present_store

    config = load(file)
    series = config.to_series()
    if meeting is not None and series.meeting(meeting) is None:
        raise click.UsageError(f"no meeting {meeting!r}; the codes are {', '.join(m.code for m in series.meetings)}")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("an XLSX file is no text; name a file with --output")
    rows = open_present_store(config).registrations([meeting] if meeting else None)
    write = {"csv": tables.to_csv, "json": tables.to_json, "xlsx": tables.to_xlsx}[form]
    content = write(rows, series)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{len(rows)} registration(s) written to {output}", err=True)


@main.command(short_help="Make the organisers' digest now.")
@config_option
@click.option("--print", "how", flag_value="print", default="print", help="To standard output (the default).")
@click.option("--send", "how", flag_value="send", help="To the organisers, by mail.")
@tells_trouble
def digest(file: Path, how: str) -> None:
    """Make the organisers' digest now: all since the last daily one, which is not told of this.

    So the next daily one comes at its hour, and says the same again with what is new.
    """
    from mailbot import digesting
    from mailbot.parts import open_present_store
    from mailbot.ports import Accepted

    service = load_service(file)
    mails = digesting.made(service, open_present_store(service.config))
    if how == "print":
        click.echo(console.mail_text(mails[0].raw) if mails else "nobody gets the digest: `digest.to` is empty")
        return
    receipts = dict(digesting.sent(service, mails))
    for recipient, receipt in receipts.items():
        click.echo(f"{recipient}: {console.receipt(receipt)}")
    if not all(isinstance(receipt, Accepted) for receipt in receipts.values()):
        sys.exit(FAILED)


@main.command(short_help="Write a backup of the database.")
@config_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@tells_trouble
def backup(file: Path, target: Path) -> None:
    """Write a backup of the database to FILE, which must not be there yet, while the daemon goes on.

    It is read through before it gets its name. docs/operations.md tells how it is restored.
    """
    from mailbot.adapters.store import back_up

    click.echo(console.backup(back_up(load(file).service.database, target)))


@main.command(short_help="Erase a person.")
@config_option
@click.argument("address")
@tells_trouble
def forget(file: Path, address: str) -> None:
    """Erase a person: registrations, mails and letters of ADDRESS. Only counts remain."""
    from mailbot.parts import open_present_store

    wanted = address.strip().lower()
    if "@" not in wanted:
        raise click.UsageError(f"{address!r} is no mail address")
    config = load(file)
    with closing(open_present_store(config)) as store, store.work() as work:
        touched, copies = work.forget(wanted, datetime.now(UTC)), store.copies()
    done = f"all that was held on {wanted} is erased; counts remain, which name nobody"
    click.echo(done if touched else "nothing is held on this address")
    console.tell_copies(copies)


main.command("migrate-database", short_help="Move to PostgreSQL.")(tells_trouble(migrate_database))

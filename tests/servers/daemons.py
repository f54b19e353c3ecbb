"""The real daemon, run in a thread against servers of a test."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from mailbot.config import load_service
from mailbot.daemon import Daemon
from mailbot.ports import Clock

BOT = "iscrizioni@comune.valverde.example"

TOWN = """
[series]
name = "Valverde in ascolto"
organiser = "Comune di Valverde"
contact = "ascolto@comune.valverde.example"
timezone = "Europe/Rome"
language = "it"
"""
SERIES = f"""{TOWN}
[[meetings]]
code = "sport"
title = "Incontro con le associazioni sportive"
sector = "associazioni sportive"
keywords = ["sport"]
starts_at = 2024-03-12T18:00:00
duration_minutes = 90
join_url = "https://zoom.example/j/sport"
"""
"""A series with one meeting, for tests that are about something else."""


def write_configuration(
    folder: Path,
    imap: Mapping[str, object],
    smtp_port: int,
    *,
    series: str = SERIES,
    sender: str = BOT,
    more: str = "",
    database: str = "",
) -> Path:
    """A configuration file in ``folder``, with a database beside it or elsewhere; ``imap`` are keys of that table."""
    keys = "\n".join(f"{key} = {_toml(value)}" for key, value in imap.items())
    file = folder / "config.toml"
    file.write_text(
        f'[service]\ndatabase = "{database or f"sqlite:///{folder}/mailbot.sqlite"}"\n{series}\n[imap]\n{keys}\n{more}\n'
        f'[smtp]\nhost = "127.0.0.1"\nport = {smtp_port}\nsecurity = "none"\nfrom = "{sender}"\n',
        "utf-8",
    )
    return file


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'


@contextmanager
def running(file: Path, clock: Clock) -> Iterator[Daemon]:
    """The daemon of this configuration, until the block ends; then it must stop in time."""
    daemon = Daemon(file, load_service(file), clock)
    thread = threading.Thread(target=daemon.run, name="daemon")
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop()
        thread.join(10)
        assert not thread.is_alive(), "the daemon did not stop within ten seconds"


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until something is true, as a test's last resort where nothing rings."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    """What the database beside a configuration file says."""
    with closing(sqlite3.connect(file.with_name("mailbot.sqlite"))) as database:
        return database.execute(query).fetchall()

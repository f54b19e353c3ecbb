"""A PostgreSQL of our own, from the distribution's package, run as an ordinary user from a folder of its own.

It listens on a socket in that folder and nowhere else, and lets in whoever can open it. PostgreSQL will not run as
root, so root starts it as the package's user, or as ``nobody``. A test gets a database of its own.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

PATIENCE = 30.0
CAREFREE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For tests that are not about what a power cut leaves."""


def binary(name: str) -> Path | None:
    """A program of the newest version that is installed, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which(name)
    return found[-1] if found else Path(on_path) if on_path else None


def postgresql_is_here() -> bool:
    """Whether the distribution's package is installed."""
    return binary("initdb") is not None


def _user() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    names = {entry.pw_name for entry in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


class Postgresql:
    """The server, for the time of a ``with``."""

    def __init__(self, *settings: str) -> None:
        """Starts nothing yet; ``settings`` such as ``fsync=off``."""
        self._settings = settings
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Not in a folder of the tests: the path of a socket has room for a hundred characters.
        self.folder = Path(tempfile.mkdtemp(prefix="mailbot-postgresql-"))
        user = _user()
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        made = self._run(
            "initdb",
            "--pgdata",
            "data",
            "--auth=trust",
            "--username=mailbot",
            "--no-sync",
            "--locale=C",
            "--encoding=UTF8",
        )
        assert made.wait(PATIENCE) == 0, self.log()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if kind is not None:
            sys.stderr.write(self.log()[-3000:])
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = _user()
        drop: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [str(binary(name)), *arguments],
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                **(drop if os.geteuid() == 0 else {}),
            )

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "logging_collector=off")
        options = [option for setting in (*settings, *self._settings) for option in ("-c", setting)]
        self._process = self._run("postgres", "-D", "data", *options)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("SELECT 1", database="postgres")
                return
            except psycopg.OperationalError:
                assert time.monotonic() < end, f"PostgreSQL does not start: {self.log()}"
                assert self._process.poll() is None, f"PostgreSQL has ended: {self.log()}"
                time.sleep(0.02)

    def stop(self) -> None:
        """Ends it and every session at once, in order (a fast shutdown)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE)
            self._process = None

    def new_database(self) -> str:
        """Makes an empty database; answers its SQLAlchemy URL."""
        name = f"town{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name}", database="postgres")
        return f"postgresql+psycopg://mailbot@/{name}?host={self.folder}"

    def ask(self, query: str, *, database: str) -> list[tuple[Any, ...]]:
        """What a database says, by its name or its URL."""
        name = database.partition("?")[0].rpartition("/")[2]
        connected = psycopg.connect(host=str(self.folder), user="mailbot", dbname=name, autocommit=True)
        with connected as connection, connection.cursor() as cursor:
            cursor.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def asking(self, url: str) -> Callable[[str], list[tuple[Any, ...]]]:
        """Short for ``ask`` of one database."""
        return lambda query: self.ask(query, database=url)

    def log(self) -> str:
        """What it has to say about itself."""
        said = self.folder / "said"
        return said.read_text(errors="replace") if said.exists() else ""

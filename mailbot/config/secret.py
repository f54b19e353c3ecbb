"""Passwords and tokens: where they come from, and reading them when they are needed.

A secret is asked for at each log-in and kept by nobody, so that one that has been changed, or a token that has run
out, is simply read anew. Its ``repr`` shows where it comes from, never what it is.
"""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_SECONDS = 30


class SecretTrouble(Exception):
    """A secret cannot be had; the message says which, why, and what to mend."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One of the ways in which a secret can be given; exactly one field is set."""

    value: str | None = field(default=None, repr=False)
    file: str | None = None
    env: str | None = None
    credential: str | None = None
    """A systemd credential's name (``LoadCredential=``; systemd.exec(5))."""
    command: tuple[str, ...] | None = None
    """A program and its arguments; what it prints, less the last line end, is the secret."""

    def read(self) -> str:
        """The secret.

        Raises:
            SecretTrouble: it cannot be had now.
        """
        if self.value is not None:
            return self.value
        if self.file is not None:
            return _from_file(Path(self.file))
        if self.env is not None:
            if self.env not in os.environ:
                raise SecretTrouble(f"the environment has no variable {self.env}")
            return os.environ[self.env]
        if self.credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if folder is None:
                raise SecretTrouble(
                    f"credential {self.credential!r}: systemd passed none; add LoadCredential={self.credential}:… "
                    "to the unit, or give the secret as a file"
                )
            return _from_file(Path(folder) / self.credential)
        return _from_command(self.command or ())


def _from_file(path: Path) -> str:
    try:
        found = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretTrouble(
            f"the secret file {path} cannot be read: {error.strerror}; it must be there for mailbot's user to read"
        ) from error
    except UnicodeDecodeError as error:
        raise SecretTrouble(f"the secret file {path} cannot be read: it is not UTF-8") from error
    if not found:
        raise SecretTrouble(f"the secret file {path} is empty: write the password into it")
    return found


def _from_command(command: tuple[str, ...]) -> str:
    shown = " ".join(command[:1])
    try:
        # The command is the sysadmin's own, from the configuration, and no shell reads it.
        run = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True)  # noqa: S603
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()
        why = said[-1] if said else "it said nothing"
        raise SecretTrouble(f"the secret command {shown} ended with {error.returncode}: {why}") from error
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise SecretTrouble(f"the secret command {shown} failed: {error}") from error
    return run.stdout.rstrip("\r\n")

"""How commands end: the exit codes, and the troubles that a sysadmin can mend as one clear message."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from mailbot import console
from mailbot.config import ConfigError

P = ParamSpec("P")
R = TypeVar("R")

FAILED = 1
BAD_CONFIGURATION = 78


def tells_trouble(command: Callable[P, R]) -> Callable[P, R]:
    """Turns the troubles that a sysadmin can mend into one clear message and the right exit code."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        from mailbot.config.secret import SecretTrouble
        from mailbot.ports import MailboxTrouble, StoreTrouble

        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            click.echo(f"mailbot: the configuration has mistakes\n{console.plain(str(error))}", err=True)
            sys.exit(BAD_CONFIGURATION)
        except (MailboxTrouble, StoreTrouble, SecretTrouble) as trouble:
            click.echo(f"mailbot: {console.plain(str(trouble))}", err=True)
            sys.exit(FAILED)

    return told

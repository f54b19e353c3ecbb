"""One life of the daemon for ``benchmarks.chaos``: a module of its own, so that a life costs no more than a fork."""

import os
from datetime import timedelta
from pathlib import Path

from mailbot.config import load_service
from mailbot.parts import utc_now
from mailbot.serving import serve


def live(file: str, log: str, ahead: float) -> None:
    """Does what ``mailbot run`` does, with a clock that goes ``ahead`` by so many seconds, until SIGTERM."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    serve(Path(file), load_service(Path(file)), lambda: utc_now() + timedelta(seconds=ahead))

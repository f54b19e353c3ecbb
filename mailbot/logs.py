"""Where the daemon's log goes, and in which form: the journal adds the time itself, a file or a terminal does not."""

import logging

from mailbot.adapters.systemd import logs_to_journal
from mailbot.console import LogFormat


def log_to_stderr(verbose: bool) -> None:
    """Sends the log to standard error; ``verbose`` also what is of use when something is looked for."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormat(with_time=not logs_to_journal()))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for chatty in ("apscheduler", "alembic", "aiosmtplib", "imapclient"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # What its detectors stumble over in broken mail says nothing, at the length of a traceback.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

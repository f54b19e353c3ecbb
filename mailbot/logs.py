"""The daemon's log: one event a line, for the journal, for a terminal or a file, or as JSON.

Each line tells an event by a name of its own (``event``) and rows by their numbers (``mail``, ``letter`` …), given as
``extra`` where the line is written. The journal gets them as fields, JSON as keys; on a terminal the words say it all.
Whoever reads a log need not learn who wrote: above DEBUG no line shows an address, and no exception its message, for
that quotes what it stumbled over. ``mailbot run --verbose`` shows the messages.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

from mailbot.adapters import systemd
from mailbot.console import plain
from mailbot.core.discretion import FIELDS, without_addresses

Form = Literal["text", "json"]

_THREADS = ("collect", "handle", "deliver", "greeting", "daemon")
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


def log_to_stderr(verbose: bool, form: Form = "text") -> None:
    """Sends the log where standard error leads.

    Args:
        verbose: also what is of use when something is looked for, and what exceptions say.
        form: ``json`` for a JSON object a line, unless a person watches on a terminal.
    """
    journal = systemd.logs_to_journal()
    as_json = form == "json" and not sys.stderr.isatty()
    handler = JournalHandler() if journal and not as_json and systemd.has_journal() else logging.StreamHandler()
    lines = JsonLines(frank=verbose) if as_json else TextLines(with_time=not journal, frank=verbose)
    handler.setFormatter(Prioritised(lines) if journal and not isinstance(handler, JournalHandler) else lines)
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for chatty in ("apscheduler", "alembic", "aiosmtplib", "imapclient"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # What its detectors stumble over in broken mail says nothing, at the length of a traceback.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


class Discreet(logging.Formatter):
    """What all forms have in common: text that is harmless and names nobody."""

    def __init__(self, form: str = "%(message)s", *, frank: bool = False) -> None:
        """With ``frank`` exceptions say what they say; addresses are hidden all the same above DEBUG."""
        super().__init__(form)
        self._frank = frank

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name is logging's
        """The traceback; how the exception puts it is left out, because it may quote a mail."""
        return super().formatException(ei) if self._frank else _places(ei[1])

    def format(self, record: logging.LogRecord) -> str:
        """The event in words; a traceback's lines follow it."""
        kept, record.exc_text = record.exc_text, None  # as another form may have put it
        try:
            return self.discreet(super().format(record), record)
        finally:
            record.exc_text = kept

    def discreet(self, text: str, record: logging.LogRecord) -> str:
        """The text without what has power over a terminal, and above DEBUG without addresses."""
        text = plain(text)
        return without_addresses(text) if record.levelno > logging.DEBUG else text


def _places(error: BaseException | None) -> str:
    """Where exceptions came from, the first one first, and their kinds; not what they say."""
    told: list[str] = []
    while error is not None and len(told) < 10:
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nled to\n".join(reversed(told))


class TextLines(Discreet):
    """For people: with time and level where nobody else adds them."""

    def __init__(self, *, with_time: bool, frank: bool = False) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s" if with_time else "%(message)s", frank=frank)


class Prioritised(logging.Formatter):
    """Another form, each line of it with the priority that journald reads (sd-daemon(3))."""

    def __init__(self, inner: Discreet) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The lines of one event, each with the same priority."""
        return "\n".join(f"<{_priority(record)}>{line}" for line in self._inner.format(record).splitlines())


class JsonLines(Discreet):
    """For programs: an object a line, with ``time``, ``level``, ``loop``, ``event``, ``message`` and row numbers."""

    def format(self, record: logging.LogRecord) -> str:
        """The event; a traceback is one string of it."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "loop": _loop(record),
            "message": self.discreet(record.getMessage(), record),
            **fields_of(record),
            "traceback": self.discreet(self.formatException(record.exc_info), record) if record.exc_info else None,
        }
        return json.dumps({key: value for key, value in told.items() if value is not None}, ensure_ascii=False)


def _loop(record: logging.LogRecord) -> str | None:
    """Whose line it is; *remind* is taken by the bell's threads, which have names of their own."""
    if record.name.startswith("mailbot.loops."):
        return record.name.rpartition(".")[2]
    return record.threadName if record.threadName in _THREADS else None


def fields_of(record: logging.LogRecord) -> dict[str, str | int | float]:
    """What the line tells beside its words."""
    found = {name: getattr(record, name) for name in FIELDS if getattr(record, name, "") != ""}
    return {name: value if isinstance(value, int | float) else plain(str(value)) for name, value in found.items()}


class JournalHandler(logging.Handler):
    """Hands each event to the journal whole: one entry, however many lines, with ``MAILBOT_MAIL=`` and the like."""

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises; what the journal does not take goes to standard error, which leads there too."""
        try:
            text = self.format(record)
            sent = systemd.to_journal(
                {
                    "MESSAGE": text,
                    "PRIORITY": str(_priority(record)),
                    "SYSLOG_IDENTIFIER": "mailbot",
                    "LOGGER": record.name,
                    "THREAD_NAME": record.threadName or "",
                    "MAILBOT_LOOP": _loop(record) or "",
                    "CODE_FILE": record.pathname,
                    "CODE_LINE": str(record.lineno),
                    "CODE_FUNC": record.funcName or "",
                    **{f"MAILBOT_{name.upper()}": str(value) for name, value in fields_of(record).items()},
                }
            )
            if not sent:
                lines = "\n".join(f"<{_priority(record)}>{line}" for line in text.splitlines())
                sys.stderr.write(f"{lines}\n")
                sys.stderr.flush()
        except Exception:  # noqa: BLE001  # as logging itself has it: a log that fails stops no work
            self.handleError(record)


def _priority(record: logging.LogRecord) -> int:
    return next(number for level, number in _PRIORITIES if record.levelno >= level)

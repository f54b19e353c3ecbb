"""`mailbot status`, for a person, for a program, and for a monitoring system that runs it as a plug-in.

The last form is that of the Monitoring Plugins: one line that says it all, figures behind a bar, and an exit code of 0
(OK), 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN: the status could not be asked for).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from mailbot import console
from mailbot.config import ConfigError, load
from mailbot.core.discretion import without_addresses
from mailbot.core.model import LetterState
from mailbot.core.status import DELAY, LATELY, SILENCE, Status, Trouble, level, troubles

UNKNOWN = 3


class Form(StrEnum):
    """In which form the status is told."""

    PAGE = "page"
    JSON = "json"
    NAGIOS = "nagios"


def standing(file: Path, form: Form) -> tuple[str, int]:
    """How the service of this configuration stands, in words or figures, and the exit code that goes with it.

    Raises:
        ConfigError, StoreTrouble: it cannot be told; for a monitoring system that is an answer like any other.
    """
    from mailbot.parts import open_present_store
    from mailbot.ports import StoreTrouble

    try:
        config = load(file)
        series = config.to_series()
        now = datetime.now(series.timezone)
        present = open_present_store(config).status(series, now - LATELY)
    except (ConfigError, StoreTrouble) as trouble:
        if form is not Form.NAGIOS:
            raise
        return f"UNKNOWN - {_fit(str(trouble))}", UNKNOWN
    found = troubles(present, now)
    match form:
        case Form.NAGIOS:
            return as_plugin(present, found, now), level(found)
        case Form.JSON:
            return as_json(present, found), min(1, len(found))
        case Form.PAGE:
            return console.status(present, found, series, now), min(1, len(found))


def as_json(present: Status, found: Sequence[Trouble]) -> str:
    """One object."""
    head = {"healthy": not found, "level": level(found).name.lower(), "troubles": [trouble.words for trouble in found]}
    return json.dumps({**head, **asdict(present)}, default=_plain, indent=2)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def as_plugin(present: Status, found: Sequence[Trouble], at: datetime) -> str:
    """What is worst first, on one line with the figures; what else is the matter on lines below."""
    worst_first = sorted(found, key=lambda trouble: -trouble.level)
    words = [_fit(trouble.words) for trouble in worst_first] or [_well(present, at)]
    more = f" (and {len(words) - 1} more)" if len(words) > 1 else ""
    return "\n".join([f"{level(found).name} - {words[0]}{more} | {' '.join(_figures(present, at))}", *words[1:]])


def _fit(text: str) -> str:
    """On one line, harmless, without addresses, and without the bar that begins the figures."""
    return re.sub(r"\s*\|\s*", " / ", without_addresses(console.one_line(text)))


def _well(present: Status, at: datetime) -> str:
    contacts = [
        f"{server} reached {console.ago(at - contact.at)}"
        for server, contact in sorted(present.contacts.items())
        if contact.at
    ]
    registered = sum(standing.confirmed for standing in present.meetings)
    return "; ".join([*contacts, f"{_waiting_letters(present)} letter(s) waiting", f"{registered} registered"])


def _figures(present: Status, at: datetime) -> Iterator[str]:
    """Performance data: 'label'=value[unit];warning;critical;least."""
    for server in ("imap", "smtp"):
        contact = present.contacts.get(server)
        if contact and contact.at:
            silence = int(SILENCE.total_seconds()) if server == "imap" else ""
            yield f"{server}_contact_age={_seconds(contact.at, at)}s;;{silence};0"
    limit = int(DELAY.total_seconds())
    yield f"oldest_mail={_seconds(present.oldest_new, at)}s;;{limit};0"
    yield f"oldest_letter={_seconds(present.oldest_letter, at)}s;;{limit};0"
    yield f"mails_waiting={present.outcomes.get('new', 0)};;;0"
    yield f"letters_waiting={_waiting_letters(present)};;;0"
    yield f"set_aside={present.set_aside_lately};0;;0"
    yield f"came_back={present.bounced_lately};;;0"
    yield f"registered={sum(standing.confirmed for standing in present.meetings)};;;0"


def _waiting_letters(present: Status) -> int:
    return sum(present.letters.get(state, 0) for state in (LetterState.QUEUED, LetterState.SENDING))


def _seconds(since: datetime | None, at: datetime) -> int:
    return 0 if since is None else max(0, int((at - since).total_seconds()))

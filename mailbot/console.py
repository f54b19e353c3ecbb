"""What the commands print: findings, explanations, the status.

Much of it quotes strangers. ``plain`` takes the power out of what they wrote: no control character of theirs reaches
a terminal, or begins a line in the journal (``logs``).
"""

import re
import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import indent, wrap
from typing import TYPE_CHECKING

import click

from mailbot.core.model import ALL, Meeting, MeetingStatus, Outcome, PassageKind, Series
from mailbot.core.reading.ours import plain_words
from mailbot.core.retry import Accepted, Receipt, Refused
from mailbot.core.status import Backup, Level, Status, Trouble
from mailbot.core.understanding import Understood

if TYPE_CHECKING:
    from mailbot.checking import Finding

_WIDTH = 100
_MOST_ROWS = 12
"""Lines of a passage that are shown."""
_CITED = re.compile("«([^»…]{1,400})…?»")
_MARK, _UNMARK = "\ue000", "\ue001"
"""Stand around words that told something until the text is broken into lines; ``plain`` leaves none of a stranger's."""
_COLOURS = {Outcome.ACT: "green", Outcome.ASK: "yellow", Outcome.ATTENTION: "magenta", Outcome.IGNORE: "bright_black"}
_LEVELS = {Level.WARNING: "yellow", Level.CRITICAL: "red"}


def plain(text: str) -> str:
    """The text without control and formatting characters, line ends and tabs apart."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


def one_line(text: str) -> str:
    """The text on one line, harmless."""
    return " ".join(plain(text).split())


# --- check ------------------------------------------------------------------------------------------------------------


def meetings(series: Series, at: datetime) -> str:
    """Each meeting with weekday and hour, for whoever has just written them down; and which are no use any more."""
    width = max(len(meeting.code) for meeting in series.meetings)
    return "\n".join(
        f"  {meeting.code:<{width}}  {meeting.starts_at:%a %d %b %Y %H:%M}  {plain(meeting.title)}"
        + (": is over" if meeting.ends_at <= at else ": has begun" if meeting.starts_at <= at else _closed(meeting))
        for meeting in series.meetings
    )


def _closed(meeting: Meeting) -> str:
    return "" if meeting.status is MeetingStatus.OPEN else f": {meeting.status}"


def finding(found: "Finding") -> str:
    """One line of `mailbot check`."""
    mark = click.style("ok  ", fg="green") if found.well else click.style("bad ", fg="red", bold=True)
    return f"{mark} {found.part}: {plain(found.words)}"


def receipt(of: Receipt) -> str:
    """What the SMTP server said."""
    match of:
        case Accepted():
            return "sent"
        case Refused(code, reply):
            return f"refused: {code} {one_line(reply)}"
        case _:
            return one_line(of.reason)


# --- explain ----------------------------------------------------------------------------------------------------------


def explained(name: str, understood: Understood, series: Series) -> str:
    """What the bot makes of one message, and why, for a person to read."""
    message, intent = understood.message, understood.intent
    sender = message.reply_to.address if message.reply_to else "nobody that can be answered"
    read_at = f"{understood.at:%a %d %b %Y %H:%M}"
    rows = [
        click.style(one_line(name), bold=True),
        f"  from     {one_line(sender)} ({message.origin.kind}, {intent.language}), read as of {read_at}",
        f"  subject  {one_line(message.subject) or '-'}",
        f"  outcome  {click.style(intent.outcome, fg=_COLOURS[intent.outcome], bold=True)}{_deeds(understood, series)}",
    ]
    rows += [f"  because  {one_line(clue)}" for clue in dict.fromkeys((*message.origin.clues, *intent.evidence))]
    rows += [f"  nearly   {one_line(intent.runner_up)}"] if intent.runner_up else []
    rows += [f"  asked    {one_line(intent.question)}"] if intent.question else []
    rows += [_text(understood)]
    return "\n".join(row for row in rows if row)


def _deeds(understood: Understood, series: Series) -> str:
    intent = understood.intent
    deeds = [f"register {_meeting(series.meeting(code), code)}" for code in intent.register]
    deeds += [
        "cancel everything" if code == ALL else f"cancel {_meeting(series.meeting(code), code)}"
        for code in intent.cancel
    ]
    deeds += [str(request) for request in intent.requests]
    deeds += [f"doubt: {intent.doubt}"] if intent.doubt else []
    deeds += ["for a person to read"] if intent.attention else []
    return f": {', '.join(deeds)}" if deeds else ""


def _meeting(meeting: Meeting | None, code: str) -> str:
    return f"{code} ({meeting.starts_at:%a %d %b %H:%M})" if meeting else code


def _text(understood: Understood) -> str:
    """The sender's own words, and in grey what else the mail holds; the words that told are marked."""
    told = [words for clue in understood.intent.evidence for words in _CITED.findall(clue)]
    shown = []
    for passage in understood.message.body:
        rows = _marked(plain(passage.text), told).splitlines()[:_MOST_ROWS]
        lines = [_emphasised(line) for row in rows for line in wrap(row, _WIDTH) or [""]]
        own = passage.kind is PassageKind.OWN
        mark = "  | " if own else "  : "
        text = indent("\n".join(lines), mark, lambda _: True)
        shown.append(text if own else click.style(text, fg="bright_black"))
    return "\n".join(shown)


def _marked(text: str, told: Sequence[str]) -> str:
    """The text with a mark before and behind each of these words, wherever they stand in it."""
    found = [part for words in told if (part := r"\W+".join(map(re.escape, re.findall(r"\w+", words))))]
    if not found:
        return text
    longest_first = "|".join(sorted(dict.fromkeys(found), key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", rf"{_MARK}\g<0>{_UNMARK}", text, flags=re.IGNORECASE)


def _emphasised(line: str) -> str:
    """The line with its marks shown: underlined on a terminal, between quotation marks elsewhere."""
    if not sys.stdout.isatty():
        return line.replace(_MARK, "«").replace(_UNMARK, "»")
    if line.count(_MARK) > line.count(_UNMARK):
        line += _UNMARK
    elif line.count(_MARK) < line.count(_UNMARK):
        line = _MARK + line
    return re.sub(f"{_MARK}([^{_UNMARK}]*){_UNMARK}", lambda it: click.style(it[1], bold=True, underline=True), line)


# --- status -----------------------------------------------------------------------------------------------------------


def ago(age: timedelta) -> str:
    """How long something is past, or has lasted, in one unit."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("day", 86400), ("hour", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}{'' if unit == 'min' else 's'} ago"
    return f"{seconds} s ago"


def status(present: Status, troubles: Sequence[Trouble], series: Series, at: datetime) -> str:
    """The whole status, a short page that begins with what matters most."""
    if troubles:
        rows = [click.style("not well", fg="red", bold=True)]
        rows += [f"  {click.style(plain(trouble.words), fg=_LEVELS[trouble.level])}" for trouble in troubles]
    else:
        rows = [click.style("healthy", fg="green", bold=True)]
    width = max((len(standing.code) for standing in present.meetings), default=0)
    rows.append(click.style("meetings", bold=True))
    for standing in present.meetings:
        meeting = series.meeting(standing.code)
        capacity = f"/{meeting.capacity}" if meeting and meeting.capacity else ""
        when = f"{meeting.starts_at:%a %d %b %Y %H:%M}" if meeting else ""
        rows.append(
            f"  {standing.code:<{width}}  {when}  {standing.confirmed}{capacity} registered, "
            f"{standing.waiting} waiting, {standing.cancelled} withdrawn{_closed(meeting) if meeting else ''}"
        )
    rows += [click.style("mails", bold=True), f"  {_counted(present.outcomes)}"]
    if present.oldest_new:
        rows.append(f"  the oldest that waits to be handled came {ago(at - present.oldest_new)}")
    if present.restrained_lately:
        told = ", ".join(f"{name} {count}" for name, count in sorted(present.restrained_lately.items()))
        rows.append(f"  left to a person within a day because a limit was reached: {told}")
    if present.to_read:
        rows.append(f"  for a person to read: {present.to_read}; the digest says which and why")
    if present.set_aside_lately:
        rows.append(f"  set aside within a day: {present.set_aside_lately}; the digest says which and why")
    rows += [click.style("letters", bold=True), f"  {_counted(present.letters)}"]
    if present.oldest_letter:
        rows.append(f"  the oldest that waits to be sent was written {ago(at - present.oldest_letter)}")
    if present.proposed:
        since = present.proposed.since.astimezone(series.timezone)
        rows.append(f"  for organisers to approve: {present.proposed.count}, since {since:%a %d %b %Y %H:%M}")
    if present.bounced_lately:
        rows.append(f"  came back within a day: {present.bounced_lately}; the digest says whose")
    rows.append(click.style("servers", bold=True))
    for server, contact in sorted(present.contacts.items()):
        # As the meetings above: in the time of the series.
        moment = contact.at.astimezone(series.timezone) if contact.at else None
        reached = f"last reached {moment:%a %d %b %Y %H:%M:%S}, {ago(at - moment)}" if moment else "never reached"
        rows.append(f"  {server}: {reached}{f'; {plain(contact.trouble)}' if contact.trouble else ''}")
    return "\n".join(rows)


def _counted(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none yet"


def tell_copies(copies: Sequence[Path]) -> None:
    """Warns of copies of the database that may hold what was erased."""
    for copy in copies:
        click.echo(f"{copy}: this copy was made before an upgrade and may still hold it; delete it", err=True)


def backup(made: Backup) -> str:
    """What a backup holds, and what it does not."""
    return (
        f"{made.file}: {made.mails} mail(s), {made.registrations} registration(s), {made.letters} letter(s), "
        f"schema {made.schema}. It holds what the mailbox holds, so keep it as private. "
        "Not in it: the configuration, its secrets, templates and words of your own"
    )


# --- mails ------------------------------------------------------------------------------------------------------------


def mail_text(raw: bytes) -> str:
    """Subject and plain text of a mail of our own."""
    return plain("{}\n\n{}\n".format(*plain_words(raw)))

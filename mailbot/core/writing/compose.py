"""Letter → mail: final bytes for one recipient.

Templates make the text and the HTML (``texts``, with the words of ``vocabulary``), ``invite`` makes the calendar
objects, ``mime`` the bytes. The headers mark the mail as a machine's own, so that no other machine answers it
(RFC 3834), and thread it under the mail it answers. The same letter at the same moment is the same bytes.

    multipart/mixed                        only where something is attached
      multipart/alternative
        text/plain
        text/html
        text/calendar; method=REQUEST      the first calendar object: what Gmail and Outlook act on (RFC 6047)
      application/ics "invito.ics"         every calendar object as a file, for all others
      …                                    the letter's own attachments
"""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from mailbot.core.digest import Digest
from mailbot.core.export import to_csv_for_people
from mailbot.core.model import (
    Address,
    Attachment,
    Language,
    Letter,
    LetterKind,
    Mail,
    RegistrationStatus,
    Request,
    Series,
)
from mailbot.core.writing import invite, mime
from mailbot.core.writing.invite import Invite
from mailbot.core.writing.sender import Sender
from mailbot.core.writing.texts import Texts
from mailbot.core.writing.vocabulary import digest_words, letter_words, wishes

MOST_REFERENCES = 20
UNASKED = (
    LetterKind.REMINDER,
    LetterKind.CHANGE,
    LetterKind.CANCELLATION,
    LetterKind.PROMOTION,
    LetterKind.DIGEST,
    LetterKind.ALARM,
    LetterKind.APPROVAL,
    LetterKind.DONE,
    LetterKind.VERIFICATION,
)
"""Letters that answer no mail, or must not show its subject."""
_WAITING = RegistrationStatus.WAITING
_LONGEST_TOKEN = 50
"""A boundary has 70 characters at most (RFC 2046 section 5.1.1)."""
_FILE_NAMES: dict[Language, dict[str, str]] = {
    "it": {"REQUEST": "invito", "CANCEL": "disdetta", "table": "iscrizioni.csv"},
    "en": {"REQUEST": "invite", "CANCEL": "cancellation", "table": "registrations.csv"},
}


def compose(letter: Letter, series: Series, sender: Sender, texts: Texts, at: datetime, message_id: str) -> Mail:
    """Writes a letter out.

    Args:
        letter: what is to be said.
        series: the meetings, and who holds them.
        sender: who says it.
        texts: the templates.
        at: the moment of writing, for Date and DTSTAMP and for words such as "tomorrow".
        message_id: with angle brackets; our own.

    Raises:
        jinja2.TemplateError: a template has a mistake, which ``mailbot check`` tells beforehand.
    """
    invites = _invites(letter, series, sender, at)
    words = letter_words(letter, series, sender, at, invited=sum(each.method == "REQUEST" for each in invites))
    return _written(letter, words, invites, letter.attachments, series, sender, texts, at, message_id)


def compose_digest(
    digest: Digest, recipient: Address, series: Series, sender: Sender, texts: Texts, at: datetime, message_id: str
) -> Mail:
    """Writes a digest out, in the language of the series, with the table of all registrations attached."""
    letter = Letter(LetterKind.DIGEST, "", recipient, series.language, at)
    table = to_csv_for_people(digest.registrations, series)
    attachment = Attachment(_FILE_NAMES[series.language]["table"], "text/csv; charset=utf-8", table)
    words = digest_words(digest, recipient, series, sender, at)
    return _written(letter, words, (), (attachment,), series, sender, texts, at, message_id)


def _written(
    letter: Letter,
    words: Mapping[str, Any],
    invites: Sequence[Invite],
    attachments: Sequence[Attachment],
    series: Series,
    sender: Sender,
    texts: Texts,
    at: datetime,
    message_id: str,
) -> Mail:
    subject, plain, rich = texts.rendered(letter.language, letter.kind, words)
    token = message_id.strip("<>").partition("@")[0][:_LONGEST_TOKEN]
    headers = _headers(letter, subject, sender, at.astimezone(series.timezone), message_id, token)
    if letter.kind in (LetterKind.REMINDER, LetterKind.CHANGE):
        leave = wishes(letter.language, series, sender).leave(letter.registered[0].meeting)
        headers["List-Unsubscribe"] = f"<{leave}>"
    content = _content(wrapped(plain), rich, invites, attachments, letter.language, token)
    return Mail(message_id, letter.recipient.address, mime.whole(headers, content))


# --- headers ----------------------------------------------------------------------------------------------------------


def _headers(letter: Letter, subject: str, sender: Sender, at: datetime, message_id: str, token: str) -> dict[str, str]:
    thread = letter.thread
    title = mime.reply_subject(thread.subject) if thread else ""
    headers = {
        "From": mime.mailbox(Address(sender.address, sender.name), "From"),
        "To": mime.mailbox(letter.recipient, "To"),
        "Subject": mime.header_text("Subject", title or mime.one_line(subject, mime.LONGEST_SUBJECT)),
        "Date": format_datetime(at),
        "Message-ID": message_id,
    }
    answered = mime.message_ids([thread.message_id]) if thread else []
    if thread and answered:
        known = mime.message_ids([*thread.references, *answered])
        headers["In-Reply-To"] = answered[0]
        headers["References"] = "\r\n ".join([*known[:1], *known[1:][-MOST_REFERENCES:]])
    return headers | {
        "Auto-Submitted": "auto-replied" if thread else "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply, RN, NRN",
        "X-Mailbot-Id": token,
        "Content-Language": letter.language,
    }


# --- bodies -----------------------------------------------------------------------------------------------------------


def wrapped(text: str) -> str:
    """Lines cut to a readable width, indented as they begin, and no two empty ones together; links stay whole."""
    lines: list[str] = []
    for line in text.strip("\n").split("\n"):
        if not line.strip():
            lines += [""] if lines and lines[-1] else []
        elif len(line) <= mime.WIDTH:
            lines.append(line if line == "-- " else line.rstrip())
        else:
            indent = " " * (len(line) - len(line.lstrip(" *")))
            lines += textwrap.wrap(
                line, mime.WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
    return "\n".join(lines) + "\n"


def _content(
    plain: str,
    rich: str,
    invites: Sequence[Invite],
    attachments: Sequence[Attachment],
    language: Language,
    token: str,
) -> mime.Part:
    inline = [
        mime.base64_part(f"text/calendar; method={first.method}; charset=UTF-8", first.content) for first in invites[:1]
    ]
    both = [mime.text_part(plain, "plain"), mime.text_part(rich, "html"), *inline]
    alternative = mime.multipart("alternative", both, f"alternative_{token}")
    files = [
        *(mime.base64_part("application/ics", each.content, _file_name(each, invites, language)) for each in invites),
        *(mime.base64_part(each.media_type, each.content, each.name) for each in attachments),
    ]
    return mime.multipart("mixed", [alternative, *files], f"mixed_{token}") if files else alternative


def _file_name(of: Invite, all_of_them: Sequence[Invite], language: Language) -> str:
    name = _FILE_NAMES[language][of.method]
    return f"{name}.ics" if len(all_of_them) == 1 else f"{name}-{of.meeting}.ics"


def _invites(letter: Letter, series: Series, sender: Sender, at: datetime) -> list[Invite]:
    """The calendar objects of a letter, invites before cancellations.

    None to whoever signed a colleague up: theirs is another's place. None with a reminder: the calendar reminds too.
    None where somebody waits: their calendar knows nothing of it.
    """
    if letter.attendee is not None or letter.kind is LetterKind.REMINDER:
        return []
    again = letter.held if Request.LINK in letter.requests else ()
    taken = {p.uid: p for p in (*letter.registered, *again) if p.status is RegistrationStatus.CONFIRMED}
    organiser, guest = Address(sender.address, sender.name), letter.recipient
    return [
        *(invite.request(place, guest, organiser, series, letter.language, at) for place in taken.values()),
        *(
            invite.cancel(place, guest, organiser, series, at)
            for place in letter.withdrawn
            if place.status is not _WAITING
        ),
    ]

"""Mails taken apart again, as a mail program does it, to compare with what was meant."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from icalendar import Calendar

from mailbot.adapters.templates import load_texts
from mailbot.core.model import Letter, Mail
from mailbot.core.writing import Texts, compose
from mailbot.core.writing.samples import AT, SENDER, letters, series


@cache
def texts() -> Texts:
    """The shipped templates."""
    return load_texts(None)


def sample(name: str, language: str = "it") -> Letter:
    """The sample letter of this name."""
    return dict(letters(language))[name]  # type: ignore[arg-type]


def written(letter: Letter) -> Mail:
    """A letter written out."""
    return compose(letter, series(letter.language), SENDER, texts(), AT, "<token@comune.valverde.example>")


def parsed(mail: Mail) -> EmailMessage:
    """A mail as a mail program reads it."""
    return message_from_bytes(mail.raw, policy=default)  # type: ignore[arg-type]


def body(mail: Mail, form: str = "plain") -> str:
    """The text or the HTML of a mail."""
    part = parsed(mail).get_body((form,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def calendars(mail: Mail) -> list[Calendar]:
    """The calendar files attached to a mail."""
    parts = parsed(mail).walk()
    return [
        Calendar.from_ical(part.get_payload(decode=True))  # type: ignore[misc, arg-type]
        for part in parts
        if part.get_content_type() == "application/ics"
    ]


def mailto_links(mail: Mail) -> list[tuple[str, str, str]]:
    """Address, subject and body of every one-tap mail in the HTML."""
    links = re.findall(r'href="(mailto:[^"]+)"', body(mail, "html"))
    taken = [urlsplit(link.replace("&amp;", "&")) for link in links]
    asked = [(link.path, parse_qs(link.query)) for link in taken]
    return [(unquote(path), *(query.get(key, [""])[0] for key in ("subject", "body"))) for path, query in asked]  # type: ignore[misc]

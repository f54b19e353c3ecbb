"""Writes every template out with sample letters, so that a mistake is told before a participant meets it.

A mistake is told with its file, its line and its mend. What is checked beyond that a template can be rendered at all: a
letter must not lack its subject or the link to the meeting, and must not fetch anything from elsewhere.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jinja2 import TemplateNotFound, TemplateRuntimeError, UndefinedError
from jinja2.exceptions import SecurityError

from mailbot.core.model import Language, LetterKind, Mail
from mailbot.core.writing.compose import compose, compose_digest
from mailbot.core.writing.samples import ANNA, AT, SENDER, digests, letters, series
from mailbot.core.writing.texts import LANGUAGES, Texts, needed
from mailbot.core.writing.vocabulary import digest_words, letter_words

_LINKED = frozenset(
    "confirmation confirmation-several confirmation-again promotion reminder status change change-link".split()
)
"""Samples that must hold the link to the meeting."""
_FROM_ELSEWHERE = re.compile(r"<(?:img|script|link|iframe|video|audio|object|embed)\b|url\(|@import", re.IGNORECASE)


def problems(texts: Texts) -> Iterator[str]:
    """What is wrong with the templates, a sentence each; nothing where every letter can be written."""
    unfit = [
        *_names(texts),
        *(f"{path}, line {line}: {what}; compare it with the shipped file" for path, line, what in texts.unreadable()),
    ]
    yield from unfit
    if not unfit:
        yield from sorted({found for language in LANGUAGES for found in _of_letters(texts, language)})


def mails(texts: Texts) -> Iterator[tuple[str, Mail]]:
    """Every sample written out: its path, such as ``it/confirmation``, and the mail.

    Raises:
        jinja2.TemplateError: a template has a mistake.
    """
    for language in LANGUAGES:
        about = series(language)
        for name, letter in letters(language):
            yield f"{language}/{name}", compose(letter, about, SENDER, texts, AT, f"<{name}@comune.valverde.example>")
        for name, digest in digests(language):
            message_id = f"<{name}@comune.valverde.example>"
            yield f"{language}/{name}", compose_digest(digest, ANNA, about, SENDER, texts, AT, message_id)


def _names(texts: Texts) -> Iterator[str]:
    """Files that are missing, or whose name means nothing."""
    wanted = set(needed())
    yield from (f"{path}: this template is missing; put it back" for path in sorted(wanted - set(texts.sources)))
    shipped_parts = {path for path in texts.sources if path not in texts.overridden}
    for path in sorted(texts.overridden - wanted - shipped_parts):
        if not path.rpartition("/")[2].startswith("_"):
            near = get_close_matches(path, wanted, 1)
            yield f"{path}: no letter has this name" + (f"; do you mean {near[0]}?" if near else "; remove it")


def _of_letters(texts: Texts, language: Language) -> Iterator[str]:
    """What goes wrong when the samples of a language are rendered."""
    about = series(language)
    for name, letter in letters(language):
        words = letter_words(letter, about, SENDER, AT, invited=1)
        link = about.meetings[0].join_url if name in _LINKED else ""
        yield from _rendered(texts, language, letter.kind, words, link)
    for _, digest in digests(language):
        yield from _rendered(
            texts, language, LetterKind.DIGEST, digest_words(digest, ANNA, about, SENDER, AT), about.meetings[0].title
        )


def _rendered(
    texts: Texts, language: Language, kind: LetterKind, words: Mapping[str, Any], must_say: str
) -> Iterator[str]:
    path = f"{language}/{kind}"
    try:
        subject, plain, rich = texts.rendered(language, kind, words)
    except Exception as error:  # noqa: BLE001  # a template may do anything wrong that Python can, division by zero too
        yield told(error, path)
        return
    if not subject:
        yield f"{path}.txt, line 1: the subject is missing; the first line that is not empty is the subject"
    elif not plain.strip():
        yield f"{path}.txt: the letter is empty; write its text below the subject"
    for form, body in (("txt", plain), ("html", rich.replace("&amp;", "&"))):
        if must_say not in body:
            yield f"{path}.{form}: {must_say} is missing; write {{{{ meeting.join_url }}}}, or as the shipped file does"
    if found := _FROM_ELSEWHERE.search(rich):
        yield f"{path}.html: {found.group()} fetches something from elsewhere, which mail programs block; remove it"


def told(error: Exception, path: str) -> str:
    """A mistake met while rendering: the template and the line where it is, what it is, and its mend."""
    place = path
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.endswith((".txt", ".html")):
            place = f"{name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    match error:
        case TemplateNotFound():
            what = f"there is no template {error.name}; correct the name"
        case UndefinedError():
            what = f"{error.message}; correct the name (docs/texts.md lists those there are)"
        case SecurityError():
            what = f"{error}; templates may not do that, remove it"
        case TemplateRuntimeError():
            what = f"{error.message}; compare it with the shipped file"
        case _:
            what = f"{type(error).__name__}: {error}; compare it with the shipped file"
    return f"{place}: {what}"

"""The words of letters: templates, a folder a language, two files a letter.

``templates/LANGUAGE/KIND.txt`` and ``KIND.html`` are Jinja2. The first line of the ``.txt`` that is not empty is the
subject (a reply keeps the subject it answers), the rest is the body; paragraphs are one long line each and are cut to a
readable width later. The ``.html`` escapes whatever it is given. Names that begin with an underscore are shared parts,
those outside the languages' folders have no words. Overrides replace templates file by file, and what extends or
imports a replaced file uses the replacement. What a template may say is in ``vocabulary``; a name that it does not have
is an error, never an empty place in a letter. ``proof`` renders all of them, for ``mailbot check``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from mailbot.core.model import Language, LetterKind
from mailbot.core.writing.mime import one_line

LANGUAGES: tuple[Language, ...] = ("it", "en")
FORMS = ("txt", "html")
_LONGEST_LINE = 2000


class Texts:
    """The templates at hand, compiled when they are first used. Made by ``of``; compared by identity."""

    def __init__(self, sources: Mapping[str, str], overridden: frozenset[str]) -> None:
        self.sources = sources
        """By path, such as ``it/confirmation.txt``."""
        self.overridden = overridden
        self._environment = _environment(sources)

    @classmethod
    def of(cls, shipped: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> "Texts":
        """The shipped templates, by path, with those of ``overrides`` in their place."""
        own = overrides or {}
        return cls({**shipped, **own}, frozenset(own))

    def rendered(self, language: Language, kind: LetterKind, words: Mapping[str, Any]) -> tuple[str, str, str]:
        """Subject, text and HTML of a letter.

        Raises:
            jinja2.TemplateError: a template is missing or has a mistake.
        """
        path = f"{language}/{kind.value}"
        whole = self._environment.get_template(f"{path}.txt").render(words)
        subject, _, plain = whole.lstrip("\n").partition("\n")
        rich = self._environment.get_template(f"{path}.html").render({**words, "subject": subject.strip()})
        return subject.strip(), plain, rich

    def unreadable(self) -> Iterator[tuple[str, int, str]]:
        """Templates that are no Jinja2: path, line, and what is wrong there."""
        for path, source in sorted(self.sources.items()):
            try:
                self._environment.parse(source, filename=path)
            except TemplateSyntaxError as error:
                yield path, error.lineno, error.message or "it cannot be read"


def needed() -> Iterator[str]:
    """The path of every template that has to be there."""
    for language in LANGUAGES:
        for kind in LetterKind:
            for form in FORMS:
                yield f"{language}/{kind.value}.{form}"


class _Shelf(BaseLoader):
    """Templates by path; their path stands in for a file name, so that a mistake can be told with its place."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self.sources:
            raise TemplateNotFound(template)
        return self.sources[template], template, lambda: True


def _environment(sources: Mapping[str, str]) -> Environment:
    # Sandboxed: who may change a text need not be who may run programs on the server.
    environment = SandboxedEnvironment(
        loader=_Shelf(sources),
        undefined=StrictUndefined,
        # HTML alone: a text for the eye must not show entities.
        autoescape=lambda name: bool(name and name.endswith(".html")),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.filters["upfirst"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["oneline"] = lambda text: one_line(str(text), _LONGEST_LINE)
    return environment

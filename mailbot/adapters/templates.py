"""Reads letter templates from disk: those shipped with the program, and a folder of overrides."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mailbot.core.writing import Texts
from mailbot.core.writing.proof import problems

_ENDINGS = (".txt", ".html")


def shipped_folder() -> Traversable:
    """Where the shipped templates are: inside the package, or beside it in a checkout."""
    inside = files("mailbot") / "templates"
    return inside if inside.is_dir() else Path(str(files("mailbot"))).parent / "templates"


def load_texts(overrides: str | None) -> Texts:
    """The templates, with those in the folder ``overrides`` in the place of those shipped.

    Raises:
        OSError: a file or the folder cannot be read.
        ValueError: a file is not UTF-8; the message names it.
    """
    own = dict(_read(Path(overrides), "")) if overrides else {}
    return Texts.of(dict(_read(shipped_folder(), "")), own)


def text_problems(overrides: str | None) -> list[str]:
    """What is wrong with the templates, each with its file and its mend; empty where every letter can be written."""
    if overrides and not Path(overrides).is_dir():
        return [f"service.templates: there is no folder {overrides}; make it, or correct the path"]
    try:
        return list(problems(load_texts(overrides)))
    except OSError as error:
        return [f"service.templates: {error}; let the service's user read it"]
    except ValueError as error:
        return [str(error)]


def _read(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _read(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(_ENDINGS):
            try:
                yield f"{path}{entry.name}", entry.read_text("utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(f"{entry}: this is not UTF-8; save it with that encoding") from error

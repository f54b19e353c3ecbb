"""Reads the sysadmin's own words from their folder (``service.words``)."""

from pathlib import Path

from mailbot.config import ConfigError
from mailbot.core.intent.lexicon import Lexicon, shipped
from mailbot.core.intent.wordfiles import extended


def load_words(folder: str | None) -> Lexicon:
    """The shipped words, with those of the folder added.

    Raises:
        ConfigError: the folder or a file in it cannot be read or has mistakes; it names each with its mend.
    """
    if folder is None:
        return shipped()
    try:
        return extended(_read(Path(folder)))
    except ValueError as error:
        raise ConfigError(Path(folder), str(error).splitlines()) from error


def word_problems(folder: str | None) -> list[str]:
    """What is wrong with the folder of words, each with its file, key and mend."""
    try:
        load_words(folder)
    except ConfigError as error:
        return list(error.problems)
    return []


def _read(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise ValueError("service.words: there is no such folder; make it, or correct the path")
    texts = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            texts[file.stem] = file.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{file.name}: this is not UTF-8; save it with that encoding") from error
        except OSError as error:
            raise ValueError(
                f"{file.name}: cannot be read: {error.strerror}; let the service's user read it"
            ) from error
    return texts

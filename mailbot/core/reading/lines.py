"""A line of a body, before it is known whose words it holds."""

from dataclasses import dataclass

from mailbot.core.model import PassageKind


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with what its markup says of it."""

    text: str
    mark: PassageKind | None = None
    """Whose words it holds according to markup; None where only the words can tell."""


def plain_lines(text: str) -> list[Line]:
    """The lines of a text without markup."""
    return [Line(line) for line in text.split("\n")]

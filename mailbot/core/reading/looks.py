"""What a reader of HTML does not see: words that are hidden, struck out, white on white, or too small to read.

Newsletter templates hide a preview text in this way, and whoever wants to deceive a program that reads hides more. Only
what stands in an element itself is looked at, its ``style`` and its old attributes: style sheets are not read.
"""

import re
from dataclasses import dataclass, replace

_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}(?:hidden|collapse)|mso-hide\s{0,3}:\s{0,3}all|"
    r"(?<![\w-])opacity\s{0,3}:\s{0,3}(?:0(?:\.0{1,9})?|\.0{1,9})\s{0,3}(?:;|!|$)|"
    r"text-decoration(?:-line)?\s{0,3}:[^;]{0,60}line-through|"
    r"text-indent\s{0,3}:\s{0,3}-\d{3,9}|(?<![\w-])(?:left|top)\s{0,3}:\s{0,3}-\d{4,9}",
    re.IGNORECASE,
)
_NO_ROOM = re.compile(
    r"(?:^|[\s;])(?:max-)?(?:height|width)\s{0,3}:\s{0,3}0(?:\.0{1,9})?(?:px|pt|em|%)?\s{0,3}(?:;|!|$)", re.IGNORECASE
)
_CUT_OFF = re.compile(r"overflow\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_SIZE = re.compile(
    r"(?:^|[\s;])font(?:-size)?\s{0,3}:\s{0,3}(?:(\d{0,6}\.?\d{1,6})\s?(px|pt|em|rem|%)?|[a-z])", re.IGNORECASE
)
_SMALLEST = {"px": 1.0, "pt": 1.0, "em": 0.1, "rem": 0.1, "%": 10.0}
"""A size up to this cannot be read; in most units 0 alone cannot."""
_COLOUR = re.compile(r"(?:^|[\s;])color\s{0,3}:\s{0,3}([^;!]{1,60})", re.IGNORECASE)
_GROUND = re.compile(r"(?:^|[\s;])background(?:-color|-image)?\s{0,3}:\s{0,3}([^;!]{1,200})", re.IGNORECASE)
_WHITE = re.compile(
    r"\s*(?:white|snow|#fff|#(?:f[a-f]){3}|"
    r"rgba?\(\s{0,3}25[0-5]\s{0,3}[, ]\s{0,3}25[0-5]\s{0,3}[, ]\s{0,3}25[0-5]\s{0,3}(?:[,/][^)]{0,9})?\))\s*",
    re.IGNORECASE,
)
_NO_GROUND = re.compile(
    r"\s*(?:transparent|none|inherit|initial|unset|rgba\([^)]{0,30},\s{0,3}0\s{0,3}\))\s*", re.IGNORECASE
)
_STRUCK = re.compile(r"(?<!~)~~(?![\s~])[^~\n]{1,200}(?<!\s)~~(?!~)|(?:[^\n\u0335\u0336][\u0335\u0336]){2,400}")
"""How plain text strikes out: with signs around, or a stroke over every letter."""


@dataclass(frozen=True, slots=True)
class Look:
    """How words inside an element look, as far as it decides whether they are seen. Elements inside inherit it."""

    white: bool = False
    tiny: bool = False
    grounded: bool = False
    """They stand on another colour than white."""

    @property
    def is_faint(self) -> bool:
        """Whether nobody could read them."""
        return self.tiny or (self.white and not self.grounded)

    def within(self, marks: dict[str, str]) -> "Look":
        """The look inside an element with these attributes."""
        style = marks.get("style", "")[:2_000]
        colour, ground = marks.get("color", ""), marks.get("bgcolor", "") or marks.get("background", "")
        if not (style or colour or ground):
            return self
        colour = found[1] if (found := _last(_COLOUR, style)) else colour
        ground = found[1] if (found := _last(_GROUND, style)) else ground
        look = self
        if ground and not _NO_GROUND.fullmatch(ground):
            look = replace(look, grounded=not _WHITE.fullmatch(ground))
        if colour and colour.strip().lower() not in ("inherit", "unset"):
            look = replace(look, white=bool(_WHITE.fullmatch(colour)) or colour.strip().lower() == "transparent")
        if found := _last(_SIZE, style):
            look = replace(look, tiny=_is_tiny(found[1], found[2]))
        return look


PLAIN = Look()


def without_struck(text: str) -> str:
    """Plain text without what is ~~struck out~~ in it."""
    return _STRUCK.sub("", text) if "~~" in text or "\u0336" in text or "\u0335" in text else text


def is_hidden(style: str) -> bool:
    """Whether a style takes an element and all inside it out of sight, or strikes it out."""
    return bool(_HIDDEN.search(style)) or bool(_CUT_OFF.search(style) and _NO_ROOM.search(style))


def _is_tiny(number: str | None, unit: str | None) -> bool:
    return bool(number) and float(number or 1) <= _SMALLEST.get((unit or "").lower(), 0.0)


def _last(pattern: re.Pattern[str], style: str) -> re.Match[str] | None:
    """The declaration that holds: the last."""
    last = None
    for found in pattern.finditer(style):
        last = found
    return last

"""Address headers as strangers write them (RFC 5322 section 3.4): names and addresses, in order, whatever is broken.

Python's own parser differs between its releases in what it refuses and recurses on hostile input. This one goes over
the characters once. What stands in angle brackets is the address, even where an unquoted name before it looks like
one; a name with an unquoted comma stays whole; groups are opened.
"""

import re
from dataclasses import dataclass, field

LONGEST_NAME = 200
_ADDRESS = re.compile(r"(?<![\w.+@-])[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\\]{1,255}(?![\w@])")


@dataclass(slots=True)
class _Mailbox:
    """The mailbox that is being read."""

    name: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    angle: list[str] | None = None

    def read(self) -> tuple[str, str] | None:
        """Name and address, or None where there is no usable address."""
        name = "".join(self.name).strip(" ,")
        if self.angle is not None:
            address = "".join("".join(self.angle).split())
            return (name, address) if _ADDRESS.fullmatch(address) else None
        found = _ADDRESS.search(name)
        return ("".join(self.comment).strip(), found[0]) if found else None


def mailboxes(text: str) -> list[tuple[str, str]]:
    """Names, undecoded and without quotes, with their addresses; those without a usable address are left out."""
    found: list[tuple[str, str]] = []
    box = _Mailbox()
    quoted = escaped = False
    depth = 0
    for char in text:
        into = box.comment if depth else box.name if box.angle is None else box.angle
        if escaped or (quoted and char not in '"\\'):
            into.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif depth:
            into.append(char)
        elif char == "<":
            box.angle = []
        elif char == ">":
            found += _read(box)
            box = _Mailbox()
        elif char == ":" and box.angle is None:
            box = _Mailbox()  # what was read is the name of a group
        elif char in ",;" and box.angle is None:
            one = _read(box)
            found += one
            # "Neri, Anna <anna@…>": the name goes on behind the comma.
            box = _Mailbox() if one or char == ";" else _Mailbox(name=[*box.name[:LONGEST_NAME], ", "])
        else:
            into.append(char)
    found += _read(box)
    return found or [("", address) for address in _ADDRESS.findall(text)]


def _read(box: _Mailbox) -> list[tuple[str, str]]:
    one = box.read()
    return [one] if one else []

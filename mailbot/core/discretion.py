"""Text without addresses, for logs: whoever reads those need not learn who wrote."""

import re

_ADDRESS = re.compile(r"[^\s<>()\[\]{}\"'`:;,=/|]{1,200}@[^\s<>()\[\]{}\"'`:;,=/|@]{1,255}")
HIDDEN = "[address]"


def without_addresses(text: str) -> str:
    """The text, each mail address in it hidden."""
    return _ADDRESS.sub(HIDDEN, text) if "@" in text else text

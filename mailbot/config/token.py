"""OAuth 2 tokens: what a token command prints, how long it is good for, and how IMAP and SMTP are shown it.

A command may print the bare token, or the JSON that a token server answers (RFC 6749 section 5.1), whose ``expires_in``
says when a session needs a new one: it is then ended and opened anew a while before. A log-in always asks the command.
"""

import json
import re
from dataclasses import dataclass

from mailbot.config.secret import SecretTrouble

SHORTEST_SESSION = 60.0
"""Seconds before which no session is ended for a new token: one may be handed out with hardly any time left."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""RFC 6750 section 2.1."""


@dataclass(frozen=True, slots=True)
class Token:
    """What lets in, for a while."""

    value: str
    lasts: float | None = None
    """Seconds from when it was had, where that was said."""

    @property
    def renew_after(self) -> float:
        """Seconds after which a session should have a new one, before this one ends; infinite where that is unknown."""
        if self.lasts is None:
            return float("inf")
        return max(SHORTEST_SESSION, self.lasts - min(300.0, self.lasts / 5))

    def initial_response(self, username: str) -> bytes:
        """The first and only word of XOAUTH2, before its base64 (Google's "OAuth 2.0 Mechanism")."""
        return f"user={username}\x01auth=Bearer {self.value}\x01\x01".encode()


def token_of(printed: str) -> Token:
    """The token that a command has printed.

    Raises:
        SecretTrouble: it is none; the message repeats a token server's reason, and nothing that could be a secret.
    """
    text = printed.strip()
    if text.startswith("{"):
        return _from_json(text)
    if not _TOKEN.fullmatch(text):
        what = "nothing" if not text else "neither a bare token nor the JSON of a token server"
        raise SecretTrouble(f"the token command printed {what}; run it by hand to see what it says")
    return Token(text)


def _from_json(text: str) -> Token:
    try:
        answer = json.loads(text)
    except ValueError:
        raise SecretTrouble("the token command printed JSON that is broken; run it by hand to see it") from None
    if "error" in answer:  # RFC 6749 section 5.2
        described = " ".join(str(answer.get("error_description") or "").split())[:300]
        raise SecretTrouble(f"the token server refuses: {answer['error']}{': ' if described else ''}{described}")
    value = answer.get("access_token")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise SecretTrouble("the token command printed JSON without an `access_token`")
    try:
        lasts = float(answer["expires_in"])  # some servers write the number as text
    except (KeyError, TypeError, ValueError):
        return Token(value)
    return Token(value, lasts)


def refusal_in_words(challenge: bytes) -> str:
    """What a server says of a token that it refuses, before it says no: a challenge in JSON; empty where it is none."""
    try:
        told = json.loads(challenge)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    known = [f"{key} {told[key]}" for key in ("status", "scope", "error", "error_description") if told.get(key)]
    return " ".join(", ".join(known).split())[:300]

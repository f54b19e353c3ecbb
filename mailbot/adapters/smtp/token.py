"""XOAUTH2 over SMTP: the log-in with a token, and what the server has against one that it refuses.

aiosmtplib has this log-in too, but keeps the server's reason to itself, which is all that tells an expired token from
one for something else.
"""

import base64
import binascii

from aiosmtplib import SMTP, SMTPAuthenticationError

from mailbot.config.token import refusal_in_words, token_of

_CONTINUE, _WELCOME = 334, 235


async def log_in_by_token(client: SMTP, username: str, printed: str) -> float:
    """Logs in with the token that a command has printed; answers after how many seconds to log in anew.

    Raises:
        SecretTrouble: the command has printed no token.
        SMTPAuthenticationError: the server refuses it; its message has the server's reason.
    """
    token = token_of(printed)
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    word = base64.b64encode(token.initial_response(username))
    answer = await client.execute_command(b"AUTH", b"XOAUTH2", word)
    reasons = ""
    if answer.code == _CONTINUE:
        reasons = refusal_in_words(_decoded(answer.message))
        answer = await client.execute_command(b"")  # as the mechanism wants it, to be told no
    if answer.code != _WELCOME:
        told = f" ({reasons}; the next try asks for a fresh token)" if reasons else ""
        raise SMTPAuthenticationError(answer.code, f"{answer.message}{told}")
    return token.renew_after


def _decoded(message: str) -> bytes:
    try:
        return base64.b64decode(message)
    except binascii.Error:
        return b""

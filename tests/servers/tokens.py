"""A token server as providers have one (RFC 6749 and RFC 7662), and an SMTP server that takes nothing but its tokens.

``/token`` hands out a token for an hour, or less, to who knows the secret; ``/introspect`` says whether one is still
good, which is what Dovecot asks before it lets anybody in.
"""

import base64
import json
import secrets
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from aiosmtpd.smtp import SMTP, AuthResult

ASK = "grant_type=client_credentials&client_id=mailbot&client_secret=a-secret-of-the-tests&scope=mail"
REFUSAL = '{"status":"401","schemes":"bearer","scope":"mail"}'


@dataclass
class TokenServer:
    """The server, for the time of a ``with``."""

    user: str
    lifetime: float = 3600.0
    """Seconds for which a token is good."""
    issued: dict[str, float] = field(default_factory=dict)
    """Every token, with the end of its life on the monotonic clock."""
    shown: list[str] = field(default_factory=list)
    """Every token that somebody has asked about, in order."""

    def __enter__(self) -> Self:
        """Starts it."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = outer._token(body) if self.path == "/token" else (200, outer._introspected(body))
                raw = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="token server")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def is_good(self, token: str) -> bool:
        """Whether a token lets in; remembers that it was shown."""
        self.shown.append(token)
        return self.issued.get(token, 0.0) > time.monotonic()

    def revoke(self) -> None:
        """Ends the life of every token there is."""
        self.issued = dict.fromkeys(self.issued, 0.0)

    def command(self, folder: Path, ask: str = ASK) -> list[str]:
        """A token command: asks with what ``folder`` holds, and prints the answer as it comes."""
        script, asked = folder / "ask.py", folder / "ask"
        asked.write_text(ask)
        script.write_text(
            "import sys, urllib.error, urllib.request\n"
            "data = open(sys.argv[1], 'rb').read()\n"
            "try:\n    print(urllib.request.urlopen(sys.argv[2], data).read().decode())\n"
            "except urllib.error.HTTPError as error:\n    print(error.read().decode())\n"
        )
        return [sys.executable, str(script), str(asked), f"{self.url}/token"]

    def _token(self, body: str) -> tuple[int, dict[str, object]]:
        if body != ASK:
            return 401, {"error": "invalid_client", "error_description": "the secret is wrong\n or has ended"}
        token = secrets.token_urlsafe(20)
        self.issued[token] = time.monotonic() + self.lifetime
        return 200, {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": token}

    def _introspected(self, body: str) -> dict[str, object]:
        good = self.is_good(parse_qs(body)["token"][0])
        return {"active": good, "username": self.user, "scope": "mail"} if good else {"active": False}


class TokenSmtp(SMTP):
    """aiosmtpd with XOAUTH2; ``tokens`` says which are good."""

    tokens: TokenServer

    async def auth_XOAUTH2(self, _: object, args: list[str]) -> AuthResult:  # noqa: N802
        """As Google and Microsoft do it: a challenge in JSON for a token that is none, then the refusal."""
        user, _, rest = base64.b64decode(args[1]).decode().partition("\x01auth=Bearer ")
        if user == f"user={self.tokens.user}" and self.tokens.is_good(rest.rstrip("\x01")):
            return AuthResult(success=True)
        answer = await self.challenge_auth(REFUSAL)
        assert answer == b"", answer
        return AuthResult(success=False, handled=False)


def demanding(server: TokenServer) -> type[TokenSmtp]:
    """The SMTP server of these tokens."""
    return type("Demanding", (TokenSmtp,), {"tokens": server})

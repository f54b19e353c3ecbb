"""Names of things that go out: calendar UIDs and Message-IDs.

They come from us, never from what a stranger wrote, and they are derived rather than drawn: from what they name and
the installation's secret. So the same letter has the same Message-ID and the same registration the same UID even when
a restored database makes us write it again, and nobody outside can guess or forge one. A Message-ID is sealed: that it
is ours can be told without looking it up.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

_NAME = re.compile(r"([0-9a-f]{32})([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of one installation are made of."""

    secret: bytes
    """Drawn once, when the database was made."""
    domain: str
    """The domain of the address that we write from."""

    def calendar_uid(self, meeting: str, address: str) -> str:
        """The UID of the registration of ``address`` for the meeting with this code (RFC 5545 section 3.8.4.7).

        It begins with the meeting's code and a dot, by which a calendar's answer is known again.
        """
        return f"{meeting}.{self._token('uid', meeting, address)}@{self.domain}"

    def message_id(self, purpose: str) -> str:
        """The Message-ID, with angle brackets, of the letter with this purpose (RFC 5322 section 3.6.4)."""
        token = self._token("mail", purpose)
        return f"<{token}{self._seal(token)}@{self.domain}>"

    def is_ours(self, name: str) -> bool:
        """Whether a Message-ID, or what stands in it before the ``@``, is one that this installation gave."""
        found = _NAME.fullmatch(name.strip("<> ").partition("@")[0])
        return found is not None and hmac.compare_digest(found[2], self._seal(found[1]))

    def code(self, reference: str) -> str:
        """What somebody sends back to confirm the wish of the mail with this reference; nobody else can know it."""
        return self._token("confirm", reference)[:24]

    def mandate(self, *of: str) -> str:
        """What proves that a mandate (``core.mandate``) over these words is ours."""
        return self._token("mandate", *of)[:24]

    def _seal(self, token: str) -> str:
        return self._token("ours", token)[:16]

    def _token(self, *of: str) -> str:
        return hmac.new(self.secret, "\0".join(of).encode(), hashlib.sha256).hexdigest()[:32]

"""``Letter`` → ``Mail``: final bytes, one mail for one recipient.

``compose`` puts a mail together. ``texts`` holds the templates and ``vocabulary`` the words they may use; ``dates``
says days and hours, ``wishes`` makes one-tap answers, ``invite`` calendar objects, ``mime`` the bytes. ``proof`` writes
out sample letters (``samples``) with every template.
"""

from mailbot.core.writing.compose import compose, compose_digest
from mailbot.core.writing.sender import Sender
from mailbot.core.writing.texts import Texts

__all__ = ["Sender", "Texts", "compose", "compose_digest"]

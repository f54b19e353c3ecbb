"""Bytes → ``Message``. No bytes make it raise.

``message`` puts together what the others read: ``mime`` the tree, ``headers`` and ``charsets`` the strangeness of
both, ``html`` and ``quoting`` whose words are whose (by the ``marks`` of mail programs), ``machine`` and ``wording``
whether a person wrote it, ``pec`` certified mail, ``calendar`` calendars' answers. ``fingerprint`` knows a mail again.
"""

from mailbot.core.reading.fingerprint import fingerprint
from mailbot.core.reading.message import parse

__all__ = ["fingerprint", "parse"]

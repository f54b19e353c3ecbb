"""The mailbox over IMAP.

``connect`` opens it, ``mailbox`` is the port's own, ``idle`` waits, ``fetching`` takes mails over, and ``partial``
makes a small mail of one that is too large.
"""

from mailbot.adapters.imap.connect import ImapSettings
from mailbot.adapters.imap.mailbox import ImapMailbox

__all__ = ["ImapMailbox", "ImapSettings"]

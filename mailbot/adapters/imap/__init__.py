"""The mailbox over IMAP: ``mailbox`` is the connection, ``partial`` makes a small mail of one that is too large."""

from mailbot.adapters.imap.mailbox import ImapMailbox, ImapSettings

__all__ = ["ImapMailbox", "ImapSettings"]

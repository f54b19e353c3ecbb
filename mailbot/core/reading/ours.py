"""Our own mails, read back for people: what they say, without what carries it."""

import email
import email.policy


def plain_words(raw: bytes) -> tuple[str, str]:
    """Subject and plain text of a mail of our own."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = mail.get_body(("plain",))
    return str(mail["Subject"] or ""), str(body.get_content()).replace("\r\n", "\n").strip("\n") if body else ""

"""What is the same in the same mail delivered twice, and different in two mails that share a Message-ID.

Each delivery adds trace headers of its own (``Received``, ``Delivered-To`` …), and servers may change line ends. What
the sender made stays: a handful of headers, and the body.
"""

import hashlib

_OF_THE_SENDER = (b"date", b"from", b"subject", b"message-id", b"in-reply-to")


def fingerprint(raw: bytes) -> str:
    """A SHA-256, as 64 hexadecimal digits. No bytes make this raise."""
    lines = raw.replace(b"\r\n", b"\n")
    header, _, body = lines.partition(b"\n\n")
    digest = hashlib.sha256()
    for name, value in sorted(_fields(header)):
        digest.update(name + b":" + value + b"\n")
    digest.update(b"\n" + body.rstrip(b"\n"))
    return digest.hexdigest()


def _fields(header: bytes) -> list[tuple[bytes, bytes]]:
    """The sender's headers, unfolded, white space folded into one blank."""
    fields: list[tuple[bytes, list[bytes]]] = []
    wanted = False
    for line in header.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if wanted:
                fields[-1][1].append(line)
            continue
        name, _, value = line.partition(b":")
        wanted = name.strip().lower() in _OF_THE_SENDER
        if wanted:
            fields.append((name.strip().lower(), [value]))
    return [(name, b" ".join(b" ".join(parts).split())) for name, parts in fields]

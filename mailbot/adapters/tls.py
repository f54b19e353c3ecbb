"""What connections to our servers share: how TLS is made, and what to look at where no connection comes about."""

import os
import re
import socket
import ssl
from pathlib import Path

_ERRNO = re.compile(r"\[Errno (\d+)\]")


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verifies the server's name and certificate, by the system's authorities or those in ``ca_file``."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def os_words(error: OSError) -> str:
    """What the system says is the matter, once and without its numbers; empty where it says nothing."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").lower().replace("_", " ")
        return "the server does not speak TLS there" if reason == "wrong version number" else f"TLS failed: {reason}"
    if isinstance(error, TimeoutError) and not error.errno:
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return error.strerror or "the name is not known"
    # asyncio words a refusal anew, and joins those of several addresses into one without a number of its own.
    number = error.errno or next((int(found) for found in _ERRNO.findall(str(error))), None)
    return os.strerror(number) if number else error.strerror or ""


def mend(error: BaseException, section: str) -> str:
    """Which keys of this section to check where a connection could not be made; empty where the server itself spoke."""
    keys: tuple[str, ...]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"; check `{section}.host`, or name the authority that signed the certificate in `{section}.ca_file`"
    if isinstance(error, ssl.SSLError) or "TLS" in str(error):
        keys = ("security", "port")
    elif isinstance(error, socket.gaierror):
        keys = ("host",)
    elif isinstance(error, FileNotFoundError):  # nothing else is opened on the way to a connection
        keys = ("ca_file",)
    elif isinstance(error, PermissionError):  # a file that others alone may read, or a firewall of this machine
        keys = ("ca_file", "host", "port")
    elif isinstance(error, ConnectionRefusedError):
        keys = ("host", "port")
    elif isinstance(error, OSError):
        # Also what becomes of TLS offered where plain text is spoken, and the other way round.
        keys = ("host", "port", "security")
    else:
        return ""
    named = [f"`{section}.{key}`" for key in keys]
    return "; check " + " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))

"""Does a mail come from whom it names? What our own mail server found out, as it wrote it down (RFC 8601).

Anybody can write a From. The server that took the mail in checks it (SPF, DKIM, DMARC) and writes an
``Authentication-Results`` above all that the mail brought along. Only the topmost is looked at, and only where it bears
the name that the configuration gives: what stands below may be the sender's own invention.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailbot.core.model import Authentication, Kind, Message

HEADER = "authentication-results"
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z0-9_-]{1,40})\s*(?:/\s*\d+\s*)?=\s*([a-z]{1,20})\b", re.IGNORECASE)
_PROPERTY = re.compile(r"([a-z0-9_-]{1,40}\.[a-z0-9_-]{1,60})\s*=\s*(\"[^\"]{0,300}\"|[^\s;\"]{1,300})", re.IGNORECASE)
_TWO_LABELS = frozenset("co com org net gov edu gob ac or ne".split())
"""What stands before a country's name where names are given a level further down, such as ``co.uk``."""
MOST_RESULTS = 40


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result: ``dkim=pass header.d=posta.example``."""

    method: str
    value: str
    properties: Mapping[str, str]


def read_results(header: str) -> tuple[str, tuple[Result, ...]]:
    """The server's name and the results of one header; what cannot be read is left out. Never raises."""
    text = header
    for _ in range(5):  # comments may be nested
        text = _COMMENT.sub(" ", text)
    server, *statements = text.split(";")
    results = []
    for statement in statements[:MOST_RESULTS]:
        found = _RESULT.match(statement)
        if found:
            given = {
                name.lower(): value.strip('"').lower() for name, value in _PROPERTY.findall(statement[found.end() :])
            }
            results.append(Result(found[1].lower(), found[2].lower(), given))
    return server.split()[0].strip('"').lower() if server.split() else "", tuple(results)


def authenticate(message: Message, server: str | None) -> Authentication:
    """Whether the mail is known to come from the address that would be answered.

    Args:
        message: the mail.
        server: the name that our own server gives itself in its results (authserv-id); None where none is configured.
    """
    written = message.headers.get(HEADER, ())
    if not server or not written or message.sender is None or message.reply_to is None:
        return Authentication.ABSENT
    name, results = read_results(written[0])
    if name != server.lower():
        return Authentication.ABSENT
    verdict = _verdict(results, message.sender.domain, certified=message.origin.kind is Kind.PEC)
    elsewhere = not _aligned(message.reply_to.domain, message.sender.domain)
    # Whoever proves to be themselves has proved nothing about the address that they want answered.
    return Authentication.FAILED if verdict is Authentication.PASSED and elsewhere else verdict


def is_judged(message: Message, server: str | None) -> bool:
    """Whether our own server has written down what it found out about the mail, whatever that is."""
    written = message.headers.get(HEADER, ())
    return bool(server and written) and read_results(written[0])[0] == str(server).lower()


def _verdict(results: tuple[Result, ...], domain: str, *, certified: bool) -> Authentication:
    """What the results say of a sender at this domain; DMARC outranks what it is made of (RFC 7489)."""
    dmarc = next((each for each in results if each.method == "dmarc"), None)
    if dmarc is not None and dmarc.value == "pass":
        # A certified mail's envelope comes from its provider: what is proved of that says nothing of the mail inside.
        about = dmarc.properties.get("header.from", "" if certified else domain)
        return Authentication.PASSED if _aligned(about, domain) else Authentication.ABSENT
    if dmarc is not None and dmarc.value == "fail":
        return Authentication.FAILED
    signed = any(
        each.method == "dkim" and each.value == "pass" and _aligned(_of(each, "header.d", "header.i"), domain)
        for each in results
    )
    sent = any(
        each.method == "spf" and each.value == "pass" and _aligned(_of(each, "smtp.mailfrom", "smtp.mail"), domain)
        for each in results
    )
    if signed or sent:
        return Authentication.PASSED
    refused = any(each.method == "spf" and each.value in ("fail", "hardfail") for each in results)
    return Authentication.FAILED if refused and not certified else Authentication.ABSENT


def _of(result: Result, *names: str) -> str:
    """The domain that a result is about."""
    given = next((result.properties[name] for name in names if name in result.properties), "")
    return given.rpartition("@")[2]


def _aligned(one: str, other: str) -> bool:
    """Whether two domains belong to one organisation, as far as their names tell."""
    return bool(one) and _organisation(one) == _organisation(other)


def _organisation(domain: str) -> str:
    labels = domain.lower().rstrip(".").split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _TWO_LABELS
    return ".".join(labels[-3 if deep else -2 :])

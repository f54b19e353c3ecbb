"""Where the mail of an address is read and sent: well-known providers as data, and a guess for everybody else.

Nothing here asks the network; whether a guess is right is what ``mailbot check`` tries.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

_DATA = Path(__file__).with_name("providers.toml")


@dataclass(frozen=True, slots=True)
class Servers:
    """Where a mailbox is read and its letters go out, and how one logs in there."""

    imap: str
    smtp: str
    smtp_security: Literal["tls", "starttls"]
    imap_security: Literal["tls", "starttls"] = "tls"
    token_url: str = ""
    """Where tokens are had, for a provider that takes no password (RFC 6749 section 3.2)."""
    per_minute: int | None = None
    """Letters a minute that the provider allows, where it says so."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One row of ``providers.toml``."""

    key: str
    name: str
    domains: tuple[str, ...]
    servers: Servers
    guide: str
    """The section of docs/providers.md that is about it."""
    hint: str = field(default="")
    """What surprises people who log in there for the first time."""


@cache
def providers() -> tuple[Provider, ...]:
    """Every provider that is known by name."""
    rows = tomllib.loads(_DATA.read_text("utf-8"))["provider"]
    return tuple(
        Provider(
            key=row.pop("key"),
            name=row.pop("name"),
            domains=tuple(row.pop("domains")),
            guide=row.pop("guide"),
            hint=row.pop("hint"),
            servers=Servers(**row),
        )
        for row in rows
    )


def provider_of(address: str) -> Provider | None:
    """The provider whose domain, or one below it, an address is in; the longest such domain tells."""
    domain = _domain(address)
    owners = {own: one for one in providers() for own in one.domains if domain == own or domain.endswith(f".{own}")}
    return owners[max(owners, key=len)] if owners else None


def provider_named(name: str) -> Provider | None:
    """The provider with this key."""
    return next((one for one in providers() if one.key == name.strip().lower()), None)


def servers_at(host: str) -> Servers:
    """The servers of a house whose IMAP server, or domain, has this name.

    ``imap.town.it`` sends by ``smtp.town.it``; a name without such a beginning, as ``mail.town.it``, is taken to do
    both. Letters are handed over on port 587 with STARTTLS, which Postfix offers where it offers anything.
    """
    first, _, rest = host.partition(".")
    smtp = f"{first.replace('imap', 'smtp')}.{rest}" if first in ("imap", "imaps") else host
    return Servers(imap=host, smtp=smtp, smtp_security="starttls")


def guessed(address: str) -> Servers:
    """The servers of an address: its provider's, or those that its domain most probably has."""
    known = provider_of(address)
    return known.servers if known else servers_at(f"imap.{_domain(address)}")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().lower()

"""The kinds of values that config.toml holds, each with the sentence that says how to write it."""

import re
from datetime import date, datetime, time, timedelta
from email.utils import parseaddr
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from mailbot.config.secret import Secret
from mailbot.core.model import Address

_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DURATION = re.compile(r"(\d{1,5}) ?(minute|hour|day|week)s?")


def _duration(value: object) -> timedelta:
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError('write a number and a unit (minutes, hours, days, weeks), such as "1 day"')
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def in_units(duration: timedelta) -> str:
    """A duration as it is written in the file, in the largest unit that fits."""
    seconds = int(duration.total_seconds())
    unit = next(name for name in reversed(_UNITS) if seconds % _UNITS[name] == 0)
    count = seconds // _UNITS[unit]
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    try:
        return datetime.strptime(str(value), "%H:%M").time()  # noqa: DTZ007  # a time of day has no zone
    except ValueError:
        raise ValueError('write hours and minutes, such as "07:30"') from None


def _moment(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        raise ValueError(f"write the hour too, such as {value}T17:00:00")
    if isinstance(value, datetime):
        return value
    raise ValueError("write day and hour without quotation marks, such as 2027-03-11T17:00:00")


def mail_address(value: object) -> Address:
    """An address, with a name or without; ``ValueError`` says how to write one."""
    name, address = parseaddr(value) if isinstance(value, str) else ("", "")
    if not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
        raise ValueError(
            'write an address, such as "iscrizioni@comune.example" or "Iscrizioni <iscrizioni@comune.example>"'
        )
    return Address(address.lower(), name)


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError('write an IANA time zone, such as "Europe/Rome"') from None


def _secret(value: object) -> Secret:
    match value:
        case str():
            return Secret(value=value)
        case {"file": str(given), **rest} if not rest:
            return Secret(file=given)
        case {"env": str(given), **rest} if not rest:
            return Secret(env=given)
        case {"credential": str(given), **rest} if not rest:
            return Secret(credential=given)
        case {"command": list(words), **rest} if not rest and words and all(isinstance(word, str) for word in words):
            return Secret(command=tuple(words))
    raise ValueError(
        'write it in place, or as { file = "…" }, { env = "…" }, { credential = "…" } or { command = ["…"] }'
    )


def web_link(value: str) -> str:
    """A link that a browser opens."""
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError('write a link that begins with "https://"')
    return value


def _listen_address(value: object) -> tuple[str, int]:
    """Where to listen: a host, or an address in brackets, and a port."""
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+)):(\d{1,5})", value) if isinstance(value, str) else None
    if found is None or int(found[3]) > 65535:
        raise ValueError('write an address and a port, such as "127.0.0.1:9797" or "[::1]:9797"')
    return found[1] or found[2], int(found[3])


def _prom_file(value: str) -> str:
    if not value.startswith("/") or not value.endswith(".prom"):
        raise ValueError('write a whole path that ends with ".prom", because node_exporter reads no other')
    return value


Text = Annotated[str, Field(min_length=1, strict=True)]
ListenAddress = Annotated[tuple[str, int], BeforeValidator(_listen_address)]
PromFile = Annotated[Text, AfterValidator(_prom_file)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
MailAddress = Annotated[Address, BeforeValidator(mail_address)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
SecretValue = Annotated[Secret, BeforeValidator(_secret)]
Security = Literal["tls", "starttls", "none"]
Auth = Literal["password", "xoauth2"]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
Positive = Annotated[int, Field(ge=1, strict=True)]
NotNegative = Annotated[int, Field(ge=0, strict=True)]

"""The keys of the two servers, ``[imap]`` and ``[smtp]``, and what all tables of the file have in common."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mailbot.config.values import (
    Auth,
    MailAddress,
    Port,
    Positive,
    SecretValue,
    Security,
    Text,
)


class Section(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class FilingSection(Section):
    """``[imap.filing]``: where handled mail is moved."""

    enabled: bool = Field(True, strict=True, description="Whether handled mail is moved at all.")
    done: Text = Field("Mailbot/Done", description="Mail that was answered.")
    to_read: Text = Field("Mailbot/To read", description="Mail that a person must read.")
    ignored: Text = Field("Mailbot/Ignored", description="Mail of machines.")


class ServerSection(Section):
    """What ``[imap]`` and ``[smtp]`` have in common."""

    host: Text = Field(description="The server's name.")
    port: Port | None = Field(None, description="The port; where missing, the usual one for the security chosen.")
    security: Security = Field(
        "tls", description="`tls` from the start, `starttls`, or `none` (for servers on this machine alone)."
    )
    ca_file: Text | None = Field(
        None, description="A file of certificate authorities to trust instead of the system's."
    )
    auth: Auth = Field(
        "password",
        description="`xoauth2`: the password is an OAuth 2 token, bare or in the JSON that token servers answer; "
        "usually it comes from a command (docs/providers.md).",
    )


class ImapSection(ServerSection):
    """``[imap]``: the registration inbox."""

    username: Text = Field(description="The name to log in with.")
    password: SecretValue = Field(
        description="As { file }, { env }, { credential }, { command }; in place, if nobody else can read the file."
    )
    folder: Text = Field("INBOX", description="The folder that is watched.")
    idle: bool = Field(True, strict=True, description="Let the server push (IDLE) where it can.")
    poll_seconds: Positive = Field(60, description="How often to look where the server cannot push.")
    max_bytes: Annotated[int, Field(ge=10_000, strict=True)] = Field(
        10_000_000, description="Of a larger mail the text alone is fetched, not its attachments."
    )
    since: datetime | None = Field(
        None, description="Mail that came before is left alone. Default: a day before the first start."
    )
    authserv_id: Text | None = Field(
        None,
        description="The name that your mail server gives itself in the `Authentication-Results` it writes, such as "
        "`mx.comune.example`; with it, a mail that is not from whom it names changes nothing unasked.",
    )
    filing: FilingSection = Field(default_factory=FilingSection, description="Where handled mail is moved.")

    @property
    def actual_port(self) -> int:
        """The port given, or the usual one (RFC 8314 section 7.3, RFC 3501)."""
        return self.port or (993 if self.security == "tls" else 143)


class SmtpSection(ServerSection):
    """``[smtp]``: the way out."""

    username: Text | None = Field(None, description="The name to log in with, where the server asks for one.")
    password: SecretValue | None = Field(None, description="As for `imap.password`.")
    sender: MailAddress = Field(
        alias="from", description='The bot\'s own address, such as "Iscrizioni <iscrizioni@comune.example>".'
    )
    connections: Annotated[int, Field(ge=1, le=20, strict=True)] = Field(
        2, description="Connections kept open at a time."
    )
    per_minute: Positive | None = Field(None, description="Most mails a minute that the provider allows.")

    @property
    def actual_port(self) -> int:
        """The port given, or the usual one (RFC 8314 section 7.3, RFC 6409, RFC 5321)."""
        return self.port or {"tls": 465, "starttls": 587, "none": 25}[self.security]

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("give `username` and `password` together, or neither")
        return self

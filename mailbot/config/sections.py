"""Every key of config.toml, table by table, with its default and what it means.

These models are the reference: ``docs/configuration.md`` is checked against them by a test. Times of meetings are read
as local times of the series; what comes out of here is aware.
"""

import os
from datetime import datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from mailbot.config.values import (
    Auth,
    Duration,
    MailAddress,
    Moment,
    NotNegative,
    Port,
    Positive,
    SecretValue,
    Security,
    Text,
    TimeOfDay,
    Zone,
    web_link,
)
from mailbot.core.model import Address, Language, Meeting, MeetingStatus, Series
from mailbot.core.restraint import Limits


class Section(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _default_database() -> str:
    folder = os.environ.get("STATE_DIRECTORY", "/var/lib/mailbot").split(":")[0]
    return f"sqlite:///{folder}/mailbot.sqlite"


class ServiceSection(Section):
    """``[service]``: what concerns the program as a whole."""

    database: Text = Field(
        default_factory=_default_database,
        description="Where registrations and mails are kept: an SQLAlchemy URL. SQLite serves one machine, "
        "PostgreSQL (`postgresql+psycopg://…`) any number.",
    )
    templates: Text | None = Field(
        None, description="A folder of letter templates that replace the shipped ones, file by file."
    )
    words: Text | None = Field(
        None,
        description="A folder with it.toml, en.toml or themes.toml: words that the reader is to know beside its own.",
    )
    organisers: tuple[MailAddress, ...] = Field((), description="Addresses of the organisers.")


class SeriesSection(Section):
    """``[series]``: the announcement."""

    name: Text = Field(description="What the series is called in letters.")
    organiser: Text = Field(description="Who holds it; letters are signed with it.")
    contact: MailAddress = Field(description="Where people can reach a person.")
    timezone: Zone = Field(description="IANA time zone of the meetings.")
    language: Language = Field(description="The language of letters where the sender's cannot be told.")


class MeetingSection(Section):
    """``[[meetings]]``: one meeting each."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", strict=True)] = Field(
        description="A short name of your own that never changes: letters, digits, - and _."
    )
    title: Text = Field(description="What the meeting is called in letters.")
    sector: Text = Field(description="Whom it is for, as the announcement says it.")
    keywords: tuple[Text, ...] = Field(
        (), description="Words by which people may name it; inflections and obvious synonyms need not be listed."
    )
    starts_at: Moment = Field(
        description="When it begins, day and hour, in local time of the series. Reminders follow a change, but nobody "
        "is told of it at once: write to those registered yourself (`mailbot export` lists them)."
    )
    duration_minutes: Annotated[int, Field(ge=1, le=1440, strict=True)] = Field(description="How long it lasts.")
    join_url: Annotated[Text, AfterValidator(web_link)] = Field(
        description="The link to join; only those registered get it."
    )
    capacity: Positive | None = Field(
        None, description="Most participants; whoever comes later is put on a waiting list. Unlimited where missing."
    )
    status: MeetingStatus = Field(
        MeetingStatus.OPEN,
        description="`closed` takes nobody more, `cancelled` does not take place: no reminder and no link goes out any "
        "more, and whoever writes is told. Nobody is told at once: write to those registered yourself (`mailbot "
        "export` lists them).",
    )

    def meeting(self, zone: ZoneInfo) -> Meeting:
        """The meeting, with its start in the series' zone."""
        naive = self.starts_at.tzinfo is None
        return Meeting(
            code=self.code,
            title=self.title,
            sector=self.sector,
            keywords=self.keywords,
            starts_at=self.starts_at.replace(tzinfo=zone) if naive else self.starts_at.astimezone(zone),
            duration=timedelta(minutes=self.duration_minutes),
            join_url=self.join_url,
            capacity=self.capacity,
            status=self.status,
        )


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
    auth: Auth = Field("password", description="`xoauth2`: the password is an OAuth 2 token, usually from a command.")


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


class RemindersSection(Section):
    """``[reminders]``: before each meeting."""

    before: tuple[Duration, ...] = Field(
        (timedelta(days=1), timedelta(hours=1)),
        description='How long before the start, such as ["1 day", "1 hour"]; [] for none.',
    )


class DigestSection(Section):
    """``[digest]``: the organisers' daily mail."""

    at: TimeOfDay = Field(time(7, 30), description="When it is sent, in local time of the series.")
    to: tuple[MailAddress, ...] | None = Field(None, description="Who gets it; where missing, `service.organisers`.")


class RetentionSection(Section):
    """``[retention]``: the end of personal data."""

    days: Positive = Field(90, description="Days after which mails, and people whose meetings are over, are erased.")


_USUAL = Limits()


class LimitsSection(Section):
    """``[limits]``: how many answers at most; over a limit a mail is left to a person."""

    per_address_day: NotNegative = Field(
        _USUAL.per_address_day, description="Answers to one address within a day; 0 is no limit."
    )
    unchanged_per_address_day: NotNegative = Field(
        _USUAL.unchanged_per_address_day,
        description='Of these, answers that changed nothing, such as a menu or "already registered": two programs '
        "that answer each other get no further.",
    )
    per_domain_hour: NotNegative = Field(
        _USUAL.per_domain_hour, description="Answers to all addresses of one domain within an hour."
    )
    per_hour: NotNegative = Field(
        _USUAL.per_hour, description="Answers to anybody within an hour; over it the organisers are told by mail."
    )

    def to_limits(self) -> Limits:
        """The limits as the core knows them."""
        return Limits(**self.model_dump())


class Config(Section):
    """The whole file."""

    service: ServiceSection = Field(default_factory=ServiceSection)
    series: SeriesSection
    meetings: tuple[MeetingSection, ...]
    imap: ImapSection | None = None
    smtp: SmtpSection | None = None
    reminders: RemindersSection = Field(default_factory=RemindersSection)
    digest: DigestSection = Field(default_factory=DigestSection)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    retention: RetentionSection = Field(default_factory=RetentionSection)

    @field_validator("meetings")
    @classmethod
    def _codes_differ(cls, meetings: tuple[MeetingSection, ...]) -> tuple[MeetingSection, ...]:
        if not meetings:
            raise ValueError("at least one meeting is needed")
        codes = [meeting.code for meeting in meetings]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"each meeting needs a code of its own; used twice: {', '.join(twice)}")
        return meetings

    def to_series(self) -> Series:
        """The series as the core knows it."""
        section = self.series
        return Series(
            name=section.name,
            organiser=section.organiser,
            contact=section.contact.address,
            timezone=section.timezone,
            language=section.language,
            meetings=tuple(meeting.meeting(section.timezone) for meeting in self.meetings),
        )

    @property
    def digest_to(self) -> tuple[Address, ...]:
        """Who gets the digest."""
        return self.service.organisers if self.digest.to is None else self.digest.to

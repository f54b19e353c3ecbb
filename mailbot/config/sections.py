"""Every key of config.toml, table by table, with its default and what it means.

These models are the reference: ``docs/configuration.md`` is checked against them by a test. Times of meetings are read
as local times of the series; what comes out of here is aware.
"""

import os
from datetime import time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from mailbot.config.servers import ImapSection, Section, SmtpSection
from mailbot.config.values import (
    Duration,
    ListenAddress,
    MailAddress,
    Moment,
    NotNegative,
    Positive,
    PromFile,
    Text,
    TimeOfDay,
    Zone,
    web_link,
)
from mailbot.core.changes import GRACE
from mailbot.core.model import Address, Language, Meeting, MeetingStatus, Series
from mailbot.core.restraint import Limits


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
    mode: Literal["automatic", "supervised"] = Field(
        "automatic",
        description="`supervised`: what a mail leads to waits until an organiser has approved it at one tap; "
        "reminders and digests do not wait. Switched back to `automatic`, all that waits is sent.",
    )
    log: Literal["text", "json"] = Field(
        "text",
        description="`json`: the log is a JSON object a line, unless a person watches on a terminal. A change takes a "
        "restart.",
    )


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
        description="When it begins, day and hour, in local time of the series. Those registered are told of a change, "
        "as of another length or link (`changes.grace`); `mailbot plan` shows beforehand whom that concerns."
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
        "more, and those registered are told, as when the meeting is removed from this file.",
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


class RemindersSection(Section):
    """``[reminders]``: before each meeting."""

    before: tuple[Duration, ...] = Field(
        (timedelta(days=1), timedelta(hours=1)),
        description='How long before the start, such as ["1 day", "1 hour"]; [] for none.',
    )


class ChangesSection(Section):
    """``[changes]``: when a meeting changes, is cancelled or is removed."""

    grace: Duration = Field(
        GRACE,
        description="How long after a change was taken over those registered are told: time to mend a slip. It ends "
        "half an hour before the meeting at the latest.",
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


class MetricsSection(Section):
    """``[metrics]``: figures for a monitoring system; none where both keys are missing."""

    file: PromFile | None = Field(
        None,
        description="A file for the textfile collector of Prometheus' node_exporter, written once a minute; it ends "
        "with `.prom`.",
    )
    listen: ListenAddress | None = Field(
        None,
        description='An address and a port where Prometheus can ask, such as `"127.0.0.1:9797"`. It asks nobody for a '
        "password, and names nobody.",
    )


class Config(Section):
    """The whole file."""

    service: ServiceSection = Field(default_factory=ServiceSection)
    series: SeriesSection
    meetings: tuple[MeetingSection, ...]
    imap: ImapSection | None = None
    smtp: SmtpSection | None = None
    reminders: RemindersSection = Field(default_factory=RemindersSection)
    changes: ChangesSection = Field(default_factory=ChangesSection)
    digest: DigestSection = Field(default_factory=DigestSection)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    retention: RetentionSection = Field(default_factory=RetentionSection)
    metrics: MetricsSection = Field(default_factory=MetricsSection)

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

    @model_validator(mode="after")
    def _somebody_approves(self) -> Self:
        if self.service.mode == "supervised" and not self.approvers:
            raise ValueError(
                'service.mode = "supervised" needs somebody who approves: name them in `service.organisers`'
            )
        return self

    @property
    def approvers(self) -> tuple[Address, ...]:
        """Who is asked about what waits, and from whom commands by mail are taken."""
        return self.service.organisers or self.digest_to

    @property
    def digest_to(self) -> tuple[Address, ...]:
        """Who gets the digest."""
        return self.service.organisers if self.digest.to is None else self.digest.to

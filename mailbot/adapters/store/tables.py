"""What is kept, and what can never be, as tables.

A mail is one row of ``inbound`` however often it was delivered: each delivery is a row of ``sighting``, which points
at it. ``cursor`` remembers how far a folder has been read; it moves in the transaction that keeps the mails. People
(``person``) have at most one ``registration`` a meeting, whose life is told by ``history``, append only. Each form in
which the configuration gave a meeting is an ``edition``, and a registration names the one that its person was last
told. ``outbox`` holds outgoing mails as final bytes, at most one for each ``purpose``. In supervised mode a
``proposal`` is what one mail led to, and a ``round`` a mail that asked the organisers about some of them. ``digest``
has a row a day, ``contact`` a row a server, ``installation`` a single row.

The schema here is the present one; ``migrations`` lead to it from every released one (a test compares the two).
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect

from mailbot.core.digest import Deed
from mailbot.core.model import Answer, InboundState, LetterState, RegistrationStatus


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite has no zones: there it is UTC without saying so, and aware again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database: aware moments alone, in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone must not be stored: {value!r}")
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out of the database: aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: Any) -> CheckConstraint:
    """A column that holds one of an enumeration's values."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("first_start_at", UtcDateTime, nullable=False),
    # What our Message-IDs and calendar UIDs are derived with, so that nobody can guess them.
    Column("secret", LargeBinary, nullable=False),
    # How many mails lay in the mailbox at the first start and were left alone.
    Column("left_alone", Integer),
    CheckConstraint("id = 1", name="single"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("folder", String, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String, nullable=False, unique=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("collected_at", UtcDateTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("handled_at", UtcDateTime),
    Column("outcome", String),
    Column("kind", String),
    Column("attention", Boolean, nullable=False, server_default=text("false")),
    Column("sender", String),
    Column("subject", Text),
    Column("opening", Text),
    Column("why", Text),
    Column("error", Text),
    # Last, because it is long: a row is read without it. Null once the retention time has passed.
    Column("raw", LargeBinary),
    # The code that confirms what it asks for, where that waits to be confirmed, and until when.
    Column("awaits", String),
    Column("awaits_until", UtcDateTime),
    # Which limit kept it from being answered.
    Column("restrained", String),
    # Which daemon has it in hand, where several share the database.
    Column("claimed_by", Integer),
    # What told what it wants, a line each; kept where an organiser is to judge it.
    Column("evidence", Text),
    one_of("state", InboundState),
    CheckConstraint("(state = 'new') = (handled_at IS NULL)", name="handled_has_moment"),
    CheckConstraint("state <> 'new' OR raw IS NOT NULL", name="new_has_bytes"),
    Index(None, "awaits", unique=True),
    Index(None, "state", "id"),
    Index(None, "handled_at"),
    Index(None, "sender"),
)

sighting = Table(
    "sighting",
    metadata,
    Column("folder", String, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("inbound_id", ForeignKey("inbound.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("filed_at", UtcDateTime),
    Index(
        "ix_sighting_unfiled",
        "folder",
        "uidvalidity",
        "uid",
        sqlite_where=text("filed_at IS NULL"),
        postgresql_where=text("filed_at IS NULL"),
    ),
)

meeting = Table(
    "meeting",
    metadata,
    Column("code", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("minutes", Integer, nullable=False),
)

edition = Table(
    "edition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("meeting", ForeignKey("meeting.code"), nullable=False, index=True),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("title", String, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("minutes", Integer, nullable=False),
    # Null where it was noted by a version that did not keep it, until the next start.
    Column("join_url", String),
    Column("off", Boolean),
)

person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("organisation", String, nullable=False),
    Column("language", String, nullable=False),
    CheckConstraint("address = lower(address) AND address LIKE '%_@_%'", name="address_usable"),
)

registration = Table(
    "registration",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("meeting", ForeignKey("meeting.code"), nullable=False),
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("cancelled_at", UtcDateTime),
    Column("uid", String, nullable=False, unique=True),
    Column("sequence", Integer, nullable=False, server_default=text("0")),
    # The edition of the meeting that the person was last told, and when, where that was after signing up.
    Column("edition_id", Integer),
    Column("told_at", UtcDateTime),
    UniqueConstraint("meeting", "person_id"),
    one_of("status", RegistrationStatus),
    CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_moment"),
    Index(None, "meeting", "status", "registered_at"),
    Index(None, "meeting", "edition_id", "status"),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("registration_id", ForeignKey("registration.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("deed", String, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("inbound_id", ForeignKey("inbound.id", ondelete="SET NULL"), index=True),
    # The mail's proposal was rejected: it is as if this had never been.
    Column("undone", Boolean, nullable=False, server_default=text("false")),
    one_of("deed", Deed),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("inbound_id", ForeignKey("inbound.id", ondelete="SET NULL"), index=True),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    # When the organisers were first asked about it.
    Column("asked_at", UtcDateTime),
    Column("answered_at", UtcDateTime, index=True),
    Column("answer", String),
    one_of("answer", Answer),
    CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_has_moment"),
)

approval_round = Table(
    "round",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    # The numbers of the proposals that it has listed, with commas between.
    Column("listed", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("purpose", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("recipient", String, nullable=False, index=True),
    Column("message_id", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("last_reply", Text),
    Column("inbound_id", ForeignKey("inbound.id", ondelete="SET NULL"), index=True),
    Column("registration_id", ForeignKey("registration.id", ondelete="SET NULL"), index=True),
    Column("raw", LargeBinary),
    # A server took it and a bounce came: when, what it says, and which mail that was.
    Column("bounced_at", UtcDateTime),
    Column("bounce_reply", Text),
    Column("bounced_by", Integer),
    # Which daemon is sending it, where several share the database.
    Column("claimed_by", Integer),
    # The proposal that it is a letter of.
    Column("proposal_id", ForeignKey("proposal.id"), index=True),
    one_of("state", LetterState),
    CheckConstraint("(state IN ('sent', 'failed', 'withheld')) = (settled_at IS NOT NULL)", name="settled_has_moment"),
    CheckConstraint("state NOT IN ('queued', 'sending', 'proposed') OR raw IS NOT NULL", name="waiting_has_bytes"),
    CheckConstraint("state <> 'proposed' OR proposal_id IS NOT NULL", name="proposed_has_proposal"),
    CheckConstraint("(state = 'sending') = (claimed_at IS NOT NULL)", name="sending_is_claimed"),
    Index(None, "state", "next_try_at"),
    Index(None, "settled_at"),
    # Answers of the last hour are counted for each mail.
    Index("ix_outbox_answers", "queued_at", "inbound_id", "recipient"),
    Index(None, "bounced_at"),
)

digest = Table(
    "digest",
    metadata,
    Column("day", Date, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

contact = Table(
    "contact",
    metadata,
    Column("server", String, primary_key=True),
    Column("at", UtcDateTime),
    Column("trouble", Text),
    Column("trouble_at", UtcDateTime),
)

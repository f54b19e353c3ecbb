"""What people were last told of each meeting.

Everybody knows each meeting as it stands here. Whether it was cancelled, and its link, do not stand here yet; they are
taken from the configuration at the next start, so that nobody is told of what changed before this version.
"""

import sqlalchemy as sa
from alembic import op

from mailbot.adapters.store.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting", sa.String(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("join_url", sa.String(), nullable=True),
        sa.Column("off", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["meeting"], ["meeting.code"], name=op.f("fk_edition_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
    )
    op.create_index(op.f("ix_edition_meeting"), "edition", ["meeting"], unique=False)
    op.add_column("registration", sa.Column("edition_id", sa.Integer(), nullable=True))
    op.add_column("registration", sa.Column("told_at", UtcDateTime(), nullable=True))
    op.create_index(
        op.f("ix_registration_meeting_edition_id_status"),
        "registration",
        ["meeting", "edition_id", "status"],
        unique=False,
    )
    op.execute(
        "INSERT INTO edition (meeting, noted_at, title, starts_at, minutes) "
        "SELECT code, CURRENT_TIMESTAMP, title, starts_at, minutes FROM meeting"
    )
    op.execute(
        "UPDATE registration SET edition_id = (SELECT id FROM edition WHERE edition.meeting = registration.meeting)"
    )

"""What waits to be confirmed, what came back, what was left alone."""

import sqlalchemy as sa
from alembic import op

from mailbot.adapters.store.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("left_alone", sa.Integer(), nullable=True))
    op.add_column("inbound", sa.Column("awaits", sa.String(), nullable=True))
    op.add_column("inbound", sa.Column("awaits_until", UtcDateTime(), nullable=True))
    op.add_column("inbound", sa.Column("restrained", sa.String(), nullable=True))
    op.create_index(op.f("ix_inbound_awaits"), "inbound", ["awaits"], unique=True)
    op.add_column("outbox", sa.Column("bounced_at", UtcDateTime(), nullable=True))
    op.add_column("outbox", sa.Column("bounce_reply", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("bounced_by", sa.Integer(), nullable=True))
    op.create_index("ix_outbox_answers", "outbox", ["queued_at", "inbound_id", "recipient"], unique=False)
    op.create_index(op.f("ix_outbox_bounced_at"), "outbox", ["bounced_at"], unique=False)

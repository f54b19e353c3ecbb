"""Whose a mail in hand, or a letter being sent, is: the number of a daemon, where several share a database."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound", sa.Column("claimed_by", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("claimed_by", sa.Integer(), nullable=True))

"""Proposals, and the rounds in which organisers are asked about them."""

import sqlalchemy as sa
from alembic import op

from mailbot.adapters.store.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHECKS = {
    "state_known": "state IN ('queued', 'sending', 'proposed', 'sent', 'failed', 'withheld')",
    "waiting_has_bytes": "state NOT IN ('queued', 'sending', 'proposed') OR raw IS NOT NULL",
    "proposed_has_proposal": "state <> 'proposed' OR proposal_id IS NOT NULL",
}


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.CheckConstraint(
            "answer IN ('approved', 'rejected', 'expired', 'released')", name=op.f("ck_proposal_answer_known")
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_proposal_answer_has_moment")),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound.id"], name=op.f("fk_proposal_inbound_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_inbound_id"), "proposal", ["inbound_id"], unique=False)
    op.create_index(op.f("ix_proposal_answered_at"), "proposal", ["answered_at"], unique=False)
    op.create_table(
        "round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("listed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
    )
    op.add_column("inbound", sa.Column("evidence", sa.Text(), nullable=True))
    op.add_column("history", sa.Column("undone", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    # SQLite cannot change a table's checks: it is made anew there, with all the rest as it was.
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("proposal_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_outbox_proposal_id"), "proposal", ["proposal_id"], ["id"])
        for name in ("state_known", "waiting_has_bytes"):
            table.drop_constraint(op.f(f"ck_outbox_{name}"), type_="check")
        for name, says in CHECKS.items():
            table.create_check_constraint(op.f(f"ck_outbox_{name}"), sa.text(says))
    op.create_index(op.f("ix_outbox_proposal_id"), "outbox", ["proposal_id"], unique=False)

"""plate reads."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "received",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("crops", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("received", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_received_done_at"), ["done_at"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("crops", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id"),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_key"), ["key"], unique=False)

    op.create_table(
        "plate_reads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("time_s", sa.Double(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("crop", sa.String(length=80), nullable=False),
        sa.Column("picture", sa.String(length=80), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("characters", sa.JSON(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("plate_reads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plate_reads_case_id"), ["case_id"], unique=False)

    # plain ALTER TABLE: a rebuilt table would take with it, by cascade, the rows that point to it
    op.add_column("cases", sa.Column("plate_guess", sa.String(length=32), nullable=True))
    op.add_column("cases", sa.Column("plate_characters", sa.JSON(), nullable=True))
    op.create_index("ix_cases_plate_text", "cases", ["plate_text"])


def downgrade() -> None:
    op.drop_index("ix_cases_plate_text", "cases")
    op.drop_column("cases", "plate_characters")
    op.drop_column("cases", "plate_guess")

    with op.batch_alter_table("plate_reads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plate_reads_case_id"))

    op.drop_table("plate_reads")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_key"))

    op.drop_table("outbox")
    with op.batch_alter_table("received", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_received_done_at"))

    op.drop_table("received")

"""reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# what a person decided is kept for good; PostgreSQL: 0009, elsewhere rights can do it (REVOKE UPDATE, DELETE)
_ONLY_GROWS = """
CREATE TRIGGER reviews_{what} BEFORE {what} ON reviews BEGIN SELECT RAISE(ABORT, 'reviews are kept for good'); END
"""


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["undoes"], ["reviews.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "version"),
        sa.UniqueConstraint("undoes"),
    )
    op.create_index("ix_reviews_batch", "reviews", ["batch"])
    op.create_index("ix_reviews_reviewer", "reviews", ["reviewer"])
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(_ONLY_GROWS.format(what=what))

    # plain ALTER TABLE: a rebuilt table would take with it, by cascade, the rows that point to it
    op.add_column("cases", sa.Column("review", sa.String(length=16), nullable=False, server_default="open"))
    op.add_column("cases", sa.Column("plate_corrected", sa.String(length=32), nullable=True))
    op.add_column("cases", sa.Column("motorcycle", sa.Integer(), nullable=True))
    op.add_column("cases", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_cases_motorcycle", "cases", ["motorcycle"])
    op.create_index("ix_cases_review", "cases", ["outcome", "review", "id"])
    op.add_column("tracks", sa.Column("heads_without", sa.Integer(), nullable=True))
    op.add_column("tracks", sa.Column("heads_with", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("tracks", "heads_with")
    op.drop_column("tracks", "heads_without")
    op.drop_index("ix_cases_review", "cases")
    op.drop_index("ix_cases_motorcycle", "cases")
    for name in ("kept", "version", "motorcycle", "plate_corrected", "review"):
        op.drop_column("cases", name)
    op.drop_table("reviews")

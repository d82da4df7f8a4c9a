"""live sources."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clips", sa.Column("kind", sa.String(length=16), nullable=False, server_default="file"))
    op.add_column("jobs", sa.Column("reconnects", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("jobs", "reconnects")
    op.drop_column("clips", "kind")

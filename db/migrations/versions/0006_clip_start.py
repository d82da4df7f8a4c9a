"""where in its source an evidence clip begins."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("video_start_s", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "video_start_s")

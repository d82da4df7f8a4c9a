"""where in its source the evidence of a case is."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


_COLUMNS = ("picture_s", "video_start_s", "evidence_scale")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("cases", sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("cases", name)

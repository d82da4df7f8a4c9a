"""the tracks of one rider who waits before a camera are found without a search."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_tracks_rider", "tracks", ["job_id", "number"])
    op.drop_index("ix_tracks_job_id", "tracks")


def downgrade() -> None:
    op.create_index("ix_tracks_job_id", "tracks", ["job_id"])
    op.drop_index("ix_tracks_rider", "tracks")

"""a file may hold several films, each a source of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}  # as PostgreSQL names them; SQLite's constraint has none


def upgrade() -> None:
    op.add_column("clips", sa.Column("film", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("clips", naming_convention=_NAMES) as clips:
        clips.drop_constraint("clips_sha256_key", type_="unique")
        clips.create_unique_constraint("uq_clips_film", ["sha256", "film"])


def downgrade() -> None:
    with op.batch_alter_table("clips") as clips:
        clips.drop_constraint("uq_clips_film", type_="unique")
        clips.create_unique_constraint("clips_sha256_key", ["sha256"])
        clips.drop_column("film")

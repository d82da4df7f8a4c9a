"""reviews are kept for good on PostgreSQL as well."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION refuse_review_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'reviews are kept for good'; END $$
"""
_ONLY_GROWS = """
CREATE TRIGGER reviews_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON reviews
FOR EACH STATEMENT EXECUTE FUNCTION refuse_review_change()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite has had it from the beginning (0002)
        op.execute(_REFUSE)
        op.execute(_ONLY_GROWS)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER reviews_only_grow ON reviews")
        op.execute("DROP FUNCTION refuse_review_change")

"""Alembic's entry: always on a connection that the caller opened."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum

from db.models import Base, UtcDateTime


def render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Migrations outlive the code: they name no type of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()

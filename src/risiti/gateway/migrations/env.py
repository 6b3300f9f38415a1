"""Alembic's entry: the connection is given by `run.py` or `write.py`, the tables by the code."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Enum

from risiti.gateway.tables import Base


def render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:  # noqa: ANN401 - Alembic's signature
    """Write our column types by their names, and a column of words as the text that it is."""
    if kind != "type":
        return False
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    if type(item).__module__ == "risiti.gateway.db.types":
        autogen.imports.add(f"from risiti.gateway.db.types import {type(item).__name__}")
        return f"{type(item).__name__}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()

"""Cursor pages: one shape for every list."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

MAX_LIMIT: Final = 100
"""Most items of one page."""
DEFAULT_LIMIT: Final = 20
CURSOR_HELP: Final = "The `next_cursor` of the page before; leave it out first."
_CURSOR_PATTERN: Final = r"^[A-Za-z0-9_=.-]{1,200}$"

T = TypeVar("T")


class PageQuery(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Most items to return.")
    cursor: str | None = Field(default=None, pattern=_CURSOR_PATTERN, description=CURSOR_HELP)


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    model_config = ConfigDict(frozen=True)

    items: Sequence[T]
    next_cursor: str | None = None


Paged = Annotated[PageQuery, Query()]


def cut(found: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> Page[T]:
    """Make a page of `limit` items out of one more than that, which shows that the list goes on."""
    items = found[:limit]
    return Page(items=items, next_cursor=cursor_of(items[-1]) if len(found) > limit else None)

"""Which database a gateway in a test gets when the test does not care: SQLite, unless the run says otherwise."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.migrated import migrated_file

KEK = base64.b64encode(bytes(range(32))).decode()
"""A key-encryption key for tests: with PostgreSQL one must be given."""

_make: list[Callable[[], str]] = []


def some_database(folder: Path) -> dict[str, Any]:
    """Return the settings that name a database with all tables; the one of this folder, if there is one."""
    if not _make:
        return {"database_url": f"sqlite:///{migrated_file(folder / 'risiti.db')}"}
    return {"database_url": _make[-1](), "risiti_kek": KEK}


@contextmanager
def databases_of(
    create: Callable[[], str], url_of: Callable[[str], str], drop: Callable[[str], None]
) -> Iterator[None]:
    """Have databases made by `create` until the block ends; then they are dropped."""
    made: list[str] = []

    def new() -> str:
        made.append(create())
        return url_of(made[-1])

    _make.append(new)
    try:
        yield
    finally:
        _make.pop()
        for name in made:
            drop(name)

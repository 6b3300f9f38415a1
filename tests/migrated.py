"""SQLite files that have all tables: they go through the migrations once in a program, and are copied from then on."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.migrations.run import upgrade


def migrated_file(file: Path) -> Path:
    """Write a database with all tables and without rows, unless there is one; return its place."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)  # as the gateway makes it
        file.write_bytes(_image())
    return file


@cache
def _image() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "risiti.db"
        thread.submit(asyncio.run, _migrate(file)).result()  # a thread of its own: a loop may be running in this one
        return file.read_bytes()


async def _migrate(file: Path) -> None:
    database = SqliteDatabase(file)
    try:
        await upgrade(database)
    finally:
        await database.close()

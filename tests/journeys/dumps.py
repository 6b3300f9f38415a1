"""Dumps of whole databases, by the tools that operators use: pg_dump, and SQLite's own."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from scripts.servers.postgres import find_programs

DUMP_SECONDS = 60


def dumped(database_url: str, folder: Path) -> bytes:
    """Return a database as SQL, with every row of every table; bytes stand in it as hexadecimal digits."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
            return "\n".join(connection.iterdump()).encode()
    binaries, _ = find_programs(folder)
    command = [str(binaries / "pg_dump"), f"--dbname={database_url}"]
    return subprocess.run(command, check=True, capture_output=True, timeout=DUMP_SECONDS).stdout

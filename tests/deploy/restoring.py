"""Backups made and put back with the programs that docs/operations.md names."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from scripts.servers.postgres import find_programs

SECONDS = 120
SQLITE = "sqlite:///"


def back_up(database_url: str, folder: Path) -> Path:
    """Write a backup of a database that is in use; return its place."""
    copy = folder / "copy"
    if not database_url.startswith(SQLITE):
        _run(str(_programs(folder) / "pg_dump"), "-Fc", f"--file={copy}", f"--dbname={database_url}")
        return copy
    file = database_url.removeprefix(SQLITE)
    if (program := shutil.which("sqlite3")) is not None:
        _run(program, file, f".backup {copy}")
        return copy
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # what `.backup` of that program does
    return copy


def restore(copy: Path, target_url: str, folder: Path) -> None:
    """Make a database what the backup holds: an empty one of PostgreSQL, or the file that was lost."""
    if not target_url.startswith(SQLITE):
        _run(str(_programs(folder) / "pg_restore"), "--no-owner", "--exit-on-error", "-d", target_url, str(copy))
        return
    file = Path(target_url.removeprefix(SQLITE))
    for left in ("-wal", "-shm"):
        file.with_name(file.name + left).unlink(missing_ok=True)
    shutil.copyfile(copy, file)


def _programs(folder: Path) -> Path:
    return find_programs(folder)[0]


def _run(*command: str) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert ran.returncode == 0, ran.stderr

"""One worker per SQLite file: an advisory lock that the operating system gives back when its process dies."""

import fcntl
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyOwned(Exception):
    """Another process works on this database file. The message says what to do."""


class WorkerLock:
    """Held by the one process that may run workers on a SQLite file; PostgreSQL needs none."""

    def __init__(self, database_file: Path) -> None:
        self._path = database_file.with_name(database_file.name + ".worker")
        self._file = self._path.open("a")

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            AlreadyOwned: another process holds it.
        """
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            message = (
                f"Another worker runs on this SQLite database (it holds {self._path}). "
                "Stop it first, or use PostgreSQL, which any number of workers may share."
            )
            raise AlreadyOwned(message) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the lock back."""
        self._file.close()

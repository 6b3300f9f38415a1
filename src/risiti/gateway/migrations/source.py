"""The SQLite file that a copy reads from: beside the service that may run on it, from one moment's state at a time."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event

from risiti.gateway.migrations.refusal import CopyRefused

PATIENCE_MILLISECONDS: Final = 30_000
"""How long a write waits for the service's own writes."""


class Source:
    """A SQLite installation. Use as a context manager: only one copy at a time may read it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = file.with_name(file.name + ".copy")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only copy of this source until the block ends.

        Raises:
            CopyRefused: there is no such file, or another copy runs.
        """
        if not self.file.is_file():
            raise CopyRefused(f"{self.file} is not there.")
        with self._lock.open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CopyRefused(f"another copy of {self.file} runs; wait for it or end it.") from None
            yield

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read the state of one moment, whatever is written meanwhile."""
        with self._engine("BEGIN") as engine, engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction, while the service's own writes wait."""
        with self._engine("BEGIN IMMEDIATE") as engine, engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _engine(self, begin: str) -> Iterator[Engine]:
        engine = create_engine(f"sqlite:///{self.file}", hide_parameters=True)

        @event.listens_for(engine, "connect")
        def _set_up(connection: sqlite3.Connection, _: object) -> None:
            connection.isolation_level = None  # the driver must not begin transactions of its own
            connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}")
            connection.execute("PRAGMA synchronous = FULL")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        try:
            yield engine
        finally:
            engine.dispose()

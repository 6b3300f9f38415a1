"""What every test may ask for."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import on
from tests.migrated import migrated_file

structlog.configure(
    # As it comes, but for this: as the service does, it writes plain tracebacks, not coloured ones with all variables.
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How long an example takes says how busy the machine is, not whether what is tested is right.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

LONG = ("simulation", "journeys", "drills")
"""Folders with tests that take many seconds each."""

pytest_plugins = ["tests.servers", "tests.redis_server"]


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, which is what the service runs on."""
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with all tables and without rows; a test that asks for it runs on both."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{migrated_file(tmp_path / 'risiti.db')}"


@pytest.fixture(scope="session", autouse=True)
def _everything_on_one_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """With TEST_ON=postgresql, what opens a gateway without naming a database gets a fresh one there, not SQLite."""
    if os.environ.get("TEST_ON") != "postgresql":
        yield
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("migrated_template")
    with on.databases_of(lambda: server.create(template=template), server.url_of, server.drop):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: no process that shares the run is left alone with it at the end."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)  # otherwise as it was


def pytest_collection_finish() -> None:
    """Let the garbage collector look no more at what stays to the end: modules, and thousands of collected tests."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case by its argument where its bytes would: the processes that share a run must agree on all names."""
    return argname if isinstance(val, bytes) else None

"""Child processes: ready when they say so, gone when they are told to, and never left behind."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from risiti.cli import processes
from risiti.cli.console import CommandError
from risiti.cli.processes import Child, free_port, port_is_free

pytestmark = pytest.mark.anyio

GONE_SECONDS = 20


def a_simulator(folder: Path, port: int) -> Child:
    arguments = ["simulator", "--port", str(port), "--state", str(folder / "simulator.db")]
    return Child("the simulator", arguments, {}, folder / "log", ready=f"http://127.0.0.1:{port}/_control/calls")


async def test_a_child_answers_once_it_is_started_and_is_gone_once_it_is_ended(tmp_path: Path) -> None:
    port = free_port()
    child = a_simulator(tmp_path, port)

    await child.start()
    assert child.running
    assert not port_is_free(port)

    await child.end()
    assert not child.running
    assert port_is_free(port)


async def test_a_killed_child_can_be_started_again(tmp_path: Path) -> None:
    child = a_simulator(tmp_path, free_port())
    await child.start()
    first = child.pid

    child.kill()
    assert not child.running
    await child.start()
    assert child.pid not in (None, first)

    await child.end()


async def test_a_child_that_cannot_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    port = free_port()
    child = Child("the simulator", ["simulator", "--state", "/dev/null/no"], {}, tmp_path / "log", ready="never said")

    with pytest.raises(CommandError, match=r"(?s)the simulator ended at once.*cannot start"):
        await child.start()
    await child.end()
    assert port_is_free(port)


async def test_a_child_that_never_becomes_ready_is_reported_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.2)
    port = free_port()
    arguments = ["simulator", "--port", str(port)]
    child = Child("the simulator", arguments, {}, tmp_path / "log", ready="words that it never says")

    with pytest.raises(CommandError, match="was not ready within"):
        await child.start()
    await child.end()
    assert not child.running


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waiting for another's child needs Linux")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    port = free_port()
    program = f"""
import asyncio, pathlib, sys
from risiti.cli.processes import Child
log, ready = pathlib.Path({str(tmp_path / "log")!r}), "http://127.0.0.1:{port}/_control/calls"
child = Child("the simulator", ["simulator", "--port", "{port}"], {{}}, log, ready=ready)
asyncio.run(child.start())
print(child.pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        watched = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)

    gone, _, _ = select.select([watched], [], [], GONE_SECONDS)
    os.close(watched)
    assert gone
    assert port_is_free(port)


async def test_a_child_has_the_settings_that_it_is_given_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EFRIS_TIMEOUT", "not a number")
    monkeypatch.setenv("DATABASE_URL", "mysql://elsewhere")
    port = free_port()
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'risiti.db'}", "PORT": str(port)}
    child = Child("the gateway", ["serve"], settings, tmp_path / "log", ready=f"http://127.0.0.1:{port}/health")

    await child.start()
    await child.end()

    assert (tmp_path / "risiti.db").exists()

"""`risiti simulator`: one command starts URA in a box, says where it is, and ends when it is told to."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from risiti.cli.processes import free_port


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "risiti.cli", "simulator", "--port", str(free_port()), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    code = process.wait(20)
    assert process.stdout
    process.stdout.close()
    return code


def get(url: str, accept: str = "*/*") -> str:
    request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 - our own address
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def test_it_tells_programs_its_addresses_and_serves_them() -> None:
    process = start("--json", "--set", "duplicate_check=always")
    try:
        addresses = json.loads(told(process))
        assert sorted(addresses) == ["control", "enabler", "online", "page"]
        assert "URA in a box" in get(addresses["page"], "text/html")
        settings = json.loads(get(f"{addresses['control']}/settings"))
        assert (settings["magic"], settings["duplicate_check"]) == (True, "always")
    finally:
        assert end(process) == 0


def test_magic_stays_off_where_it_was_switched_off(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite")
    for arguments in (["--set", "magic=false"], []):
        process = start("--json", "--state", state, *arguments)
        try:
            assert json.loads(get(f"{json.loads(told(process))['control']}/settings"))["magic"] is False
        finally:
            assert end(process) == 0


def test_without_control_it_serves_nothing_that_changes_it() -> None:
    process = start("--json", "--no-control")
    try:
        addresses = json.loads(told(process))
        assert sorted(addresses) == ["enabler", "online", "page"]
        assert "<form" not in get(addresses["page"], "text/html")
    finally:
        assert end(process) == 0


@pytest.mark.parametrize(("given", "reason"), [("magic", "wants NAME=VALUE"), ("colour=red", "no such setting")])
def test_a_setting_it_does_not_know_ends_it_with_a_reason(given: str, reason: str) -> None:
    command = [sys.executable, "-m", "risiti.cli", "simulator", "--port", str(free_port()), "--set", given]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode in (2, 3)
    assert reason in ended.stderr

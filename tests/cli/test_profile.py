"""`risiti profile`: a recording of a real command, and what is said when there can be none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("memray", reason="NOT TESTED: memray is not there for this system")


def profile(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "risiti.cli", "profile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_profile_of_a_command_names_what_took_the_memory(tmp_path: Path) -> None:
    recording = tmp_path / "memory.bin"
    ended = profile("run", "--json", "--output", str(recording), "--", "db", "upgrade", "--help")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout[ended.stdout.index("{\n") :])
    assert recording.stat().st_size > 0
    assert found["peak_bytes"] > 1_000_000
    sizes = [one["bytes"] for one in found["largest"]]
    assert sizes == sorted(sizes, reverse=True)
    assert any(".py:" in one["where"] for one in found["largest"])


def test_a_recording_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    recording = tmp_path / "memory.bin"
    recording.write_text("precious")
    ended = profile("run", "--output", str(recording), "--", "version")
    assert (ended.returncode, recording.read_text()) == (2, "precious")
    assert "is there already" in ended.stderr


def test_a_process_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ended = profile("attach", str(gone.pid), "--output", str(tmp_path / "memory.bin"), "--seconds", "1")
    assert ended.returncode == 3
    assert f"cannot attach to {gone.pid}" in ended.stderr
    assert "Traceback" not in ended.stderr

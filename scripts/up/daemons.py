"""Processes that outlive the command that starts them; a file for each tells it from all others when it is ended."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from risiti.cli.console import CommandError
from scripts.servers.programs import last_words

POLL_SECONDS: Final = 0.05
READY_SECONDS: Final = 60.0
_STARTED_AT: Final = 19  # of /proc/PID/stat, counted after the name in brackets


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process of the set.

    Args:
        name: What people call it; its files are named after it.
        folder: Where its pid file and its log are.
        ending: The signal that ends it well.
        patience: Seconds until it is ended by force.
    """

    name: str
    folder: Path
    ending: signal.Signals = signal.SIGTERM
    patience: float = 40.0

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs: the id is in use, and by the process that was started."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            number, _, born = self._file.read_text(encoding="ascii").partition(" ")
            if born and _born(int(number)) == born:
                return int(number)
        return None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it, unless it runs; it goes on when the command ends."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.adopt(process)

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Write down which process it is."""
        self._file.write_text(f"{process.pid} {_born(process.pid)}", encoding="ascii")
        process.returncode = 0  # it is not waited for: it outlives us

    def stop(self) -> bool:
        """End it, by force if it must be; False if it did not run."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, self.ending)
            deadline = time.monotonic() + self.patience
            while self.pid is not None and time.monotonic() < deadline:
                _reap(pid)
                time.sleep(POLL_SECONDS)
            if self.pid is not None:
                os.kill(pid, signal.SIGKILL)
        self._file.unlink(missing_ok=True)
        return pid is not None

    def say_why_it_ended(self) -> CommandError:
        """Return the error that shows its last words."""
        return CommandError(f"{self.name} is not ready; see {self.log}. It said:\n{last_words(self.log)}")

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.pid"


def _born(pid: int) -> str | None:
    """Return when a process was started, in whatever unit the system counts it; None if it is not there."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, *rest = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            return None if state == "Z" else rest[_STARTED_AT - 1]
        return None
    told = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip().replace(" ", "_") or None


def _reap(pid: int) -> None:
    """Take note of a child's end; nothing happens if it is nobody's child of ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)

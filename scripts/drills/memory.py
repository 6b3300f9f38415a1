"""How much memory a process has in use, and how much it had at most since somebody began to look (Linux)."""

from pathlib import Path
from typing import Final

_KIB: Final = 1024
_FORGET_THE_PEAK: Final = "5"  # proc_pid_clear_refs(5)


def is_told() -> bool:
    """Whether this system says how much memory a process has."""
    return Path("/proc/self/clear_refs").exists()


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has in use."""
    return _field(pid, "VmRSS:")


def peak(pid: int) -> int:
    """Return the most that it had in use since `forget_peak`."""
    return _field(pid, "VmHWM:")


def forget_peak(pid: int) -> None:
    """Begin to look: the peak is what is in use now."""
    Path(f"/proc/{pid}/clear_refs").write_text(_FORGET_THE_PEAK, encoding="ascii")


def _field(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * _KIB

"""What every server of ours shares: who it runs as, where its files may lie, and that it never outlives its starter."""

import contextlib
import os
import pwd
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

UNPRIVILEGED_USER: Final = "nobody"
"""Runs the servers when root starts them: PostgreSQL refuses to run as root, and no other needs to."""
STOP_SECONDS: Final = 10
LAST_WORDS: Final = 1000

# Ends the server when the pipe on standard input closes: also if whoever started it is killed with -9.
WATCHDOG: Final = """
folder=$1; ending=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- & server=$!
echo "$server" >"$folder/pid"
{ read -r _ <&3; : >"$folder/over"; kill -"$ending" "$server"; } & reader=$!
wait "$server"
kill "$reader" 2>/dev/null
if [ -e "$folder/over" ] && [ -e "$folder/remove" ]; then cd / && rm -rf "$folder"; fi
"""


class NoServer(Exception):
    """There is no such server on this machine, or it does not start; the message says what was tried."""


class Watched:
    """A server process that ends with this one, however this one ends.

    Args:
        command: What to run.
        home: Its folder; `log` in it takes what it says. A file `remove` there has the folder removed at the end.
        ending: The signal that ends it.
    """

    def __init__(self, command: Sequence[str], home: Path, ending: signal.Signals) -> None:
        self._home = home
        self._ending = ending
        (home / "pid").unlink(missing_ok=True)
        name = ending.name.removeprefix("SIG")
        watchdog = ["/bin/sh", "-c", WATCHDOG, "watchdog", str(home), name, *command]
        self._process = spawn(watchdog, home, subprocess.PIPE)

    @property
    def pid(self) -> int | None:
        """The server's process id, once it has one."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self._home / "pid").read_text(encoding="ascii"))
        return None

    @property
    def running(self) -> bool:
        """Whether the server is there."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send the server a signal; nothing happens if it has ended."""
        if self.running and (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self, seconds: float = STOP_SECONDS) -> None:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not.
        """
        self._process.wait(seconds)

    def end(self) -> None:
        """End it; its folder stays."""
        self.send(self._ending)
        if self.pid is not None:
            self.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self.wait()


def spawn(command: Sequence[str], home: Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start a program as the servers' owner, in a session of its own; what it says goes to `log` in its folder."""
    user, group = owner() if os.getuid() == 0 else (None, None)
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=home,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            start_new_session=True,  # Ctrl-C at the command is not for the server
        )


def owner() -> tuple[int, int]:
    """Return the user and group that servers run as: this one, unless this one is root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    entry = pwd.getpwnam(UNPRIVILEGED_USER)
    return entry.pw_uid, entry.pw_gid


def hand_over(folder: Path) -> None:
    """Give a folder and all in it to the servers' owner."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *owner(), follow_symlinks=False)


def may_enter(folder: Path) -> bool:
    """Whether the servers' owner may enter the folder and all above it."""
    if os.getuid() != 0:
        return True
    resolved = folder.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (resolved, *resolved.parents))


def open_folder() -> Path:
    """Return a folder for temporary files that the servers' owner may enter.

    Raises:
        NoServer: there is none.
    """
    for folder in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - made unique by the caller
        if folder.is_dir() and may_enter(folder):
            return folder
    raise NoServer("no folder for temporary files that the servers' user may enter; set TMPDIR")


def free_port() -> int:
    """Return a port of 127.0.0.1 that the system says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def last_words(log: Path) -> str:
    """Return the end of what a server has said."""
    return log.read_text(encoding="utf-8", errors="replace").strip()[-LAST_WORDS:] if log.exists() else ""

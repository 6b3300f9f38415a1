"""Child processes of a command: start, wait until one answers, kill, restart; none outlives the command.

A child gets the reading end of a pipe as its standard input and ends itself when that closes. So it goes with its
parent however the parent dies, SIGKILL included, on every system; nothing is ever ended by name.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import aiohttp

from risiti.cli.console import CommandError
from risiti.gateway.setting_sources import ENV_FILE, FILE_SUFFIX, OWN_PREFIXES
from risiti.gateway.settings import Settings

START_SECONDS: Final = 60.0
"""A child that has not answered by then is said to have failed."""
END_SECONDS: Final = 10.0
"""What a child gets between SIGTERM and SIGKILL."""
POLL_SECONDS: Final = 0.05
_TAIL_LINES: Final = 12


class Child:
    """One child process: `python -m risiti.cli ARGUMENTS`, logging to a file.

    Args:
        name: What people call it, for messages.
        arguments: Of the `risiti` command.
        environment: Its settings; none of this process's own reach it.
        log: Where its standard output and error go; appended to, so that a restart keeps what was said before.
        ready: How to tell that it is: an address that answers 200 (`http://...`), or words that it logs by then.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path, *, ready: str
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "risiti.cli", *arguments, "--end-with-parent"]
        self._environment = {**_without_settings(os.environ), ENV_FILE: "", **environment}
        self._log = log
        self._log_begins = 0
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self.running and self._process is not None else None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start the process without waiting for its answer, in a session of its own: Ctrl-C reaches the parent only."""
        with self._log.open("ab") as log:
            self._log_begins = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            CommandError: it ended at once, or did not answer within `START_SECONDS`; its last words are in the message.
        """
        self.launch()
        await self.answers()

    async def answers(self) -> None:
        """Wait until the process is ready.

        Raises:
            CommandError: as `start`.
        """
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            try:
                async with asyncio.timeout(START_SECONDS):
                    while not await self._is_ready(session):
                        if not self.running:
                            raise CommandError(f"{self.name} ended at once. Its last words: {self._last_words()}")
                        await asyncio.sleep(POLL_SECONDS)
            except TimeoutError:
                message = f"{self.name} was not ready within {START_SECONDS:g} s; see {self._log}. {self._last_words()}"
                raise CommandError(message) from None

    def kill(self) -> None:
        """End the process at once (SIGKILL), as a power cut would, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._close_pipe()

    async def end(self) -> None:
        """Ask the process to end (SIGTERM); kill it after `END_SECONDS`."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
        self._close_pipe()

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        if not self._ready.startswith("http"):
            return self._ready in self._said()
        try:
            async with session.get(self._ready) as answer:
                return answer.status == 200  # noqa: PLR2004 - OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def _said(self) -> str:
        """What the process has logged since it was started last."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(self._log_begins)
            return log.read().decode(errors="replace")

    def _last_words(self) -> str:
        return _last_lines(self._said())


def end_with_parent() -> None:
    """Called by a child: end this process (as by SIGTERM, then hard) when the parent's end of standard input closes."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(END_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def free_port() -> int:
    """Return a port of 127.0.0.1 that the system says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _last_lines(text: str) -> str:
    return "\n".join(["", *text.splitlines()[-_TAIL_LINES:]])


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings of the gateway: a child has those that it is given and no other."""
    known = {name.upper() for name in Settings.model_fields}
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(OWN_PREFIXES) and name.removesuffix(FILE_SUFFIX) not in known
    }

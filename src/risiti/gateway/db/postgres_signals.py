"""Signals by LISTEN and NOTIFY, over a connection of their own.

A NOTIFY inside the transaction that it tells of makes all such transactions commit one after another; so it is sent
beside them, at most once in a short while. Only where little is going on (`is_quiet`) a transaction says its own word,
which spares who waits for it a round trip. One that is lost costs a poll's time, nothing else.
"""

import asyncio
import math

import asyncpg
import structlog

from risiti.gateway.db.signals import Channel, Heard
from risiti.gateway.kernel.clock import Clock

_log = structlog.get_logger()

SAID_EVERY = 0.01
"""Seconds between two NOTIFY of a process."""
QUIET_SECONDS = 0.1
"""So long a process says nothing on a channel before one of its transactions may say a word itself. So those that do
are at most ten a second and process: that they commit one after another delays nobody."""
MOST_BYTES = 7_900
"""PostgreSQL takes less than 8,000 for one."""
FIRST_REST = 0.5
LONGEST_REST = 15.0
MOST_UNSAID = 10_000
"""Beyond so many words nobody is named any more: everybody looks."""


class PostgresSignals:
    """Signals over one connection of this process; `run` keeps it open."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._heard: dict[Channel, list[Heard]] = {channel: [] for channel in Channel}
        self._to_say: dict[Channel, dict[str, None]] = {channel: {} for channel in Channel}
        self._something = asyncio.Event()
        self._said_at = dict.fromkeys(Channel, -math.inf)
        self._said_within: set[tuple[Channel, str]] = set()

    def is_quiet(self, channel: Channel) -> bool:
        """Tell whether a transaction may say a word by itself: nothing was said there by this process for a while."""
        return self._clock.monotonic() - self._said_at[channel] >= QUIET_SECONDS

    def was_said(self, channel: Channel, word: str = "") -> None:
        """Note that a transaction has said it."""
        if self.is_quiet(channel):
            self._said_within = {one for one in self._said_within if one[0] is not channel}  # nobody has come for these
        self._said_within.add((channel, word))
        self._said_at[channel] = self._clock.monotonic()

    def say(self, channel: Channel, word: str = "") -> None:
        """Tell all processes soon, this one included; not what a transaction has just said."""
        if (channel, word) in self._said_within:
            self._said_within.remove((channel, word))
            if not self.is_quiet(channel):
                return
        self._said_at[channel] = self._clock.monotonic()
        words = self._to_say[channel]
        if len(words) >= MOST_UNSAID:
            words.clear()
            word = ""
        words[word] = None
        self._something.set()

    def hear(self, channel: Channel, heard: Heard) -> None:
        """Have `heard` called with each word; also with "" when some may have been missed."""
        self._heard[channel].append(heard)

    async def run(self) -> None:
        """Listen and tell until it is cancelled; connect again whenever the connection breaks."""
        rest = FIRST_REST
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await asyncpg.connect(
                    self._url, timeout=5.0, server_settings={"application_name": "risiti"}
                )
                for channel in Channel:
                    await connection.add_listener(channel.value, self._received)
                rest = FIRST_REST
                for channel in Channel:  # while nobody listened, something may have been said
                    self._tell(channel, "")
                await self._say_all(connection)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("signals.interrupted", reason=str(error) or type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            await self._clock.sleep(rest)
            rest = min(2 * rest, LONGEST_REST)

    async def _say_all(self, connection: "asyncpg.Connection") -> None:
        broken = asyncio.Event()

        def broke(_: object) -> None:
            broken.set()
            self._something.set()

        connection.add_termination_listener(broke)
        while not broken.is_set():
            await self._something.wait()
            self._something.clear()
            for channel, words in self._to_say.items():
                while words and not broken.is_set():
                    said = _fitting(words)
                    await connection.execute("SELECT pg_notify($1, $2)", channel.value, " ".join(said), timeout=5.0)
                    for word in said:
                        words.pop(word, None)
            await self._clock.sleep(SAID_EVERY)

    def _received(self, _connection: object, _pid: int, channel: str, said: str) -> None:
        for word in said.split(" "):
            self._tell(Channel(channel), word)

    def _tell(self, channel: Channel, word: str) -> None:
        for heard in self._heard[channel]:
            heard(word)


def _fitting(words: dict[str, None]) -> list[str]:
    fitting, length = [], 0
    for word in words:
        length += len(word) + 1
        if length > MOST_BYTES:
            break
        fitting.append(word)
    return fitting

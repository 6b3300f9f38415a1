"""What processes tell each other through Redis: turns of a rate limit, and hints. Losing it loses nothing.

Every question has a short time limit, and after a few that fail Redis is left alone for a while. What it says is never
the only word on anything: the database has the truth, and each process has its own share of a limit.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.resilience.breaker import Breaker, Phase, Policy
from risiti.gateway.resilience.pacing import Rate

_log = structlog.get_logger()

ANSWER_SECONDS = 0.05
CONNECTIONS = 16
KEPT_SECONDS = 3_600
"""How long Redis remembers a hint."""
_LEFT_ALONE = Policy(failures=3, open_for=5.0, open_most=30.0, probe_lease=5.0)
_PREFIX = "risiti:"

# One round trip; the server's own clock, so that no process's clock matters. Microseconds, because Lua's numbers are
# turned into whole ones on the way back.
_TAKE_A_TURN = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local due = tonumber(redis.call('GET', KEYS[1]) or now)
local ahead = tonumber(ARGV[1]) + tonumber(ARGV[2]) + tonumber(ARGV[3])
if due < now or due > now + ahead + 60000000 then due = now end
local wait = due - tonumber(ARGV[2]) - now
if wait < 0 then wait = 0 end
if wait > tonumber(ARGV[3]) then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', due + tonumber(ARGV[1])), 'PX', 120000)
return wait
"""


class SharedState(Protocol):
    """What can be asked of it."""

    async def take(self, key: str, rate: Rate, most: float) -> float | None:
        """Take a turn; see `pacing.SharedTurns`."""
        ...

    async def hint(self, key: str) -> str | None:
        """Return the last hint about something; None if there is none or nobody answers."""
        ...

    async def give_hint(self, key: str, value: str) -> None:
        """Leave a hint for the other processes."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class RedisState:
    """The real one; `url` as in the settings."""

    def __init__(self, url: str, clock: Clock) -> None:
        from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra; only who needs it pays

        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            decode_responses=True,
        )
        self._pool = pool
        self._redis = Redis(connection_pool=pool)
        self._take = self._redis.register_script(_TAKE_A_TURN)
        self._clock = clock
        self._breaker = Breaker(_LEFT_ALONE, clock)

    @property
    def answers(self) -> bool:
        """Whether the last questions were answered."""
        return self._breaker.standing.phase is Phase.CLOSED

    async def take(self, key: str, rate: Rate, most: float) -> float | None:
        """Take a turn; see `pacing.SharedTurns`."""
        arguments = [round(seconds * 1_000_000) for seconds in (rate.interval, rate.tolerance, most)]
        wait = await self._ask(lambda: self._take(keys=[_PREFIX + "turns:" + key], args=arguments))
        return None if wait is None else int(str(wait)) / 1_000_000

    async def hint(self, key: str) -> str | None:
        """Return the last hint about something; None if there is none or nobody answers."""
        said = await self._ask(lambda: self._redis.get(_PREFIX + "hint:" + key))
        return None if said is None else str(said)

    async def give_hint(self, key: str, value: str) -> None:
        """Leave a hint for the other processes."""
        await self._ask(lambda: self._redis.set(_PREFIX + "hint:" + key, value, ex=KEPT_SECONDS))

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()
        await self._pool.disconnect()

    async def _ask(self, question: Callable[[], Awaitable[object]]) -> object:
        from redis import RedisError  # noqa: PLC0415 - see above

        if not self._breaker.admits():
            return None
        began = self._clock.monotonic()
        try:
            answer = await question()
        except (RedisError, OSError, TimeoutError) as error:
            self._end(began, type(error).__name__)
            return None
        except BaseException:
            self._end(began, "given up")
            raise
        self._end(began, None)
        return answer

    def _end(self, began: float, failure: str | None) -> None:
        answered = self.answers
        self._breaker.ended(self._clock.monotonic() - began, failure)
        if answered != self.answers:
            _log.warning("redis.back" if self.answers else "redis.away", reason=self._breaker.standing.reason)

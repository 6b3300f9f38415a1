"""Rate limits: an exact moving window for each key, kept in this process or, for several processes, in Redis.

Where Redis is away, slow or was emptied, each process counts by itself until it is back: a limit may then let through
its amount once a process, and nobody is turned away because a cache is missing.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import TooMany

MAX_KEYS: Final = 100_000
"""Callers that one process counts at a time; beyond it those who were quiet the longest are forgotten."""
REDIS_SECONDS: Final = 0.25
"""How long Redis may take to connect or to answer before this process counts by itself."""
REDIS_REST_SECONDS: Final = 5.0
"""How long a Redis that failed is left alone."""
REDIS_CONNECTIONS: Final = 32

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in any `seconds` for each key."""

    name: str
    amount: int
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after a request."""

    quota: Quota
    allowed: bool
    remaining: int
    reset: float
    """Seconds until the oldest counted request leaves the window."""

    @property
    def reset_seconds(self) -> int:
        """The same in whole seconds, at least 1: after so long one more request passes."""
        return max(1, math.ceil(self.reset))

    def raise_if_over(self) -> None:
        """Let pass who is within the limit.

        Raises:
            TooMany: the request is over it; says when to come back.
        """
        if not self.allowed:
            raise too_many(self)


def too_many(standing: Standing) -> TooMany:
    """Return the refusal of a request over its limit."""
    quota = standing.quota
    return TooMany(
        f"More than {quota.amount} requests in {quota.seconds} seconds ({quota.name}). "
        f"Send the same again in {standing.reset_seconds} s.",
        code="rate_limited",
        retry_after=standing.reset_seconds,
    )


class Windows(Protocol):
    """Where requests are counted."""

    async def take(self, quota: Quota, key: str) -> Standing:
        """Count one request, unless it is over the limit."""
        ...

    async def look(self, quota: Quota, key: str) -> Standing:
        """Tell whether one more request would pass; count nothing."""
        ...


class MemoryWindows:
    """Counts in this process, for at most `most_keys` keys, in constant time a request.

    The library's own memory storage walks through all keys on each request and has no bound; an attacker with many
    addresses would make it the bottleneck.
    """

    def __init__(self, clock: Clock, most_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._times: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    async def take(self, quota: Quota, key: str) -> Standing:
        """Count one request, unless it is over the limit."""
        times = self._window(quota, key)
        if len(times) >= quota.amount:
            return self._standing(quota, times, allowed=False)
        times.append(self._clock.monotonic())
        return self._standing(quota, times, allowed=True)

    async def look(self, quota: Quota, key: str) -> Standing:
        """Tell whether one more request would pass; count nothing."""
        times = self._window(quota, key)
        return self._standing(quota, times, allowed=len(times) < quota.amount)

    def _window(self, quota: Quota, key: str) -> deque[float]:
        times = self._times.setdefault((quota.name, key), deque())
        self._times.move_to_end((quota.name, key))
        if len(self._times) > self._most_keys:
            self._times.popitem(last=False)
        since = self._clock.monotonic() - quota.seconds
        while times and times[0] <= since:
            times.popleft()
        return times

    def _standing(self, quota: Quota, times: deque[float], *, allowed: bool) -> Standing:
        reset = times[0] + quota.seconds - self._clock.monotonic() if times else 0.0
        return Standing(quota, allowed, quota.amount - len(times), reset)


class RedisWindows:
    """Counts in Redis, exactly, for all processes together; `url` is `redis://HOST:PORT/DB`.

    The windows follow the clocks of the processes, which must agree to a fraction of a window.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._pool = BlockingConnectionPool.from_url(  # a burst waits for a connection instead of failing
            url,
            max_connections=REDIS_CONNECTIONS,
            timeout=REDIS_SECONDS,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        )
        storage = RedisStorage(
            "async+redis://",  # where it is, the pool knows
            implementation="redispy",
            connection_pool=self._pool,  # type: ignore[arg-type]  # documented, but left out of its types
        )
        self._windows = MovingWindowRateLimiter(storage)
        self._clock = clock

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def take(self, quota: Quota, key: str) -> Standing:
        """Count one request, unless it is over the limit.

        Raises:
            RedisError: Redis did not answer.
        """
        return await self._standing(quota, key, allowed=await self._windows.hit(_item(quota), key))

    async def look(self, quota: Quota, key: str) -> Standing:
        """Tell whether one more request would pass; count nothing.

        Raises:
            RedisError: Redis did not answer.
        """
        return await self._standing(quota, key, allowed=await self._windows.test(_item(quota), key))

    async def _standing(self, quota: Quota, key: str, *, allowed: bool) -> Standing:
        stats = await self._windows.get_window_stats(_item(quota), key)
        reset = stats.reset_time - self._clock.now().timestamp()
        return Standing(quota, allowed, max(0, stats.remaining), min(reset, float(quota.seconds)))


class SharedWindows:
    """Counts in Redis, and in this process while Redis does not answer."""

    def __init__(self, shared: Windows, own: Windows, clock: Clock) -> None:
        self._shared = shared
        self._own = own
        self._clock = clock
        self._rests_until = -math.inf

    async def take(self, quota: Quota, key: str) -> Standing:
        """Count one request, unless it is over the limit."""
        return await self._ask(lambda windows: windows.take(quota, key))

    async def look(self, quota: Quota, key: str) -> Standing:
        """Tell whether one more request would pass; count nothing."""
        return await self._ask(lambda windows: windows.look(quota, key))

    async def _ask(self, question: Callable[[Windows], Awaitable[Standing]]) -> Standing:
        if self._clock.monotonic() >= self._rests_until:
            try:
                return await question(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                self._rest(error)
        return await question(self._own)

    def _rest(self, error: Exception) -> None:
        self._rests_until = self._clock.monotonic() + REDIS_REST_SECONDS
        _log.warning("rate_limit.redis_away", reason=type(error).__name__)


def _item(quota: Quota) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(quota.amount, quota.seconds, namespace=f"risiti:{quota.name}")

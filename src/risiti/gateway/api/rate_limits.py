"""Which requests are counted under what, and the middleware that turns away what is over a limit.

Whoever shows a well-formed API key is counted under that key and its company once it is known to be good
(`api/dependencies.py`); everybody else, and whoever shows keys that do not hold, under the address.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.api import problems
from risiti.gateway.resilience.client_address import UNKNOWN, counted_as
from risiti.gateway.resilience.rate_limit import Quota, Standing, Windows, too_many
from risiti.gateway.tenancy.access import Caller

LOGIN_PATHS: Final = frozenset(
    {
        "/api/auth/login",
        "/api/auth/login/second-factor",
        "/api/auth/forgot-password",
        "/api/auth/set-password",
        "/api/auth/verify-email",
    }
)
LOGINS_ANYWHERE: Final = 100
"""Failed logins with one account in LOGINS_ANYWHERE_SECONDS, from all addresses that are new to it: then these wait."""
LOGINS_ANYWHERE_SECONDS: Final = 3_600
LETTERS: Final = 3
"""Links that are sent to one address in LETTERS_SECONDS; it is less than a link holds, so the last one is good."""
LETTERS_SECONDS: Final = 900
_HEALTH: Final = "/health"
_STANDING: Final = "rate_limit"
"""Where a request keeps how its caller stands, for the headers of the answer."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of one process, each a number of requests a minute."""

    address: Quota
    health: Quota
    login: Quota
    login_account: Quota
    """Failed logins with one account from one address."""
    login_account_anywhere: Quota
    """The same from all addresses that the account was never used from."""
    letters: Quota
    """Links that are sent to one e-mail address."""
    refused_keys: Quota
    """Sign-ins with keys that do not hold."""
    key: Quota
    company: Quota


def quotas(*, address: int, health: int, login: int, key: int, company: int) -> Quotas:
    """Return the limits for these numbers of requests a minute."""
    return Quotas(
        address=Quota("address", address),
        health=Quota("health", health),
        login=Quota("login", login),
        login_account=Quota("login_account", login),
        login_account_anywhere=Quota("login_account_anywhere", LOGINS_ANYWHERE, LOGINS_ANYWHERE_SECONDS),
        letters=Quota("letters", LETTERS, LETTERS_SECONDS),
        refused_keys=Quota("refused_keys", address),
        key=Quota("api_key", key),
        company=Quota("company", company),
    )


class Limiter:
    """Counts requests against the quotas."""

    def __init__(self, windows: Windows, limits: Quotas) -> None:
        self._windows = windows
        self.quotas = limits

    async def take(self, scope: Scope, quota: Quota, key: str) -> None:
        """Count one request; the answer's headers say how its caller stands now.

        Raises:
            TooMany: it is over the limit.
        """
        standing = await self.count(quota, key)
        _note(scope, standing)
        standing.raise_if_over()

    async def take_caller(self, scope: Scope, caller: Caller) -> None:
        """Count one request of a caller that has signed in, under its company and under its key.

        Raises:
            TooMany: either is over its limit.
        """
        await self.take(scope, self.quotas.company, caller.company_id)
        own = self.quotas.key if caller.per_minute is None else replace(self.quotas.key, amount=caller.per_minute)
        await self.take(scope, own, caller.who)

    async def look(self, quota: Quota, key: str) -> Standing:
        """Tell whether one more would pass."""
        return await self._windows.look(quota, key)

    async def count(self, quota: Quota, key: str) -> Standing:
        """Count one request, unless it is over the limit."""
        return await self._windows.take(quota, key)


class RateLimits:
    """ASGI middleware: counts by address what comes without a well-formed key, and says in headers what is left."""

    def __init__(self, app: ASGIApp, *, limiter: Limiter | None, has_key: Callable[[Request], bool]) -> None:
        """Take `limiter` (None: nothing is counted), and how to tell that a request shows a well-formed API key."""
        self._app = app
        self._limiter = limiter
        self._has_key = has_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or self._limiter is None:
            await self._app(scope, receive, send)
            return
        limiter, address = self._limiter, address_of(scope)
        has_key = self._has_key(Request(scope))
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _say(scope, MutableHeaders(scope=message))
            await send(message)

        standing = await self._standing(limiter, scope["path"], address, has_key=has_key)
        if not (has_key and standing.allowed):  # a good key has limits of its own to speak of
            _note(scope, standing)
        app = self._app if standing.allowed else problems.answer(too_many(standing), scope)
        if not standing.allowed:
            _log.info("rate_limit.refused", quota=standing.quota.name)
        await app(scope, receive, noted)
        if has_key and status == HTTPStatus.UNAUTHORIZED:
            await limiter.count(limiter.quotas.refused_keys, address)

    @staticmethod
    async def _standing(limiter: Limiter, path: str, address: str, *, has_key: bool) -> Standing:
        limits = limiter.quotas
        if path == _HEALTH or path.startswith(f"{_HEALTH}/"):
            return await limiter.count(limits.health, address)
        if path in LOGIN_PATHS:
            return await limiter.count(limits.login, address)
        if has_key:
            return await limiter.look(limits.refused_keys, address)
        return await limiter.count(limits.address, address)


def address_of(scope: Scope) -> str:
    """Return what the caller of a request is counted under when nothing else is known of it."""
    client = scope.get("client")
    return counted_as(client[0]) if client else UNKNOWN


def _note(scope: Scope, standing: Standing) -> None:
    """Keep the standing that is closest to its limit."""
    state = scope.setdefault("state", {})
    known: Standing | None = state.get(_STANDING)
    if known is None or standing.remaining < known.remaining or not standing.allowed:
        state[_STANDING] = standing


def _say(scope: Scope, headers: MutableHeaders) -> None:
    standing: Standing | None = scope["state"].get(_STANDING)
    if standing is None:
        return
    quota, reset = standing.quota, standing.reset_seconds
    headers["RateLimit-Limit"] = str(quota.amount)
    headers["RateLimit-Remaining"] = str(standing.remaining)
    headers["RateLimit-Reset"] = str(reset)
    headers["RateLimit"] = f'"{quota.name}";r={standing.remaining};t={reset}'
    headers["RateLimit-Policy"] = f'"{quota.name}";q={quota.amount};w={quota.seconds}'

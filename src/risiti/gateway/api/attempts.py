"""Who signs in with a password: failed tries are few from one address, and not many from places new to the account."""

from functools import partial

import structlog
from fastapi import Request

from risiti.gateway.api import presented
from risiti.gateway.api.rate_limits import Limiter, address_of
from risiti.gateway.kernel.errors import Unauthenticated
from risiti.gateway.resilience.rate_limit import Quota, too_many
from risiti.gateway.runtime import Runtime
from risiti.gateway.tenancy import sign_ins, tokens, users
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.tenancy.sign_ins import Origin
from risiti.gateway.tenancy.user_tables import User

_log = structlog.get_logger(__name__)


class Attempts:
    """Counts the failures with one account.

    Who signed in before from this address, or in this browser, is never turned away because others guess elsewhere.
    """

    def __init__(self, limiter: Limiter | None, account: str, address: str) -> None:
        self._limiter = limiter
        self._account = tokens.digest(account).hex()
        self._address = address

    async def raise_if_over(self, *, is_known: bool) -> None:
        """Let pass who has tries left.

        Raises:
            TooMany: none are left; says when to come back.
        """
        for quota, key in self._counted(is_known=is_known):
            standing = await self._limiter.look(quota, key) if self._limiter else None
            if standing is not None and not standing.allowed:
                raise too_many(standing)

    async def count_failure(self, *, is_known: bool) -> None:
        """Count one."""
        for quota, key in self._counted(is_known=is_known):
            if self._limiter is not None:
                await self._limiter.count(quota, key)

    def _counted(self, *, is_known: bool) -> list[tuple[Quota, str]]:
        if self._limiter is None:
            return []
        quotas = self._limiter.quotas
        own = (quotas.login_account, f"{self._account}@{self._address}")
        return [own] if is_known else [own, (quotas.login_account_anywhere, self._account)]


async def checked(
    runtime: Runtime, hashing: Hashing, limiter: Limiter | None, *, email: str, password: str, origin: Origin
) -> User:
    """Return the person whose address and password these are.

    Raises:
        Unauthenticated: they are not, or the person is disabled. One answer, for which the same is computed.
        TooMany: there were too many failures.
    """
    attempts = Attempts(limiter, users.canonical(email), origin.address)
    now = runtime.clock.now()
    user, is_known = await runtime.database.read(partial(sign_ins.known_at, email=email, origin=origin, now=now))
    await attempts.raise_if_over(is_known=is_known)
    is_right = await hashing.verify(None if user is None else user.password_hash, password)
    if user is None or not is_right or user.disabled_at is not None:
        await attempts.count_failure(is_known=is_known)
        _log.info("sign_in.refused")
        raise Unauthenticated("E-mail address or password are not right.", code="wrong_credentials")
    return user


def origin_of(request: Request) -> Origin:
    """Return from where a request comes, as it is kept with a sign-in."""
    return Origin(address_of(request.scope), request.headers.get("user-agent", ""), presented.browser_token(request))

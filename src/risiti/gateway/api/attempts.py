"""Failed logins with one account: few from one address, and not many from addresses that are new to it."""

from fastapi import Request

from risiti.gateway.api.rate_limits import Limiter, address_of
from risiti.gateway.resilience.rate_limit import Quota, too_many
from risiti.gateway.tenancy import tokens
from risiti.gateway.tenancy.sign_ins import Origin


class Attempts:
    """Counts the failures with one account.

    Who signed in from an address before is never turned away there because others guess elsewhere.
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


def origin_of(request: Request) -> Origin:
    """Return from where a request comes, as it is kept with a sign-in."""
    return Origin(address_of(request.scope), request.headers.get("user-agent", ""))

"""Who asks, for which company, and what they may do; the only permission check."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from risiti.gateway.kernel.errors import Forbidden, NotFound, Unauthenticated
from risiti.gateway.kernel.ids import ApiKeyId, CompanyId, FirmId, UserId
from risiti.gateway.kernel.secrets import Secret, same
from risiti.gateway.tenancy.environment import Environment


class Scope(StrEnum):
    """What an API key may do. None of them includes another, except that `admin` includes all."""

    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    GOODS_READ = "goods:read"
    GOODS_WRITE = "goods:write"
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    ADMIN = "admin"
    """All of these, and the company's API keys."""


class Role(StrEnum):
    """What a person may do in a company."""

    OWNER = "owner"
    """Everything, and decides who else may."""
    ADMIN = "admin"
    OPERATOR = "operator"
    """Hands documents in and decides about them."""
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        """How much the role may: more than every role of a lower rank."""
        return _RANKS.index(self)


_RANKS: Final = (Role.VIEWER, Role.OPERATOR, Role.ADMIN, Role.OWNER)


class FirmRole(StrEnum):
    """What a person may do in a firm."""

    OWNER = "owner"
    """Says who works in it, and may give companies back."""
    MEMBER = "member"


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return what a person in this role may do."""
    if role in (Role.OWNER, Role.ADMIN):
        return frozenset({Scope.ADMIN})
    reading = frozenset(scope for scope in Scope if scope.value.endswith(":read"))
    return reading if role is Role.VIEWER else reading | {Scope.INVOICES_WRITE}


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that presented a valid API key, or a person who signed in and works in the company."""

    company_id: CompanyId
    environment: Environment
    scopes: frozenset[Scope]
    api_key_id: ApiKeyId | None = None
    user_id: UserId | None = None
    last_used_at: datetime | None = None
    """When the key was used before; exact to a minute."""
    device_id: str | None = None
    """The one device through which the key may send; None: all of the company."""
    addresses: tuple[str, ...] = ()
    """The networks from which the key may be used; none: from everywhere."""
    role: Role | None = None
    """What a person is here; None: a program."""
    via_firm: FirmId | None = None
    """The firm by which a person may this; None: they are a member of the company, or a program."""
    per_minute: int | None = None
    """The key's own limit of requests a minute; None: the setting."""

    @property
    def who(self) -> str:
        """The id of the key or of the person."""
        return self.api_key_id or self.user_id or self.company_id

    def may(self, scope: Scope) -> bool:
        """Tell whether the key has a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        """Let pass who has the scope.

        Raises:
            Forbidden: the key, or the role, lacks it.
        """
        if not self.may(scope):
            if self.user_id is not None:
                raise Forbidden(f"Your role here does not include {scope}; ask an owner.", code="role_too_low")
            raise Forbidden(f"This API key has not the scope {scope}; issue one that has.", code="scope_missing")

    def require_owner(self) -> None:
        """Let pass an owner who has signed in.

        Raises:
            Forbidden: it is an API key, or another role.
        """
        if self.role is not Role.OWNER:
            raise Forbidden(
                "Only an owner of the company may do this, signed in and with no API key.", code="owner_only"
            )

    def require_manager(self) -> None:
        """Let pass an owner or admin who has signed in and is a member of the company.

        Raises:
            Forbidden: it is an API key, another role, or somebody of a firm: who works here is not theirs to say.
        """
        if self.via_firm is not None or self.role not in (Role.OWNER, Role.ADMIN):
            raise Forbidden(
                "Only an owner or admin who is a member of the company may do this, signed in and with no API key.",
                code="manager_only",
            )

    def require_address(self, address: str | None) -> None:
        """Let pass who asks from where the key may be used.

        Raises:
            Forbidden: it comes from elsewhere.
        """
        if self.addresses and not is_among(address, self.addresses):
            raise Forbidden(
                "This API key may not be used from this address; add it to the key's addresses, or issue another key.",
                code="address_not_allowed",
            )

    def for_company(self, company_id: str) -> CompanyId:
        """Return the company of the request, if it is the caller's own.

        Raises:
            NotFound: it is another's, or does not exist: the caller cannot tell the two apart.
        """
        if company_id != self.company_id:
            raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
        return self.company_id


def is_among(address: str | None, networks: Iterable[str]) -> bool:
    """Tell whether an address lies in one of these networks; one that cannot be read lies in none."""
    try:
        given = ip_address(address or "")
    except ValueError:
        return False
    mapped = given.ipv4_mapped if isinstance(given, IPv6Address) else None
    return any((mapped or given) in ip_network(network) for network in networks)


def require_operator(presented: str | None, token: Secret | None) -> None:
    """Let pass who presents the operator's token.

    Raises:
        NotFound: no operator's token is set, so these routes do not exist.
        Unauthenticated: another token, or none.
    """
    if token is None:
        raise NotFound("There is nothing at this address.")
    if presented is None or not same(presented, token.reveal()):
        raise Unauthenticated("This needs the operator's token: Authorization: Bearer TOKEN.")

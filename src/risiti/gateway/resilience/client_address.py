"""Who is asking, as an address to count by: proxies are believed only where the operator named them.

`X-Forwarded-For` is read from its right end, the one our own proxy wrote, and only as far as the hops are trusted
ones. So a caller can write into it what it likes and gains nothing. IPv6 callers count by their /64: one customer of
a provider has at least that many addresses to draw from.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_HOPS: Final = 16
"""So many entries of X-Forwarded-For are looked at, from the right."""
IPV6_PREFIX: Final = 64
UNKNOWN: Final = "unknown"
"""All callers without a readable address count as one."""

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address


class ClientAddresses:
    """ASGI middleware: replaces the peer in `scope["client"]` by the caller behind the trusted proxies."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        peer = scope.get("client") if scope["type"] == "http" else None
        if self._trusted and peer is not None:
            headers = Headers(scope=scope)
            caller = behind_proxies(peer[0], headers.getlist("x-forwarded-for"), self._trusted)
            if caller != peer[0]:
                scope = {**scope, "client": (caller, 0)}
        await self._app(scope, receive, send)


def behind_proxies(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the first address from the right that is no trusted proxy; what cannot be read ends the search."""
    address = _read(peer)
    if address is None or not _is_in(address, trusted):
        return peer
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    for hop in reversed(hops[-MAX_HOPS:]):
        before = _read(hop)
        if before is None:
            break
        address = before
        if not _is_in(address, trusted):
            break
    return str(address)


def counted_as(address: str) -> str:
    """Return what a caller's requests are counted under: its IPv4 address, or the /64 of its IPv6 address."""
    read = _read(address)
    if read is None:
        return UNKNOWN
    if isinstance(read, IPv4Address):
        return str(read)
    return str(ip_network((read, IPV6_PREFIX), strict=False))


def _read(text: str) -> _Address | None:
    bare = text.strip('"')
    if bare.startswith("["):  # [2001:db8::1]:4711
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:  # 192.0.2.1:4711
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: _Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)

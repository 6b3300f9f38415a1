"""Outgoing requests to addresses that a user gave: only to public hosts, whatever the name resolves to, and bounded.

The address is checked where it counts: after DNS, in the moment of connecting. A name that resolves to a private
address now, or to another one the second time, gets no connection. Redirects are not followed, no proxy is asked, and
no more of an answer is read than its limit.
"""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL: Final = 2_048
PORTS: Final = frozenset({443, 8443})
MAX_ANSWER_BYTES: Final = 65_536
CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
_HTTPS: Final = 443
_HTTP: Final = 80
_CARRY_IPV4: Final = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of one's own
    ipaddress.IPv6Network("2002::/16"),  # 6to4
    ipaddress.IPv6Network("2001::/32"),  # Teredo
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, and loopback and unspecified
    ipaddress.IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated
)
"""IPv6 addresses behind which an IPv4 address stands: refused, whichever it is."""


class Refused(Exception):
    """The address may not be asked. The text says why, and never what the name resolved to."""


class Failed(Exception):
    """The other side could not be reached, took too long, or answered too much."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, bounded."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """Where requests may go, and how long they may take.

    Attributes:
        ports: Ports that may be asked.
        allowed: Networks that may be asked although they are not public: the operator's own decision.
        denied: Networks that may not be asked although they are public.
        plain_http: Whether `http://` may be asked, for tests and for networks of one's own.
    """

    ports: frozenset[int] = PORTS
    allowed: tuple[Network, ...] = ()
    denied: tuple[Network, ...] = ()
    plain_http: bool = False
    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = TOTAL_SECONDS
    max_answer_bytes: int = MAX_ANSWER_BYTES

    def may_reach(self, address: Address) -> bool:
        """Tell whether a connection may be opened to an address."""
        if any(address in network for network in self.denied):
            return False
        if any(address in network for network in self.allowed):
            return True
        if isinstance(address, ipaddress.IPv6Address) and (
            address.scope_id is not None or any(address in network for network in _CARRY_IPV4)
        ):
            return False
        return address.is_global and not address.is_multicast and not address.is_reserved


def checked(url: str, policy: Policy) -> SplitResult:
    """Return the parts of an address that may be asked, as far as that shows without DNS.

    Raises:
        Refused: it may not.
    """
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Refused(f"an address has at most {MAX_URL} printable ASCII characters, and no blanks or backslashes")
    parts = _parts(url)
    if parts.scheme not in ({"https", "http"} if policy.plain_http else {"https"}):
        raise Refused("the address must begin with https://")
    if "@" in parts.netloc or "#" in url:
        raise Refused("the address must not carry a user, a password or a fragment")
    if not parts.hostname:
        raise Refused("the address names no host")
    port = (_HTTPS if parts.scheme == "https" else _HTTP) if parts.port is None else parts.port
    if port not in policy.ports:
        raise Refused(f"the port must be one of: {', '.join(str(one) for one in sorted(policy.ports))}")
    _check_host(parts.hostname, policy)
    return parts


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Refused("this is no address") from None
    return parts


def _check_host(host: str, policy: Policy) -> None:
    literal = _literal(host)
    if literal is None and _looks_like_a_number(host):
        raise Refused("the host is an IP address in an odd spelling")
    if literal is not None and not policy.may_reach(literal):
        raise Refused("the host is no public address")


class GuardedResolver(AbstractResolver):
    """Resolves names for the connector, and lets none through of which any address may not be reached."""

    def __init__(self, policy: Policy, inner: AbstractResolver | None = None) -> None:
        self._policy = policy
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return where a host is.

        Raises:
            OSError: one of its addresses may not be reached.
        """
        found = await self._inner.resolve(host, port, family)
        if not found or not all(self._may_reach(one["host"]) for one in found):
            raise OSError(None, "the host is at no public address")
        return found

    def _may_reach(self, host: str) -> bool:
        address = _literal(host)
        return address is not None and self._policy.may_reach(address)

    async def close(self) -> None:
        """Give back what it holds."""
        await self._inner.close()


class Egress:
    """Sends requests to addresses that users gave. Use as an async context manager."""

    def __init__(self, policy: Policy | None = None, resolver: AbstractResolver | None = None) -> None:
        """Take the policy, and in tests another way to resolve names."""
        self._policy = policy or Policy()
        self._connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._policy, resolver),
            use_dns_cache=False,  # looked up, and looked at, for each connection
            force_close=True,  # a connection that is kept could be another name's
        )
        timeout = aiohttp.ClientTimeout(total=self._policy.total_seconds, connect=self._policy.connect_seconds)
        self._http = aiohttp.ClientSession(
            connector=self._connector, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body; a redirect is an answer like any other.

        Raises:
            Refused: the address may not be asked.
            Failed: no answer, too late, or too much of it.
        """
        checked(url, self._policy)
        most = self._policy.max_answer_bytes
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                read = await answer.content.read(most + 1)
                while len(read) <= most and (more := await answer.content.read(most + 1 - len(read))):
                    read += more
                if len(read) > most:
                    raise Failed(f"the answer has more than {most} bytes")
                return Answer(answer.status, read)
        except aiohttp.ClientConnectorDNSError:
            raise Refused("the host has no address, or one that is not public") from None
        except TimeoutError:
            raise Failed(f"no answer within {self._policy.total_seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Failed(f"the host cannot be asked ({type(error).__name__})") from None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _looks_like_a_number(host: str) -> bool:
    """Tell whether some resolvers would read a host as an IPv4 address: `127.1`, `0x7f000001`, `017700000001`."""
    last = host.rstrip(".").rsplit(".", 1)[-1].lower()
    return last.isdigit() or (last.startswith("0x") and all(letter in "0123456789abcdef" for letter in last[2:]))

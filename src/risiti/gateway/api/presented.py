"""The token that a request shows: in its Authorization header, or in a browser's cookie.

A browser sends its cookie with every request, whoever's page has caused it. So a request that changes something and
shows a cookie must come from our own pages: the browser itself says so in `Sec-Fetch-Site`, or in `Origin`.
"""

from typing import Final
from urllib.parse import urlsplit

import structlog
from fastapi import Request, Response

from risiti.gateway.kernel.errors import Forbidden
from risiti.gateway.tenancy import tokens
from risiti.gateway.tenancy.sign_ins import KNOWN_FOR, InBrowser

COOKIE: Final = "__Host-risiti"
"""The prefix has browsers insist on Secure, on Path=/ and on no Domain: no other host can set or get it."""
BROWSER_COOKIE: Final = "__Host-risiti-browser"
"""By which a browser is known again when it signs in the next time; it signs nobody in."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_log = structlog.get_logger(__name__)


def bearer_token(request: Request) -> str | None:
    """Return what follows `Bearer` in the one Authorization header; None if there is none, or more than one."""
    given = request.headers.getlist("authorization")
    if len(given) != 1:
        return None
    scheme, _, token = given[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def shown(request: Request) -> str:
    """Return the token of a request, wherever it is, or nothing; whether it may be used there is not looked at."""
    if request.headers.getlist("authorization"):
        return bearer_token(request) or ""
    token = request.cookies.get(COOKIE, "")
    return token if tokens.is_of(tokens.COOKIE, token) else ""


def token_of(request: Request) -> str:
    """Return the token of a request, or nothing. The token of a cookie is none in a header, and the reverse.

    Raises:
        Forbidden: it comes in a cookie, and another site's page may have caused this request.
    """
    token = shown(request)
    in_cookie = not request.headers.getlist("authorization")
    if tokens.is_of(tokens.COOKIE, token) is not in_cookie:
        return ""
    if in_cookie:
        require_own_page(request)
    return token


def require_own_page(request: Request) -> None:
    """Let pass what our own pages caused, and what changes nothing.

    Raises:
        Forbidden: another site's page may have caused it.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is None:
        origin = request.headers.get("origin", "")
        is_own = bool(origin) and urlsplit(origin).netloc == request.headers.get("host")
    else:
        is_own = site == "same-origin"
    if not is_own:
        _log.warning("request.cross_site", site=site)
        message = "A request with a cookie must come from a page of this host; programs send a token in a header."
        raise Forbidden(message, code="cross_site")


def browser_token(request: Request) -> str:
    """Return the token by which a browser is known again, or nothing."""
    return request.cookies.get(BROWSER_COOKIE, "")


def set_cookies(response: Response, signed_in: InBrowser) -> None:
    """Have the browser keep its tokens; no script can read them, no other site's page can use them."""
    response.set_cookie(COOKIE, signed_in.token.reveal(), path="/", secure=True, httponly=True, samesite="lax")
    response.set_cookie(
        BROWSER_COOKIE,
        signed_in.browser.reveal(),
        max_age=int(KNOWN_FOR.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )


def clear_cookie(response: Response) -> None:
    """Have the browser forget that it is signed in; it is still known."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")

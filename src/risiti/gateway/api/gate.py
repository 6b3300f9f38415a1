"""ASGI middleware: refuses what a request's head alone shows to be wrong; a defect of ours becomes a problem answer."""

import re
from typing import Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.api import problems
from risiti.gateway.api.request_metrics import ROUTE
from risiti.gateway.kernel.errors import BadRequest, FieldError, GatewayError

MAX_TARGET_BYTES: Final = 8_192
"""Length of path and query together."""
MAX_HEADERS: Final = 64
MAX_HEADER_BYTES: Final = 16_384
"""Length of all header names and values together."""

_API: Final = "/api/"
"""Below it HEAD is not taken for GET: a look at a receipt would make the next one a copy."""
_API_KEY = re.compile(rb"rst(?:_|%5f)(?:live|test)(?:_|%5f)", re.IGNORECASE)

_log = structlog.get_logger(__name__)


class Gate:
    """Stands before the routes; what passes has a head of bounded size, and no key in its address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _fault_of_the_head(scope)
        if scope["method"] == "HEAD" and not scope["path"].startswith(_API):
            scope = {**scope, "method": "GET"}  # the server knows that it was HEAD, and leaves the body out
        app = self._app if refusal is None else problems.answer(refusal, scope)
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await app(scope, receive, noted)
        except ClientDisconnect:
            _log.info("request.abandoned")
        except Exception:
            _log.exception("request.failed")
            if started:
                raise  # the server cuts the connection: half an answer must not look like a whole one
            await problems.answer(problems.internal(scope), scope)(scope, receive, noted)
        finally:
            scope.setdefault("state", {})[ROUTE] = getattr(scope.get("route"), "path", None)


def _fault_of_the_head(scope: Scope) -> GatewayError | None:
    path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    if len(path) + len(query) > MAX_TARGET_BYTES:
        return problems.UriTooLong(f"Path and query are longer than {MAX_TARGET_BYTES} bytes together.")
    if len(scope["headers"]) > MAX_HEADERS:
        return problems.HeadersTooLarge(f"There are more than {MAX_HEADERS} headers.")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        return problems.HeadersTooLarge(f"The headers are longer than {MAX_HEADER_BYTES} bytes together.")
    if _API_KEY.search(query) or _API_KEY.search(path):
        _log.warning("api_key.leaked", place="address")
        fix = "Revoke this key: addresses are kept in logs. Send the new one as Authorization: Bearer rst_..."
        fault = FieldError("?", "key_in_address", "There is an API key in the address.", fix)
        return BadRequest("An API key does not belong into an address.", code=fault.code, errors=[fault])
    return None

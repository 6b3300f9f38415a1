"""worth_of(): which requests can come later when the service has more to do than it can."""

from collections.abc import Callable, Iterable
from typing import Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import Scope

from risiti.gateway.api.paging import Page
from risiti.gateway.resilience.load_shedding import Worth

_API: Final = "/api/"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MUCH_AT_ONCE: Final = ("/imports", "/export")
"""How the paths end that read or write many documents in one request."""


def worth_of(routes: Iterable[BaseRoute]) -> Callable[[Scope], Worth]:
    """Return what says so of a request: lists and what handles much at once first, then all that changes something."""
    lists = [route.path_regex for route in routes if isinstance(route, APIRoute) and _is_list(route)]

    def worth(scope: Scope) -> Worth:
        path = str(scope["path"])
        if not path.startswith(_API):
            return Worth.ALWAYS
        if path.endswith(_MUCH_AT_ONCE):
            return Worth.LATER
        if scope["method"] not in _READING:
            return Worth.NEW
        return Worth.LATER if any(pattern.match(path) for pattern in lists) else Worth.ALWAYS

    return worth


def _is_list(route: APIRoute) -> bool:
    model = route.response_model
    return "GET" in (route.methods or ()) and isinstance(model, type) and issubclass(model, Page)

"""Puts problems into the order of the document that they are about: the same document always gives the same list."""

from collections.abc import Iterable, Sequence

from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue, shown
from risiti.gateway.kernel.errors import FieldError

_LAST = 1_000_000


def in_document_order(problems: Iterable[FieldError], document: JsonObject) -> list[FieldError]:
    """Sort by place: fields as they stand, missing ones after what is there, a whole before its parts."""
    positions: dict[int, dict[str, tuple[int, JsonValue]]] = {}

    def key(problem: FieldError) -> tuple[tuple[int, str], ...]:
        return tuple(_steps(problem.path, document, positions))

    return sorted(problems, key=key)


def _steps(
    path: str, document: JsonObject, positions: dict[int, dict[str, tuple[int, JsonValue]]]
) -> Sequence[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    value: JsonValue = document
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            if id(value) not in positions:
                members = enumerate(value.items())
                positions[id(value)] = {shown(member): (at, inner) for at, (member, inner) in members}
            at, value = positions[id(value)].get(name, (_LAST, None))
        elif isinstance(value, list) and name.isdecimal():
            at = int(name)
            value = value[at] if at < len(value) else None
        else:
            at, value = _LAST, None
        found.append((at, "" if at < _LAST else name))
    return found

"""Carries out repairs on a document as it was read: JSON Patch (RFC 6902), the four operations that repairs use."""

import copy
from collections.abc import Sequence

from risiti.gateway.fiscal.faults import Place
from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue
from risiti.gateway.kernel.errors import Patch, PatchOp


def exact(place: Place) -> str:
    """Return the JSON pointer of a place, with every key in full."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in place)


def apply(document: JsonObject, patches: Sequence[Patch]) -> JsonObject:
    """Return the document with patches carried out, the last first: places of rows stay right when one is removed.

    A patch that does not fit any more (what it speaks of has gone with another) is passed over.
    """
    changed = copy.deepcopy(document)
    for patch in reversed(patches):
        _apply(changed, patch)
    return changed


def _apply(document: JsonObject, patch: Patch) -> None:
    holder, key = _find(document, patch.path)
    if patch.op is PatchOp.MOVE:
        source, name = _find(document, patch.source)
        if isinstance(source, dict) and isinstance(holder, dict) and name in source and key not in holder:
            _rename(source, str(name), holder, str(key))
    elif isinstance(holder, dict) and isinstance(key, str):
        if patch.op is PatchOp.REMOVE:
            holder.pop(key, None)
        else:
            holder[key] = patch.value
    elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        if patch.op is PatchOp.REMOVE:
            del holder[key]
        elif patch.op is PatchOp.REPLACE:
            holder[key] = patch.value


def _rename(source: dict[str, JsonValue], name: str, holder: dict[str, JsonValue], key: str) -> None:
    """Move a member; within one object it keeps its position, so that the document keeps its order."""
    if source is not holder:
        holder[key] = source.pop(name)
        return
    members = list(source.items())
    source.clear()
    source.update((key if old == name else old, value) for old, value in members)


def _find(document: JsonObject, path: str) -> tuple[JsonValue, str | int]:
    """Return what holds the value at a pointer, and its key or position there."""
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
    holder: JsonValue = document
    for step in steps:
        if isinstance(holder, dict):
            holder = holder.get(step)
        elif isinstance(holder, list) and step.isdecimal() and int(step) < len(holder):
            holder = holder[int(step)]
        else:
            return None, last
    return holder, int(last) if isinstance(holder, list) and last.isdecimal() else last


def at(document: JsonObject, path: str) -> JsonValue:
    """Return the value at a pointer; None where there is none."""
    if not path:
        return document
    holder, key = _find(document, path)
    if isinstance(holder, dict) and isinstance(key, str):
        return holder.get(key)
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return holder[key]
    return None

"""Lines that name one of the company's own items: the rest of the line is taken from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue, shown
from risiti.gateway.kernel.errors import FieldError

RETIRED: Final = "retired"
"""Marks an item that no new document may name."""
_ROWS: Final = ("lines", "charges")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document with its items filled in."""

    document: JsonObject
    filled: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Path of a line -> the fields that its item gave it."""
    faults: tuple[FieldError, ...] = ()

    def own(self, fault: FieldError) -> FieldError:
        """Return a fault of a field that an item gave as one of the line's `item`: the caller wrote nothing else."""
        steps = fault.path.split("/")
        line, name = "/".join(steps[:3]), steps[3] if len(steps) > 3 else ""  # noqa: PLR2004 - list, row, field
        if name not in self.filled.get(line, frozenset()):
            return fault
        message = f"In the item's {name}: {fault.message}"
        return replace(fault, path=f"{line}/item", message=message, fix=fault.fix or "Correct the item.", repair=())


def note(invoice: NewInvoice, filled: Mapping[str, frozenset[str]]) -> None:
    """Note in a document which of its fields its items gave."""
    for path, names in filled.items():
        _, name, index = path.split("/")
        (invoice.lines if name == "lines" else invoice.charges)[int(index)].tell(names)


def resolve(document: JsonObject, items: Mapping[str, JsonObject]) -> Resolved:
    """Fill the lines that name an item in; what a line says itself counts.

    Args:
        document: What the caller sent; it is not changed.
        items: The company's items that it names, as the fields of a line.
    """
    filled: dict[str, frozenset[str]] = {}
    faults: list[FieldError] = []
    changed = dict(document)
    for name in _ROWS:
        rows = document.get(name)
        if isinstance(rows, list) and any(isinstance(row, dict) and "item" in row for row in rows):
            changed[name] = [_row(row, f"/{name}/{index}", items, filled, faults) for index, row in enumerate(rows)]
    return Resolved(changed, filled, tuple(faults)) if filled or faults else Resolved(document)


def _row(
    row: JsonValue,
    path: str,
    items: Mapping[str, JsonObject],
    filled: dict[str, frozenset[str]],
    faults: list[FieldError],
) -> JsonValue:
    code = row.get("item") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(code, str):
        return row
    item = items.get(code)
    if item is not None and item.get(RETIRED):
        message = f'The item "{shown(code)}" has been retired.'
        faults.append(
            FieldError(f"{path}/item", "item_retired", message, "Use another item, or take it back into use.")
        )
    if item is None:
        message = f'There is no item "{shown(code)}".'
        faults.append(FieldError(f"{path}/item", "item_unknown", message, "Register it, or write the line out."))
        return row
    said = {name: value for name, value in row.items() if value is not None}
    given = {name: value for name, value in item.items() if name not in said and name != RETIRED}
    filled[path] = frozenset(given)
    return {**said, **given}

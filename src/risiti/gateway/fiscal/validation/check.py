"""The checker: reads a document, and lists everything that is wrong with it in one go, in the order of the document.

It is given what to hold a readable document to (`Rules`), so that the words and sums of documents stay where they are.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from risiti.gateway.fiscal import parties, parts
from risiti.gateway.fiscal.faults import Finding, findings_of
from risiti.gateway.fiscal.payloads import ITEM_FIELDS, NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.terms import ANYBODY, Terms
from risiti.gateway.fiscal.validation import lists, named_items, repairs
from risiti.gateway.fiscal.validation.codes import authority_code
from risiti.gateway.fiscal.validation.known import NOTHING, Known
from risiti.gateway.fiscal.validation.named_items import Resolved
from risiti.gateway.fiscal.validation.order import in_document_order
from risiti.gateway.fiscal.validation.patches import at
from risiti.gateway.fiscal.validation.readable import readable_part
from risiti.gateway.fiscal.validation.straight import Straight, straighten
from risiti.gateway.kernel.errors import FieldError, Patch, PatchOp

MAX_REPAIRED: Final = 2_000
"""Problems of one document for which a repair is looked for."""

_FROM_REGISTRATION: Final = ("name", "category", "unit")
"""Fields of a line that the registration of its item tells."""
_TYPES: Final = frozenset({"string_type", "int_type"})
"""Findings whose fix says how to write the value, with or without quotes."""
_A_NUMBER: Final = frozenset("0123456789.-")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a document that can be read is held to."""

    contradictions: Callable[[NewInvoice], list[FieldError]]
    """Fields that do not go together."""
    sums: Callable[[NewInvoice], list[FieldError]]
    """What does not add up."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a document is checked by, besides itself."""

    now: datetime
    """Bounds its date, and is its date where it gives none."""
    known: Known = NOTHING
    unread: tuple[FieldError, ...] = ()
    """What could not be read of it at all."""
    terms: Terms | None = ANYBODY
    """On which the document is added up; None if the company is not known yet, and what depends on it is left out."""
    ours: Callable[[NewInvoice], list[FieldError]] | None = None
    """What this company may not issue."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a document."""

    problems: tuple[FieldError, ...]
    """In the order of the document; none: it is good."""
    advice: tuple[FieldError, ...] = ()
    """What is worth a look although the document is good."""
    invoice: NewInvoice | None = None
    """The document, if it can be read."""

    @property
    def is_readable_otherwise(self) -> bool:
        """Tell whether nothing is wrong but what lists and items say, which change: it may have been good before."""
        return self.invoice is not None and all(lists.is_of_lists(fault) for fault in self.problems)

    resolved: Resolved = field(default_factory=lambda: Resolved({}))


def check(document: JsonObject, basis: Basis, rules: Rules) -> Report:
    """List everything that is wrong with a document; nothing of it is changed."""
    resolved = named_items.resolve(document, basis.known.items)
    wanted = {name: value for name, value in resolved.document.items() if name != "issued_at" or value is not None}
    read: NewInvoice | None = None
    try:
        read = NewInvoice.model_validate(wanted, context={"now": basis.now})
        named_items.note(read, resolved.filled)
        found = _with_lists(_of_readable(read, basis, rules), wanted, basis)
    except ValidationError as error:
        found = _of_straightened(straighten(wanted, error, basis.now), basis, rules)
    nameless = {fault.path.rpartition("/")[0] for fault in resolved.faults}
    found = [fault for fault in found if not _is_told_by_item(fault, nameless)]
    return _report([*resolved.faults, *found], document, basis, resolved, read)


def _is_told_by_item(fault: FieldError, lines: Collection[str]) -> bool:
    """Tell whether a missing field would have come from an item that is not there: that says it all."""
    line, _, name = fault.path.rpartition("/")
    return fault.code == "missing" and line in lines and name in ITEM_FIELDS


def _of_straightened(straight: Straight, basis: Basis, rules: Rules) -> list[FieldError]:
    """List what is wrong with a document that cannot be read as it is."""
    try:
        read = NewInvoice.model_validate(straight.document, context={"now": basis.now})
    except ValidationError as error:
        found = _of_unreadable(error, straight.document, basis, rules)
    else:
        found = _of_readable(read, basis, rules)
    coded = (_coded(fault, straight.document) for fault in _with_lists(found, straight.document, basis))
    own = (straight.own(fault) for fault in coded)
    return [*straight.found, *(fault for fault in own if fault is not None)]


def _coded(fault: FieldError, document: JsonObject) -> FieldError:
    """Add the authority's code while the place is still one of our words."""
    code = fault.authority_code or authority_code(fault.code, fault.path, at(document, fault.path))
    return replace(fault, authority_code=code)


def _with_lists(found: list[FieldError], document: JsonObject, basis: Basis) -> list[FieldError]:
    """Add what does not fit the authority's lists, where other things are not wrong with the same field already."""
    if basis.known is NOTHING:
        return found
    unread = {fault.path for fault in (*basis.unread, *found)}
    return _without_twins([*found, *lists.compare(document, basis.known, now=basis.now, unread=unread)])


def _of_readable(invoice: NewInvoice, basis: Basis, rules: Rules) -> list[FieldError]:
    found = rules.contradictions(invoice) + rules.sums(invoice)
    return found + basis.ours(invoice) if basis.ours is not None else found


def _of_unreadable(error: ValidationError, document: JsonObject, basis: Basis, rules: Rules) -> list[FieldError]:
    """List what cannot be read, and what is wrong with the rest."""
    findings = findings_of(error, lambda place: parts.names_at(place, document), parties.BUYER_TYPES)
    found = [_with_repair(finding, document, basis) for finding in findings[:MAX_REPAIRED]]
    found += [finding.fault for finding in findings[MAX_REPAIRED:]]
    rest = readable_part(document, [finding.place for finding in findings], basis.now)
    if rest is None:
        return found
    of_rest = _of_readable(rest.invoice, basis, rules)
    said = {fault.path for fault in found}
    return found + [fault for fault in rest.own(of_rest) if fault.path not in said]


def _with_repair(finding: Finding, document: JsonObject, basis: Basis) -> FieldError:
    fault = finding.fault
    if fault.code == "missing":
        return _filled_by_registration(fault, document, basis.known)
    repair = repairs.of_field(finding.kind, finding.place, finding.value, document, basis.now)
    if repair is None:
        return fault
    is_moved = any(patch.op is PatchOp.MOVE for patch in repair.patches)
    is_said = repair.suggestion is None or finding.kind in _TYPES or is_moved
    says = fault.fix if is_said else str(repair.suggestion)
    return replace(fault, fix=says, suggestion=repair.suggestion, repair=repair.patches)


def _filled_by_registration(fault: FieldError, document: JsonObject, known: Known) -> FieldError:
    """Fill in what the registration of a line's item tells: the authority would take nothing else."""
    row, _, name = fault.path.rpartition("/")
    line = at(document, row) if row else None
    code = line.get("code") if isinstance(line, dict) else None
    goods = (known.goods or {}).get(code) if isinstance(code, str) else None
    if goods is None or name not in _FROM_REGISTRATION:
        return fault
    values = {"name": goods.name, "category": goods.category, "unit": goods.units[0] if goods.units else ""}
    value = values[name]
    if not value:
        return fault
    is_safe = name != "unit" or len(goods.units) == 1
    patch = (Patch(PatchOp.ADD, fault.path, value),) if is_safe else ()
    return replace(fault, fix=value, suggestion=value, repair=patch)


def _without_twins(faults: Iterable[FieldError]) -> list[FieldError]:
    """Of an unreadable unit, and the unit that it names in the authority's list, keep the one that says more."""
    kept: dict[tuple[str, str], FieldError] = {}
    for fault in faults:
        is_unit = fault.path.endswith("/unit") and fault.code in ("unit_unknown", "invalid_code")
        key = (fault.path, "unit" if is_unit else fault.code)
        if key not in kept or fault.repair:
            kept[key] = fault
    return list(kept.values())


def _report(
    faults: Sequence[FieldError], document: JsonObject, basis: Basis, resolved: Resolved, invoice: NewInvoice | None
) -> Report:
    unread = tuple(fault.path for fault in basis.unread)
    found = [resolved.own(fault) for fault in faults if not _is_within(fault.path, unread)]
    complete = [_complete(fault, document) for fault in (*basis.unread, *found)]
    ordered = in_document_order(complete, document)
    problems = tuple(fault for fault in ordered if not lists.is_advice(fault))
    advice = tuple(fault for fault in ordered if lists.is_advice(fault))
    return Report(problems, advice, invoice, resolved)


def _is_within(path: str, places: Collection[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _complete(fault: FieldError, document: JsonObject) -> FieldError:
    """Add what is the same for all problems: the authority's code, a repair between fields, the suggested value."""
    code = _coded(fault, document).authority_code
    for step in fault.repair:
        if step.op is PatchOp.MOVE:  # under the other name the authority would have missed it
            code = code or authority_code("missing", step.path)
    repair = None if fault.repair else repairs.of_whole(fault.code, fault.path, document)
    suggestion = fault.suggestion
    if suggestion is None and fault.fix and set(fault.fix) <= _A_NUMBER and any(char.isdigit() for char in fault.fix):
        suggestion = fault.fix
    return replace(fault, authority_code=code, suggestion=suggestion, repair=repair.patches if repair else fault.repair)

"""What stands in a document under another name, and a buyer of a misspelled type, put right in a copy that is read on.

A misspelled `lines` would hide everything that is wrong with the lines. So what is inside is looked at as if the name
were right, and its problems are reported where the caller wrote them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from risiti.gateway.fiscal import parties, parts
from risiti.gateway.fiscal.faults import Finding, findings_of
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.validation import repairs
from risiti.gateway.fiscal.validation.patches import apply
from risiti.gateway.kernel.errors import FieldError, Patch, PatchOp

_ROUNDS: Final = 3
"""Objects inside one another whose names can be wrong at once."""
_TAGS: Final = frozenset({"union_tag_invalid", "union_tag_not_found"})
_OF_A_GUESS: Final = frozenset({"missing", "unknown_field"})
"""Problems that depend on the buyer's type; where it is a guess they are not reported."""


@dataclass(frozen=True, slots=True)
class Straight:
    """A document with its names put right."""

    document: JsonObject
    found: tuple[FieldError, ...] = ()
    """What was put right, or guessed."""
    moves: tuple[tuple[str, str], ...] = ()
    """Where things now stand, and where the caller wrote them."""
    guessed_buyer: bool = False

    def own(self, fault: FieldError) -> FieldError | None:
        """Return a fault of this document as one of the caller's; None if it only follows from a guess."""
        if self.guessed_buyer and fault.code in _OF_A_GUESS and fault.path.startswith("/buyer/"):
            return None
        if not self.moves:
            return fault
        steps = tuple(
            replace(step, path=self._back(step.path), source=self._back(step.source)) for step in fault.repair
        )
        return replace(fault, path=self._back(fault.path), repair=steps)

    def _back(self, path: str) -> str:
        for now, written in reversed(self.moves):
            if path == now or path.startswith(f"{now}/"):
                path = written + path[len(now) :]
        return path


def straighten(document: JsonObject, error: ValidationError, now: datetime) -> Straight:
    """Put right what hides other things; `error` is what reading the document came to."""
    straight = Straight(document)
    for _ in range(_ROUNDS):
        following = _step(straight, _findings(error, straight.document), now)
        if following is None:
            break
        straight = following
        try:
            NewInvoice.model_validate(straight.document, context={"now": now})
        except ValidationError as again:
            error = again
        else:
            break
    return straight


def _findings(error: ValidationError, document: JsonObject) -> list[Finding]:
    return findings_of(error, lambda place: parts.names_at(place, document), parties.BUYER_TYPES)


def _step(straight: Straight, findings: Sequence[Finding], now: datetime) -> Straight | None:
    found = list(straight.found)
    patches: list[Patch] = []
    moves, guessed = list(straight.moves), straight.guessed_buyer
    for finding in findings:
        repair = repairs.of_field(finding.kind, finding.place, finding.value, straight.document, now)
        is_move = repair is not None and any(step.op is PatchOp.MOVE for step in repair.patches)
        if finding.kind not in _TAGS and not is_move:
            continue
        fault = finding.fault
        if repair is not None and repair.patches:
            fix = fault.fix if is_move else str(repair.suggestion)
            fault = replace(fault, fix=fix, suggestion=repair.suggestion, repair=repair.patches)
            patches.extend(repair.patches)
            moves.extend((step.path, step.source) for step in repair.patches if step.op is PatchOp.MOVE)
        elif isinstance(finding.value, dict):
            kind = "business" if finding.value.get("tin") else "consumer"
            patches.append(Patch(PatchOp.ADD, "/buyer/type", kind))
            guessed = True
        else:
            continue
        own = straight.own(fault)
        found.extend([own] if own is not None else [])
    if not patches:
        return None
    return Straight(apply(straight.document, patches), tuple(found), tuple(moves), guessed)

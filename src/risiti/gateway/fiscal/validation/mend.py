"""Carries out every safe repair of a document, and checks what comes of it, until nothing more can be mended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.validation.check import Report
from risiti.gateway.fiscal.validation.patches import apply
from risiti.gateway.kernel.errors import FieldError

MAX_ROUNDS: Final = 6
"""A repair can bring another problem to light (a renamed field is read at last), but only so often."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A document after its safe repairs."""

    document: JsonObject
    report: Report
    """What remains: it needs a person."""
    changes: tuple[FieldError, ...]
    """The problems that were mended, each with what was done about it."""


def mend(document: JsonObject, check: Callable[[JsonObject], Report]) -> Mended:
    """Carry out all safe repairs; the document that was given stays as it is."""
    changes: list[FieldError] = []
    report = check(document)
    for _ in range(MAX_ROUNDS):
        mendable = [fault for fault in (*report.problems, *report.advice) if fault.repair]
        if not mendable:
            break
        document = apply(document, [patch for fault in mendable for patch in fault.repair])
        changes.extend(mendable)
        report = check(document)
    return Mended(document, report, tuple(changes))

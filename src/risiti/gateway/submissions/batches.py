"""Batches: which documents at the head of a device's line share a message; pure functions, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST_BYTES: Final = 32 * 1024
"""A document of more bytes than this (as it is sent) has a message of its own, so that no batch grows beyond sense."""


@dataclass(frozen=True, slots=True)
class InLine(Generic[T]):
    """A document in a device's line."""

    document: T
    kind: str
    may_share: bool
    """It is one of many, small, and was never sent: what once failed with others goes alone."""


def messages(line: Sequence[InLine[T]], places: int, most: int) -> list[list[T]]:
    """Divide the head of a line into messages: one for each place, and at most so many documents of a kind in each.

    Who comes first gets a place. Who may share rides along with one of his kind that has got one, past those that wait
    for a place of their own: he takes nobody's.
    """
    made: list[list[T]] = []
    open_batches: dict[str, list[T]] = {}
    for one in line:
        batch = open_batches.get(one.kind) if one.may_share else None
        if batch is not None and len(batch) < most:
            batch.append(one.document)
        elif len(made) < places:
            made.append([one.document])
            if one.may_share:
                open_batches[one.kind] = made[-1]
    return made

"""One call of somebody else's client, and how it went. Runs in that client's environment: standard library only."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S")

MOST_REASON_LETTERS = 160


class Outcome(StrEnum):
    """How a call went."""

    PASSED = "passed"
    FAILED = "failed"
    CLIENT_FAULT = "fault of the client"
    SKIPPED = "skipped"


class Skipped(Exception):
    """A call cannot be tried; the text says why."""


class Unexpected(Exception):
    """A call came back, but not with what the client was told to expect."""


@dataclass(frozen=True, slots=True)
class Case(Generic[S]):
    """A call to try.

    Attributes:
        interface: The interface that it is about.
        call: Name of the client's method.
        run: Calls it, looks at what came back, and says in a few words what that was.
        fault: How an error reads that is known to be a fault of the client ("" if none is): any other one is ours.
        why: What that fault is.
    """

    interface: str
    call: str
    run: Callable[[S], str]
    fault: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one call, as it travels between the two environments: one JSON object a line."""

    interface: str
    call: str
    outcome: Outcome
    reason: str

    @classmethod
    def read(cls, line: str) -> "Row":
        """Read a row that `report` wrote."""
        told = json.loads(line)
        return cls(told["interface"], told["call"], Outcome(told["outcome"]), told["reason"])

    def print(self) -> None:
        """Write the row to standard output at once."""
        sys.stdout.write(json.dumps(asdict(self)) + "\n")
        sys.stdout.flush()


def attempt(case: Case[S], stage: S) -> Row:
    """Make one call. What the client prints meanwhile is dropped."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return Row(case.interface, case.call, Outcome.PASSED, case.run(stage))
    except Skipped as reason:
        return Row(case.interface, case.call, Outcome.SKIPPED, str(reason))
    except Exception as error:  # noqa: BLE001 - a client may raise anything, and the next call is still tried
        text = " ".join(f"{type(error).__name__}: {error}".split())[:MOST_REASON_LETTERS]
        if case.fault and case.fault in text:
            return Row(case.interface, case.call, Outcome.CLIENT_FAULT, f"{case.why} ({text})")
        return Row(case.interface, case.call, Outcome.FAILED, text)


def report(cases: Iterable[Case[S]], stage: S) -> None:
    """Make all calls in order and print a row for each as soon as it is there."""
    for case in cases:
        attempt(case, stage).print()


def expect(found: object, wanted: object, what: str) -> None:
    """Demand a value.

    Raises:
        Unexpected: it is another one.
    """
    if found != wanted:
        raise Unexpected(f"{what} is {found!r}, not {wanted!r}")


def untried(client: type, cases: Iterable[Case[S]], *, no_calls: Collection[str]) -> list[Row]:
    """Return a row for each method of a client that no case tries, so that none is forgotten in silence.

    Args:
        client: The client's class.
        cases: What is tried; a call's name ends at the first comma.
        no_calls: Methods that are no interface of the authority.
    """
    tried = {case.call.split(",")[0] for case in cases}.union(no_calls)
    names = [name for name in vars(client) if not name.startswith("_") and name not in tried]
    return [Row("", name, Outcome.SKIPPED, "no case tries it") for name in names]

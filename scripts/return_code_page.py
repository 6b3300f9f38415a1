"""docs/return-code-coverage.md: which return codes the tests make the simulator answer, one by one, and which not."""

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from risiti.efris.interfaces import INTERFACES
from risiti.efris.return_codes import ANY_INTERFACE, catalogue

TESTS = Path(__file__).resolve().parent.parent / "tests" / "simulator" / "codes"
PROMISED = ("T109", "T110", "T130", "T131")
"""The interfaces of which at least nine codes in ten are provoked."""

_FILE = re.compile(r"test_([tac]\d{3})")
_HEAD = """\
# Return codes, one by one

<!-- Written by `make docs`; do not edit. -->

Each code counted as provoked has a test in `tests/simulator/codes` that breaks one rule of a request that is valid
otherwise, or one thing in the state of the world, and gets this code and no other; the unbroken request is taken. What
is listed is what the authority's document prints for an interface. Codes that every interface shares (signature, time,
key, device) are tested in `tests/simulator/test_gate.py` and not counted here.

| interface | | listed | provoked | left out, see below | missing | provoked |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests make of one interface's codes.

    Attributes:
        interface: Its code.
        listed: Return codes that the catalogue lists for it.
        provoked: Those of them that a test provokes.
        left_out: The others, with the reason why no test does.
    """

    interface: str
    listed: frozenset[str]
    provoked: frozenset[str]
    left_out: Mapping[str, str]

    @property
    def missing(self) -> frozenset[str]:
        """Codes that are neither provoked nor left out for a reason."""
        return self.listed - self.provoked - set(self.left_out)

    @property
    def share(self) -> float:
        """The part that is provoked, 0 to 1."""
        return len(self.provoked) / len(self.listed)


def coverages() -> list[Coverage]:
    """Return what each interface's tests cover, in the order of the interfaces; those without a code are left out.

    A module `test_t109.py` speaks of one interface: `PROVOKED` is a set of codes, `LEFT_OUT` gives a reason for others.
    A module of any other name speaks of several: both are mappings by interface.
    """
    found: dict[str, Coverage] = {}
    for path in sorted(TESTS.glob("test_*.py")):
        module = importlib.import_module(f"tests.simulator.codes.{path.stem}")
        for interface, provoked, left_out in told_by(path.stem, module):
            listed = listed_for(interface)
            if listed:
                reasons = {code: reason for code, reason in left_out.items() if code in listed}
                found[interface] = Coverage(interface, listed, listed & provoked, reasons)
    return [found[code] for code in INTERFACES if code in found]


def listed_for(interface: str) -> frozenset[str]:
    """Return the codes that the catalogue lists for an interface itself."""
    return frozenset(entry.code for entry in catalogue() if interface in entry.interfaces)


def told_by(name: str, module: ModuleType) -> Iterator[tuple[str, frozenset[str], Mapping[str, str]]]:
    """Yield what a module of tests says: an interface, the codes provoked, and reasons for those left out."""
    if not hasattr(module, "LEFT_OUT"):
        return
    if one := _FILE.fullmatch(name):
        yield one[1].upper(), module.PROVOKED, module.LEFT_OUT
        return
    for interface, provoked in module.PROVOKED.items():
        yield interface, provoked, module.LEFT_OUT.get(interface, {})


def as_markdown() -> str:
    """Return the page."""
    found = coverages()
    return "".join([_HEAD, *map(row, found), "\n", _promise(found), _reasons(found), _others(found)])


def row(one: Coverage) -> str:
    """Return one row of the table."""
    summary = INTERFACES[one.interface].summary.rstrip(".")
    missing = ", ".join(sorted(one.missing, key=int)) or "0"
    counts = (len(one.listed), len(one.provoked), len(one.left_out), missing, f"{one.share:.1%}")
    return f"| {one.interface} | {summary} | {' | '.join(str(count) for count in counts)} |\n"


def _promise(found: list[Coverage]) -> str:
    told = [f"{one.interface} {one.share:.1%}" for one in found if one.interface in PROMISED]
    return f"At least nine in ten are promised for {', '.join(PROMISED)}: {', '.join(told)}.\n"


def _reasons(found: list[Coverage]) -> str:
    parts = ["\n## Left out, and why\n"]
    for one in found:
        by_reason: dict[str, list[str]] = {}
        for code in sorted(one.left_out, key=int):
            by_reason.setdefault(one.left_out[code], []).append(code)
        if by_reason:
            parts.append(f"\n### {one.interface}\n\n")
            parts += [f"* {', '.join(codes)}: {reason}\n" for reason, codes in by_reason.items()]
    return "".join(parts)


def _others(found: list[Coverage]) -> str:
    counted = {one.interface for one in found}
    rest = [(code, len(listed_for(code))) for code in INTERFACES if code not in counted and listed_for(code)]
    shared = sum(entry.interfaces == (ANY_INTERFACE,) for entry in catalogue())
    told = ", ".join(f"{code} ({count})" for code, count in rest)
    return (
        "\n## Not counted\n\n"
        f"{shared} codes belong to every interface. The codes of these interfaces are tested with the calls\n"
        f"themselves in `tests/simulator`, but not in a table that could be counted:\n{told}.\n"
    )

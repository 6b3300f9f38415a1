"""docs/interfaces.md: for every interface, whether it is typed, called over the wire in a test, and simulated."""

from risiti.efris import interfaces
from risiti.efris.interface import Interface
from risiti.simulator.handlers import SERVICES
from tests.efris.samples import SAMPLES

_HEAD = """\
# Interfaces: typed, called, simulated

<!-- Written by `make docs`; do not edit. -->

{total} interfaces: those that the authority's document describes, those that only its list of return codes names
(marked with a star), and what newer public clients know.

* typed: a row of `risiti.efris.interfaces`, with a model for its request and one for its answer ({typed} of {total})
* called: `tests/journeys/test_every_interface.py` sends a valid request over HTTP to the simulator in a process of its
  own, and reads the answer into its model ({called} of {total})
* simulated: the simulator has a handler for it ({simulated} of {total})

| interface | name | what it is for | typed | called | simulated |
| --- | --- | --- | --- | --- | --- |
"""
_YES, _NO = "yes", "**no**"


def as_markdown() -> str:
    """Return the page."""
    rows = {value.code: (name, value) for name, value in vars(interfaces).items() if isinstance(value, Interface)}
    codes = list(dict.fromkeys([*rows, *SERVICES, *SAMPLES]))
    lines = []
    for code in codes:
        name, interface = rows.get(code, ("", None))
        star = "" if interface is None or interface.documented else " \\*"
        summary = "" if interface is None else interface.summary
        marks = (_mark(code in known) for known in (interfaces.INTERFACES, SAMPLES, SERVICES))
        lines.append(f"| {code}{star} | `{name}` | {summary} | {' | '.join(marks)} |\n")
    counts = {
        "typed": len(interfaces.INTERFACES),
        "called": len(SAMPLES),
        "simulated": len(SERVICES),
    }
    return _HEAD.format(total=len(codes), **counts) + "".join(lines)


def _mark(known: bool) -> str:
    return _YES if known else _NO

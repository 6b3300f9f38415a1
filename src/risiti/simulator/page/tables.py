"""The tables of docs/simulator.md: faults, magic markers and TINs, settings, from the simulator's own data."""

from collections.abc import Iterable

from risiti.simulator.faults import FAULTS
from risiti.simulator.magic import MARKERS, PREFIX, REFUSING_TINS, TIN_FAULTS
from risiti.simulator.page.overview import switches
from risiti.simulator.settings import Settings


def renewed(text: str) -> str:
    """Return docs/simulator.md with its tables renewed.

    Args:
        text: The page as it is.

    Raises:
        ValueError: a marker of a table is lost.
    """
    tins = [*TIN_FAULTS.items(), (f"{REFUSING_TINS}nnnn", "REFUSE-nnnn")]
    tables = {
        "faults": _table(("fault", "what it does"), ((f"`{name}`", effect) for name, effect in FAULTS.items())),
        "markers": _table(("in the reference", "what happens"), ((f"`{one.form}`", one.effect) for one in MARKERS)),
        "tins": _table(("buyer TIN", "acts as"), ((f"`{tin}`", f"`{PREFIX}{marker}`") for tin, marker in tins)),
        "settings": _table(
            ("setting", "by default", "what it does"),
            (
                (f"`{one.name}`", f"`{one.value}`" if one.value else "none", _about(one.about, one.choices))
                for one in switches(Settings())
            ),
        ),
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name}: written by `make docs` -->\n", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise ValueError(f"docs/simulator.md has lost the markers of its table of {name}")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def _about(text: str, choices: tuple[str, ...]) -> str:
    listed = all(f"`{choice}`" in text for choice in choices)
    return text if listed or choices == ("true", "false") else f"{text} One of {', '.join(choices)}."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)

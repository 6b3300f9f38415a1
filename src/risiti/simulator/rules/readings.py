"""Where the specification can be read in two ways: codes of fields that may be missing, several codes for one fault."""

from risiti.simulator.rules.block import Block
from risiti.simulator.settings import Settings

TWINS: tuple[tuple[str, ...], ...] = (
    ("1136", "1137"),
    ("1221", "1222"),
    ("1224", "1225"),
    ("1231", "1233"),
    ("1237", "1238"),
    ("1243", "1244"),
    ("1249", "1250"),
    ("1257", "1258"),
    ("1267", "1182"),
    ("1268", "1188"),
    ("1312", "1406"),
    ("1313", "1407"),
    ("1320", "1122"),
    ("1321", "1124"),
    ("1322", "1310"),
    ("1346", "1240"),
    ("1347", "1242"),
    ("1600", "1029"),
    ("2119", "2120"),
    ("3063", "3060"),
    ("605", "2233"),
    ("606", "650", "2235"),
    ("613", "680"),
    ("649", "2236"),
    ("2129", "2133"),
    ("2130", "2134"),
)
"""Codes printed for the same fault of the same field, in the order of the specification."""

_BY_FIRST = {codes[0]: codes for codes in TWINS}


def twin(code: str, settings: Settings) -> str:
    """Return the code to answer for a fault whose first code this is, as the setting `twin_codes` has it."""
    codes = _BY_FIRST[code]
    return {"first": codes[0], "second": codes[1], "last": codes[-1]}[settings.twin_codes]


def demand(block: Block, name: str, code: str, settings: Settings) -> None:
    """Demand a field that has a "must not be empty" code although its table calls it optional.

    Only in the strictest reading (setting `presence` is `codes`).
    """
    if settings.presence == "codes":
        block.required(name, code)

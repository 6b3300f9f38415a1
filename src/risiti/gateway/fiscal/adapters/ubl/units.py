"""Units of UBL (UN/ECE Recommendations 20 and 21) as the authority's units of measure."""

import re
from typing import Final

_UNITS: Final = {
    "KGM": "103",
    "LTR": "102",
    "GRM": "109",
    "TNE": "115",
    "MTR": "114",
    "HUR": "108",
    "DAY": "116",
    "MON": "117",
    "PR": "113",
    "NPR": "113",
    "DZN": "112",
    "BX": "110",
    "XBX": "110",
    "CT": "111",
    "XCT": "111",
    "PK": "118",
    "XPK": "118",
    "BG": "119",
    "XBG": "119",
    "C62": "UN",
    "ONE": "UN",
    "NAR": "UN",
    "ZZ": "UN",
    "LS": "UN",
    "EA": "PCE",
    "H87": "PCE",
    "PCE": "PCE",
    "XPP": "PCE",
    "NMP": "118",
}
_OF_THE_AUTHORITY = re.compile(r"[0-9]{3}|BX|CT|DZ|PCE|PP|UN", re.ASCII)


def unit_of(code: str) -> str | None:
    """Return the authority's unit for a unit code, or None where the code has no counterpart.

    The authority's own codes may stand in a UBL document, too.
    """
    wanted = code.strip().upper()
    if wanted in _UNITS:
        return _UNITS[wanted]
    return wanted if _OF_THE_AUTHORITY.fullmatch(wanted) else None

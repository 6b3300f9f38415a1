"""`python -m conformance.online FOLDER`: every call of `ura-efris-sdk`, in that client's environment, which has it.

The client's two wired-in addresses are replaced by the simulator's; nothing else of it is changed.
"""

import builtins
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from conformance import sales
from conformance.cases import Outcome, Row, report, untried
from conformance.confined import confine
from conformance.door import Door
from conformance.online import credit_notes, devices, dictionaries, documents, fuel, goods, session, taxpayers
from conformance.online.stage import Stage

PATH = "/efrisws/ws/taapp/getInformation"
NOT_CALLS = {"get", "post", "put", "request", "refresh_aes_key_if_needed"}
"""Methods of the client that are no interface of the authority."""

CASES = [
    case
    for area in (session, taxpayers, dictionaries, goods, documents, credit_notes, fuel, devices)
    for case in area.CASES
]
"""In the order in which a shop would need them; later ones live on what earlier ones brought about."""


def load() -> tuple[Any, Row]:
    """Import the client; return its package, and a row that says how that went.

    Release 0.1.1 uses names in the bodies of classes before it defines them, which only Python 3.14 and newer forgive.
    Those names are lent to it then: its files stay as they are.
    """
    call, lent = "import ura_efris_sdk", list[str]()
    while True:
        try:
            sdk = importlib.import_module("ura_efris_sdk")
        except NameError as error:
            if error.name is None or error.name in lent:
                raise
            lent.append(error.name)
            setattr(builtins, error.name, str)
        else:
            break
    if not lent:
        return sdk, Row("", call, Outcome.PASSED, "imported")
    why = f"it uses {', '.join(lent)} before it defines them; they are lent to it"
    return sdk, Row("", call, Outcome.CLIENT_FAULT, why)


def main() -> None:
    """Try every call; the folder named on the command line says where the simulator is and who calls."""
    folder = Path(sys.argv[1])
    told: dict[str, Any] = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
    base = f"http://127.0.0.1:{told['port']}"
    confine(told["port"])
    sdk, row = load()
    row.print()
    sdk.KeyClient.T104_ENDPOINT_TEST = base + PATH
    sdk.Client._get_endpoint_url = lambda _: base + PATH  # noqa: SLF001 - its address is wired into this method
    key_client = sdk.KeyClient(str(folder / "device.pfx"), told["password"], sales.TIN, sales.DEVICE_NO)
    config = {"env": "sbx", "tin": sales.TIN, "device_no": sales.DEVICE_NO, "http": {"timeout": 30}}
    report(CASES, Stage(sdk, sdk.Client(config, key_client), Door(base), told["certificate"]))
    for row in untried(sdk.Client, CASES, no_calls=NOT_CALLS):
        row.print()


if __name__ == "__main__":
    main()

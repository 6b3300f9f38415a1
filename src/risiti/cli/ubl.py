"""`risiti ubl`: what a UBL invoice becomes in Uganda, without sending anything."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.console import CommandError, Exit, print_json
from risiti.cli.files import read_file

if TYPE_CHECKING:
    from risiti.gateway.kernel.errors import FieldError

MAX_XML_BYTES = 10 * 1024 * 1024


def ubl(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="UBL 2.1 invoice (XML); - reads standard input.")],
    *,
    tin: Annotated[str, typer.Option(help="The seller's TIN; the document's seller is compared with it.")] = "",
    adapt: Annotated[
        bool, typer.Option("--adapt", help="Put 18 percent in the place of VAT rates that Uganda does not have.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show a UBL invoice in the words of our own JSON, its totals, and every fault at its place in the XML.

    Nothing is sent and no database is needed. Exit code 1: it cannot be taken on as it is.

    Example: risiti ubl invoice.xml --tin 1000000000

    Example: risiti ubl invoice.xml --json | jq .document | risiti validate -
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - `risiti --help` must not pay for them

    from risiti.gateway.fiscal import intake  # noqa: PLC0415
    from risiti.gateway.fiscal.adapters.ubl import uganda  # noqa: PLC0415
    from risiti.gateway.fiscal.adapters.ubl.options import Adaptations  # noqa: PLC0415
    from risiti.gateway.kernel.errors import GatewayError  # noqa: PLC0415

    body = read_file(file, MAX_XML_BYTES)
    result: dict[str, object] = {"totals": None, "document": None, "notes": [], "errors": []}
    try:
        look = uganda.look(body)
        sums = look.sums
        result["totals"] = {
            "currency": look.document.currency,
            **{name: str(getattr(sums, name)) for name in ("net", "tax", "gross", "payable")},
        }
        sale = uganda.read(body, seller_tin=tin or None, adaptations=Adaptations(foreign_vat=adapt))
        result |= {"document": sale.adapted.document, "notes": [_plain(note) for note in sale.adapted.notes]}
        intake.checked(sale.adapted, now=datetime.now(UTC))
    except GatewayError as error:
        result["errors"] = [_plain(fault) for fault in error.errors]
    if as_json:
        print_json(result)
    else:
        _print(result)
    if result["errors"]:
        raise CommandError(f"{file} cannot be taken on as it is.", Exit.NO)


def _print(result: dict[str, object]) -> None:
    totals, document = result["totals"], result["document"]
    if isinstance(totals, dict):
        sums = f"{totals['net']} + {totals['tax']} = {totals['gross']}"
        print(f"totals  {sums}, to pay {totals['payable']} {totals['currency']}")
    for kind in ("errors", "notes"):
        faults = result[kind]
        for fault in faults if isinstance(faults, list) else []:
            print(f"{kind[:-1]:<7} {fault['path']}: {fault['message']} {fault['fix']}".rstrip())
    if isinstance(document, dict):
        print_json(document)


def _plain(fault: "FieldError") -> dict[str, str]:
    return {"path": fault.path, "code": fault.code, "message": fault.message, "fix": fault.fix}

"""The command: `python -m scripts.ubl FOLDER`. Exit code 1 if a total is wrong, or a file could not be tried."""

from pathlib import Path
from typing import Annotated

import typer

from risiti.cli.console import CommandError, Exit, complain, log_to_standard_error, print_json, run
from scripts.ubl.rows import print_rows
from scripts.ubl.trial import Options, run_trial


def main(
    folder: Annotated[Path, typer.Argument(exists=True, metavar="FOLDER", help="Folder with UBL files, or one file.")],
    *,
    keep_vat: Annotated[
        bool, typer.Option("--keep-vat", help="Do not put 18 percent in the place of rates that Uganda does not have.")
    ] = False,
    keep_seller: Annotated[
        bool, typer.Option("--keep-seller", help="Do not put the trial company's TIN in the place of the seller's.")
    ] = False,
    keep_dates: Annotated[
        bool, typer.Option("--keep-dates", help="Do not put today in the place of the date of issue.")
    ] = False,
    currency: Annotated[
        str,
        typer.Option(help="For all documents; without it only for currencies that the authority does not know: UGX."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Map, validate and fiscalise every UBL file of a folder against the simulator, and print a row for each.

    A row has the totals in the file, those in the authority's ledger, and the fiscal number - or what Uganda needs that
    the file lacks. With a foreign VAT rate the net amount is kept and the tax is Uganda's.

    Example: python -m scripts.ubl ./examples --json
    """
    log_to_standard_error()
    options = Options(foreign_vat=not keep_vat, seller=not keep_seller, dates=not keep_dates, currency=currency.upper())
    rows = run(run_trial(folder, options))
    if as_json:
        print_json({"files": [row.as_json() for row in rows], "good": bool(rows) and all(row.is_good for row in rows)})
    else:
        print_rows(rows)
    if not rows:
        raise CommandError(f"there is no .xml file in {folder}.", Exit.USAGE)
    bad = [row.file for row in rows if not row.is_good]
    if bad:
        raise CommandError(f"totals are wrong, or the file could not be tried: {', '.join(bad)}.", Exit.NO)


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None

"""`risiti held`: invoices that wait for a person - which there are, what is known of one, and deciding about it."""

from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="Held invoices: list them, look at one, decide.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]
DocumentId = Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's id (doc_...).")]


@app.command("list")
def list_held(company_id: CompanyId, as_json: Json = False) -> None:
    """List a company's held invoices.

    Example: risiti held list com_... --json
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(operating.list_held(load_settings(), company_id))
    print_list(rows, ("id", "reference", "held_reason", "currency", "gross", "issued_at"), as_json=as_json)


@app.command("show")
def show(company_id: CompanyId, document_id: DocumentId, as_json: Json = False) -> None:
    """Show everything that is known of an invoice: attempts, questions, answers, candidates, decisions.

    Example: risiti held show com_... doc_...
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    found = run(operating.show_case(load_settings(), company_id, document_id))
    if as_json:
        print_json(found)
    else:
        for line in operating.told(found):
            print(line)


@app.command("decide")
def decide(
    company_id: CompanyId,
    document_id: DocumentId,
    *,
    action: Annotated[Literal["adopt", "send_again", "give_up"], typer.Option(help="What is to be done.")],
    reason: Annotated[str, typer.Option(help="Why; kept for good.")],
    by: Annotated[str, typer.Option(help="The person who decides.")],
    fdn: Annotated[str | None, typer.Option(help="adopt: the fiscal document number.")] = None,
    accept_differences: Annotated[
        str | None, typer.Option(help="adopt: why differences that touch no money are accepted.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide about a held invoice; a worker carries it out.

    Example: risiti held decide com_... doc_... --action adopt --fdn 325043056477 --reason "in the portal" --by "A. A."
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    decided = run(
        operating.decide(
            load_settings(),
            company_id,
            document_id,
            action=action,
            reason=reason,
            by=by,
            fdn=fdn,
            accept_differences=accept_differences,
        )
    )
    if as_json:
        print_json(decided)
    else:
        print(f"{decided['id']}: {decided['action']} is {decided['state']}. {decided['outcome'] or ''}".rstrip())

"""The `risiti` command: every command of it; each imports what it needs only when it is run."""

import sys
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from risiti.cli import (
    branches,
    companies,
    database,
    demo,
    dictionaries,
    doctor,
    efris,
    firms,
    guard,
    held,
    journal,
    keys,
    lanes,
    people,
    profile,
    reconcile,
    retention,
    serve,
    signer,
    simulator,
    tables,
    tasks,
    ubl,
    validate,
    watching,
)
from risiti.cli.console import CommandError, complain, log_to_standard_error, print_json

_EXIT_CODES = """Exit codes: 0 done; 1 it ran, and the answer is no (something lost, doubled, unsettled or out of date);
2 the command line is wrong; 3 it could not do its work; 130 interrupted."""

app = typer.Typer(
    name="risiti",
    help="A fiscalisation gateway for Uganda's EFRIS: no accepted invoice is lost, none is fiscalised twice.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("api")(serve.api)
app.command("worker")(serve.worker)
app.command("signer")(signer.signer)
app.command("simulator")(simulator.simulator)
app.command("dictionaries")(dictionaries.dictionaries)
app.command("watchdog")(watching.watchdog)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("import")(tables.import_file)
app.command("validate")(validate.validate)
app.command("ubl")(ubl.ubl)
companies.company.command("prove-guard")(guard.prove_guard)
companies.company.command("delegate")(firms.delegate)
companies.company.command("end-delegation")(firms.end_delegation)
app.add_typer(companies.company, name="company")
companies.device.command("move")(branches.move)
app.add_typer(companies.device, name="device")
app.add_typer(branches.app, name="branch")
app.add_typer(companies.key, name="key")
app.add_typer(people.app, name="user")
app.add_typer(firms.app, name="firm")
app.add_typer(keys.app, name="keys")
app.add_typer(database.app, name="db")
app.add_typer(efris.app, name="efris")
app.add_typer(held.app, name="held")
app.add_typer(lanes.app, name="lanes")
app.add_typer(journal.app, name="journal")
app.add_typer(reconcile.app, name="reconcile")
app.add_typer(retention.app, name="retention")
app.add_typer(tasks.app, name="tasks")
app.add_typer(profile.app, name="profile")


@app.command()
def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Print the version of Risiti and of the Python that runs it.

    Example: risiti version --json
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    if as_json:
        print_json({"risiti": installed_version("risiti"), "python": python})
    else:
        print(f"risiti {installed_version('risiti')} (Python {python})")


def main() -> None:
    """Run the command line of this process; an error that a person can mend is one sentence and an exit code."""
    log_to_standard_error()
    try:
        app()
    except CommandError as error:
        complain(str(error))
        sys.exit(error.code)

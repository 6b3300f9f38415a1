"""`risiti db`: bring the database up to date, or see whether it is."""

from typing import Annotated

import typer

from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="Bring the database up to date, or see whether it is.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Bring the database's tables up to date; safe to repeat, and while the service runs.

    Example: DATABASE_URL=sqlite:///var/risiti.db risiti db upgrade
    """
    applied = run(_upgrade())
    if as_json:
        print_json({"applied": applied})
    else:
        print("\n".join(f"applied {name}" for name in applied) or "nothing to do: the database is up to date")


@app.command()
def check(as_json: Json = False) -> None:
    """Tell whether the database's tables are up to date; exit code 1 if not.

    Example: DATABASE_URL=sqlite:///var/risiti.db risiti db check --json
    """
    waiting = run(_pending())
    if as_json:
        print_json({"up_to_date": not waiting, "pending": waiting})
    elif not waiting:
        print("the database is up to date")
    if waiting:
        names = ", ".join(waiting)
        raise CommandError(f"the database is not up to date ({names}); run `risiti db upgrade`.", Exit.NO)


async def _upgrade() -> list[str]:
    from risiti.gateway.migrations import run as migrations  # noqa: PLC0415 - `risiti --help` must not pay for it
    from risiti.gateway.runtime import open_database  # noqa: PLC0415

    database = open_database(load_settings())
    try:
        waiting = await migrations.pending(database)
        await migrations.upgrade(database)
        return waiting
    finally:
        await database.close()


async def _pending() -> list[str]:
    from risiti.gateway.migrations import run as migrations  # noqa: PLC0415 - as above
    from risiti.gateway.runtime import open_database  # noqa: PLC0415

    database = open_database(load_settings())
    try:
        return await migrations.pending(database)
    finally:
        await database.close()

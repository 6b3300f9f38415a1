"""`risiti db`: bring the database up to date, see whether it is fit, move an installation to PostgreSQL."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from risiti.cli.console import CommandError, Exit, complain, print_json, run
from risiti.cli.serve import load_settings

if TYPE_CHECKING:
    from risiti.gateway.db.database import Database
    from risiti.gateway.migrations.check import Finding
    from risiti.gateway.migrations.transfer import Progress, Result, Transfer

app = typer.Typer(
    help="Bring the database up to date, see whether it is fit, move to PostgreSQL.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
ROWS_A_LINE: Final = 10_000
"""Progress is shown after so many rows of a table, and at its end."""


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
    """Tell whether the database is fit: tables, constraints, time-outs, clock, rights; exit code 1 if not.

    Example: DATABASE_URL=sqlite:///var/risiti.db risiti db check --json
    """
    findings = run(_check())
    bad = [finding for finding in findings if finding.grade == "fail"]
    waiting = run(_pending()) if bad else []
    if as_json:
        print_json(
            {
                "up_to_date": not waiting,
                "pending": waiting,
                "fit": not bad,
                "findings": [
                    {"name": one.name, "grade": one.grade, "what": one.what, "fix": one.fix} for one in findings
                ],
            }
        )
    else:
        for one in findings:
            print(f"{one.grade:<5}{one.name:<38}{one.what}{f' -- {one.fix}' if one.fix else ''}")
    if waiting:
        names = ", ".join(waiting)
        raise CommandError(f"the database is not up to date ({names}); run `risiti db upgrade`.", Exit.NO)
    if bad:
        raise CommandError(f"the database is not fit: {', '.join(one.name for one in bad)}.", Exit.NO)


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help="The SQLite installation: sqlite:///FILE or the file.")],
    target: Annotated[str, typer.Argument(help="An empty database: postgresql://USER@HOST/NAME.")],
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Copy and verify this moment's state; the service runs on the source.")
    ] = False,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Let the source be used again; only before the copy is complete.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Move a running SQLite installation to PostgreSQL, verified row by row; repeat the command after any failure.

    It copies while the service runs; then nothing can be written to the source any more (callers get 503 and repeat),
    the rest is copied, everything is verified, and the service may be started on the target. The password of the
    target may come from PGPASSWORD or ~/.pgpass. docs/operations.md has the whole procedure.

    Example: risiti db copy sqlite:///var/risiti.db postgresql://risiti@localhost/risiti
    """
    if rehearse and give_up:
        raise CommandError("--rehearse and --give-up exclude each other.", Exit.USAGE)
    file = Path(source.removeprefix("sqlite:///"))
    if not target.startswith("postgresql://"):
        raise CommandError("the target must begin with postgresql://", Exit.USAGE)
    result = run(_copy(file, target, rehearse=rehearse, give_up=give_up))
    if result is None:
        if as_json:
            print_json({"standing": "given_up"})
        else:
            print("given up: the source may be used again; drop the target database")
    elif as_json:
        print_json(_as_json(result))
    else:
        _print(result, file)


def _as_json(result: "Result") -> dict[str, object]:
    return {
        "id": result.id,
        "standing": result.standing.value,
        "rows": sum(table.rows for table in result.tables),
        "tables": [
            {"name": one.name, "rows": one.rows, "written": one.written, "digest": one.digest} for one in result.tables
        ],
    }


def _print(result: "Result", file: Path) -> None:
    for table in result.tables:
        print(f"{table.name:<32}{table.rows:>10} rows  {table.digest[:16]}")
    if result.standing == "complete":
        print(
            "complete and verified. Now set DATABASE_URL to the target, RISITI_KEK_FILE to a copy of "
            f"{file.with_name('kek')} (unless RISITI_KEK was set), and start the service."
        )
    else:
        print("rehearsed and verified; the service runs on the source. The same command without --rehearse moves it.")


class _Shown:
    """Shows progress on standard error, a line now and then."""

    def __call__(self, progress: "Progress") -> None:
        step = progress.done // ROWS_A_LINE != (progress.done - 1) // ROWS_A_LINE
        if progress.done == progress.of or step:
            complain(f"{progress.phase} {progress.table}: {progress.done} of {progress.of}")
            sys.stderr.flush()


@app.command()
def epoch(
    reason: Annotated[str, typer.Option(help="What happened, such as: restored the backup of 3 March.")],
    hours: Annotated[
        float, typer.Option(min=0.5, max=720, help="So long what is accepted anew is asked about first, too.")
    ] = 4.0,
    as_json: Json = False,
) -> None:
    """Say that the database is older than what was sent: a backup was restored, or a standby had not heard all.

    Run it before any worker is started again. From then on nothing is sent for the first time before the authority
    has been asked for its reference, so that nothing which was sent and forgotten becomes a second document.

    Example: risiti db epoch --reason "restored the backup of 3 March, 02:00"
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    opened = run(operating.open_epoch(load_settings(), reason, hours))
    if as_json:
        print_json(opened)
    else:
        print(
            f"recovery {opened['number']}: {opened['documents']} documents are not settled and are asked about before "
            f"they are sent; so is everything that is accepted until {opened['until']}"
        )


async def _copy(file: Path, target: str, *, rehearse: bool, give_up: bool) -> "Result | None":
    from risiti.gateway.db.database import DatabaseUnavailable  # noqa: PLC0415 - `risiti --help` must not pay for them
    from risiti.gateway.db.postgresql import PostgresDatabase  # noqa: PLC0415
    from risiti.gateway.migrations.refusal import CopyDiffers, CopyRefused, UpgradeRefused  # noqa: PLC0415

    database = PostgresDatabase(target)
    try:
        transfer = _transfer(file, database)
        if give_up:
            await transfer.give_up()
            return None
        return await (transfer.rehearse() if rehearse else transfer.run())
    except (CopyRefused, UpgradeRefused) as error:
        raise CommandError(str(error)) from None
    except CopyDiffers as error:
        raise CommandError(str(error), Exit.NO) from None
    except DatabaseUnavailable as error:
        message = f"the target is away ({error}); run the same command again, it goes on where it was."
        raise CommandError(message) from None
    finally:
        await database.close()


def _transfer(file: Path, database: "Database") -> "Transfer":
    from risiti.gateway.kernel.clock import SystemClock  # noqa: PLC0415 - as above
    from risiti.gateway.kernel.ids import Ids  # noqa: PLC0415
    from risiti.gateway.migrations.source import Source  # noqa: PLC0415
    from risiti.gateway.migrations.transfer import Transfer  # noqa: PLC0415

    clock = SystemClock()
    return Transfer(Source(file), database, Ids(clock).exchange(), clock.now, _Shown())


async def _upgrade() -> list[str]:
    from risiti.gateway.db.database import DatabaseUnavailable  # noqa: PLC0415 - as above
    from risiti.gateway.migrations import run as migrations  # noqa: PLC0415 - as above
    from risiti.gateway.migrations.refusal import UpgradeRefused  # noqa: PLC0415
    from risiti.gateway.runtime import open_database  # noqa: PLC0415

    database = open_database(load_settings())
    try:
        waiting = await migrations.pending(database)
        await migrations.upgrade(database)
    except DatabaseUnavailable as error:
        message = f"the database is away, or somebody holds a table for long ({error}); try again."
        raise CommandError(message) from None
    except UpgradeRefused as error:
        raise CommandError(f"{error}.") from None
    else:
        return waiting
    finally:
        await database.close()


async def _check() -> "list[Finding]":
    from functools import partial  # noqa: PLC0415 - as above

    from risiti.gateway.kernel.clock import SystemClock  # noqa: PLC0415
    from risiti.gateway.migrations.check import examine  # noqa: PLC0415
    from risiti.gateway.runtime import open_database  # noqa: PLC0415

    settings = load_settings()
    database = open_database(settings)
    try:
        return await database.administer(
            partial(examine, now=SystemClock().now(), connections=settings.database_connections)
        )
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

"""`risiti serve`, `risiti api` and `risiti worker`: the processes of the service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.console import CommandError

if TYPE_CHECKING:
    from risiti.cli.service import Duties
    from risiti.gateway.settings import Settings

EndWithParent = Annotated[
    bool, typer.Option("--end-with-parent", hidden=True, help="End when standard input closes; for child processes.")
]
Host = Annotated[str | None, typer.Option(help="Address to listen on, instead of the setting HOST.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on, instead of the setting PORT.")]


ShowcaseFile = Annotated[
    Path | None,
    typer.Option("--showcase", hidden=True, help="File that names the demo company; `risiti demo` writes it."),
]


def serve(
    host: Host = None, port: Port = None, showcase: ShowcaseFile = None, end_with_parent: EndWithParent = False
) -> None:
    """Run API and worker in one process, on SQLite unless DATABASE_URL says otherwise.

    Settings come from the environment (docs/settings.md); the database is brought up to date first.

    Example: EFRIS_TEST_URL=http://127.0.0.1:9880/efrisws/ws/taapp/getInformation risiti serve --port 8001
    """
    from risiti.cli import service  # noqa: PLC0415 - `risiti --help` must not pay for it

    duties = service.Duties(api=True, worker=True, upgrade=True, showcase=service.read_showcase(showcase))
    _run(duties, host, port, end_with_parent=end_with_parent)


def api(
    host: Host = None, port: Port = None, showcase: ShowcaseFile = None, end_with_parent: EndWithParent = False
) -> None:
    """Run the API alone; documents are sent by `risiti worker` processes on the same database.

    Example: DATABASE_URL=postgresql://risiti@db/risiti risiti api --host 127.0.0.1 --port 8001
    """
    from risiti.cli import service  # noqa: PLC0415 - as above

    duties = service.Duties(api=True, worker=False, upgrade=False, showcase=service.read_showcase(showcase))
    _run(duties, host, port, end_with_parent=end_with_parent)


def worker(end_with_parent: EndWithParent = False) -> None:
    """Run a worker alone: it sends documents and settles those in doubt.

    Example: DATABASE_URL=postgresql://risiti@db/risiti risiti worker
    """
    from risiti.cli import service  # noqa: PLC0415 - as above

    duties = service.Duties(api=False, worker=True, upgrade=False)
    _run(duties, None, None, end_with_parent=end_with_parent)


def _run(duties: "Duties", host: str | None, port: int | None, *, end_with_parent: bool) -> None:
    from risiti.cli import processes, service  # noqa: PLC0415 - as above

    if end_with_parent:
        processes.end_with_parent()
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    service.run(load_settings().model_copy(update=changes), duties)


def load_settings() -> "Settings":
    """Read the settings from the environment.

    Raises:
        CommandError: they cannot be used; the message has one sentence for each fault.
    """
    from risiti.gateway.setting_sources import SettingsError  # noqa: PLC0415 - as above
    from risiti.gateway.settings import Settings  # noqa: PLC0415 - as above

    try:
        return Settings.load()
    except SettingsError as error:
        raise CommandError("the settings cannot be used. " + " ".join(error.faults)) from None

"""The commands: `python -m scripts.up` and, as `make down` calls it, `python -m scripts.up --down`."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from typing import Annotated

import typer

from risiti.cli.console import CommandError, Exit, complain, print_json
from scripts.up import scraping
from scripts.up.machine import Machine
from scripts.up.plan import FOLDER, Plan, home_of


def main(  # noqa: PLR0917 - typer makes options of them; nobody calls it by position
    status: Annotated[bool, typer.Option("--status", help="Only tell what runs.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Restart API and worker processes one after the other, without a gap.")
    ] = False,
    down: Annotated[bool, typer.Option("--down", help="End what was started here, and nothing else.")] = False,
    purge: Annotated[bool, typer.Option("--purge", help="With --down: remove all data as well.")] = False,
    without_nginx: Annotated[bool, typer.Option("--without-nginx", help="Do not start nginx.")] = False,
    https: Annotated[int | None, typer.Option(min=1, max=65535, help="Port for HTTPS; 8443 if not given.")] = None,
    http: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port that leads there; 8080 if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a production-like set on this machine: PostgreSQL, Valkey, nginx with HTTPS, 2 API and 2 worker processes.

    All of it listens on 127.0.0.1 only. Data stay in var/up until `make down ARGS=--purge`.

    Example: make up; make up ARGS=--status; make down
    """
    if status:
        _status(as_json=as_json)
        return
    with _alone():
        if down:
            _down(purge=purge, as_json=as_json)
            return
        machine = Machine(Plan.read(https, http), with_nginx=not without_nginx)
        account = machine.start()
        if restart:
            machine.restart()
    addresses = {
        "gateway": account.url,
        "plain": f"http://localhost:{machine.plan.http}" if machine.with_nginx else None,
        "apis": [f"http://127.0.0.1:{port}" for port in machine.plan.apis],
        "metrics": [f"http://127.0.0.1:{port}/metrics" for port in (*machine.plan.apis, *machine.plan.workers)],
        "prometheus": str(scraping.FILE),
        "simulator": f"{machine.plan.simulator_url}/",
        "company": account.company_id,
        "key": account.key,
        "certificate": str(home_of("nginx") / "tls" / "certificate.pem") if machine.with_nginx else None,
    }
    if as_json:
        print_json(addresses)
        return
    for name, value in addresses.items():
        if value is not None:
            print(f"{name:<12}{', '.join(value) if isinstance(value, list) else value}")
    trust = f"--cacert {addresses['certificate']} " if machine.with_nginx else ""
    print(
        f"\ntry:  curl {trust}-H 'Authorization: Bearer {account.key}' "
        f"{account.url}/api/companies/{account.company_id}/invoices\nend:  make down"
    )


def _status(*, as_json: bool) -> None:
    plan = Plan.kept()
    running = {} if plan is None else {daemon.name: daemon.pid for daemon in Machine(plan).daemons()}
    if as_json:
        print_json({"running": running})
    for name, pid in ({} if as_json else running).items():
        print(f"{name:<12}{f'runs as process {pid}' if pid else 'does not run'}")
    if not any(running.values()):
        raise CommandError("nothing runs; start it: make up", Exit.NO)


def _down(*, purge: bool, as_json: bool) -> None:
    plan = Plan.kept()
    stopped = [] if plan is None else Machine(plan).stop()
    if purge:
        for server in ("postgresql", "valkey", "nginx"):
            shutil.rmtree(home_of(server), ignore_errors=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
    if as_json:
        print_json({"stopped": stopped, "purged": purge})
    else:
        print("nothing ran" if not stopped else "all data are removed" if purge else f"data stay in {FOLDER}")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Start or stop alone: two of these commands at once would start everything twice."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_name("up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("another `make up` or `make down` runs; wait for it.") from None
        yield


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None

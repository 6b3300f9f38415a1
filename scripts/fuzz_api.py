"""Requests that nobody thought of: Schemathesis against a running gateway, signed in, with all of its checks.

Gateway and simulator are started as processes on 127.0.0.1 and ended again. Three runs, since three kinds of callers
share the API: a company's API key, the operator's token, and a person who has signed in.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
from fastapi.routing import APIRoute

from risiti.cli import persons
from risiti.cli.persons import NewUser
from risiti.cli.stage import Stage, Tempo, read_settings
from risiti.gateway.api import ROUTES
from risiti.gateway.api.dependencies import Needs, NeedsOperator, permission_of
from scripts import fuzz_checks

OPERATOR_TOKEN: Final = "operator-token-of-a-fuzz-run-32-characters"  # noqa: S105 - of a gateway that lives a minute
PASSWORD: Final = "seven quiet herons at dusk"  # noqa: S105 - as above
TEMPO: Final = Tempo(timeout=30, send_window=10, request_validity=60)
"""Patient, for a machine that is busy with other things too."""
CHECKS: Final = str(Path(fuzz_checks.__file__).resolve())
SLOW_SECONDS: Final = 30
"""An answer that takes longer is a fault."""
ENDS_IT: Final = frozenset({"POST /api/auth/logout"})
"""Would sign the run itself out."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One kind of caller: its token, and the operations that are its own."""

    name: str
    token: str
    operations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is tried: in which phases of Schemathesis, how often for each operation, and from which seed.

    With `seconds`, the phases that invent requests go on until that time is over.
    """

    phases: str = "examples,coverage,fuzzing,stateful"
    examples: int = 25
    seed: int = 1
    seconds: int | None = None


def operations() -> dict[str, frozenset[str]]:
    """Return each operation of the API under the kind of caller for which it is, as its route's permission says."""
    found: dict[str, set[str]] = {"company": set(), "operator": set(), "person": set()}
    for route in ROUTES:
        if isinstance(route, APIRoute) and route.include_in_schema:
            found[_caller_of(route)] |= {f"{method} {route.path}" for method in route.methods or ()}
    return {name: frozenset(labels - ENDS_IT) for name, labels in found.items()}


def _caller_of(route: APIRoute) -> str:
    permission = permission_of(route)
    if isinstance(permission, NeedsOperator):
        return "operator"
    is_of_anybody = permission is None and not route.path.startswith("/api/auth/")
    return "company" if is_of_anybody or type(permission) is Needs else "person"


def main() -> int:
    """Run it; the exit code is 0 if nothing was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=25, help="requests for each operation in a phase (default 25)")
    parser.add_argument("--seconds", type=int, default=300, help="bound on each of the three runs (default 300)")
    parser.add_argument("--seed", type=int, default=1, help="repeats a run (default 1)")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful", help="of Schemathesis (all)")
    parser.add_argument("--only", help="one kind of caller: company, operator or person")
    return asyncio.run(_run(parser.parse_args()))


async def _run(arguments: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="risiti-fuzz-") as name:
        folder = Path(name)
        async with Stage(folder, tempo=TEMPO, settings={"RISITI_ADMIN_TOKEN": OPERATOR_TOKEN}) as stage:
            tokens = {"company": stage.account.key, "operator": OPERATOR_TOKEN, "person": await _person(stage)}
            callers = [Caller(name, tokens[name], labels) for name, labels in operations().items()]
            bounds = Bounds(arguments.phases, arguments.examples, arguments.seed, arguments.seconds)
            environment = prepare(folder, stage.account.company_id)
            worst = 0
            for caller in callers:
                if arguments.only in (None, caller.name):
                    print(f"fuzz: {caller.name}", flush=True)
                    words = command(stage.gateway_url, caller, bounds)
                    code = await asyncio.to_thread(subprocess.call, words, cwd=folder, env=environment)
                    worst = max(worst, code)
            return worst


def prepare(folder: Path, company_id: str) -> dict[str, str]:
    """Write down in the run's folder whose company it is about; return the run's environment."""
    lines = f'[parameters]\n"path.company_id" = {json.dumps(company_id)}\n'
    (folder / "schemathesis.toml").write_text(lines, encoding="utf-8")
    return {**os.environ, "SCHEMATHESIS_HOOKS": CHECKS}


def command(url: str, caller: Caller, bounds: Bounds) -> list[str]:
    """Return what runs Schemathesis against a gateway as one kind of caller."""
    return [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{url}/openapi.json",
        *("--checks", "all", "--exclude-checks", ",".join(fuzz_checks.REPLACED)),
        *("--phases", bounds.phases, "--max-examples", str(bounds.examples)),
        *("--seed", str(bounds.seed), "--continue-on-failure"),
        *(() if bounds.seconds is None else ("--max-time", str(bounds.seconds))),
        *("--max-response-time", str(SLOW_SECONDS), "--request-timeout", str(SLOW_SECONDS)),
        *("--header", f"Authorization: Bearer {caller.token}", "--no-color", "--warnings", "off"),
        *("--generation-database", "none"),
        *("--include-name-regex", f"^({'|'.join(re.escape(label) for label in sorted(caller.operations))})$"),
    ]


async def _person(stage: Stage) -> str:
    """Add a person who owns the shop, and return the access token of their sign-in."""
    settings = read_settings(stage.environment)
    added = await persons.add_user(
        settings,
        NewUser("owner@shop.invalid", "Owner", stage.account.company_id, "owner", operator=False),
        mail=False,
    )
    async with aiohttp.ClientSession(stage.gateway_url) as http:
        async with http.post("/api/auth/set-password", json={"token": added["token"], "password": PASSWORD}) as answer:
            answer.raise_for_status()
        async with http.post("/api/auth/login", json={"email": added["email"], "password": PASSWORD}) as answer:
            answer.raise_for_status()
            return str((await answer.json())["access_token"])


if __name__ == "__main__":
    sys.exit(main())

"""Requests that nobody thought of: Schemathesis against a running gateway, signed in, with all of its checks.

Gateway and simulator are started as processes on 127.0.0.1 and ended again. Three runs, since three kinds of callers
share the API: a company's API key, the operator's token, and a person who has signed in.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp

from risiti.cli import persons
from risiti.cli.persons import NewUser
from risiti.cli.stage import Stage, Tempo, read_settings
from scripts import fuzz_checks

OPERATOR_TOKEN: Final = "operator-token-of-a-fuzz-run-32-characters"  # noqa: S105 - of a gateway that lives a minute
PASSWORD: Final = "seven quiet herons at dusk"  # noqa: S105 - as above
TEMPO: Final = Tempo(timeout=30, send_window=10, request_validity=60)
"""Patient, for a machine that is busy with other things too."""
CHECKS: Final = str(Path(fuzz_checks.__file__).resolve())
SLOW_SECONDS: Final = 30
"""An answer that takes longer is a fault."""
OPERATED: Final = r"^/api/(tasks|deadlines|efris/|lanes|users|companies$)"
PERSONAL: Final = r"^/api/auth/"
ENDS_IT: Final = r"^/api/auth/logout$"
"""Would sign the run itself out."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One kind of caller: its token, and the paths that are its own."""

    name: str
    token: str
    include: str | None = None
    exclude: str | None = None


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
            callers = [
                Caller("company", stage.account.key, exclude=f"{OPERATED}|{PERSONAL}"),
                Caller("operator", OPERATOR_TOKEN, include=OPERATED),
                Caller("person", await _person(stage), include=PERSONAL, exclude=ENDS_IT),
            ]
            (folder / "schemathesis.toml").write_text(_configuration(stage), encoding="utf-8")
            environment = {**os.environ, "SCHEMATHESIS_HOOKS": CHECKS}
            worst = 0
            for caller in callers:
                if arguments.only in (None, caller.name):
                    print(f"fuzz: {caller.name}", flush=True)
                    command = _command(arguments, stage, caller)
                    code = await asyncio.to_thread(subprocess.call, command, cwd=folder, env=environment)
                    worst = max(worst, code)
            return worst


def _configuration(stage: Stage) -> str:
    lines = ["[parameters]", f'"path.company_id" = {json.dumps(stage.account.company_id)}']
    return "\n".join(lines) + "\n"


def _command(arguments: argparse.Namespace, stage: Stage, caller: Caller) -> list[str]:
    return [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{stage.gateway_url}/openapi.json",
        *("--checks", "all", "--exclude-checks", ",".join(fuzz_checks.REPLACED)),
        *("--phases", arguments.phases, "--max-examples", str(arguments.examples)),
        *("--seed", str(arguments.seed), "--max-time", str(arguments.seconds), "--continue-on-failure"),
        *("--max-response-time", str(SLOW_SECONDS), "--request-timeout", str(SLOW_SECONDS)),
        *("--header", f"Authorization: Bearer {caller.token}", "--no-color", "--warnings", "off"),
        *(() if caller.include is None else ("--include-path-regex", caller.include)),
        *(() if caller.exclude is None else ("--exclude-path-regex", caller.exclude)),
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

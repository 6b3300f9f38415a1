"""What `risiti journal` does with the database; each function returns what is printed."""

import sys
from functools import partial
from pathlib import Path
from typing import BinaryIO

from risiti.cli.console import CommandError
from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway.journal import exporting, reading
from risiti.gateway.runtime import Runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import companies


async def head(settings: Settings, company_id: str) -> Result:
    """Return where a company's journal ends."""
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        return plain(await runtime.database.read_as(company_id, partial(reading.head, company_id=company_id)))


async def export(settings: Settings, company_id: str, *, after: int, output: Path | None) -> Result:
    """Write a company's journal to a file, or to standard output.

    Raises:
        CommandError: the file cannot be written.
    """
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        if output is None:
            return await _write(runtime, company_id, after, sys.stdout.buffer)
        try:
            with output.open("wb") as file:
                return await _write(runtime, company_id, after, file)
        except OSError as error:
            raise CommandError(f"{output} cannot be written ({error.strerror}).") from None


async def _write(runtime: Runtime, company_id: str, after: int, file: BinaryIO) -> Result:
    lines = 0
    async for line in exporting.lines(runtime.database, company_id, after=after):
        file.write(line)
        lines += 1
    return {"company_id": company_id, "entries": lines - 2}

"""What `risiti company export` does; it returns what is printed."""

import hashlib
import os
import sys
from functools import partial
from pathlib import Path
from typing import BinaryIO

from risiti.cli.console import CommandError
from risiti.cli.files import STANDARD_INPUT
from risiti.cli.tenants import Result, opened_runtime
from risiti.gateway.exports import writing
from risiti.gateway.runtime import Runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import companies


async def export_company(settings: Settings, company_id: str, folder: Path) -> Result:
    """Write all data of a company to a file in a folder, or to standard output.

    Raises:
        CommandError: the file cannot be written.
    """
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        if folder == STANDARD_INPUT:
            return await _write(runtime, company_id, sys.stdout.buffer)
        path = folder / f"{company_id}-{runtime.clock.now():%Y%m%dT%H%M%SZ}.jsonl"
        unfinished = path.with_suffix(".part")
        try:
            # Only for whom the command runs as: it is everything that a company has.
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                written = await _write(runtime, company_id, file)
            unfinished.replace(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written ({error.strerror}).") from None
        return {**written, "file": str(path)}


async def _write(runtime: Runtime, company_id: str, file: BinaryIO) -> Result:
    rows, whole = -2, hashlib.sha256()  # the head and the manifest are no rows
    async for chunk in writing.chunks(runtime.database, company_id, runtime.clock.now()):
        file.write(chunk)
        whole.update(chunk)
        rows += chunk.count(b"\n")
    return {"company_id": company_id, "rows": rows, "sha256": whole.hexdigest()}

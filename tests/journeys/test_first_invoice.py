"""A newcomer's path, with the commands and the API as they stand in the documentation: from nothing to a receipt."""

import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pypdf
import pytest

from risiti.cli.authority import Authority
from risiti.cli.processes import Child, free_port
from risiti.simulator import PATH
from tests.make import DEVICE_NO, TIN, a_private_key, an_invoice, as_pem, public_pem

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(*children: Child) -> AsyncIterator[None]:
    """Start processes, and end them whatever happens."""
    try:
        for child in children:
            child.launch()
        for child in children:
            await child.answers()
        yield
    finally:
        for child in reversed(children):
            await child.end()


def risiti(settings: dict[str, str], *arguments: str) -> dict[str, str]:
    """Run a command and return its JSON result."""
    command = [sys.executable, "-m", "risiti.cli", *arguments, "--json"]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    ended = subprocess.run(command, env=environment | settings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    result: dict[str, str] = json.loads(ended.stdout)
    return result


async def test_from_an_empty_folder_to_a_printed_receipt(tmp_path: Path) -> None:
    authority_port, port = free_port(), free_port()
    authority_url = f"http://127.0.0.1:{authority_port}"
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'risiti.db'}",
        "EFRIS_TEST_URL": authority_url + PATH,
        "PORT": str(port),
    }
    key_file = tmp_path / "device.pem"
    key_file.write_bytes(as_pem(a_private_key()))

    email = "books@mango-street.example"
    company = risiti(
        settings, "company", "open", "--tin", TIN, "--name", "Mango Street Grocers (fictitious)", "--email", email
    )
    device = risiti(settings, "device", "add", company["id"], "--device-no", DEVICE_NO, "--key", str(key_file))
    scopes = ("--scope", "invoices:write", "--scope", "invoices:read")
    issued = risiti(settings, "key", "issue", company["id"], "--label", "till 3", *scopes)
    assert device["device_no"] == DEVICE_NO

    simulator = ["simulator", "--port", str(authority_port), "--state", str(tmp_path / "simulator.db")]
    ready = f"{authority_url}/_control/calls"
    async with running(
        Child("the simulator", simulator, {}, tmp_path / "simulator.log", ready=ready),
        Child("the gateway", ["serve"], settings, tmp_path / "gateway.log", ready=f"http://127.0.0.1:{port}/health"),
    ):
        async with Authority(authority_url) as authority:
            await authority.register_device(TIN, DEVICE_NO, public_pem(a_private_key()), {})
        headers = {"Authorization": f"Bearer {issued['key']}", "Prefer": "wait=20"}
        invoices = f"http://127.0.0.1:{port}/api/companies/{company['id']}/invoices"
        async with aiohttp.ClientSession(headers=headers) as till:
            async with till.post(invoices, json=an_invoice("INV-0001")) as answer:
                assert answer.status == 201, await answer.text()
                invoice = await answer.json()
            async with till.get(f"{invoices}/{invoice['id']}/receipt", params={"format": "pdf"}) as answer:
                assert answer.status == 200, await answer.text()
                receipt = await answer.read()

    printed = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(receipt)).pages)
    assert invoice["fdn"] in printed.replace(" ", "")
    assert invoice["state"] == "fiscalised"

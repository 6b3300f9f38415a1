"""The reference signer as a process of its own, with a folder of keys, for tests that have documents signed by it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.make import as_pem

TOKEN = "a-token-that-only-these-tests-present-0001"


class SignerProcess:
    """A signer that can be killed and started again at the same socket."""

    def __init__(self, folder: Path) -> None:
        self.keys = folder / "keys"
        self.keys.mkdir()
        self._socket = folder / "signer.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What EXTERNAL_SIGNER_URL is to be."""
        return f"unix://{self._socket}"

    def put(self, name: str, key: RSAPrivateKey) -> None:
        """Put a key file into its folder, or another one in its place."""
        draft = self.keys / "draft"
        draft.touch(0o600)
        draft.write_bytes(as_pem(key))
        draft.replace(self.keys / f"{name}.pem")

    async def start(self) -> None:
        """Start it and wait until it listens."""
        said = await asyncio.to_thread(self._launch)
        assert self.address.encode() in said

    def _launch(self) -> bytes:
        arguments = ("signer", "--keys", str(self.keys), "--socket", str(self._socket))
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "risiti.cli", *arguments],
            env=environment | {"EXTERNAL_SIGNER_TOKEN": TOKEN, "RISITI_ENV_FILE": ""},
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def kill(self) -> None:
        """End it as a power cut would; its socket stays behind."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@asynccontextmanager
async def a_signer(folder: Path) -> AsyncIterator[SignerProcess]:
    """Run a signer without keys for the length of a test."""
    process = SignerProcess(folder)
    await process.start()
    try:
        yield process
    finally:
        process.kill()

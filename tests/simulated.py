"""The simulator as a process of its own, with one seller registered, for tests that speak to it over real sockets."""

import contextlib
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risiti.efris import Credentials
from risiti.efris.crypto import PrivateKey
from risiti.simulator import PATH

TIN = "1000000000"
DEVICE_NO = "1000000000_01"
START_SECONDS = 30


@dataclass(frozen=True)
class Simulated:
    """A running simulator; `base` is its address without a path."""

    base: str

    @property
    def url(self) -> str:
        """The address that takes the authority's messages."""
        return self.base + PATH

    def register(self, key: PrivateKey) -> Credentials:
        """Make a seller's device known by its public key; return its credentials."""
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        device = {"tin": TIN, "device_no": DEVICE_NO, "public_key_pem": pem}
        self.control("PUT", "devices", device)
        return Credentials(TIN, DEVICE_NO, key)

    def control(self, method: str, path: str, value: object = None) -> object:
        """Use the control door."""
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.base}/_control/{path}", data=body, method=method)  # noqa: S310 - 127.0.0.1
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310 - as above
            found: object = json.loads(answer.read())
            return found


@contextlib.contextmanager
def simulator() -> Iterator[Simulated]:
    """Run a simulator for the length of a test."""
    command = [sys.executable, "-m", "risiti.simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = process.stdout.readline() if process.stdout else ""
            yield Simulated("http://127.0.0.1:" + told.split("http://127.0.0.1:")[1].split("/")[0].strip())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(START_SECONDS)

"""The message vectors: every byte known, keys made for tests. Facts about the wire that both ends are held to."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from risiti.efris import crypto
from risiti.efris.credentials import Credentials


@cache
def messages() -> dict[str, Any]:
    """Return the vectors file."""
    return json.loads((Path(__file__).parent / "vectors" / "messages.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def taxpayer_key() -> crypto.PrivateKey:
    """Return the taxpayer's private key."""
    return crypto.load_private_key(messages()["keys"]["taxpayer_private_pem"].encode())


def session_key() -> bytes:
    """Return the session key of the vectors."""
    return bytes.fromhex(messages()["session_key"]["session_key_hex"])


def credentials() -> Credentials:
    """Return the credentials of the vectors' taxpayer."""
    return Credentials(messages()["tin"], messages()["device_no"], taxpayer_key())


def named(entries: list[dict[str, Any]]) -> list[Any]:
    """Return parametrised entries with their ids."""
    return [pytest.param(entry, id=entry["id"]) for entry in entries]

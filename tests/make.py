"""Builders of what tests need; plain functions. All companies, people and numbers are made up."""

import functools
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

TIN = "1000000000"
DEVICE_NO = "1000000000_01"
OTHER_TIN = "1000000077"
OTHER_DEVICE_NO = "1000000077_01"


@functools.cache
def a_private_key(name: str = "seller") -> rsa.RSAPrivateKey:  # noqa: ARG001 - one key for each name in a test run
    """Make a private key, once for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def as_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return a private key as an unencrypted PEM file."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Return a key's public half, as it is registered with the authority."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def a_line(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return one line of an invoice."""
    line = {
        "name": "Exercise book 96 pages",
        "code": "BOOK-96",
        "category": "14111514",
        "quantity": "2",
        "unit": "101",
        "unit_price": "1500",
        "tax": "standard",
    }
    return line | changes


def an_invoice(reference: str = "INV-0001", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return a seller's document as it is posted."""
    return {"reference": reference, "lines": [a_line()]} | changes


def as_body(document: dict[str, Any]) -> bytes:
    """Return a document as the body of a request."""
    return json.dumps(document).encode()

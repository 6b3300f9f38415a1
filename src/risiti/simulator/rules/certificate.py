"""Rules about a certificate that a taxpayer uploads (T136): who sends it, what it is, whether it is expected."""

import base64
import binascii
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate

from risiti.efris import crypto
from risiti.efris.envelope import EnvelopeError, decode_base64
from risiti.simulator.clock import KAMPALA
from risiti.simulator.device_book import DeviceBook
from risiti.simulator.rules.block import Block

RSA_BITS = 2048
ENDINGS = (".crt", ".cer")
MOST_NAME_BYTES = 256
KEY_BYTES = 16


def examine(asked: Block, tin: str, now: datetime, book: DeviceBook) -> str:
    """Return the public key (PEM) of a certificate that may be taken, and note down that it came in.

    Args:
        asked: The request.
        tin: Who sends it.
        now: Kampala wall time.
        book: Where its thumbprint must have been registered.

    Raises:
        Refusal: the first rule that fails.
    """
    name = asked.required("fileName", "2093")
    asked.fits("fileName", MOST_NAME_BYTES, "2094")
    content = asked.required("fileContent", "2095")
    proof = asked.required("verifyString", "2096")
    if _opened(proof, tin, now) != name.encode("utf-8", "surrogatepass"):
        asked.refuse("2097")
    certificate = _read(content)
    if certificate is None or not name.lower().endswith(ENDINGS):
        asked.refuse("2100")
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        asked.refuse("2178")
    if not isinstance(key, RSAPublicKey):
        asked.refuse("2178")
    if key.key_size != RSA_BITS:
        asked.refuse("2179")
    if not certificate.not_valid_before_utc <= now.replace(tzinfo=KAMPALA) <= certificate.not_valid_after_utc:
        asked.refuse("2098")
    thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - the thumbprint is SHA-1 by definition
    uploaded = book.certificate(tin, thumbprint)
    if uploaded is None:
        asked.refuse("2200")
    if uploaded:
        asked.refuse("2099")
    book.take_certificate(tin, thumbprint)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _opened(proof: str, tin: str, now: datetime) -> bytes | None:
    """Open verifyString: AES under the first ten characters of the TIN and today's date as yymmdd."""
    key = f"{tin[:10]}{now:%y%m%d}".encode()
    try:
        return crypto.decrypt(key, decode_base64(proof)) if len(key) == KEY_BYTES else None
    except (crypto.DecryptionFailed, EnvelopeError):
        return None


def _read(content: str) -> Certificate | None:
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
        return load_pem_x509_certificate(data) if b"-----BEGIN" in data else load_der_x509_certificate(data)
    except (binascii.Error, ValueError):
        return None

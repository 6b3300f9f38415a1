"""Reads an uploaded key file in a process of its own with bounded CPU time and memory.

A PKCS#12 or encrypted PEM file says itself how many rounds its password is hashed: a hostile one would hold the whole
service for minutes. `python -m risiti.gateway.tenancy.key_reader` is the child; `read` starts it.
"""

import asyncio
import os
import resource
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)

from risiti.efris.crypto import KeyFileError, PrivateKey, load_private_key

MAX_KEY_FILE_BYTES: Final = 32 * 1024
MAX_PASSWORD_BYTES: Final = 1_024
MAX_RSA_BITS: Final = 4_096
CPU_SECONDS: Final = 5
WALL_SECONDS: Final = 30.0
MEMORY_BYTES: Final = 2 * 1024**3

_REFUSED: Final = 3
_LENGTH_BYTES: Final = 4
_TIME_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What is in a key file."""

    key: PrivateKey
    until: datetime | None
    """When the key's certificate expires, if it is in the file too."""


async def read(key_file: bytes, password: str | None) -> KeyMaterial:
    """Read an RSA private key, and its certificate's end, from a PEM or PKCS#12 file.

    Raises:
        KeyFileError: not such a file, wrong password, not RSA of 2048 to 4096 bits, too large, too slow to open.
    """
    secret = (password or "").encode()
    if len(key_file) > MAX_KEY_FILE_BYTES:
        raise KeyFileError(f"the key file is larger than {MAX_KEY_FILE_BYTES} bytes; upload only the private key")
    if len(secret) > MAX_PASSWORD_BYTES:
        raise KeyFileError(f"the password is longer than {MAX_PASSWORD_BYTES} bytes")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback could quote what it was reading
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            answer, _ = await child.communicate(len(secret).to_bytes(_LENGTH_BYTES) + secret + key_file)
    except TimeoutError:
        answer = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == _REFUSED:
        raise KeyFileError(answer.decode())
    if child.returncode != 0:
        raise KeyFileError(
            "the key file takes too much time or memory to open; save it again with the usual protection: "
            "openssl pkcs12 -in IN.pfx -nodes -out KEY.pem"
        )
    seconds = int.from_bytes(answer[:_TIME_BYTES])
    until = datetime.fromtimestamp(seconds, UTC) if seconds else None
    return KeyMaterial(from_der(answer[_TIME_BYTES:]), until)


def to_der(key: PrivateKey) -> bytes:
    """Return a key as PKCS#8 DER, unprotected: to be sealed at once."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def from_der(der: bytes) -> PrivateKey:
    """Load a key that `read` has checked before; the 40 ms of checking its primes again are saved."""
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        raise TypeError("what was sealed is not an RSA key")
    return key


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    length = int.from_bytes(sys.stdin.buffer.read(_LENGTH_BYTES))
    password = sys.stdin.buffer.read(length).decode()
    content = sys.stdin.buffer.read()
    try:
        key = load_private_key(content, password or None)
    except KeyFileError as error:
        return _refuse(str(error))
    if key.key_size > MAX_RSA_BITS:
        return _refuse(f"the RSA key has {key.key_size} bits; at most {MAX_RSA_BITS} are used")
    until = end_of_certificate(content, password, key)
    seconds = 0 if until is None else int(until.timestamp())
    sys.stdout.buffer.write(seconds.to_bytes(_TIME_BYTES) + to_der(key))
    return 0


def end_of_certificate(content: bytes, password: str, key: PrivateKey) -> datetime | None:
    """Return when the key's certificate expires; None if there is none in the file."""
    try:
        if b"-----BEGIN " in content:
            found = x509.load_pem_x509_certificates(content)
        else:
            _, own, others = pkcs12.load_key_and_certificates(content, password.encode() or None)
            found = [one for one in (own, *others) if one is not None]
        mine = [one for one in found if one.public_key() == key.public_key()]
    except (ValueError, UnsupportedAlgorithm):  # the key could be read, and that is what counts
        return None
    return max((one.not_valid_after_utc for one in mine), default=None)


def _refuse(reason: str) -> int:
    sys.stdout.buffer.write(reason.encode())
    return _REFUSED


if __name__ == "__main__":
    sys.exit(_main())

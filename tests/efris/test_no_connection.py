"""No connection, for three reasons, over real sockets: nothing was sent, and that is known for certain."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from risiti.efris import AiohttpTransport, NotSent, Unreachable
from tests.make import a_private_key

pytestmark = pytest.mark.anyio

LIMIT = 65_536
BODY = b'{"data": {}}'


async def test_a_name_that_nobody_knows_is_told_as_not_sent() -> None:
    transport = AiohttpTransport()
    try:
        with pytest.raises(Unreachable) as caught:
            await transport.post("http://authority.invalid/efris", BODY, timeout=20, limit=LIMIT)
    finally:
        await transport.close()
    assert isinstance(caught.value, NotSent)


@pytest.mark.parametrize("fault", ["nobody_vouches", "expired", "other_host"])
async def test_behind_a_certificate_that_does_not_hold_not_one_byte_of_a_message_arrives(
    fault: str, tmp_path: Path
) -> None:
    received = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read(LIMIT))
        writer.close()

    certificate, key = write_certificate(tmp_path, fault)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate, key)
    client_side = ssl.create_default_context(cafile=None if fault == "nobody_vouches" else str(certificate))
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
    port = server.sockets[0].getsockname()[1]
    transport = AiohttpTransport(tls=client_side)
    try:
        with pytest.raises(Unreachable) as caught:
            await transport.post(f"https://localhost:{port}/efris", BODY, timeout=20, limit=LIMIT)
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()
    assert isinstance(caught.value, NotSent)
    assert bytes(received) == b""


async def test_where_no_connection_ever_comes_about_it_is_given_up_and_told_as_not_sent() -> None:
    transport = AiohttpTransport(connect_seconds=0.3)
    try:
        with a_full_line() as port, pytest.raises(Unreachable) as caught:
            await transport.post(f"http://127.0.0.1:{port}/efris", BODY, timeout=20, limit=LIMIT)
    finally:
        await transport.close()
    assert isinstance(caught.value, NotSent)


@contextmanager
def a_full_line() -> Iterator[int]:
    """Open a port at which a connection never comes about: the kernel answers no more than its line holds."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(full.getsockname())
        waiting.append(one)
    try:
        yield int(full.getsockname()[1])
    finally:
        for one in (*waiting, full):
            one.close()


def write_certificate(folder: Path, fault: str) -> tuple[Path, Path]:
    """Write a certificate that signs itself, with its fault, and its key; return both files."""
    private = a_private_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority (fictitious)")])
    end = datetime.now(UTC) + timedelta(days=-1 if fault == "expired" else 30)
    host = "elsewhere.invalid" if fault == "other_host" else "localhost"
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(end - timedelta(days=60))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file

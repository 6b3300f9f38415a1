"""What a client needs before its first call: a key with a certificate, and a simulator that knows whose they are."""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PublicFormat, pkcs12
from cryptography.x509.oid import NameOID

from conformance import sales
from conformance.door import Door

DAY = timedelta(days=1)


def set_the_stage(folder: Path, port: int) -> None:
    """Make keys, let the simulator know the seller, and write down for the client what it must know.

    Args:
        folder: Gets `device.pfx` and `stage.json`.
        port: Where the simulator listens on 127.0.0.1.
    """
    key = generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate(key)
    password = secrets.token_hex(8)
    locked = BestAvailableEncryption(password.encode())
    (folder / "device.pfx").write_bytes(
        pkcs12.serialize_key_and_certificates(b"device", key, certificate, None, locked)
    )
    pem = base64.b64encode(certificate.public_bytes(Encoding.PEM)).decode()
    stage = {"port": port, "password": password, "certificate": pem}
    (folder / "stage.json").write_text(json.dumps(stage), encoding="utf-8")
    _register(Door(f"http://127.0.0.1:{port}"), key, certificate)


def _register(door: Door, key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    seller = {"legal_name": sales.NAME, "branches": {sales.MAIN: "Main", sales.SECOND: "Kawempe"}, "agent": True}
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    device = {"tin": sales.TIN, "device_no": sales.DEVICE_NO, "public_key_pem": public, "taxpayer": seller}
    door.put("devices", device)
    principal = {"tin": sales.PRINCIPAL_TIN, "legal_name": "Harbour Consultants (fictitious)"}
    door.put("taxpayers", principal | {"agents": {sales.TIN: "*"}})
    thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - that is how it is defined
    door.put("thumbprints", {"tin": sales.TIN, "thumbprint": thumbprint})
    door.put("nozzles", sales.nozzle())


def _certificate(key: RSAPrivateKey) -> x509.Certificate:
    """Sign a certificate for a key with itself, good for a day."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, sales.TIN)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = made.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)
    return dated.sign(key, SHA256())

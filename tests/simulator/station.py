"""A seller with branches, a petrol station and fuel documents, and valid requests about all of them."""

import base64
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from risiti.efris import crypto
from risiti.simulator import Device, Taxpayer
from risiti.simulator.forecourt import Nozzle
from risiti.simulator.ledger import Document, Upload
from risiti.simulator.tanks import Tank
from tests.simulator.documents import DEVICE_NO, Wire, document, goods
from tests.simulator.rig import START, Rig
from tests.simulator.stockroom import BRANCHES, petrol

PLENTY = Decimal(1000)
OTHER_TIN = "1000000905"
SUBSCRIBER_TIN = "1000000902"
SUBSCRIBER_PHONE = "0700000902"
PRINCIPAL_TIN = "1000000906"


def open_station(rig: Rig) -> None:
    """Give the seller stock, two pumps with three nozzles, a principal, and the right to act as customs."""
    world = rig.world
    known = world.registry.taxpayer(rig.tin)
    assert known is not None
    seller = known.to_json() | {"branches": BRANCHES, "customs": True, "agent": True}
    world.registry.add_taxpayer(Taxpayer.from_json(seller))
    for row in (goods(), petrol()):
        world.shelf.put(rig.tin, row["goodsCode"], row["goodsName"], row, rig.clock.now())
    fuel = world.shelf.find(rig.tin, "F1")
    assert fuel is not None
    world.tanks.put(rig.tin, Tank("T1", "", fuel.commodity_goods_id))
    for number, pump in (("N1", "PU1"), ("N2", "PU1"), ("N3", "PU2")):
        nozzle = Nozzle(number=number, tank="T1", pump=pump, controller="CO1", acquisition="AC1", gauge="GA1")
        world.forecourt.put(rig.tin, nozzle)
    other = Taxpayer(tin=OTHER_TIN, legal_name="Kiosk Without Pumps (fictitious)")
    world.register(other, Device(f"{OTHER_TIN}_01", OTHER_TIN, ""))
    principal = Taxpayer(tin=PRINCIPAL_TIN, legal_name="Absent Landlord (fictitious)", agents={rig.tin: "*"})
    world.registry.add_taxpayer(principal)
    fuel_document(rig)


def fuel_document(rig: Rig, reference: str = "FUEL-1", industry: str = "110", invoice_type: str = "1") -> Document:
    """Put a document of the station into the ledger."""
    blocks = document(reference=reference)
    blocks["basicInformation"] |= {"invoiceIndustryCode": industry, "invoiceType": invoice_type}
    blocks["edcDetails"] = {"pumpNo": "PU1", "nozzleNo": "N1", "tankNo": "T1", "userName": "Okello"}
    summary = blocks["summary"]
    upload = Upload(
        tin=rig.tin,
        device_no=DEVICE_NO,
        reference=reference,
        invoice_type=invoice_type,
        invoice_kind="1",
        currency="UGX",
        gross=Decimal(summary["grossAmount"]),
        tax=Decimal(summary["taxAmount"]),
        buyer_tin="",
        issued_at=datetime(2026, 3, 2, 12, 0, 0),  # noqa: DTZ001 - Kampala's wall clock has no zone on the wire
        blocks=blocks,
    )
    return rig.world.ledger.issue(upload, rig.clock.now())


def fdn(rig: Rig, reference: str = "FUEL-1") -> str:
    return rig.world.documents(reference)[0].fdn


def certificate(key: RSAPrivateKey | Any, days: int = 30) -> x509.Certificate:  # noqa: ANN401 - any private key
    """Make a self-signed certificate that is valid from an hour before the rig's clock begins."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mango Street (fictitious)")])
    begin = START - timedelta(hours=1) if days > 0 else START - timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(START + timedelta(days=days))
        .sign(key, SHA256())
    )


def thumbprint(made: x509.Certificate) -> str:
    return made.fingerprint(SHA1()).hex()  # noqa: S303 - the thumbprint is SHA-1 by definition


def upload_of(made: x509.Certificate, tin: str, **changes: str) -> Wire:
    """Make the request of T136 for a certificate."""
    key = f"{tin[:10]}260302".encode()
    return {
        "fileName": "mango.crt",
        "verifyString": base64.b64encode(crypto.encrypt(key, b"mango.crt")).decode(),
        "fileContent": base64.b64encode(made.public_bytes(Encoding.PEM)).decode(),
    } | changes


def plain(rig: Rig, interface: str, content: object) -> Wire:
    """Build a message whose content is signed, but not encrypted."""
    message = rig.message(interface)
    text = base64.b64encode(json.dumps(content).encode()).decode()
    message["data"] |= {
        "content": text,
        "signature": base64.b64encode(crypto.sign(rig.key, text.encode())).decode(),
    }
    return message


def pump_id(pumps: Wire, number: str = "PU1") -> str:
    return next(str(row["id"]) for row in pumps["fuelPumpList"] if row["pumpNo"] == number)


SHIFT: Wire = {
    "shiftNo": "S-1",
    "startVolume": "1000.00",
    "endVolume": "1450.50",
    "fuelType": "Petrol",
    "goodsId": "100000000000000001",
    "goodsCode": "F1",
    "invoiceAmount": "2500000",
    "invoiceNumber": "41",
    "nozzleNo": "N1",
    "pumpNo": "PU1",
    "tankNo": "T1",
    "userName": "Okello",
    "userCode": "U1",
    "startTime": "2026-03-02 06:00:00",
    "endTime": "2026-03-02 14:00:00",
}
DISCONNECTION: Wire = {
    "deviceNumber": "CO1",
    "disconnectedType": "101",
    "disconnectedTime": "2026-03-02 09:00:00",
    "remarks": "cable",
}
LOG_ENTRY: Wire = {
    "interruptionTypeCode": "101",
    "description": "no network",
    "errorDetail": "timeout",
    "interruptionTime": "2026-03-02 09:00:00",
}
CONTACT: Wire = {"operationType": "101", "buyerType": "0", "buyerTin": "1000000901", "buyerLegalName": "Lakeside"}
IMPORT: Wire = {
    "basicInformation": {
        "sadNumber": "SAD-1",
        "sadDate": "2026-03-01 00:00:00",
        "cpcCode": "4000",
        "cpcDescription": "home use",
        "wareHouseNumber": "W1",
        "wareHouseName": "Port shed",
        "office": "MALABA",
        "cif": "1000000",
        "valuationMethod": "transaction value",
    },
    "goodsDetails": [{"hsCode": "@hs", "pack": "10 boxes"}],
    "summary": {"prn": "PRN-1"},
}
EXPORT: Wire = {
    "tin": "@tin",
    "ninBrn": "1",
    "taxpayerName": "Mango Street",
    "invoiceNo": "@fdn",
    "sadNumber": "SAD-2",
    "destinationCountry": "KE",
    "originCountry": "UG",
    "exitStationOffice": "BUSIA",
    "exitOfficer": "Nakato",
    "exitDate": "2026-03-02 10:00:00",
    "exportSadItems": [{"hsCode": "@hs", "invoiceItemId": "@item", "exportedQuantity": "1"}],
}

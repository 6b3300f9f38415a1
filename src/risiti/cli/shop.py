"""The demo shop: a fictitious company with a device on both sides, an API key, and a proven duplicate check."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from risiti.cli.authority import Authority
from risiti.cli.console import CommandError
from risiti.cli.erp import Account
from risiti.cli.guard import measure
from risiti.efris.crypto import load_private_key
from risiti.gateway.db.session import SystemSession
from risiti.gateway.events import OPERATOR
from risiti.gateway.fiscal import invoices, shapes
from risiti.gateway.migrations import run as migrations
from risiti.gateway.runtime import Runtime, open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.states import SETTLED, DocumentState
from risiti.gateway.tenancy import api_keys, companies, devices
from risiti.gateway.tenancy.access import Scope
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Guard
from risiti.gateway.worker.run import working

DEVICE_NO: Final = "1000000000_01"
SHOP: Final[Mapping[str, str]] = {
    "tin": "1000000000",
    "legal_name": "Mango Street Grocers (fictitious)",
    "business_name": "Mango Street Grocers",
    "email": "books@mango-street.example",
    "phone": "0700000000",
    "address": "Plot 7, Mango Street, Kampala",
}
"""The demo company. No such company, address or number exists."""
PROBE_REFERENCE: Final = "DUPLICATE-CHECK"
PROBE: Final = b"""{
    "reference": "DUPLICATE-CHECK",
    "remarks": "Sent twice on purpose, to prove that the authority refuses a reference that it has already",
    "lines": [
        {
            "name": "Ball point pen, blue", "code": "STA-001", "category": "44121701",
            "unit": "PCE", "quantity": "1", "unit_price": "800", "tax": "standard"
        }
    ]
}"""
PROBE_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.2
SHOPS_AT_ONCE: Final = 4


async def open_shop(settings: Settings, url: str, authority: Authority) -> Account:
    """Open the demo company on a gateway that does not run yet; as `open_shops`."""
    (account,) = await open_shops(settings, url, authority, [SHOP])
    return account


async def open_shops(
    settings: Settings, url: str, authority: Authority, shops: Sequence[Mapping[str, str]]
) -> list[Account]:
    """Open companies on a gateway that does not run yet, each with one device, `TIN_01`.

    Args:
        settings: Of that gateway; its database is made, or brought up to date.
        url: Where the gateway will listen.
        authority: The simulator, which runs.
        shops: What `SHOP` has, for each.

    Raises:
        CommandError: the first document was not fiscalised, or the simulator took one reference twice.
    """
    database = open_database(settings)
    try:
        await migrations.upgrade(database)
    finally:
        await database.close()
    async with open_runtime(settings) as runtime, working(runtime):
        at_once = asyncio.Semaphore(SHOPS_AT_ONCE)
        return await asyncio.gather(*(_open(runtime, url, authority, shop, at_once) for shop in shops))


def new_key_pem() -> bytes:
    """Make a device's private key (RSA, 2048 bits) as an unencrypted PEM file."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_half(pem: bytes) -> str:
    """Return the public half of a key, as it is registered with the authority."""
    public = load_private_key(pem).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def _open(
    runtime: Runtime, url: str, authority: Authority, shop: Mapping[str, str], at_once: asyncio.Semaphore
) -> Account:
    async with at_once:
        return await _open_one(runtime, url, authority, shop)


async def _open_one(runtime: Runtime, url: str, authority: Authority, shop: Mapping[str, str]) -> Account:
    company_id, key = await runtime.database.write(partial(_open_company, runtime=runtime, shop=shop))
    device_no = f"{shop['tin']}_01"
    pem = await asyncio.to_thread(new_key_pem)
    await authority.register_device(shop["tin"], device_no, public_half(pem), shop)
    register = partial(
        devices.register,
        vault=runtime.vault,
        ids=runtime.ids,
        clock=runtime.clock,
        company_id=company_id,
        device_no=device_no,
        key=load_private_key(pem),
        by=OPERATOR,
    )
    await runtime.database.write_as(company_id, register)
    await _prove_guard(runtime, company_id)
    return Account(url, company_id, key)


def _open_company(session: SystemSession, runtime: Runtime, shop: Mapping[str, str]) -> tuple[str, str]:
    new = companies.NewCompany(
        environment=Environment.TEST,
        tin=shop["tin"],
        legal_name=shop["legal_name"],
        business_name=shop["business_name"],
        email=shop["email"],
        phone=shop["phone"],
        address=shop["address"],
    )
    company = companies.open_company(session, runtime.vault, runtime.ids, runtime.clock, new, by=OPERATOR)
    issued = api_keys.issue(
        session, runtime.ids, runtime.clock, company.id, scopes=[Scope.ADMIN], label="demo", by=OPERATOR
    )
    return company.id, issued.key.reveal()


async def _prove_guard(runtime: Runtime, company_id: str) -> None:
    """Fiscalise a small document and send it twice: only then is a document proved absent sent again by itself."""
    new = shapes.parse_invoice(PROBE, now=runtime.clock.now())
    desk = runtime.desk()
    accepted = await runtime.database.write_as(company_id, lambda session: invoices.create(session, desk, new))
    runtime.wake()
    probe = await _settled(runtime, company_id, accepted.invoice.id)
    if probe.state != DocumentState.FISCALISED:
        raise CommandError(f"the first document was not fiscalised but is {probe.state}: {probe.refusal}")
    if await measure(runtime, probe.id) is not Guard.PROVEN:
        raise CommandError("the simulator took one reference twice; its duplicate check is off.")


async def _settled(runtime: Runtime, company_id: str, document_id: str) -> shapes.InvoiceView:
    """Wait for a document's end on a busy machine too, where a caller is told at once how it stands."""
    end = runtime.clock.now() + timedelta(seconds=PROBE_SECONDS)
    while True:
        probe = await runtime.wait_until_settled(company_id, document_id, PROBE_SECONDS)
        if DocumentState(probe.state) in SETTLED or runtime.clock.now() >= end:
            return probe
        await asyncio.sleep(LOOK_SECONDS)

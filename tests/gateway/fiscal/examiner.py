"""The simulator's rules as a judge of one upload, in process: the code that the authority would answer with."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache

from risiti.simulator import Device, Taxpayer, World
from risiti.simulator.clock import kampala
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.draft import Examination
from risiti.simulator.rules.invoice import examine
from risiti.simulator.seed import PROJECTS
from tests.make import a_private_key, public_pem

TIN = "1000000000"
DEVICE_NO = "TCSMANGO01"
ALL_PERMISSIONS: dict[str, object] = {
    "excise_registered": True,
    "deemed_supplies": True,
    "out_of_scope": True,
    "imported_services": True,
    "export_excise": True,
    "max_gross": str(10**30),
}
LEGAL_NAME = "Mango Street Grocers (fictitious)"


@cache
def world() -> World:
    """Return an authority that knows the seller, holds no category to its rates, and has projects without bound."""
    made = World.open()
    plain = Taxpayer(tin=TIN, legal_name=LEGAL_NAME, email="till@mango.example")
    seller = Taxpayer.from_json(plain.to_json() | ALL_PERMISSIONS)
    made.register(seller, Device(device_no=DEVICE_NO, tin=TIN, public_key=public_pem(a_private_key())))
    made.settings = made.settings.changed({"check_categories": "off"})
    for project in PROJECTS:
        made.projects.put(replace(project, quantity=Decimal(10) ** 20, amount=Decimal(10) ** 20))
    return made


def verdict(payload: bytes, now: datetime, seller: Mapping[str, object] | None = None) -> str:
    """Return the code that an upload is answered with, and what the authority says; `00` if it is taken."""
    known = world().registry.taxpayer(TIN)
    device = world().registry.device(DEVICE_NO)
    assert known is not None
    assert device is not None
    issuer = Taxpayer.from_json(known.to_json() | dict(seller or {}))
    about = Examination(
        caller=issuer,
        seller=issuer,
        device=device,
        agent_type="0",
        now=kampala(now),
        settings=world().settings,
        world=world(),
        ledger_mark=0,
    )
    try:
        examine(json.loads(payload), about)
    except Refusal as refusal:
        return f"{refusal.code}: {refusal.message}"
    return "00"

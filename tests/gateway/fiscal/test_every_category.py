"""Each tax category, from the seller's document to its fiscal number and back, over the wire to the simulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from risiti.efris import READ_INVOICE
from risiti.efris.models.invoices import InvoiceRead
from risiti.gateway.fiscal import unwire
from risiti.gateway.tenancy import companies
from risiti.simulator import Taxpayer
from tests.gateway.fiscal.adversary import BUILDER, DEEMED_PROJECT, EXEMPT_PROJECT
from tests.gateway.submissions.world import World, open_world
from tests.make import TIN, a_line
from tests.migrated import migrated_file

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Journey:
    """A document, what the seller may do, and the tax categories that the authority then shows with their tax."""

    document: Mapping[str, Any]
    shown: Mapping[str, str]
    seller: Mapping[str, Any] = field(default_factory=dict)
    vat_registered: bool = True


def line(category: str, tax: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return a_line(category=category, tax=tax, quantity="10", unit_price="1180") | changes


def beside(tax: str, category: str, **changes: str) -> Journey:
    taxes = [{"tax": tax, "amount": "7400"} | changes]
    return Journey({"lines": [line("44121701", "standard")], "taxes": taxes}, {"01": "1800.00", category: "7400.00"})


TRANSPORT = {"name": "Transport", "code": "TR", "category": "78101800", "unit": "101", "tax": "standard"} | {
    "amount": "1180"
}
ABROAD = {"name": "Cloud Abroad (fictitious)", "address": "1 Far Street", "invoice_date": "2026-03-01"}
DUTY = {"code": "LED070100", "name": "Soft drinks", "percent": "10"}
ADDITIVE = {"code": "LED080600", "name": "Fuel additives", "amount": "650", "per": "litre"}
CEMENT = {"code": "LED100100", "name": "Cement, adhesives, grout, white cement or lime", "amount": "500"}
EXCISE = {"excise_registered": True}
JOURNEYS = {
    "01 standard, with every kind of discount": Journey(
        {
            "lines": [line("44121701", "standard", discount={"percent": "10"}), line("14111507", "standard")],
            "discounts": [{"amount": "1180"}],
            "charges": [TRANSPORT],
        },
        {"01": "3420.00"},
    ),
    "02 zero": Journey({"lines": [line("50131701", "zero")]}, {"02": "0.00"}),
    "03 exempt": Journey({"lines": [line("42132203", "exempt")]}, {"03": "0.00"}),
    "03 exempt, on the receipt of a seller without VAT": Journey(
        {"lines": [line("42132203", "exempt")]}, {"03": "0.00"}, {"vat_registered": False}, vat_registered=False
    ),
    "03 exempt, for a project": Journey(
        {"buyer": BUILDER, "lines": [line("81111800", "exempt", project=EXEMPT_PROJECT)]}, {"03": "0.00"}
    ),
    "04 deemed": Journey(
        {"buyer": BUILDER, "lines": [line("30111601", "deemed", project=DEEMED_PROJECT, discount={"amount": "1180"})]},
        {"04": "1620.00"},
        {"deemed_supplies": True},
    ),
    "05 excise by rate": Journey(
        {"lines": [line("50202306", "standard", excise=DUTY, discount={"amount": "1180"})]},
        {"01": "1620.00", "05": "818.18"},
        EXCISE,
    ),
    "05 excise by quantity": Journey(
        {"lines": [line("15121500", "standard", unit="102", excise=ADDITIVE)]},
        {"01": "1800.00", "05": "6500.00"},
        EXCISE,
    ),
    "05 excise by quantity, in packages, prices without taxes": Journey(
        {
            "prices": "tax_exclusive",
            "lines": [line("15121500", "standard", unit="110", excise=ADDITIVE | {"pack": "1", "stick": "6"})],
        },
        {"01": "9144.00", "05": "39000.00"},
        EXCISE,
    ),
    "05 excise on a deemed supply": Journey(
        {
            "buyer": BUILDER,
            "lines": [
                line("30111601", "deemed", project=DEEMED_PROJECT, excise=CEMENT | {"per": "fifty_kilograms"}),
            ],
        },
        {"04": "1800.00", "05": "5000.00"},
        EXCISE | {"deemed_supplies": True},
    ),
    "06 over the top": beside("over_the_top", "06"),
    "07 stamp duty": beside("stamp_duty", "07"),
    "08 local hotel tax": beside("local_hotel_tax", "08"),
    "09 levy": beside("ucc_levy", "09"),
    "10 another tax": beside("other", "10", name="City tax"),
    "11 out of scope": Journey({"lines": [line("44121701", "out_of_scope")]}, {"11": "0.00"}, {"out_of_scope": True}),
    "an export": Journey(
        {
            "export": {"delivery_terms": "FOB"},
            "buyer": {"type": "foreigner", "name": "Nairobi Stationers (fictitious)"},
            "currency": "USD",
            "exchange_rate": "3700",
            "lines": [line("14111507", "zero", unit="KGM", weight="10", hs_code="4802.57")],
        },
        {"02": "0.00"},
    ),
    "an imported service": Journey(
        {
            "foreign_seller": ABROAD,
            "lines": [line("81111800", "standard")],
        },
        {"01": "1800.00"},
        {"imported_services": True},
    ),
    "an export of services": Journey(
        {"industry": "export_of_services", "lines": [line("81111800", "zero")]}, {"02": "0.00"}
    ),
}


async def register(world: World, journey: Journey) -> None:
    """Have the authority let the seller do what the journey needs, and the gateway know its VAT status."""
    seller = Taxpayer(tin=TIN, legal_name="Mango Street Grocers (fictitious)", email="till@mango.invalid")
    world.authority.registry.add_taxpayer(Taxpayer.from_json(seller.to_json() | dict(journey.seller)))
    await world.runtime.database.write_as(
        world.company_id,
        partial(
            companies.change,
            ids=world.runtime.ids,
            clock=world.clock,
            company_id=world.company_id,
            vat_registered=journey.vat_registered,
            rounding=None,
        ),
    )


@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS.keys())
async def test_a_document_of_the_category_gets_its_number_and_reads_back(journey: Journey, tmp_path: Path) -> None:
    async with open_world(f"sqlite:///{migrated_file(tmp_path / 'gateway.db')}") as world:
        await register(world, journey)
        accepted = await world.hand_in("CAT-1", **journey.document)
        await world.work()
        invoice = await world.look(accepted.invoice.id)
        assert (invoice.state, invoice.refusal) == ("fiscalised", None)
        assert [invoice.fdn] == world.numbers("CAT-1")
        (device_id,) = await world.device_ids()
        client = world.runtime.engine.connections.ready(device_id)
        assert client is not None
        kept = await client.call(READ_INVOICE, InvoiceRead(invoice_no=invoice.fdn or ""))
        back = unwire.read(kept, now=world.clock.now())
    assert {row.tax_category_code: f"{row.tax_amount:.2f}" for row in kept.tax_details} == journey.shown
    assert back.differences == ()
    assert back.invoice.totals is not None
    assert (back.invoice.totals.gross, back.invoice.totals.tax) == (invoice.totals.gross, invoice.totals.tax)
    assert invoice.closure is not None
    assert invoice.closure.gross == invoice.totals.gross

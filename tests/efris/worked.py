"""The worked documents told in Python: an upload for each, with seller, buyer and head made up."""

from decimal import Decimal

from risiti.efris.models.codes import (
    DiscountFlag,
    ExciseRule,
    ExciseUnit,
    PaymentMode,
    TaxCategory,
    VatApplicable,
    YesNo,
)
from risiti.efris.models.invoice_upload import InvoiceUpload, Line, Payment, Summary, TaxRow
from tests.efris.documents import an_upload

PEN = Line(
    item="Pen",
    item_code="P1",
    qty=Decimal(3),
    unit_of_measure="101",
    unit_price=Decimal("3933.34"),
    total=Decimal("11800.02"),
    tax_rate="0.18",
    tax=Decimal(1800),
    order_number=0,
    goods_category_id="44121701",
)
LAPTOP = Line(
    item="Laptop",
    item_code="L1",
    qty=Decimal(1),
    unit_of_measure="101",
    unit_price=Decimal(2_360_000),
    total=Decimal(2_360_000),
    tax_rate="0.18",
    tax=Decimal(360_000),
    order_number=0,
    goods_category_id="43211503",
)
MILK = Line(
    item="Milk",
    item_code="M1",
    qty=Decimal(10),
    unit_of_measure="102",
    unit_price=Decimal(5000),
    total=Decimal(50_000),
    tax_rate="0",
    tax=Decimal(0),
    order_number=1,
    goods_category_id="50131701",
)
GLOVES = Line(
    item="Gloves",
    item_code="G1",
    qty=Decimal(5),
    unit_of_measure="101",
    unit_price=Decimal(30_000),
    total=Decimal(150_000),
    tax_rate="-",
    tax=Decimal(0),
    order_number=2,
    goods_category_id="42132203",
)
LAND_RENT = Line(
    item="Land rent",
    item_code="R1",
    qty=Decimal(1),
    unit_of_measure="101",
    unit_price=Decimal(500_000),
    total=Decimal(500_000),
    tax_rate="0",
    tax=Decimal(0),
    order_number=0,
    goods_category_id="80131500",
    vat_applicable_flag=VatApplicable.OUT_OF_SCOPE,
)
CEMENT = Line(
    item="Cement (Deemed)",
    item_code="C1",
    qty=Decimal(100),
    unit_of_measure="101",
    unit_price=Decimal(35_400),
    total=Decimal(3_540_000),
    tax_rate="0.18",
    tax=Decimal(540_000),
    order_number=0,
    deemed_flag=YesNo.YES,
    goods_category_id="30111601",
)
SODA = Line(
    item="Soda",
    item_code="S1",
    qty=Decimal(10),
    unit_of_measure="102",
    unit_price=Decimal(1180),
    total=Decimal(11_800),
    tax_rate="0.18",
    tax=Decimal(1800),
    order_number=0,
    excise_flag=YesNo.YES,
    category_id="LED000001",
    category_name="Soft drinks",
    goods_category_id="50202306",
    excise_rate="0.1",
    excise_rule=ExciseRule.PERCENT,
    excise_tax=Decimal("909.09"),
    excise_rate_name="10%",
)
ADDITIVE = Line(
    item="Fuel additive",
    item_code="F1",
    qty=Decimal(10),
    unit_of_measure="102",
    unit_price=Decimal(11_800),
    total=Decimal(118_000),
    tax_rate="0.18",
    tax=Decimal(18_000),
    order_number=0,
    excise_flag=YesNo.YES,
    category_id="LED000002",
    category_name="Per litre item",
    goods_category_id="15121500",
    excise_rate="650",
    excise_rule=ExciseRule.QUANTITY,
    excise_tax=Decimal("6500.00"),
    pack=Decimal(1),
    stick=Decimal(1),
    excise_unit=ExciseUnit.LITRE,
    excise_currency="UGX",
    excise_rate_name="UGX650 per litre",
)


def tax_row(category: TaxCategory, rate: str, gross: str, tax: str, **more: object) -> TaxRow:
    """Return a tax row; its net amount is what remains."""
    row = TaxRow(
        tax_category_code=category,
        net_amount=Decimal(gross) - Decimal(tax),
        tax_rate=rate,
        tax_amount=Decimal(tax),
        gross_amount=Decimal(gross),
    )
    return row.model_copy(update=more)


def paid_in_cash(lines: tuple[Line, ...], taxes: tuple[TaxRow, ...]) -> InvoiceUpload:
    """Return an upload whose totals are those of its tax rows."""
    gross = sum(row.gross_amount for row in taxes if row.tax_category_code is not TaxCategory.EXCISE)
    tax = sum(row.tax_amount for row in taxes)
    count = sum(line.discount_flag is not DiscountFlag.DISCOUNT for line in lines)
    return an_upload(
        goods_details=lines,
        tax_details=taxes,
        summary=Summary(net_amount=gross - tax, tax_amount=tax, gross_amount=gross, item_count=count),
        pay_way=(Payment(payment_mode=PaymentMode.CASH, payment_amount=Decimal(gross), order_number="a"),),
    )


def worked_uploads() -> dict[str, InvoiceUpload]:
    """Return the worked documents by name."""
    discounted = LAPTOP.model_copy(
        update={
            "discount_flag": DiscountFlag.DISCOUNTED,
            "discount_total": Decimal(-236_000),
            "discount_tax_rate": "0.18",
        }
    )
    discount = LAPTOP.model_copy(
        update={
            "item": "Laptop (Discount)",
            "qty": None,
            "unit_of_measure": "",
            "unit_price": None,
            "total": Decimal(-236_000),
            "tax": Decimal(-36_000),
            "order_number": 1,
            "discount_flag": DiscountFlag.DISCOUNT,
        }
    )
    per_litre = {
        "excise_unit": ExciseUnit.LITRE,
        "excise_currency": "UGX",
        "tax_rate_name": "UGX650 per litre",
    }
    standard, excise = TaxCategory.STANDARD, TaxCategory.EXCISE
    return {
        "standard": paid_in_cash((PEN,), (tax_row(standard, "0.18", "11800.02", "1800"),)),
        "standard_discount": paid_in_cash((discounted, discount), (tax_row(standard, "0.18", "2124000", "324000"),)),
        "mixed": paid_in_cash(
            (LAPTOP, MILK, GLOVES),
            (
                tax_row(standard, "0.18", "2360000", "360000"),
                tax_row(TaxCategory.ZERO, "0", "50000", "0"),
                tax_row(TaxCategory.EXEMPT, "-", "150000", "0"),
            ),
        ),
        "out_of_scope": paid_in_cash((LAND_RENT,), (tax_row(TaxCategory.OUT_OF_SCOPE, "0", "500000", "0"),)),
        "deemed": paid_in_cash((CEMENT,), (tax_row(TaxCategory.DEEMED, "0.18", "3540000", "540000"),)),
        "excise_percent": paid_in_cash(
            (SODA,),
            (
                tax_row(standard, "0.18", "11800", "1800"),
                tax_row(excise, "0.1", "10000", "909.09", tax_rate_name="10%"),
            ),
        ),
        "excise_quantity": paid_in_cash(
            (ADDITIVE,),
            (tax_row(standard, "0.18", "118000", "18000"), tax_row(excise, "650", "100000", "6500", **per_litre)),
        ),
    }

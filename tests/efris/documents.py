"""An upload to test with; seller and buyer are made up."""

from datetime import UTC, datetime
from decimal import Decimal

from risiti.efris.models.codes import BuyerType, InvoiceKind, PaymentMode, TaxCategory
from risiti.efris.models.invoice_upload import (
    BasicInformation,
    Buyer,
    InvoiceUpload,
    Line,
    Payment,
    Seller,
    Summary,
    TaxRow,
)
from risiti.efris.wirejson import JsonValue


def a_line(**changes: object) -> Line:
    """Return one line: 3 pens at 3933.34."""
    line = Line(
        item="Pen",
        item_code="P1",
        qty=Decimal(3),
        unit_of_measure="101",
        unit_price=Decimal("3933.34"),
        total=Decimal("11800.02"),
        tax_rate="0.18",
        tax=Decimal("1800.00"),
        order_number=0,
        goods_category_id="44121701",
    )
    return line.model_copy(update=changes)


def an_upload(reference: str = "INV-000123", **changes: object) -> InvoiceUpload:
    """Return an invoice of one line, paid in cash by a consumer."""
    upload = InvoiceUpload(
        seller_details=Seller(
            tin="1000000000",
            legal_name="Mango Street Grocers (fictitious)",
            email_address="till@mango.example",
            reference_no=reference,
        ),
        basic_information=BasicInformation(
            device_no="1000000000_01",
            issued_date=datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC),
            operator="Amina",
            currency="UGX",
            invoice_kind=InvoiceKind.INVOICE,
        ),
        buyer_details=Buyer(buyer_type=BuyerType.CONSUMER, buyer_legal_name="Walk-in customer"),
        goods_details=(a_line(),),
        tax_details=(
            TaxRow(
                tax_category_code=TaxCategory.STANDARD,
                net_amount=Decimal("10000.02"),
                tax_rate="0.18",
                tax_amount=Decimal(1800),
                gross_amount=Decimal("11800.02"),
            ),
        ),
        summary=Summary(
            net_amount=Decimal("10000.02"), tax_amount=Decimal(1800), gross_amount=Decimal("11800.02"), item_count=1
        ),
        pay_way=(Payment(payment_mode=PaymentMode.CASH, payment_amount=Decimal("11800.02"), order_number="a"),),
    )
    return upload.model_copy(update=changes)


UPLOADED: dict[str, JsonValue] = {
    "sellerDetails": {"tin": "1000000000", "referenceNo": "INV-000123"},
    "basicInformation": {
        "invoiceId": "159078217852531032",
        "invoiceNo": "325043056477",
        "antifakeCode": "12345678901234567890",
        "issuedDate": "02/03/2026 12:00:30",
        "currency": "UGX",
    },
    "summary": {"grossAmount": "11800.02", "taxAmount": 1800, "qrCode": "https://efris.example/x"},
}
"""What the authority says when it has fiscalised it."""

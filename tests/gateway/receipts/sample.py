"""Receipts to draw in tests: an ordinary one, and ones that want to break the page."""

from datetime import UTC, datetime

from risiti.gateway.fiscal import totals
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.fiscal.wire import Seller
from risiti.gateway.receipts.content import FiscalNumbers, Receipt, receipt_of
from tests.gateway.fiscal.bad_inputs import LINE, document

NOW = datetime(2026, 3, 31, 21, 5, 7, tzinfo=UTC)
"""Just after midnight of 1 April in Kampala."""
SELLER = Seller(
    tin="1000000000",
    legal_name="Mango Street Grocers (fictitious) Limited",
    business_name="Mango Street Grocers",
    email="till@mango.example",
    phone="+256700000000",
    address="1 Mango Street, Kampala",
)
NUMBERS = FiscalNumbers(
    fdn="325000000001",
    verification_code="12345678901234567890",
    qr="https://efris.example/site_new/#/invoiceValidation?invoiceNo=325000000001&antiFakeCode=12345678901234567890",
)
LINES = [
    LINE | {"name": "Exercise book", "quantity": "3", "unit_price": "3933.34", "discount": {"percent": "10"}},
    LINE | {"name": "Fresh milk", "quantity": "2.5", "unit_price": "4000", "tax": "zero"},
    LINE | {"name": "Gloves", "quantity": "1", "unit_price": "30000", "tax": "exempt"},
]
BUYER = {"type": "business", "tin": "1000000001", "name": "Kibo Traders (fictitious)"}


def receipt(
    *,
    numbers: FiscalNumbers = NUMBERS,
    seller: Seller = SELLER,
    is_copy: bool = False,
    **changes: object,
) -> Receipt:
    """Return the receipt of a document with fields changed."""
    content = {"lines": LINES, "buyer": BUYER, "operator": "Akello", "payment": "mobile_money"} | changes
    invoice = parse_invoice(document(**content), now=NOW)
    return receipt_of(invoice, totals.compute(invoice), seller, numbers, device_no="TCSMANGO01", is_copy=is_copy)


LEGAL_FACTS = [
    "Mango Street Grocers (fictitious) Limited",
    "Mango Street Grocers",
    "1 Mango Street, Kampala",
    "1000000000",
    "325000000001",
    "12345678901234567890",
    "TCSMANGO01",
    "01/04/2026",
    "00:05:07",
    "MSG-0001",
    "Akello",
    "Kibo Traders (fictitious)",
    "1000000001",
    "Exercise book",
    "3,933.34",
    "11,800.02",
    "Discount",
    "-1,180.00",
    "Fresh milk",
    "2.5",
    "10,000.00",
    "Gloves",
    "30,000.00",
    "Standard 18%",
    "9,000.02",
    "1,620.00",
    "10,620.02",
    "Zero-rated 0%",
    "Exempt",
    "49,000.02",
    "50,620.02",
    "UGX",
    "Mobile money",
]
"""What must stand on every form of the ordinary receipt."""

HOSTILE_NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}} {% raw %} ${7*7} #{7*7}",
    "<b>&amp;</b>",
    "w" * 200,
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "Tea \U0001f375\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u8336 \uff08\u7dd1\uff09",
    "a\u0301" * 60,
    "\\) Tj ET Q (",
    "\t=HYPERLINK(1)",
]

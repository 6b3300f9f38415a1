"""A program of somebody who uses the SDK: checked with `mypy --strict` and run by tests, never imported by us."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import assert_type

from risiti.efris import (
    FIND_TAXPAYER,
    SERVER_TIME,
    TEST_URL,
    UPLOAD_INVOICE,
    AsyncClient,
    Client,
    Credentials,
    Malformed,
    NoAnswer,
    NoContent,
    NotSent,
    Refused,
    Verdict,
    load_private_key,
)
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
from risiti.efris.models.invoices import InvoiceUploaded
from risiti.efris.models.taxpayers import TaxpayerFound, TaxpayerQuery

TIN = "1000000000"
DEVICE = "1000000000_01"


class HardwareModule:
    """Keeps the key elsewhere."""

    def __init__(self, sign_there: Callable[[bytes], bytes], unwrap_there: Callable[[bytes], bytes]) -> None:
        self._sign, self._unwrap = sign_there, unwrap_there

    def sign(self, text: bytes) -> bytes:
        """Have it signed there."""
        return self._sign(text)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Have it decrypted there."""
        return self._unwrap(wrapped)


def by_module(module: HardwareModule) -> Credentials:
    """Speak with a key that nobody can copy."""
    return Credentials(TIN, DEVICE, module)


def invoice(reference: str, gross: Decimal) -> InvoiceUpload:
    """Sell one pen for cash."""
    tax = Decimal("1800.00")
    return InvoiceUpload(
        seller_details=Seller(
            tin=TIN,
            legal_name="Mango Street Grocers (fictitious)",
            email_address="till@mango.example",
            reference_no=reference,
        ),
        basic_information=BasicInformation(
            device_no=DEVICE,
            issued_date=datetime.now(UTC),
            operator="Amina",
            currency="UGX",
            invoice_kind=InvoiceKind.INVOICE,
        ),
        buyer_details=Buyer(buyer_type=BuyerType.CONSUMER, buyer_legal_name="Walk-in customer"),
        goods_details=(
            Line(
                item="Pen",
                item_code="P1",
                qty=Decimal(1),
                unit_of_measure="101",
                unit_price=gross,
                total=gross,
                tax_rate="0.18",
                tax=tax,
                order_number=0,
                goods_category_id="44121701",
            ),
        ),
        tax_details=(
            TaxRow(
                tax_category_code=TaxCategory.STANDARD,
                net_amount=gross - tax,
                tax_rate="0.18",
                tax_amount=tax,
                gross_amount=gross,
            ),
        ),
        summary=Summary(net_amount=gross - tax, tax_amount=tax, gross_amount=gross, item_count=1),
        pay_way=(Payment(payment_mode=PaymentMode.CASH, payment_amount=gross, order_number="a"),),
    )


def sell(authority: Client, reference: str) -> str:
    """Fiscalise an invoice; return its fiscal document number, or what has to be done."""
    try:
        uploaded = authority.call(UPLOAD_INVOICE, invoice(reference, Decimal("11800.00")))
    except Malformed as error:
        return f"mend {error.faults[0].path} (it would get code {error.faults[0].code})"
    except NotSent as error:
        return f"try again later: {error}"
    except NoAnswer as error:
        return f"look for it before sending it again: {error}"
    except Refused as refusal:
        return "already there" if refusal.verdict is Verdict.SEEN else f"refused: {refusal.return_code.meaning}"
    assert_type(uploaded, InvoiceUploaded)
    assert_type(uploaded.summary.gross_amount, Decimal | None)
    return uploaded.basic_information.invoice_no


async def look_up(url: str, credentials: Credentials, tin: str) -> str:
    """Find who stands behind a TIN, from a program with an event loop."""
    async with AsyncClient(url, credentials, timeout=10) as authority:
        found = await authority.call(FIND_TAXPAYER, TaxpayerQuery(tin=tin))
    assert_type(found, TaxpayerFound)
    return found.taxpayer.legal_name


def main(key_file: str, url: str = TEST_URL) -> None:
    """Tell the time, sell, sell again, look up."""
    credentials = Credentials(TIN, DEVICE, load_private_key(Path(key_file).read_bytes()))
    with Client(url, credentials) as authority:
        said = [authority.call(SERVER_TIME, NoContent()).current_time.isoformat()]
        said += [sell(authority, "SAMPLE-1"), sell(authority, "SAMPLE-1")]
    said.append(asyncio.run(look_up(url, credentials, TIN)))
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

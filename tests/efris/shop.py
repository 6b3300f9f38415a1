"""A shop that the simulator knows: it sells, stocks and applies, so that there is something to ask about."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from risiti.efris import (
    APPLY_CREDIT_NOTE,
    DECIDE_APPLICATION,
    FIND_APPLICATIONS,
    FIND_GOODS,
    MAINTAIN_STOCK,
    UPLOAD_GOODS,
    UPLOAD_INVOICE,
    Client,
    Credentials,
)
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.efris.models.codes import (
    ApplicationQueryType,
    BuyerType,
    CreditNoteReason,
    Decision,
    DeliveryTerms,
    Industry,
    InvoiceKind,
    StockInType,
    StockOperation,
    TaxCategory,
)
from risiti.efris.models.credit_notes import (
    ApplicationDecision,
    ApplicationQuery,
    ApplicationRecord,
    CreditInformation,
    CreditLine,
    CreditNoteApplication,
    CreditSummary,
    CreditTaxRow,
)
from risiti.efris.models.goods import GoodsQuery, GoodsUpload, GoodsUploadRow, RegisteredGoods
from risiti.efris.models.invoice_upload import FuelSale, InvoiceUpload, Line, Summary, TaxRow
from risiti.efris.models.issued import IssuedInformation
from risiti.efris.models.stock import StockMaintenance, StockMovement, StockMovementItem
from tests.efris.documents import a_line, an_upload
from tests.make import public_pem
from tests.simulated import Simulated

MAIN, SECOND = "1", "2"
"""Branch ids."""
BUSINESS_TIN, BUSINESS_NAME = "1000000901", "Lakeside Traders Limited (fictitious)"
NAME = "Mango Street Grocers (fictitious)"
NET, TAX, GROSS = Decimal("10000.02"), Decimal("1800.00"), Decimal("11800.02")
DAY = timedelta(days=1)


@dataclass
class Shop:
    """A seller with two branches, a nozzle, a principal, and leave to act as customs and to decide its own notes.

    Attributes:
        simulated: The authority.
        client: Ours, on the shop's device.
        tin: The seller.
        key: The key of its device.
        principal_tin: Somebody for whom it may issue.
        subscriber_tin: Somebody without VAT, who may get a USSD account.
        subscriber_phone: Their number.
        sold: How many documents were uploaded.
    """

    simulated: Simulated
    client: Client
    tin: str
    key: RSAPrivateKey
    principal_tin: str
    subscriber_tin: str
    subscriber_phone: str
    sold: int = field(default=0)

    @classmethod
    def open(cls, simulated: Simulated, number: int, key: RSAPrivateKey) -> "Shop":
        """Register a shop; different numbers (0 to 999) give different shops."""
        tin, principal, subscriber = (str(1_000_002_000 + 1000 * kind + number) for kind in range(3))
        phone = f"0700{number:06}"
        seller: dict[str, object] = {
            "legal_name": NAME,
            "branches": {MAIN: "Main", SECOND: "Kawempe"},
            "email": "till@mango.example",
            "agent": True,
            "customs": True,
        }
        device = {"tin": tin, "device_no": f"{tin}_01", "public_key_pem": public_pem(key), "taxpayer": seller}
        simulated.control("PUT", "devices", device)
        harbour = {
            "legal_name": "Harbour Consultants (fictitious)",
            "branches": {MAIN: "Harbour"},
            "agents": {tin: "*"},
        }
        grace: dict[str, object] = {"legal_name": "Grace (fictitious)", "vat_registered": False, "phone": phone}
        for other in (harbour | {"tin": principal}, grace | {"tin": subscriber}):
            simulated.control("PUT", "taxpayers", other)
        parts = {"tin": tin, "number": "N1", "tank": "T1", "pump": "P1", "branch": MAIN}
        simulated.control("PUT", "nozzles", parts)
        client = Client(simulated.url, Credentials(tin, f"{tin}_01", key))
        return cls(simulated, client, tin, key, principal, subscriber, phone)

    @property
    def device_no(self) -> str:
        """The shop's device."""
        return f"{self.tin}_01"

    @property
    def now(self) -> datetime:
        """The time on the authority's clock, to the second."""
        self.client.ready()
        return self.client.stamp().request_time.replace(microsecond=0)

    @property
    def today(self) -> date:
        """The day in Kampala."""
        return self.now.astimezone(EAST_AFRICA_TIME).date()

    def document(self) -> InvoiceUpload:
        """Return an invoice of three pens to a business, not yet sent."""
        self.sold += 1
        plain = an_upload(reference=f"INV-{self.sold}")
        seller = {"tin": self.tin, "branch_id": MAIN, "branch_name": "Main"}
        buyer = {"buyer_type": BuyerType.BUSINESS, "buyer_tin": BUSINESS_TIN, "buyer_legal_name": BUSINESS_NAME}
        return plain.model_copy(
            update={
                "seller_details": plain.seller_details.model_copy(update=seller),
                "basic_information": plain.basic_information.model_copy(
                    update={"device_no": self.device_no, "issued_date": self.now}
                ),
                "buyer_details": plain.buyer_details.model_copy(update=buyer),
            }
        )

    def export(self) -> InvoiceUpload:
        """Return an export of three kilograms of paper, not yet sent."""
        plain = self.document()
        paper = a_line(
            item="Paper",
            item_code="PAPER",
            unit_of_measure="KGM",
            tax_rate="0",
            tax=Decimal(0),
            goods_category_id="14111507",
            total_weight=Decimal(3),
            piece_qty=Decimal(3),
            piece_measure_unit="KGM",
        )
        buyer = {"buyer_type": BuyerType.FOREIGNER, "buyer_tin": "", "delivery_terms_code": DeliveryTerms.FOB}
        return self._untaxed(plain, paper, TaxCategory.ZERO, Industry.EXPORT_OF_GOODS).model_copy(
            update={"buyer_details": plain.buyer_details.model_copy(update=buyer)}
        )

    def fuel(self) -> InvoiceUpload:
        """Return a sale of diesel to nobody in particular, not yet sent."""
        plain = self.document()
        diesel = a_line(
            item="Diesel",
            item_code="D1",
            unit_of_measure="102",
            tax_rate="-",
            tax=Decimal(0),
            goods_category_id="15101505",
        )
        buyer = {"buyer_type": BuyerType.CONSUMER, "buyer_tin": "", "buyer_legal_name": "Walk-in customer"}
        return self._untaxed(plain, diesel, TaxCategory.EXEMPT, Industry.FUEL).model_copy(
            update={
                "buyer_details": plain.buyer_details.model_copy(update=buyer),
                "edc_details": FuelSale(tank_no="T1", pump_no="P1", nozzle_no="N1"),
            }
        )

    @staticmethod
    def _untaxed(plain: InvoiceUpload, line: Line, category: TaxCategory, industry: Industry) -> InvoiceUpload:
        row = TaxRow(
            tax_category_code=category,
            net_amount=GROSS,
            tax_rate=line.tax_rate,
            tax_amount=Decimal(0),
            gross_amount=GROSS,
        )
        summary = Summary(net_amount=GROSS, tax_amount=Decimal(0), gross_amount=GROSS, item_count=1)
        basic = plain.basic_information.model_copy(update={"invoice_industry_code": industry})
        changes = {"basic_information": basic, "goods_details": (line,), "tax_details": (row,), "summary": summary}
        return plain.model_copy(update=changes)

    def sell(self, document: InvoiceUpload | None = None) -> IssuedInformation:
        """Have a document fiscalised."""
        return self.client.call(UPLOAD_INVOICE, document or self.document()).basic_information

    def credit(self, issued: IssuedInformation) -> CreditNoteApplication:
        """Return an application for crediting a document whole, not yet sent."""
        line = CreditLine(
            item="Pen",
            item_code="P1",
            qty=Decimal(-3),
            unit_of_measure="101",
            unit_price=Decimal("3933.34"),
            total=-GROSS,
            tax_rate="0.18",
            tax=-TAX,
            order_number=0,
            goods_category_id="44121701",
        )
        row = CreditTaxRow(
            tax_category_code=TaxCategory.STANDARD,
            net_amount=-NET,
            tax_rate="0.18",
            tax_amount=-TAX,
            gross_amount=-GROSS,
        )
        return CreditNoteApplication(
            ori_invoice_id=issued.invoice_id,
            ori_invoice_no=issued.invoice_no,
            reason_code=CreditNoteReason.CANCELLED,
            application_time=self.now,
            currency="UGX",
            sellers_reference_no=f"CN-{issued.invoice_no}",
            goods_details=(line,),
            tax_details=(row,),
            summary=CreditSummary(net_amount=-NET, tax_amount=-TAX, gross_amount=-GROSS, item_count=1),
            basic_information=CreditInformation(operator="Amina", invoice_kind=InvoiceKind.INVOICE),
        )

    def applied(self, issued: IssuedInformation | None = None) -> ApplicationRecord:
        """Apply for crediting a document; return the application as the authority lists it. It waits for a decision."""
        reference = self.client.call(APPLY_CREDIT_NOTE, self.credit(issued or self.sell())).reference_no
        return self.application(reference)

    def application(self, reference: str) -> ApplicationRecord:
        """Return an application by its reference."""
        asked = ApplicationQuery(reference_no=reference, query_type=ApplicationQueryType.OWN)
        (found,) = self.client.call(FIND_APPLICATIONS, asked).records
        return found

    def credited(self, issued: IssuedInformation) -> str:
        """Apply for crediting a document and approve it; return the note's FDN."""
        found = self.applied(issued)
        self.client.call(DECIDE_APPLICATION, self.approval(found))
        return self.application(found.reference_no).invoice_no

    @staticmethod
    def approval(of: ApplicationRecord) -> ApplicationDecision:
        """Return the approval of an application, not yet sent."""
        return ApplicationDecision(
            reference_no=of.reference_no, approve_status=Decision.APPROVE, task_id=of.task_id, remark="Goods are back"
        )

    @staticmethod
    def pens() -> GoodsUploadRow:
        """Return a row that registers pens."""
        return GoodsUploadRow(
            goods_name="Pen",
            goods_code="P1",
            measure_unit="101",
            unit_price=Decimal("3933.34"),
            currency="101",
            commodity_category_id="44121701",
            stock_prewarning=Decimal(10),
        )

    def purchase(self) -> StockMaintenance:
        """Return the purchase of a hundred pens, not yet sent."""
        movement = StockMovement(
            operation_type=StockOperation.INCREASE,
            supplier_name=BUSINESS_NAME,
            stock_in_date=self.today,
            stock_in_type=StockInType.LOCAL_PURCHASE,
        )
        return StockMaintenance(goods_stock_in=movement, goods_stock_in_item=(self.a_hundred(),))

    @staticmethod
    def a_hundred() -> StockMovementItem:
        """Return a row of a stock movement: a hundred pens."""
        return StockMovementItem(goods_code="P1", quantity=Decimal(100), unit_price=Decimal(2500))

    def registered(self) -> RegisteredGoods:
        """Register pens; return them as the authority lists them."""
        assert self.client.call(UPLOAD_GOODS, GoodsUpload(goods=(self.pens(),))).failures == ()
        (found,) = self.client.call(FIND_GOODS, GoodsQuery(goods_code="P1")).records
        return found

    def stocked(self) -> RegisteredGoods:
        """Register pens and bring in a hundred of them."""
        found = self.registered()
        assert self.client.call(MAINTAIN_STOCK, self.purchase()).failures == ()
        return found

    def purchased(self) -> str:
        """Register pens, bring in a hundred of them, and return the supplier."""
        self.stocked()
        return BUSINESS_NAME

    def certificate(self) -> bytes:
        """Make a certificate for the shop's key whose thumbprint the authority expects; return it as PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.tin)])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        now = datetime.now(UTC)
        dated = made.serial_number(1).not_valid_before(now - DAY).not_valid_after(now + DAY)
        certificate = dated.sign(self.key, SHA256())
        thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - that is how it is defined
        self.simulated.control("PUT", "thumbprints", {"tin": self.tin, "thumbprint": thumbprint})
        return certificate.public_bytes(Encoding.PEM)

    def last_otp(self) -> str:
        """Return the one-time password that was sent last."""
        told = self.simulated.control("GET", "messages")
        assert isinstance(told, dict)
        texts = [message["text"] for message in told["messages"] if message["tin"] == self.tin]
        return str(texts[0]).rpartition(" ")[2]


def base64_of(data: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(data).decode()

"""What an answer of T109 proves: the few of its fields that are compared with what was sent; reads nothing else."""

from typing import Annotated

from pydantic import AliasChoices, ConfigDict, Field

from risiti.efris.models.base import READ_OBJECT, READ_ROWS, EfrisAnswer, WireNumber, WireText, WireTime


class _Proof(EfrisAnswer):
    model_config = ConfigDict(extra="ignore")


class ProvenSeller(_Proof):
    """Whose document it is."""

    tin: WireText = ""
    reference_no: WireText = ""


class ProvenInformation(_Proof):
    """Head of the document; see `models.issued.IssuedInformation`."""

    invoice_id: WireText = ""
    invoice_no: WireText = Field(min_length=1)
    antifake_code: WireText = Field(
        default="", validation_alias=AliasChoices("antifakeCode", "antiFakeCode", "antifake_code")
    )
    device_no: WireText = ""
    issued_date: WireTime = None
    currency: WireText = ""
    invoice_type: WireText = ""
    invoice_kind: WireText = ""
    data_source: WireText = ""


class ProvenBuyer(_Proof):
    """To whom it was issued."""

    buyer_tin: WireText = ""


class ProvenLine(_Proof):
    """One row."""

    discount_flag: WireText = ""


class ProvenSummary(_Proof):
    """Totals."""

    tax_amount: WireNumber = None
    gross_amount: WireNumber = None
    item_count: WireNumber = None
    qr_code: WireText = ""


class ProvenDocument(_Proof):
    """A fiscalised document as far as it is compared; the names are those of `models.issued.FiscalDocument`."""

    seller_details: Annotated[ProvenSeller, READ_OBJECT] = ProvenSeller()
    basic_information: ProvenInformation
    buyer_details: Annotated[ProvenBuyer, READ_OBJECT] = ProvenBuyer()
    goods_details: Annotated[tuple[ProvenLine, ...], READ_ROWS] = ()
    summary: Annotated[ProvenSummary, READ_OBJECT] = ProvenSummary()

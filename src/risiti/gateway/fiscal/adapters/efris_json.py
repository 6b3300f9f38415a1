"""The authority's own upload, as JSON, for those who have it: checked, read into our words, and passed on.

What is sent is the caller's document, field by field; only the check of the reference is switched on where it is off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from risiti.efris.errors import Fault, Malformed
from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.efris.models.codes import DiscountFlag
from risiti.efris.models.invoice_upload import InvoiceUpload
from risiti.gateway.fiscal import references, strict_json, unwire
from risiti.gateway.fiscal.adapters.adapted import Places
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.validation.codes import WIRE_FIELDS
from risiti.gateway.kernel.errors import FieldError

_TIN = "sellerDetails.tin"
_REFERENCE = "sellerDetails.referenceNo"
_CHECK = "sellerDetails.isCheckReferenceNo"
_ROW = "/*"


@dataclass(frozen=True, slots=True)
class EfrisSale:
    """An upload in our words, and what is sent of it."""

    invoice: NewInvoice
    payload: bytes
    places: Places
    notes: tuple[FieldError, ...]


def read(body: bytes, *, seller_tin: str, now: datetime) -> EfrisSale:
    """Read an upload of this seller.

    Args:
        body: The content of the authority's upload interface, as JSON, neither packed nor encrypted.
        seller_tin: TIN of the company that sends it.
        now: Bounds its date.

    Raises:
        BadRequest, TooLarge: it is no JSON that can be read safely.
        Invalid: it breaks the authority's rules, its amounts do not follow from its lines, or it is somebody else's;
            every fault names the authority's field.
    """
    strict_json.parse_object(body)  # depth, size, numbers and texts, as for our own documents
    try:
        upload = UPLOAD_INVOICE.parse(body)
        notes = []
        if not upload.seller_details.is_check_reference_no:
            message = "The check of the reference was switched on: it keeps a sale from being fiscalised twice."
            notes.append(FieldError(_CHECK, "reference_check", message, "1"))
            checked = upload.seller_details.model_copy(update={"is_check_reference_no": True})
            upload = upload.model_copy(update={"seller_details": checked})
        payload = UPLOAD_INVOICE.freeze(upload).content
    except Malformed as error:
        raise_if_any([_fault(fault) for fault in error.faults])
        raise  # unreachable: what is malformed has a fault
    raise_if_any(_foreign(upload, seller_tin))
    places = Places(dict(_places(upload)))
    with places.named():
        unwired = unwire.read(upload, now=now)
        raise_if_any(unwired.differences)
    invoice = unwired.invoice.model_copy(update={"device": upload.basic_information.device_no})
    return EfrisSale(invoice, payload, places, tuple(notes))


def _foreign(upload: InvoiceUpload, tin: str) -> Iterator[FieldError]:
    """Yield what does not belong to this seller, or would not be found again."""
    seller = upload.seller_details
    if seller.tin != tin:
        message = f"The document's seller has the TIN {seller.tin}; this company has {tin}."
        yield FieldError(_TIN, "seller_differs", message, tin)
    try:
        kept = references.on_the_wire(seller.reference_no)
    except references.BadReference as error:
        yield FieldError(_REFERENCE, error.code, str(error), "Use letters, digits and . _ / - only.")
        return
    if kept != seller.reference_no:
        message = (
            "A reference that is passed on as it is has letters, digits and . _ / - only, without blanks around it."
        )
        yield FieldError(_REFERENCE, "invalid_code", message, kept)


def _fault(fault: Fault) -> FieldError:
    message = f"This field {fault.message}."
    return FieldError(fault.path, "not_carried", message, "Correct the field.", authority_code=fault.code or "")


def _places(upload: InvoiceUpload) -> Iterator[tuple[str, str]]:
    """Yield where the fields of our document stand in the upload; a line that has a discount takes two rows there."""
    rows = [number for number, row in enumerate(upload.goods_details) if row.discount_flag is not DiscountFlag.DISCOUNT]
    for pointer, name in WIRE_FIELDS.items():
        if _ROW not in pointer:
            yield pointer, name
            continue
        whole, _, rest = name.partition(".")
        positions = rows if pointer.startswith("/lines") else range(len(upload.pay_way))
        for index, position in enumerate(positions):
            start = pointer.partition(_ROW)[0]
            yield f"{start}/{index}", f"{whole}[{position}]"
            yield pointer.replace(_ROW, f"/{index}", 1), f"{whole}[{position}].{rest}"
            if start == "/lines":
                yield f"{start}/{index}/total", f"{whole}[{position}].total"
                yield f"{start}/{index}/tax", f"{whole}[{position}].tax"
    yield "/payments", "payWay"
    yield "/totals", "summary"
    yield "/taxes", "taxDetails"

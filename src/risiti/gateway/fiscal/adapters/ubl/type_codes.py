"""Which UBL documents are invoices that can be fiscalised (UNCL 1001), and what Uganda wants instead of the others."""

from typing import Final

from risiti.gateway.fiscal.adapters.ubl.document import UblDocument
from risiti.gateway.fiscal.strict_json import shown
from risiti.gateway.kernel.errors import FieldError

_CREDIT: Final = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
_DEBIT: Final = frozenset({"80", "84", "383"})
_CORRECTION: Final = frozenset({"384"})
_SELF_BILLED: Final = frozenset({"389", "500", "501", "502", "503", "527"})
_INFORMATION: Final = frozenset({"751", "325"})
_ORDINARY: Final = frozenset(
    {
        *("71", "82", "102", "211", "218", "219", "295", "326", "331", "380", "382", "385", "386", "387", "388"),
        *("390", "393", "394", "395", "456", "457", "553", "575", "623", "633", "780", "817", "870", "875", "876"),
        *("877", "935"),
    }
)
_PREPAYMENT: Final = "386"


def faults_of(document: UblDocument) -> list[FieldError]:
    """Return why the document cannot be fiscalised as an invoice, and what Uganda needs; nothing if it can."""
    code = document.type_code
    is_note = document.root == "CreditNote"
    where = f"{document.path}/cbc:{document.root}TypeCode"
    earlier = f" It names {', '.join(document.preceding)} as the earlier one." if document.preceding else ""
    fault = None
    if is_note or code in _CREDIT:
        fault = _credit(where, f"This is a credit note ({code or 'no type code'}).{earlier}")
    elif _is_negative(document):
        where = f"{document.totals.path}/cbc:PayableAmount"
        fault = _credit(where, f"The document gives money back: its total is negative.{earlier}")
    elif code in _CORRECTION:
        message = f"This is a corrective invoice (384).{earlier} Uganda has none: what was wrong is credited first."
        fix = (
            "Apply for a credit note on the fiscal document number of the earlier invoice, then send the right invoice "
            "with type 380 and a number of its own."
        )
        fault = FieldError(where, "correction_needed", message, fix)
    elif code in _DEBIT:
        message = f"This is a debit note ({code}).{earlier} Uganda issues one only to an invoice that it knows."
        fix = "Needed: the fiscal document number of that invoice, and the reason (101 to 103)."
        fault = FieldError(where, "debit_note_needed", message, fix)
    elif code in _SELF_BILLED:
        message = f"This is self-billed ({code}): the buyer wrote it. In Uganda the seller has it fiscalised."
        fault = FieldError(where, "self_billed", message, "Have the seller send it, with type 380.")
    elif code in _INFORMATION:
        message = f"A document of type {code} is for information: it is no tax invoice, nothing is to be fiscalised."
        fault = FieldError(where, "not_an_invoice", message, "Send the invoice itself, with type 380.")
    elif code and code not in _ORDINARY:
        message = f'"{shown(code)}" is not one of the types of invoices that are read.'
        fault = FieldError(where, "unknown_value", message, "380")
    return [fault] if fault else []


def notes_of(document: UblDocument) -> list[FieldError]:
    """Say what an invoice of this type becomes, where that is not plain."""
    if document.type_code == _PREPAYMENT:
        message = "A prepayment invoice (386) is fiscalised as an invoice: VAT is due when payment is taken."
        return [FieldError(f"{document.path}/cbc:InvoiceTypeCode", "prepayment", message)]
    return []


def _is_negative(document: UblDocument) -> bool:
    total = document.totals.gross if document.totals.gross is not None else document.totals.payable
    return total is not None and total < 0


def _credit(where: str, message: str) -> FieldError:
    fix = (
        "Uganda credits by application: needed are the fiscal document number of the invoice that is credited, the "
        "reason (101 to 105), and for each line its number in that invoice, with what is taken back."
    )
    return FieldError(where, "credit_note_needed", message, fix)

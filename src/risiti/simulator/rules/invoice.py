"""The order in which a document offered to T109 is examined: the first rule that fails gives the one code.

Missing blocks, then fields in the document's order, then rules across fields, master data, arithmetic, permissions
and limits, the duplicate check, and last the stock. Where the specification gives two limits for a field, the stricter
holds.
"""

from collections.abc import Mapping

from risiti.simulator.refusal import Refusal
from risiti.simulator.rules import (
    arithmetic,
    availability,
    buyer,
    catalogue,
    channel,
    completion,
    debit_note,
    excise,
    header,
    industries,
    lines,
    payments,
    projects,
    tax_rows,
)
from risiti.simulator.rules.draft import Draft, Examination, take_apart
from risiti.simulator.values import JsonValue


def examine(content: Mapping[str, JsonValue], about: Examination) -> Draft:
    """Return the document's blocks if it may be issued.

    Raises:
        Refusal: the first rule that fails.
    """
    draft = take_apart(completion.completed(content, about.seller))
    channel.check(draft, about)
    header.check_seller_fields(draft, about)
    header.check_basic_fields(draft)
    buyer.check_fields(draft, about)
    lines.check_fields(draft, about)
    tax_rows.check_fields(draft, about)
    header.check_summary_fields(draft, about)
    payments.check_fields(draft, about)
    industries.check_fields(draft, about)
    header.check_header(draft, about)
    buyer.check_rules(draft)
    lines.check_order(draft, about)
    excise.check(draft, about)
    projects.check(draft, about)
    lines.check_scope(draft, about)
    industries.check_rules(draft, about)
    tax_rows.check_rules(draft, about)
    buyer.check_register(draft, about)
    debit_note.check_original(draft, about)
    catalogue.check(draft, about)
    arithmetic.check(draft, about)
    header.check_permissions(draft, about)
    _check_duplicate(draft, about)
    availability.check(draft, about)
    return draft


def _check_duplicate(draft: Draft, about: Examination) -> None:
    mode = about.settings.duplicate_check
    reference = draft.seller.text("referenceNo")
    asked = draft.seller.text("isCheckReferenceNo") == "1"
    if not reference or mode == "off" or not (asked or mode == "always"):
        return
    earlier = about.earlier(reference)
    if earlier is None:
        return
    raise Refusal(
        "2253",
        f"The reference ({reference}) of seller ({earlier.tin}) was used already, for document ({earlier.fdn})",
        content={
            "existInvoiceList": [
                {
                    "invoiceNo": earlier.fdn,
                    "antifakeCode": earlier.verification_code,
                    "qrCode": earlier.qr_text,
                }
            ]
        },
    )

"""Credit notes, from the application to the cancellation."""

from conformance import sales
from conformance.cases import Case, expect
from conformance.online.stage import Stage, content, done


def credit_note(at: Stage) -> str:
    at.door.put("settings", {"credit_note_decision": "wait", "self_approval": True})
    return at.apply("note", "invoice")


def application_status(at: Stage) -> str:
    row = at.application(at.known["note.reference"])
    expect(row["approveStatus"], "102", "approveStatus")
    return "submitted"


def application_head(at: Stage) -> str:
    return str(content(at.client.get_credit_application_detail(at.known["note.id"]))["referenceNo"])


def application_head_by_post(at: Stage) -> str:
    asked = {"id": at.known["note.id"]}
    found = content(at.client.post("credit_note_details", asked, encrypt=True, decrypt=True))
    expect(found["referenceNo"], at.known["note.reference"], "referenceNo")
    return f"status {found['approveStatusCode']}"


def approve(at: Stage) -> str:
    reference = at.known["note.reference"]
    done(at.client.approve_credit_note(reference, True, at.known["note.task"], "Goods are back"))
    row = at.application(reference)
    expect(row["approveStatus"], "101", "approveStatus")
    at.known["credit note"] = row["invoiceNo"]
    return f"credit note {row['invoiceNo']}"


def cancel_note(at: Stage) -> str:
    return done(at.client.cancel_credit_note_application(at.known["invoice.id"], at.known["credit note"], "101"))


def cancellation(at: Stage) -> str:
    found = content(at.client.query_invalid_credit_note(at.known["credit note"]))
    expect(found["invoiceNo"], at.known["credit note"], "invoiceNo")
    return f"reason {found['reasonCode']}"


def void(at: Stage) -> str:
    at.sell("returned", sales.invoice("INV-4", at.now()))
    at.apply("withdrawn", "returned", quantity="1")
    done(at.client.void_credit_debit_application(at.known["withdrawn.id"], at.known["withdrawn.reference"]))
    expect(at.application(at.known["withdrawn.reference"])["approveStatus"], "104", "approveStatus")
    return "voided"


def debit_note(at: Stage) -> str:
    asked = sales.credit_note(at.known["invoice.fdn"], at.known["invoice.id"], at.now())
    return str(content(at.client.apply_debit_note(asked))["referenceNo"])


CASES: list[Case[Stage]] = [
    Case("T110", "apply_credit_note", credit_note),
    Case("T111", "query_credit_note_status", application_status),
    Case(
        "T112",
        "get_credit_application_detail",
        application_head,
        fault="[credit_application_detail] not configured",
        why="it asks its table of interfaces for a name that is not in it",
    ),
    Case("T112", "post, credit_note_details", application_head_by_post),
    Case("T113", "approve_credit_note", approve),
    Case("T114", "cancel_credit_note_application", cancel_note),
    Case("T122", "query_invalid_credit_note", cancellation),
    Case("T120", "void_credit_debit_application", void),
    Case(
        "T110",
        "apply_debit_note",
        debit_note,
        fault="invoiceApplyCategoryCode is not one of the allowed values",
        why="it applies for a debit note, which no interface takes: those are uploaded (T109)",
    ),
]

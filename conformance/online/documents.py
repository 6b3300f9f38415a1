"""Fiscal documents: issued, found, read, compared."""

import importlib
import json

from conformance import sales
from conformance.cases import Case, expect
from conformance.online.stage import Stage, content, records, refused


def fiscalise(at: Stage) -> str:
    return at.sell("invoice", sales.invoice("INV-1", at.now()))


def fiscalise_again(at: Stage) -> str:
    return refused(at, lambda: at.client.fiscalise_invoice(sales.invoice("INV-1", at.now())), "2253")


def batch(at: Stage) -> str:
    sign = importlib.import_module("ura_efris_sdk.utils").sign_rsa_sha1
    key, invoices = at.client.key_client._load_private_key(), []  # noqa: SLF001 - it leaves signing batches to its caller
    for reference in ("INV-2", "INV-3"):
        text = json.dumps(sales.invoice(reference, at.now()))
        invoices.append({"invoiceContent": text, "invoiceSignature": sign(text.encode(), key)})
    rows = content(at.client.fiscalise_batch_invoices(invoices))
    expect([row["invoiceReturnCode"] for row in rows], ["00", "00"], "return codes")
    return f"{len(rows)} issued"


def details(at: Stage) -> str:
    found = content(at.client.verify_invoice(at.known["invoice.fdn"]))
    expect(found["summary"]["grossAmount"], "11800.02", "grossAmount")
    expect(found["sellerDetails"]["referenceNo"], "INV-1", "referenceNo")
    return f"{found['summary']['grossAmount']} {found['basicInformation']['currency']}"


def creditable(at: Stage) -> str:
    rows = records(at.client.query_invoices(sales.PAGE | {"invoiceNo": at.known["invoice.fdn"]}))
    return f"{rows[0]['invoiceNo']} can be credited"


def find(at: Stage) -> str:
    rows = records(at.client.query_all_invoices(sales.PAGE | {"referenceNo": "INV-1"}))
    expect([row["invoiceNo"] for row in rows], [at.known["invoice.fdn"]], "FDNs with the reference")
    return f"one document, {rows[0]['invoiceNo']}"


def compare(at: Stage) -> str:
    checks = [{"invoiceNo": at.known["invoice.fdn"], "invoiceType": "1"}, {"invoiceNo": "1", "invoiceType": "1"}]
    differing = content(at.client.verify_invoices_batch(checks))
    expect([row["invoiceNo"] for row in differing], ["1"], "documents that differ")
    return "the unknown one of two is named"


def remaining(at: Stage) -> str:
    lines = content(at.client.invoice_remain_details(at.known["invoice.fdn"]))["goodsDetails"]
    expect(lines[0]["remainQty"], "3", "remainQty")
    return f"{lines[0]['remainQty']} left to credit"


def export_status(at: Stage) -> str:
    at.sell("export", sales.export("EXP-1", at.now()))
    return f"status {content(at.client.query_fdn_status(at.known['export.fdn']))['documentStatusCode']}"


CASES: list[Case[Stage]] = [
    Case("T109", "fiscalise_invoice", fiscalise),
    Case("T109", "fiscalise_invoice, the same once more", fiscalise_again),
    Case("T129", "fiscalise_batch_invoices", batch),
    Case("T108", "verify_invoice", details),
    Case("T107", "query_invoices", creditable),
    Case("T106", "query_all_invoices", find),
    Case("T117", "verify_invoices_batch", compare),
    Case("T186", "invoice_remain_details", remaining),
    Case("T187", "query_fdn_status", export_status),
]

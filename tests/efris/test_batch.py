"""Several documents in one call: each signed on its own, each with an outcome of its own."""

import json

import pytest

from risiti.efris import (
    UPLOAD_INVOICE,
    UPLOAD_INVOICE_BATCH,
    Frozen,
    Malformed,
    RefusedForGood,
    RefusedForNow,
    Unreadable,
    Verdict,
    crypto,
    read_outcome,
    sign_batch,
)
from risiti.efris.batch import as_a_whole, failure_of, read_outcomes
from risiti.efris.envelope import decode_base64
from risiti.efris.models.base import read_answer
from risiti.efris.models.invoice_batch import InvoiceOutcome, InvoiceOutcomes
from risiti.efris.models.invoices import InvoiceUploaded, existing_invoices
from risiti.efris.return_codes import lookup
from tests.efris import known
from tests.efris.documents import UPLOADED, an_upload


def _outcome(code: str, content: object = None, text: str | None = None) -> InvoiceOutcome:
    return InvoiceOutcome(
        invoice_content=(json.dumps(content) if content is not None else "") if text is None else text,
        invoice_return_code=code,
        invoice_return_message="said the authority",
    )


def test_each_document_is_signed_over_the_text_that_was_frozen() -> None:
    contents = [UPLOAD_INVOICE.freeze(an_upload(f"INV-{number}")) for number in (1, 2)]
    batch = sign_batch(contents, known.credentials())
    rows = json.loads(UPLOAD_INVOICE_BATCH.freeze(batch).content)
    assert [row["invoiceContent"].encode() for row in rows] == [frozen.content for frozen in contents]
    for row in rows:
        signature = decode_base64(row["invoiceSignature"])
        assert crypto.verifies(known.taxpayer_key().public_key(), signature, row["invoiceContent"].encode())


def test_a_document_of_a_batch_is_signed_as_in_the_known_message() -> None:
    inner = next(entry["inner"] for entry in known.messages()["requests"] if "inner" in entry)
    (signed,) = sign_batch([Frozen(inner["text"].encode())], known.credentials()).invoices
    assert signed.invoice_content == inner["text"]
    assert signed.invoice_signature == inner["signature"]


def test_the_same_documents_make_the_same_batch() -> None:
    contents = [UPLOAD_INVOICE.freeze(an_upload())]
    assert UPLOAD_INVOICE_BATCH.freeze(sign_batch(contents, known.credentials())) == UPLOAD_INVOICE_BATCH.freeze(
        sign_batch(contents, known.credentials())
    )


def test_an_empty_batch_is_not_sent() -> None:
    with pytest.raises(Malformed, match="at least one row"):
        UPLOAD_INVOICE_BATCH.freeze(sign_batch([], known.credentials()))


def test_a_batch_in_which_some_failed_is_an_answer_not_a_refusal() -> None:
    assert "1613" in UPLOAD_INVOICE_BATCH.answer_codes
    answer = read_answer(
        InvoiceOutcomes,
        [
            {"invoiceContent": json.dumps(UPLOADED), "invoiceReturnCode": "00", "invoiceReturnMessage": "SUCCESS"},
            {"invoiceContent": None, "invoiceReturnCode": "2247", "invoiceReturnMessage": "no"},
        ],
    )
    first, second = (read_outcome(outcome, InvoiceUploaded) for outcome in answer.outcomes)
    assert isinstance(first, InvoiceUploaded)
    assert first.basic_information.invoice_no == "325043056477"
    assert isinstance(second, RefusedForGood)
    assert (second.code, second.interface, second.field) == ("2247", "T109", "buyerDetails.buyerLegalName")


def test_a_document_that_was_there_already_is_listed_with_the_refusal() -> None:
    refusal = read_outcome(_outcome("2253", {"existInvoiceList": [{"invoiceNo": "325043056477"}]}), InvoiceUploaded)
    assert isinstance(refusal, RefusedForGood)
    assert refusal.verdict is Verdict.SEEN
    assert [found.invoice_no for found in existing_invoices(refusal.content)] == ["325043056477"]


def test_a_refusal_that_passes_says_so() -> None:
    assert isinstance(read_outcome(_outcome("403"), InvoiceUploaded), RefusedForNow)


def test_a_refusal_whose_content_is_broken_is_still_a_refusal() -> None:
    assert isinstance(read_outcome(_outcome("2247", text="{"), InvoiceUploaded), RefusedForGood)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(_outcome("00"), id="success without content"),
        pytest.param(_outcome("00", text="{"), id="success with broken content"),
        pytest.param(_outcome("00", {"basicInformation": {}}), id="success without a number"),
    ],
)
def test_a_success_that_cannot_be_read_is_known_to_be_one(outcome: InvoiceOutcome) -> None:
    unreadable = read_outcome(outcome, InvoiceUploaded)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.accepted_opaque


@pytest.mark.parametrize("code", ["", "99", "0815"])
def test_a_code_that_may_mean_anything_settles_nothing(code: str) -> None:
    unreadable = read_outcome(_outcome(code), InvoiceUploaded)
    assert isinstance(unreadable, Unreadable)
    assert not unreadable.accepted_opaque


def test_that_a_batch_has_too_many_documents_says_nothing_against_them() -> None:
    whole = as_a_whole(RefusedForGood(lookup("1612", "T129"), interface="T129", exchange_id="a" * 32))
    assert isinstance(whole, RefusedForNow)
    assert (whole.code, whole.verdict, whole.exchange_id) == ("1612", Verdict.NOT_PROCESSED, "a" * 32)


@pytest.mark.parametrize("code", ["28", "402", "403", "100"])
def test_a_refusal_that_passes_holds_for_every_document_of_a_batch(code: str) -> None:
    refusal = RefusedForNow(lookup(code, "T129"))
    assert as_a_whole(refusal) is refusal


@pytest.mark.parametrize("code", ["41", "1610", "1611"])
def test_a_code_about_one_document_that_stands_over_a_whole_batch_settles_nothing(code: str) -> None:
    assert isinstance(as_a_whole(RefusedForGood(lookup(code, "T129"))), Unreadable)


def test_a_code_about_a_documents_field_settles_nothing_even_if_it_passes() -> None:
    assert isinstance(as_a_whole(RefusedForNow(lookup("22", "T129"))), Unreadable)


def test_what_is_said_of_a_document_of_a_batch_is_cut_like_what_is_said_of_one_alone() -> None:
    refused = InvoiceOutcome(invoice_return_code="2247", invoice_return_message=" " + "x" * 10_000)
    outcome = read_outcome(refused, InvoiceUploaded)
    assert isinstance(outcome, RefusedForGood)
    assert outcome.return_message == "x" * 500


@pytest.mark.parametrize("sent", [1, 3])
def test_an_answer_with_another_number_of_rows_than_documents_is_not_believed(sent: int) -> None:
    answered = InvoiceOutcomes(outcomes=(_outcome("2247"), _outcome("2247")))
    outcomes = read_outcomes(answered, sent, InvoiceUploaded)
    assert len(outcomes) == sent
    assert all(isinstance(one, Unreadable) for one in outcomes)


def test_a_batch_has_failed_as_a_message_only_where_no_document_has_a_clear_answer() -> None:
    clear, unclear = (read_outcome(_outcome(code), InvoiceUploaded) for code in ("2247", "99"))
    assert failure_of([clear, unclear]) is None
    assert failure_of([unclear, unclear]) is unclear
    assert failure_of([]) is None

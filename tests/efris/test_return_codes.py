from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.efris.return_codes import ANY_INTERFACE, Verdict, catalogue, code_for, lookup

EVERY_CODE = frozenset(row.code for row in catalogue())
LISTED = [(row.code, interface) for row in catalogue() for interface in row.interfaces]


def _codes(verdict: Verdict) -> set[str]:
    return {row.code for row in catalogue() if row.verdict is verdict}


def test_every_code_stands_once_for_each_interface() -> None:
    assert len(catalogue()) == 1220
    assert len(EVERY_CODE) == 1211
    assert [pair for pair, count in Counter(LISTED).items() if count > 1] == []
    everywhere = {row.code for row in catalogue() if ANY_INTERFACE in row.interfaces}
    assert [row.code for row in catalogue() if row.code in everywhere and ANY_INTERFACE not in row.interfaces] == []


def test_only_two_zeroes_mean_done() -> None:
    assert _codes(Verdict.DONE) == {"00"}


def test_codes_that_say_it_is_already_there() -> None:
    assert _codes(Verdict.SEEN) == {"2253", "1040"}


def test_codes_that_are_raised_before_anything_is_processed() -> None:
    envelope = {f"{code:02d}" for code in range(1, 23)} - {"02", "03", "15"}
    header = {str(code) for code in range(24, 40)} - {"38"}
    assert _codes(Verdict.NOT_PROCESSED) == envelope | header | {"401", "402", "9901", "9902", "3052"}


def test_codes_that_doubt_the_session_key() -> None:
    assert _codes(Verdict.KEY_SUSPECT) == {"38", "03", "15"}


def test_codes_that_block_the_device_or_the_company() -> None:
    by_design = {"400", "403", "3088", "40", "42", "44", "100", "101", "102", "2838"}
    about_device_or_company = {"2824", "3063", "3064", "3072", "3128"}
    assert _codes(Verdict.LANE) == by_design | about_device_or_company


def test_a_date_too_far_back_is_for_a_person() -> None:
    assert _codes(Verdict.PERIOD) == {"2789"}


def test_listed_codes_that_may_have_acted() -> None:
    server_faults = {"99", "23", "46", "303", "305", "307", "308", "501", "2125", "2858", "2930", "3061"}
    partly = {"45", "1613"}
    broken_messages = {"02", "43", "2066", "2113", "2889"}
    without_meaning = {"315", "3123"}
    assert _codes(Verdict.AMBIGUOUS) == server_faults | partly | broken_messages | without_meaning


def test_shortages_and_repeats_are_suspicious_after_an_attempt() -> None:
    for code in ("1600", "2788", "3037", "3163"):
        assert lookup(code, "T109").verdict is Verdict.REFUSED
        assert lookup(code, "T109").suspicious_after_attempt
    for row in catalogue():
        assert not row.suspicious_after_attempt or row.verdict is Verdict.REFUSED
        if row.rule == "not_exists" and row.verdict is Verdict.REFUSED:
            assert row.suspicious_after_attempt or row.code == "2230", row.code
    assert not lookup("1106", "T109").suspicious_after_attempt


@given(st.text(max_size=6), st.sampled_from(["T109", "T106", "T999", ""]))
def test_an_unlisted_code_may_have_acted(code: str, interface: str) -> None:
    row = lookup(code, interface)
    if code.strip() not in EVERY_CODE:
        assert row.verdict is Verdict.AMBIGUOUS
        assert row.code == code.strip()
        assert row.rule == "unlisted"


@given(st.sampled_from(LISTED), st.sampled_from(sorted({interface for _, interface in LISTED})))
def test_a_code_has_its_verdict_only_where_it_is_listed(listed: tuple[str, str], interface: str) -> None:
    code, _ = listed
    row = lookup(code, interface)
    scope = {(code, interface), (code, ANY_INTERFACE)}
    if scope & set(LISTED):
        assert row in catalogue()
    else:
        assert row.verdict is Verdict.AMBIGUOUS
        assert row.meaning != ""


def test_every_row_says_what_it_means_and_where_it_is_from() -> None:
    for row in catalogue():
        assert row.meaning
        assert row.source in {"v23.4", "public client"}
        assert row.interfaces


@pytest.mark.parametrize(
    ("path", "rule", "code"),
    [
        ("sellerDetails.legalName", "max_length", "1106"),
        ("goodsDetails.item", "required", "1175"),
        ("sellerDetails.referenceNo", "required", "1120"),
        ("goodsDetails.nothing", "required", None),
    ],
)
def test_the_code_of_a_fault_is_found_by_field_and_kind_of_check(path: str, rule: str, code: str | None) -> None:
    assert code_for("T109", path, (rule,)) == code

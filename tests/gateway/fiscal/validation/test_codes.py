import re
from pathlib import Path

import pytest

from risiti.efris.return_codes import catalogue
from risiti.gateway import fiscal
from risiti.gateway.fiscal.validation.codes import CODES, authority_code
from tests.gateway.fiscal.bad_inputs import BAD_INPUTS

FOLDER = Path(fiscal.__file__).parent
RAISED = re.compile(r'(?:fault\(\s*|FieldError\(\s*[^,()]+(?:\([^()]*\))?,\s*|_problem\(\s*[^,]+,\s*)"([a-z][a-z_]+)"')
OF_OTHER_DOORS = {"invisible_characters", "amount_differs", "not_an_invoice"}
"""Not of a document in our own words: of notices, of the authority's own documents."""


def test_every_code_that_a_document_can_meet_is_explained() -> None:
    files = [path for path in FOLDER.rglob("*.py") if "adapters" not in path.parts and path.name != "items.py"]
    raised = {code for path in files for code in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert len(raised) > 50
    assert raised - OF_OTHER_DOORS - {"reference"} <= CODES.keys()


def test_every_code_of_the_hostile_inputs_that_is_about_a_field_is_explained() -> None:
    found = {bad.code for bad in BAD_INPUTS if bad.status == 422}
    assert found <= CODES.keys()


def test_the_authoritys_codes_are_codes_that_it_has() -> None:
    known = {row.code for row in catalogue()}
    assert {code.authority for code in CODES.values() if code.authority} <= known


@pytest.mark.parametrize(
    ("code", "path", "value", "authority"),
    [
        ("missing", "/lines/0/quantity", None, "1267"),
        ("missing", "/lines/7/name", None, "1175"),
        ("missing", "/charges/0/category", None, "1227"),
        ("missing", "/buyer/tin", None, "3077"),
        ("too_long", "/lines/0/name", "x", "1176"),
        ("too_long", "/remarks", "x", "1308"),
        ("invalid_email", "/buyer/email", "x", "1156"),
        ("must_be_positive", "/lines/0/quantity", "0", "1185"),
        ("must_be_positive", "/lines/0/quantity", "-2", "1186"),
        ("too_many_decimals", "/payments/0/amount", "1.001", "2266"),
        ("total_mismatch", "/totals/gross", "1", ""),
        ("missing", "/nothing/of/ours", None, ""),
    ],
)
def test_the_code_that_the_authority_would_have_answered_follows_from_field_and_kind(
    code: str, path: str, value: object, authority: str
) -> None:
    assert authority_code(code, path, value) == authority

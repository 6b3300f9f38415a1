"""Two checks of Schemathesis, told what no schema can say: which refusals of data that fit it are right, and why.

Schemathesis reads this file (SCHEMATHESIS_HOOKS); they stand in the place of its own two, and are those but for what is
written here.
"""

from typing import Any, Final

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

REPLACED: Final = (positive_data_acceptance.__name__, negative_data_rejection.__name__)
_COMPANY: Final = "/api/companies/{company_id}"
VALIDATE: Final = f"POST {_COMPANY}/invoices/validate"

EVERYWHERE: Final = frozenset({"nul_character"})
"""U+0000 in any text: a pattern against it on every field would hide those that say something."""
_TEXT: Final = frozenset({"control_character", "empty", "too_long"})
"""By kinds of characters and bytes of UTF-8; a schema knows characters only."""
_NUMBER: Final = frozenset({"too_many_decimals", "not_a_decimal"})
"""How a JSON number is written: 1e-9 and 0.000000001 are one to a schema."""
_DUTY: Final = frozenset({"duty_needs_one", "duty_unit"})
"""Which fields of an excise duty go together."""
_BRANCH: Final = frozenset({"bad_code", "bad_name", "bad_authority_id"})
"""A schema knows lengths; which characters can be printed it does not."""
MEANINGS: Final[dict[str, frozenset[str]]] = {
    f"POST {_COMPANY}/api-keys": frozenset({"bad_label", "in_the_past", "not_a_time", "device_unknown", "bad_address"}),
    f"POST {_COMPANY}/devices": frozenset({"bad_key_file"}),
    f"PUT {_COMPANY}/devices/{{device_id}}/key": frozenset({"bad_key_file"}),
    f"PUT {_COMPANY}/items/{{item_code}}": _TEXT | _NUMBER | _DUTY,
    f"GET {_COMPANY}/invoices": frozenset({"bad_reference"}),
    f"POST {_COMPANY}/members": frozenset({"bad_email", "bad_name"}),
    f"POST {_COMPANY}/branches": _BRANCH,
    f"PUT {_COMPANY}/branches/{{branch_id}}": _BRANCH,
    f"PUT {_COMPANY}/devices/{{device_id}}/branch": frozenset({"branch_unknown", "branch_closed"}),
    f"PUT {_COMPANY}/firm": frozenset({"firm_not_found"}),
    "POST /api/firms": frozenset({"bad_email", "bad_name"}),
    "POST /api/firms/{firm_id}/members": frozenset({"bad_email", "bad_name"}),
    "POST /api/companies": frozenset({"bad_legal_name", "bad_business_name", "bad_address", "bad_email"}),
    "POST /api/auth/password": frozenset({"password_weak"}),
    "POST /api/auth/set-password": frozenset({"password_weak"}),
}
"""The codes of faults that data may have although they fit the schema, by operation."""
OWN_RULES: Final = frozenset({f"POST {_COMPANY}/invoices", f"POST {_COMPANY}/invoices/efris", VALIDATE})
"""Documents are held to arithmetic, to the law and to the company's own data; `SAID` is what a schema does say."""
SAID: Final = frozenset({"unknown_field", "wrong_type"})
FILES: Final[dict[str, frozenset[str]]] = {
    f"POST {_COMPANY}/invoices": frozenset({"application/xml"}),
    VALIDATE: frozenset({"application/xml"}),
    f"POST {_COMPANY}/imports": frozenset(
        {
            "multipart/form-data",
            "text/csv",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    ),
}
"""A JSON schema says of these that they are text; whether they are a document, a form or a table it cannot say."""
_WHOLE: Final = "A whole number"
"""To a schema 3.0 is one, and any three capitals are a currency; to us they are not."""
_WITH_FAULTS: Final = 422
"""How data that can be read are refused: what a schema cannot say is said with this status and no other."""
_REFUSED: Final = frozenset({400, _WITH_FAULTS})


@schemathesis.check
def good_data_are_taken(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Data that fit the schema are taken, but for faults that it cannot speak of."""
    if response.status_code in _REFUSED and _is_beyond_schemas(case, response):
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def bad_data_are_refused(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Data that do not fit the schema are refused; by the route that lists faults, with 200 and a list of them."""
    if case.operation.label == VALIDATE and response.status_code == 200:  # noqa: PLR2004 - OK
        listed = response.json()
        if listed["problems"] or listed["changes"]:
            return None
    return negative_data_rejection(ctx, response, case)


def _is_beyond_schemas(case: Case[Any], response: Response) -> bool:
    label = case.operation.label
    if case.media_type in FILES.get(label, ()):
        return True
    if response.status_code != _WITH_FAULTS:
        return False
    beyond = EVERYWHERE | MEANINGS.get(label, frozenset())
    return all(code in beyond or (label in OWN_RULES and code not in SAID) for code in _codes(response))


def _is_finer(fault: dict[str, Any]) -> bool:
    is_no_currency = fault["code"] == "unknown_value" and str(fault["path"]).endswith("/currency")
    return is_no_currency or str(fault["message"]).startswith(_WHOLE)


def _codes(response: Response) -> set[str]:
    problem = response.json()
    codes = {fault["code"] for fault in problem["errors"] if not _is_finer(fault)}
    return codes if problem["errors"] else {problem["code"]}

"""The OpenAPI 3.1 document: made from the routes, completed by what they read themselves.

`python -m risiti.gateway.api.openapi` prints openapi.json.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from risiti.gateway.api import ROUTES
from risiti.gateway.api.api_keys import NewApiKey, Rotation
from risiti.gateway.api.auth import Login, Refresh, SecondStep
from risiti.gateway.api.branches import BranchTerms, DevicePlace
from risiti.gateway.api.companies import CompanyTerms, NewCompany
from risiti.gateway.api.decisions import NewDecision
from risiti.gateway.api.delegations import Delegation
from risiti.gateway.api.devices import KeyFile, NewDevice
from risiti.gateway.api.documentation import SCHEMAS, OpenApi
from risiti.gateway.api.efris import Pause, Resume
from risiti.gateway.api.firms import FirmTerms, NewFirm, NewFirmMember
from risiti.gateway.api.health import VERSION
from risiti.gateway.api.invoices import LookAgain
from risiti.gateway.api.lanes import KeepOrder, LaneShare
from risiti.gateway.api.legal_holds import Why
from risiti.gateway.api.links import Confirmed, Forgotten
from risiti.gateway.api.members import MemberRole, NewMember
from risiti.gateway.api.passwords import ChangedPassword, NewPassword
from risiti.gateway.api.problems import MEDIA_TYPE, Problem
from risiti.gateway.api.reconciliation import Closing
from risiti.gateway.api.second_factor import Begun, Code, PasswordAndCode
from risiti.gateway.fiscal.items import NewItem
from risiti.gateway.fiscal.shapes import NewInvoice

_BODIES: Final[tuple[type[BaseModel], ...]] = (
    Login,
    SecondStep,
    Refresh,
    Begun,
    Code,
    PasswordAndCode,
    NewPassword,
    ChangedPassword,
    Forgotten,
    Confirmed,
    NewInvoice,
    NewItem,
    NewApiKey,
    Rotation,
    NewCompany,
    CompanyTerms,
    NewMember,
    MemberRole,
    Delegation,
    NewFirm,
    NewFirmMember,
    FirmTerms,
    NewDevice,
    KeyFile,
    BranchTerms,
    DevicePlace,
    LookAgain,
    NewDecision,
    Pause,
    Resume,
    LaneShare,
    KeepOrder,
    Why,
    Closing,
)
_REQUEST_ID: Final = {"description": "Names this request in our log.", "schema": {"type": "string"}}
_DESCRIPTION: Final = """Hand in an invoice as plain JSON; get back its fiscal document number, verification code,
QR text and receipt.

* **Nothing is lost, nothing is doubled.** `reference` is your own number of the sale, unique for ever. When you are not
  sure whether a request got through, send it again, unchanged.
* **Errors** are problem details (RFC 9457). `errors` lists every fault with its place and a fix; `effect` says whether
  the request can have had an effect at the authority.
* **Money and quantities** are decimals, sent as strings or as plain numbers, and never rounded on the way in; times are
  RFC 3339 and come back in UTC.
* **Lists** are paged by cursor.
"""
_TAGS: Final = [
    {"name": "invoices", "description": "Documents to fiscalise."},
    {"name": "imports", "description": "Tables of invoices."},
    {"name": "held invoices", "description": "What waits for a person, with all that is known, and deciding it."},
    {"name": "deadlines", "description": "What has no fiscal number yet, and how long the law gives it."},
    {"name": "reconciliation", "description": "Where the authority's books and ours differ."},
    {"name": "receipts", "description": "What the buyer gets."},
    {"name": "items", "description": "What the company sells, named by its own codes."},
    {"name": "devices", "description": "Devices registered with the authority, and their keys."},
    {"name": "branches", "description": "Where devices stand, and what documents say of it."},
    {"name": "lanes", "description": "Shares of the way to the authority, and the order of documents."},
    {"name": "api keys", "description": "What the company's programs present."},
    {"name": "companies", "description": "Taxpayers."},
    {"name": "members", "description": "Who works in the company, in which role."},
    {"name": "firms", "description": "Accountants and resellers, and what companies delegate to them."},
    {"name": "people", "description": "Signing in, passwords, and links that come by mail."},
    {"name": "users", "description": "People's accounts, for those who run the gateway."},
    {"name": "journal", "description": "What happened in a company, in a chain that anybody can check."},
    {"name": "retention", "description": "Legal holds: companies of which nothing goes, however old it is."},
    {"name": "dictionaries", "description": "How fresh our copies of the authority's lists are."},
    {"name": "operation", "description": "For those who run the gateway."},
    {"name": "metrics", "description": "Numbers for dashboards and alerts."},
    {"name": "health", "description": "For load balancers and people."},
]


def build(routes: Sequence[BaseRoute] = ROUTES) -> OpenApi:
    """Return the document of all routes."""
    document = get_openapi(
        title="Risiti",
        version=VERSION,
        summary="A fiscalisation gateway for Uganda's EFRIS",
        description=_DESCRIPTION,
        routes=routes,
        tags=_TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = document["components"]["schemas"]
    _, answered = models_json_schema([(Problem, "serialization")], ref_template=SCHEMAS + "{model}")
    for name, schema in answered["$defs"].items():
        schemas.setdefault(name, schema)
    _, asked = models_json_schema([(model, "validation") for model in _BODIES], ref_template=SCHEMAS + "{model}")
    schemas.update(_as_asked(asked["$defs"], schemas))
    for operation in _operations(document):
        _complete(operation)
    for leftover in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(leftover, None)
    return document


def as_text(document: OpenApi) -> str:
    """Return the document as the file openapi.json holds it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _as_asked(asked: OpenApi, answered: OpenApi) -> OpenApi:
    """Name anew what is asked for in another form than it is answered in: an `X` of a body is a `NewX` then."""
    renamed = {name: f"New{name}" for name, schema in asked.items() if answered.get(name, schema) != schema}
    written = json.dumps({renamed.get(name, name): schema for name, schema in asked.items()})
    for name, new in renamed.items():
        written = written.replace(f'"{SCHEMAS}{name}"', f'"{SCHEMAS}{new}"')
    schemas: OpenApi = json.loads(written)
    return schemas


def _operations(document: OpenApi) -> Iterable[OpenApi]:
    for path in document["paths"].values():
        yield from path.values()


def _complete(operation: OpenApi) -> None:
    answers = operation["responses"]
    answers.setdefault("default", {"description": "Any other error.", "content": _problem()})
    for answer in answers.values():
        answer["headers"] = {"X-Request-Id": _REQUEST_ID, **answer.get("headers", {})}
        if "HTTPValidationError" in str(answer.get("content")):
            answer["content"] = _problem()


def _problem() -> OpenApi:
    return {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + Problem.__name__}}}


if __name__ == "__main__":
    sys.stdout.write(as_text(build()))

"""What a route says of itself in the OpenAPI document beyond its signature: raw bodies and problem answers."""

from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel

from risiti.gateway.api import problems

SCHEMAS = "#/components/schemas/"

_MEANINGS = {
    400: "The message cannot be read.",
    401: "No API key, or one that does not hold.",
    403: "The key lacks the scope.",
    404: "No such thing, or it belongs to another company.",
    406: "None of the forms that are asked for can be given.",
    408: "The body did not arrive in time.",
    409: "In conflict with what is there.",
    413: "The body is too large.",
    415: "The body is of a type that is not read here, or compressed in a way that is not.",
    422: "Readable, but with faults; all are listed.",
    503: "Not available now; the same request may succeed later.",
}

OpenApi = dict[str, Any]


def operation_id(route: APIRoute) -> str:
    """Name an operation after its file and function: `invoices_create`."""
    return f"{str(route.tags[0]).replace(' ', '_')}_{route.name}"


def problems_of(*statuses: int) -> dict[int | str, OpenApi]:
    """Describe the problem answers of a route; what can happen to every route is added in `openapi.py`."""
    return {status: problem(status) for status in statuses}


def problem(status: int) -> OpenApi:
    """Describe one problem answer."""
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + problems.Problem.__name__}}}
    return {"description": _MEANINGS[status], "content": content}


def body_of(model: type[BaseModel], **examples: OpenApi) -> OpenApi:
    """Describe a JSON body that the route reads itself; each example is a whole body under its title."""
    media: OpenApi = {"schema": {"$ref": SCHEMAS + model.__name__}}
    if examples:
        media["examples"] = {
            name: {"summary": name.replace("_", " "), "value": value} for name, value in examples.items()
        }
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def with_xml(body: OpenApi) -> OpenApi:
    """Say of a JSON body that a UBL document may be sent in its place."""
    content = body["requestBody"]["content"]
    ubl = {"schema": {"type": "string", "description": "A UBL 2.1 invoice (Peppol BIS Billing 3, EN 16931)."}}
    return {"requestBody": {"required": True, "content": {**content, "application/xml": ubl}}}


UPLOAD_BODY: OpenApi = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "The upload as the authority's interface document has it."}
            }
        },
    }
}
"""Says of a body that it is the authority's own."""

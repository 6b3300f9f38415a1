"""GET /docs and /openapi.json: the API's documentation, rendered from the OpenAPI document, without script or CDN."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from risiti.gateway.api.health import VERSION
from risiti.gateway.web.render import page, render

router = APIRouter(include_in_schema=False)

Json = Mapping[str, Any]

_SCHEMAS: Final = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Row:
    """One field of an object or one parameter of an operation."""

    name: str
    type: Markup
    needed: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    permission: str
    parameters: list[Row]
    body: Markup | None
    examples: list[tuple[str, str]]
    answers: list[tuple[str, str, Markup]]


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema: an object with fields, or one of a few words."""

    name: str
    description: str
    fields: list[Row]
    type: Markup


class Documentation:
    """The OpenAPI document, as data and as a page; both are made once, when the service starts."""

    def __init__(self, document: Json) -> None:
        self.data = json.dumps(document, ensure_ascii=False).encode()
        self.text = _render(document)


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    return Response(_documentation(request).data, media_type="application/json")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the API's documentation."""
    return page(_documentation(request).text)


def _documentation(request: Request) -> Documentation:
    return cast("Documentation", request.app.state.documentation)


def _render(document: Json) -> str:
    operations = list(_operations(document))
    groups = [(tag, [operation for operation, tags in operations if tag["name"] in tags]) for tag in document["tags"]]
    return render(
        "docs.html",
        version=VERSION,
        description=document["info"]["description"],
        groups=groups,
        shapes=[_shape(name, schema) for name, schema in sorted(document["components"]["schemas"].items())],
    )


def _operations(document: Json) -> Iterator[tuple[Operation, list[str]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield _operation(path, method, operation), operation.get("tags", [])


def _operation(path: str, method: str, operation: Json) -> Operation:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        anchor=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        permission=_permission(operation),
        parameters=[_parameter(parameter) for parameter in operation.get("parameters", [])],
        body=_type(media["schema"]) if media else None,
        examples=[
            (example["summary"], json.dumps(example["value"], indent=2, ensure_ascii=False))
            for example in media.get("examples", {}).values()
        ],
        answers=[_answer(status, answer) for status, answer in sorted(operation["responses"].items())],
    )


def _permission(operation: Json) -> str:
    for needed in operation.get("security", []):
        for scheme, scopes in needed.items():
            if scheme == "operator_token":
                return "the operator's token"
            return f"an API key with the scope {scopes[0]}" if scopes else "any API key of the company"
    return "nothing: anybody may ask"


def _parameter(parameter: Json) -> Row:
    name = f"{parameter['name']} ({parameter['in']})"
    return Row(name, _type(parameter["schema"]), parameter.get("required", False), parameter.get("description", ""))


def _answer(status: str, answer: Json) -> tuple[str, str, Markup]:
    for media in answer.get("content", {}).values():
        return status, answer["description"], _type(media.get("schema", {}))
    return status, answer["description"], Markup("")


def _shape(name: str, schema: Json) -> Shape:
    needed = schema.get("required", [])
    fields = [
        Row(field, _type(inner), field in needed, inner.get("description", ""))
        for field, inner in schema.get("properties", {}).items()
    ]
    return Shape(name, schema.get("description", ""), fields, Markup("") if fields else _type(schema))


def _type(schema: Json) -> Markup:
    """Return what a value looks like, in a few words, with links to the shapes."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return Markup(" or ").join(_type(inner) for inner in alternatives)
    if words := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return Markup(" or ").join(Markup("<code>{}</code>").format(json.dumps(word)) for word in words)
    if schema.get("type") == "array":
        return Markup("list of {}").format(_type(schema.get("items", {})))
    return Markup("{}{}").format(schema.get("type", "any"), _bounds(schema))


def _bounds(schema: Json) -> str:
    said = {
        "minimum": "from {}",
        "maximum": "to {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "format": "{}",
    }
    found = [text.format(schema[key]) for key, text in said.items() if key in schema]
    return f" ({' '.join(found)})" if found else ""

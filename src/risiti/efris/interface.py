"""What one interface is: its code, its models, how requests are frozen and read, what is secret on the wire."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from risiti.efris.errors import Fault, Malformed
from risiti.efris.models.base import FROM_WIRE, EfrisAnswer, EfrisRequest, EfrisRows, NoContent, to_wire
from risiti.efris.return_codes import SUCCESS, code_for
from risiti.efris.wirejson import JsonError, read_json, write_json

Req = TypeVar("Req", bound=EfrisRequest)
Res = TypeVar("Res", bound=EfrisAnswer)
Other = TypeVar("Other", bound=EfrisAnswer)


class Effect(StrEnum):
    """Whether a call can change anything at the authority."""

    READ = "read"
    WRITE = "write"


class Secrecy(StrEnum):
    """Which contents of a call are encrypted with the session key."""

    BOTH = "both"
    REQUEST = "request"
    ANSWER = "answer"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A request's content as JSON bytes, sent exactly as they are; b"" for no content.

    What was stored when a document was accepted is wrapped in this when it is sent, however much later.
    """

    content: bytes


@dataclass(frozen=True)
class Interface(Generic[Req, Res]):
    """One interface of the authority.

    Attributes:
        code: `T101`, ...
        request: Model of its request; NoContent if it takes none.
        answer: Model of its answer.
        effect: READ may be repeated at will, WRITE never is.
        timeout: Seconds one call may take.
        summary: What it is for.
        secrecy: What is encrypted. A content that is not is still signed. Answers are read by what they are, whatever
            this says.
        answer_codes: Return codes that come with the answer; more than "00" where a partial success is one.
        content_optional: A request without a single value has no content at all.
        signed_empty: Signed even without content.
        documented: The authority published it. What is known of others comes from return codes alone.
    """

    code: str
    request: type[Req]
    answer: type[Res]
    effect: Effect
    timeout: float
    summary: str
    secrecy: Secrecy = Secrecy.BOTH
    answer_codes: frozenset[str] = frozenset({SUCCESS})
    content_optional: bool = False
    signed_empty: bool = False
    documented: bool = True

    @property
    def takes_content(self) -> bool:
        """Whether a request has content, or may have."""
        return self.request is not NoContent

    @property
    def encrypts_request(self) -> bool:
        """Whether a request's content goes out encrypted."""
        return self.secrecy in {Secrecy.BOTH, Secrecy.REQUEST}

    @property
    def encrypts_answer(self) -> bool:
        """Whether the authority says that it encrypts the answer; what came decides."""
        return self.secrecy in {Secrecy.BOTH, Secrecy.ANSWER}

    def answered_by(self, answer: type[Other]) -> "Interface[Req, Other]":
        """Return the same interface with another model of its answer, for callers who read less of it."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return Interface(**{**own, "answer": answer})

    def freeze(self, request: Req) -> Frozen:
        """Check a request against the wire's rules and turn it into bytes; equal requests give equal bytes.

        Raises:
            Malformed: it breaks the rules. Every fault is named, with the code the authority would answer.
        """
        if not self.takes_content:
            return Frozen(b"")
        document, faults = to_wire(request)
        if faults:
            raise Malformed(tuple(self._with_code(fault) for fault in faults), interface=self.code)
        return Frozen(write_json(document) if document or not self.content_optional else b"")

    def parse(self, content: bytes) -> Req:
        """Read a request written by someone else, as wire JSON. `freeze` checks lengths and digits afterwards.

        Raises:
            Malformed: not JSON, unknown or missing fields, a value outside its list.
        """
        try:
            document = read_json(content) if content or not self.content_optional else {}
        except JsonError as error:
            raise Malformed((Fault("", "format", None, str(error)),), interface=self.code) from error
        listed = issubclass(self.request, EfrisRows)
        if issubclass(self.request, EfrisRows):
            document = {self.request.wire_list: document}
        try:
            return self.request.model_validate(document, context=FROM_WIRE)
        except ValidationError as error:
            faults = tuple(self._with_code(_fault(detail, listed=listed)) for detail in error.errors(include_url=False))
            raise Malformed(faults, interface=self.code) from error

    def _with_code(self, fault: Fault) -> Fault:
        path = re.sub(r"\[\d+\]\.?", ".", fault.path).strip(".").replace("..", ".")
        rules = _RULES_LIKE.get(fault.rule, (fault.rule,))
        return replace(fault, code=code_for(self.code, path, rules))


_RULES_LIKE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "required": ("required", "min_max_length"),
        "max_length": ("max_length", "min_max_length", "format", "max_digits"),
        "min_max_length": ("min_max_length", "max_length", "format"),
        "max_digits": ("max_digits", "max_length", "format", "max_value", "min_max_length"),
        "invalid_value": ("invalid_value", "format"),
    }
)
"""The catalogue's names for one kind of fault, the likeliest first."""

_RULE_OF_TYPE: Mapping[str, str] = MappingProxyType(
    {"missing": "required", "enum": "invalid_value", "bool_parsing": "invalid_value"}
)


def _fault(detail: ErrorDetails, *, listed: bool) -> Fault:
    """Name a fault by its place on the wire, where a list has no name of its own."""
    path = ""
    for step in detail["loc"][1:] if listed else detail["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return Fault(path.strip("."), _RULE_OF_TYPE.get(detail["type"], "format"), None, detail["msg"])

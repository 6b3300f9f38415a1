"""Reads XML into a small tree, safely: no document type, no entities, bounded in bytes, depth and number of elements.

Names come out with the prefixes that UBL's own documentation uses (`cbc:`, `cac:`), whatever the file calls them, and
every element knows its path, so that a fault can name it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NoReturn
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from risiti.gateway.fiscal.strict_json import shown
from risiti.gateway.kernel.errors import BadRequest, FieldError, TooLarge

MAX_DEPTH: Final = 32
"""Elements inside one another."""
MAX_ELEMENTS: Final = 50_000
"""Elements of one document."""
MAX_TEXT_CHARACTERS: Final = 10_000
"""Characters of one text that is kept; attachments, which are longer, are left out."""
MAX_NUMBER_CHARACTERS: Final = 64
"""Characters of one number."""

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_PREFIXES: Final = {
    f"{_UBL}CommonBasicComponents-2": "cbc:",
    f"{_UBL}CommonAggregateComponents-2": "cac:",
    f"{_UBL}CommonExtensionComponents-2": "ext:",
    f"{_UBL}Invoice-2": "",
    f"{_UBL}CreditNote-2": "",
}
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)


@dataclass(slots=True)
class Node:
    """One element."""

    name: str
    path: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, *names: str) -> list["Node"]:
        """Return the elements at the end of a way of names."""
        found = [self]
        for name in names:
            found = [child for node in found for child in node.children if child.name == name]
        return found

    def first(self, *names: str) -> "Node | None":
        """Return the first element at the end of a way of names."""
        return next(iter(self.all(*names)), None)

    def value(self, *names: str) -> str:
        """Return the text of the first element at the end of a way of names, trimmed, or nothing."""
        node = self.first(*names)
        return node.text.strip() if node else ""

    def walk(self) -> Iterator["Node"]:
        """Yield this element and all in it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


def decimal_of(text: str) -> Decimal | None:
    """Return the number that a text is (XML Schema's decimal), exactly, or None."""
    text = text.strip()
    return Decimal(text) if len(text) <= MAX_NUMBER_CHARACTERS and _DECIMAL.fullmatch(text) else None


def parse(body: bytes, *, charset: str | None = None) -> Node:
    """Read an XML document.

    Args:
        body: The document, in the encoding that it declares (UTF-8 without a declaration).
        charset: Encoding that the transport said; a byte order mark in the document wins.

    Raises:
        BadRequest: not well-formed, or it holds a document type, entities or an encoding that is not read.
        TooLarge: nested too deep, or too many elements.
    """
    if not body.strip():
        _refuse("empty_body", "The body is empty.", "Send the document as XML.")
    builder = _Builder()
    marked = body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
    try:
        parser = DefusedXMLParser(
            target=builder, encoding=None if marked else charset, forbid_dtd=True, forbid_entities=True
        )
        parser.feed(body)
        parser.close()
    except DefusedXmlException:
        message = "The document declares a document type or entities; UBL needs neither."
        _refuse("xml_entities", message, "Remove <!DOCTYPE ...> and send plain values.")
    except ParseError as error:
        line, column = error.position
        message = f"This is not well-formed XML ({str(error).partition(':')[0]}, line {line}, column {column + 1})."
        _refuse("malformed_xml", message, f"See line {line}.")
    except (LookupError, ValueError):  # an encoding that Python does not have, or one of several bytes a character
        _refuse("unknown_encoding", "The document's encoding is not read.", "Write it as UTF-8.")
    return builder.root


class _Builder:
    """What the parser hands its events to."""

    def __init__(self) -> None:
        self._open: list[Node] = []
        self._counts: list[dict[str, int]] = []
        self._texts: list[list[str]] = []
        self._sizes: list[int] = []
        self._elements = 0
        self._root: Node | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            _too_large("too_many_elements", f"The document has more than {MAX_ELEMENTS} elements.")
        if len(self._open) >= MAX_DEPTH:
            _too_large("too_deep", f"The document's elements are nested more than {MAX_DEPTH} deep.")
        namespace, _, local = tag.rpartition("}")
        name = _PREFIXES.get(namespace[1:], "" if not namespace else "other:") + local
        if self._open:
            counts = self._counts[-1]
            counts[name] = counts.get(name, 0) + 1
            position = f"[{counts[name]}]" if counts[name] > 1 or name in _REPEATED else ""
            path = f"{self._open[-1].path}/{shown(name)}{position}"
        else:
            path = f"/{shown(name)}"
        node = Node(name, path, {key.rpartition("}")[2]: value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)
        self._counts.append({})
        self._texts.append([])
        self._sizes.append(0)

    def data(self, data: str) -> None:
        if self._sizes[-1] < MAX_TEXT_CHARACTERS:
            self._texts[-1].append(data)
            self._sizes[-1] += len(data)

    def end(self, _tag: str) -> None:
        node = self._open.pop()
        self._counts.pop()
        self._sizes.pop()
        text = "".join(self._texts.pop())
        node.text = "" if node.children else text[:MAX_TEXT_CHARACTERS]

    def comment(self, data: str) -> None:
        """Pass a comment over."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Pass a processing instruction over."""

    def close(self) -> None:
        """Do nothing: the end of the document."""

    @property
    def root(self) -> Node:
        """The outermost element; well-formed XML has one."""
        if self._root is None:
            _refuse("malformed_xml", "The document has no element.", "Send a UBL invoice.")
        return self._root


_REPEATED: Final = frozenset(
    {
        "cac:InvoiceLine",
        "cac:CreditNoteLine",
        "cac:SubInvoiceLine",
        "cac:AllowanceCharge",
        "cac:TaxTotal",
        "cac:TaxSubtotal",
    }
)
"""Elements whose position is said even of the first."""


def _refuse(code: str, message: str, fix: str) -> NoReturn:
    raise BadRequest(message, code=code, errors=[FieldError("", code, message, fix)])


def _too_large(code: str, message: str) -> NoReturn:
    raise TooLarge(message, code=code, errors=[FieldError("", code, message, "Split it into several documents.")])

"""Reads a JSON object from bytes, refusing what the standard library lets through, with numbers kept exact.

`json` takes the last of two equal keys, NaN, lone surrogates and UTF-16 without a word, recurses as deep as it is
told to and turns decimals into floats. Here the standard library stays the judge of the grammar (RFC 8259); a scan
before it bounds depth and size, its hooks leave a mark where it would have been lenient, and one walk afterwards
reports every mark with its JSON pointer.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from risiti.gateway.kernel.errors import BadRequest, FieldError, GatewayError, Invalid, TooLarge

MAX_DEPTH: Final = 32
"""Objects and arrays inside one another, the outermost counted."""
MAX_VALUES: Final = 20_000
"""Objects, arrays, strings, numbers and words of one body, keys not counted."""
MAX_NUMBER_CHARACTERS: Final = 64
"""Length of one number as written; what a field takes is far less."""
_SHOWN: Final = 60
"""Characters of the caller's own text repeated in a message or a pointer."""


@dataclass(frozen=True, slots=True)
class ExponentNumber:
    """A number written with an exponent, kept as text: `1e400` must not become a value before someone asks for it."""

    text: str


JsonValue = None | bool | int | Decimal | str | ExponentNumber | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class _Mark:
    """Left in place of a value that the standard library would have let through."""

    code: str
    message: str
    fix: str


# A string (closed or running to the end), an empty container, or one structural character.
# Possessive: no backtracking, linear time.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|\[[ \t\n\r]*+\]|\{[ \t\n\r]*+\}|[\[\]{},]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_object(body: bytes) -> JsonObject:
    """Read the JSON object in `body` (UTF-8); integers become `int`, decimals `Decimal`, both exact.

    Raises:
        BadRequest: not UTF-8, not JSON, not an object, or one of the things listed in `docs/limits.md`; `errors` says
            which and where.
        TooLarge: more than `MAX_VALUES` values.
        Invalid: well-formed, but a text holds U+0000, which no database keeps.
    """
    reading = read_object(body)
    if reading.faults:
        raise reading.refusal(())
    return reading.document


@dataclass(frozen=True, slots=True)
class Reading:
    """A JSON object as far as it can be read, and what cannot be."""

    document: JsonObject
    """Without the values that cannot be read."""
    faults: tuple[FieldError, ...]
    """Where they were, and why."""

    def refusal(self, more: Sequence[FieldError]) -> GatewayError:
        """Return the error that says what cannot be read, and what else is wrong."""
        unreadable = [fault.code for fault in self.faults if fault.code != "nul_character"]
        listed = (*self.faults, *more)
        if unreadable:
            return BadRequest("The body cannot be read safely.", code=unreadable[0], errors=listed)
        return Invalid("A text holds the character U+0000.", code="nul_character", errors=listed)


def read_object(body: bytes) -> Reading:
    """Read the JSON object in `body` as `parse_object` does, and go on where single values cannot be read.

    Raises:
        BadRequest, TooLarge: as `parse_object`, for what leaves nothing to read.
    """
    text = _decode(body)
    is_small = _holds_few_values(text)
    if not is_small:
        _bound(text)
    reader = _Reader()
    try:
        value = reader.read(text)
    except RecursionError:
        _bound(text)
        raise
    except json.JSONDecodeError as error:
        _bound(text)
        place = f"line {error.lineno}, column {error.colno}"
        _refuse("malformed_json", f"This is not JSON ({error.msg.rstrip(' :').lower()}, {place}).", fix=f"See {place}.")
    if is_small and (reader.marks or _is_too_deep(value)):
        _bound(text)
    if not isinstance(value, dict):
        _refuse("not_an_object", "The body must be one JSON object.", fix="Send { ... }.")
    # Half a character and U+0000 get past UTF-8 and the grammar only as escapes.
    faults = tuple(_faults(value)) if reader.marks or "\\u" in text else ()
    if faults:
        _take_out_marks(value)
    return Reading(value, faults)


def write(value: JsonValue) -> str:
    """Write a value that was read here as JSON: numbers to the digit, members in their order."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {write(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(write(member) for member in value) + "]"
    if isinstance(value, ExponentNumber):
        return value.text
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value)


def pointer(parts: list[str | int] | tuple[str | int, ...]) -> str:
    """Return the JSON pointer (RFC 6901) of a place; long keys are cut, as they are only shown."""
    return "".join("/" + shown(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def shown(text: str) -> str:
    """Return text of the caller's as an error may repeat it: short, printable, without lone surrogates."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)


def _decode(body: bytes) -> str:
    if not body.strip():
        _refuse("empty_body", "The body is empty.", fix="Send the document as one JSON object.")
    if body.startswith(b"\xef\xbb\xbf"):
        _refuse("byte_order_mark", "The body begins with a byte order mark.", fix="Send UTF-8 without one.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        _refuse("not_utf8", f"The body is not UTF-8 (byte {error.start}).", fix="Encode the body as UTF-8.")
    if "\x00" in text:
        place = text.index("\x00")
        _refuse("not_utf8", f"The body holds a zero byte (byte {place}): UTF-16?", fix="Encode the body as UTF-8.")
    return text


def _holds_few_values(text: str) -> bool:
    """Tell for most texts, at a glance, that `_bound` has nothing to say of their values, if not of their depth."""
    return text.count(",") + text.count("[") + text.count("{") < MAX_VALUES and text.count('"') <= 2 * MAX_VALUES


def _is_too_deep(value: object) -> bool:
    """Tell whether what was read is nested too deep; level by level, without recursion."""
    level: list[Any] = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            member
            for container in level
            for member in (container.values() if type(container) is dict else container)
            if type(member) is dict or type(member) is list
        ]
        if not level:
            return False
    return True


def _bound(text: str) -> None:
    """Refuse what is nested too deep or holds too many values, before anything is built or recursed into."""
    depth, values, strings = 0, 1, 0
    for token in _TOKEN.finditer(text):
        first, is_empty_container = text[token.start()], token.end() - token.start() > 1
        if first == '"':
            strings += 1
        elif first == ",":
            values += 1
        elif first in "]}":
            depth -= 1
            if depth <= 0:
                return  # the end, or not JSON: the parser will say
        else:
            if depth == MAX_DEPTH:
                message = f"More than {MAX_DEPTH} levels of nesting."
                _refuse("too_deep", message, _place(text, token.start()), fix="Send it flatter.")
            if not is_empty_container:
                depth += 1
                values += 1
        if values > MAX_VALUES or strings > 2 * MAX_VALUES:
            message = f"More than {MAX_VALUES} values in one body."
            fault = FieldError(
                _place(text, token.end()), "too_many_values", message, "Split the document into several."
            )
            raise TooLarge(message, code=fault.code, errors=[fault])


def _place(text: str, end: int) -> str:
    """Return the pointer of the value that begins at `end`, reading from the start."""
    path: list[str | int] = []
    awaits_key = False
    for token in _TOKEN.finditer(text, 0, end):
        first = text[token.start()]
        if first == '"' and awaits_key:
            path[-1], awaits_key = token.group()[1:-1], False
        elif first == "," and path:
            awaits_key = isinstance(path[-1], str)
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
        elif first in "]}" and path:
            path.pop()
        elif first in "[{" and token.end() - token.start() == 1:
            path.append("" if first == "{" else 0)
            awaits_key = first == "{"
    return pointer(path[:-1] if path and path[-1] == "" else path)


class _Reader:
    """Reads one text; where the standard library would be lenient it leaves a mark, and remembers it."""

    def __init__(self) -> None:
        self.marks: list[_Mark] = []

    def read(self, text: str) -> JsonValue:
        """Return the value, with the marks in it; raises as the standard library."""
        decoder = json.JSONDecoder(
            parse_float=self._decimal,
            parse_int=self._integer,
            parse_constant=self._constant,
            object_pairs_hook=self._object,
        )
        value: JsonValue = decoder.decode(text)
        return value

    def _decimal(self, text: str) -> Decimal | ExponentNumber | _Mark:
        if len(text) > MAX_NUMBER_CHARACTERS:
            return self._too_long(text)
        return ExponentNumber(text) if "e" in text.lower() else Decimal(text)

    def _integer(self, text: str) -> int | _Mark:
        return int(text) if len(text) <= MAX_NUMBER_CHARACTERS else self._too_long(text)

    def _too_long(self, text: str) -> _Mark:
        message = f"A number of {len(text)} characters; at most {MAX_NUMBER_CHARACTERS} are read."
        return self._mark("number_too_long", message, "Send a shorter number.")

    def _constant(self, word: str) -> _Mark:
        return self._mark("not_a_number", f"{word} is not a JSON number.", "Send a number, or leave the field out.")

    def _object(self, pairs: list[tuple[str, JsonValue | _Mark]]) -> dict[str, JsonValue | _Mark]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    message = f'"{shown(key)}" is given twice.'
                    result[key] = self._mark("duplicate_key", message, "Send each field once.")
                seen.add(key)
        return result

    def _mark(self, code: str, message: str, fix: str) -> _Mark:
        mark = _Mark(code, message, fix)
        self.marks.append(mark)
        return mark


def _faults(root: object) -> Iterator[FieldError]:
    """Walk everything once, without recursion, and yield what may not pass."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), root)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Mark):
            yield FieldError(pointer(path), value.code, value.message, value.fix)
        elif isinstance(value, str):
            yield from _text_faults(path, value)
        elif isinstance(value, dict):
            for key in value:
                yield from _text_faults((*path, key), key)
            waiting.extend(((*path, key), member) for key, member in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend(((*path, index), value[index]) for index in reversed(range(len(value))))


def _take_out_marks(root: object) -> None:
    """Take out what cannot be read; in lists null stays in its place, so that the places of all others stay right."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for key in [key for key, member in value.items() if isinstance(member, _Mark)]:
                del value[key]
            waiting.extend(value.values())
        elif isinstance(value, list):
            value[:] = [None if isinstance(member, _Mark) else member for member in value]
            waiting.extend(value)


def _text_faults(path: tuple[str | int, ...], text: str) -> Iterator[FieldError]:
    if "\x00" in text:
        yield FieldError(pointer(path), "nul_character", "The character U+0000 is not text.", "Leave it out.")
    if _SURROGATE.search(text):
        message = "Half a surrogate pair is not a character."
        yield FieldError(pointer(path), "lone_surrogate", message, "Send the whole character, or leave it out.")


def _refuse(code: str, message: str, path: str = "", *, fix: str) -> NoReturn:
    raise BadRequest(message, code=code, errors=[FieldError(path, code, message, fix)])

"""The mapping file (TOML): which column holds which field, how numbers and dates are written, which sheets count."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from risiti.gateway.fiscal.adapters.tables import csv_file
from risiti.gateway.fiscal.adapters.tables.cells import column_of
from risiti.gateway.fiscal.faults import nearest, raise_if_any
from risiti.gateway.fiscal.strict_json import shown
from risiti.gateway.kernel.errors import BadRequest, FieldError

MAX_MAPPING_BYTES: Final = 65_536
"""Bytes of a mapping file."""

DOCUMENT_FIELDS: Final = (
    "reference",
    "revision",
    "kind",
    "issued_at",
    "currency",
    "exchange_rate",
    "prices",
    "rounding",
    "industry",
    "buyer.type",
    "buyer.tin",
    "buyer.name",
    "buyer.email",
    "buyer.phone",
    "buyer.address",
    "buyer.trading_name",
    "buyer.reference",
    "buyer.national_id",
    "buyer.passport",
    "buyer.citizenship",
    "export.delivery_terms",
    "payment",
    "operator",
    "remarks",
    "device",
    "totals.net",
    "totals.tax",
    "totals.gross",
)
LINE_FIELDS: Final = (
    "name",
    "code",
    "category",
    "quantity",
    "unit",
    "unit_price",
    "amount",
    "tax",
    "discount.amount",
    "discount.percent",
    "charge",
    "weight",
    "hs_code",
    "hs_name",
    "project.id",
    "project.name",
    "pieces.quantity",
    "pieces.unit",
    "excise.code",
    "excise.name",
    "excise.percent",
    "excise.amount",
    "excise.currency",
    "excise.per",
    "excise.pack",
    "excise.stick",
)
NUMBERS: Final = frozenset(
    {
        *("exchange_rate", "totals.net", "totals.tax", "totals.gross", "quantity", "unit_price", "amount"),
        *("discount.amount", "discount.percent", "charge", "weight", "pieces.quantity"),
        *("excise.percent", "excise.amount", "excise.pack", "excise.stick"),
    }
)
"""Fields that are decimals."""
WHOLE_NUMBERS: Final = frozenset({"revision"})
MOMENTS: Final = frozenset({"issued_at"})
_GROUPS: Final = frozenset(name.partition(".")[0] for name in (*DOCUMENT_FIELDS, *LINE_FIELDS) if "." in name)
"""What stands before the point of a field's name: `buyer.tin` may also be written as the key `tin` of a table."""
_SOURCE_KEYS: Final = ("column", "letter", "constant", "words", "default")
_TABLE_KEYS: Final = (
    "sheets",
    "header_row",
    "delimiter",
    "encoding",
    "decimal",
    "thousands",
    "dates",
    "zone",
    "fill_down",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where one field comes from."""

    column: str | None = None
    """Header of the column."""
    letter: int | None = None
    """The column itself, counted from 0."""
    constant: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    """What the file says -> what it means; compared without case."""
    default: str | None = None
    """Where the cell is empty."""


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A mapping file."""

    sheets: tuple[str, ...]
    header_row: int
    """Row of the headers, counted from 1; 0: there is none, and columns are named by letters."""
    delimiter: str
    encoding: str
    decimal: str
    thousands: str
    dates: tuple[str, ...]
    zone: str
    fill_down: bool
    """Whether an empty reference means the document of the row above."""
    document: Mapping[str, Source]
    line: Mapping[str, Source]


def default() -> TableMapping:
    """Return the ready-made mapping: headers named as our fields are."""
    return parse(default_text().encode())


def default_text() -> str:
    """Return the text of the ready-made mapping."""
    return resources.files(__package__).joinpath("default_mapping.toml").read_text("utf-8")


def example_text() -> str:
    """Return a CSV file that fits the ready-made mapping."""
    return resources.files(__package__).joinpath("example.csv").read_text("utf-8")


def parse(content: bytes) -> TableMapping:
    """Read a mapping file.

    Raises:
        BadRequest: it is no TOML, or too long.
        Invalid: it names fields or keys that there are not; all are listed.
    """
    if len(content) > MAX_MAPPING_BYTES:
        raise _unreadable(f"The mapping has more than {MAX_MAPPING_BYTES} bytes.", "Shorten it.")
    try:
        root = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(f"The mapping is no TOML in UTF-8 ({shown(str(error))}).", "See docs/shapes.md.") from None
    return _Reader().mapping(root)


def _unreadable(message: str, fix: str) -> BadRequest:
    return BadRequest(message, code="bad_mapping", errors=[FieldError("mapping:", "bad_mapping", message, fix)])


class _Reader:
    def __init__(self) -> None:
        self._faults: list[FieldError] = []

    def mapping(self, root: dict[str, object]) -> TableMapping:
        self._known("", root, ("table", "document", "line"))
        table = self._section(root, "table")
        self._known("table", table, _TABLE_KEYS)
        document, line = self._section(root, "document"), self._section(root, "line")
        sources = {
            "document": self._sources("document", _flat(document), DOCUMENT_FIELDS),
            "line": self._sources("line", _flat(line), LINE_FIELDS),
        }
        if "reference" not in sources["document"] and not self._faults:
            self._fault("document", "missing", "No column is named for the reference.", 'reference = "Invoice No"')
        header_row = table.get("header_row", 1)
        if not isinstance(header_row, int) or isinstance(header_row, bool) or not 0 <= header_row <= 1000:  # noqa: PLR2004
            self._fault("table.header_row", "out_of_range", "The header row is a number from 0 (none) on.", "1")
            header_row = 1
        fill_down = table.get("fill_down", False)
        if not isinstance(fill_down, bool):
            self._fault("table.fill_down", "wrong_type", "fill_down is true or false.", "false")
        found = TableMapping(
            sheets=self._texts(table, "sheets", ()),
            header_row=header_row,
            delimiter=self._delimiter(table),
            encoding=self._choice(table, "encoding", csv_file.ENCODINGS),
            decimal=self._choice(table, "decimal", (".", ",")),
            thousands=self._choice(table, "thousands", ("", ",", ".", " ", "'")),
            dates=self._texts(table, "dates", ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%d/%m/%Y %H:%M")),
            zone=self._zone(table),
            fill_down=bool(fill_down),
            document=sources["document"],
            line=sources["line"],
        )
        if found.decimal == found.thousands:
            self._fault("table.thousands", "bad_mapping", "Decimal point and thousands separator are the same.", "")
        raise_if_any(self._faults)
        return found

    def _section(self, root: dict[str, object], name: str) -> dict[str, object]:
        value = root.get(name, {})
        if isinstance(value, dict):
            return value
        self._fault(name, "wrong_type", f"[{name}] is a table.", f"[{name}]")
        return {}

    def _sources(self, name: str, given: dict[str, object], fields: tuple[str, ...]) -> dict[str, Source]:
        self._known(name, given, fields)
        return {key: self._source(f"{name}.{key}", value) for key, value in given.items() if key in fields}

    def _source(self, where: str, value: object) -> Source:
        if isinstance(value, str):
            return Source(column=value)
        if not isinstance(value, dict):
            self._fault(where, "wrong_type", "A column's header or a table is needed.", '{ column = "Item" }')
            return Source()
        self._known(where, value, _SOURCE_KEYS)
        texts = {key: value.get(key) for key in ("column", "letter", "constant", "default")}
        words = value.get("words", {})
        if not isinstance(words, dict) or any(not isinstance(text, str) for text in words.values()):
            self._fault(f"{where}.words", "wrong_type", "Words are texts for texts.", 'words = { "18%" = "standard" }')
            words = {}
        for key, text in texts.items():
            if text is not None and not isinstance(text, str):
                self._fault(f"{where}.{key}", "wrong_type", "A text in quotes is needed.", f'{key} = "..."')
                texts[key] = None
        if sum(texts[key] is not None for key in ("column", "letter", "constant")) != 1:
            message = "A field comes from a column, a letter or a constant: name one of them."
            self._fault(where, "bad_mapping", message, '{ column = "Item" }')
        column = column_of(str(texts["letter"])) if texts["letter"] is not None else None
        if texts["letter"] is not None and column is None:
            self._fault(f"{where}.letter", "bad_mapping", "A column's letter is A to ZZZ.", '{ letter = "B" }')
        return Source(
            column=_text_or_none(texts["column"]),
            letter=column,
            constant=_text_or_none(texts["constant"]),
            words={key.strip().casefold(): text for key, text in words.items()},
            default=_text_or_none(texts["default"]),
        )

    def _known(self, where: str, given: dict[str, object], names: tuple[str, ...]) -> None:
        for key in given:
            if key not in names:
                near = nearest(key, names)
                fix = f'Did you mean "{near}"?' if near else f"There are: {', '.join(names)}."
                message = f'There is no "{shown(key)}" here.'
                self._fault(f"{where}.{shown(key)}".strip("."), "unknown_field", message, fix)

    def _texts(self, table: dict[str, object], key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        value = table.get(key, list(otherwise))
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list) and all(isinstance(text, str) for text in value):
            return tuple(value)
        self._fault(f"table.{key}", "wrong_type", "A list of texts is needed.", f'{key} = ["..."]')
        return otherwise

    def _choice(self, table: dict[str, object], key: str, choices: tuple[str, ...]) -> str:
        value = table.get(key, choices[0])
        value = value.lower() if isinstance(value, str) else value
        if value in choices:
            return str(value)
        listed = ", ".join(f'"{choice}"' for choice in choices)
        self._fault(f"table.{key}", "unknown_value", f"This is one of {listed}.", f'{key} = "{choices[0]}"')
        return choices[0]

    def _delimiter(self, table: dict[str, object]) -> str:
        value = table.get("delimiter", "")
        known = {"": "", "auto": "", **csv_file.DELIMITERS, **{char: char for char in csv_file.DELIMITERS.values()}}
        if isinstance(value, str) and value in known:
            return known[value]
        message = f"The delimiter is auto, {', '.join(csv_file.DELIMITERS)} or that character."
        self._fault("table.delimiter", "unknown_value", message, 'delimiter = "semicolon"')
        return ""

    def _zone(self, table: dict[str, object]) -> str:
        value = table.get("zone", "+03:00")
        if isinstance(value, str) and len(value) == 6 and value[0] in "+-" and value[3] == ":":  # noqa: PLR2004
            return value
        self._fault("table.zone", "unknown_value", "The offset from UTC is written as in +03:00.", 'zone = "+03:00"')
        return "+03:00"

    def _fault(self, where: str, code: str, message: str, fix: str) -> None:
        self._faults.append(FieldError(f"mapping: {where}", code, message, fix))


def _flat(section: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Return `buyer.tin` for the table `buyer` with the key `tin`: a table that is no source is a group of fields."""
    found: dict[str, object] = {}
    for key, value in section.items():
        is_group = isinstance(value, dict) and key in _GROUPS and not prefix
        if is_group and isinstance(value, dict):
            found |= _flat(value, f"{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None

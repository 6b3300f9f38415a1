"""Rows become documents: one row a line, rows with one reference one document; each fault names its row and column."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from risiti.gateway.fiscal import references
from risiti.gateway.fiscal.adapters.adapted import Adapted, Places
from risiti.gateway.fiscal.adapters.tables.cells import Cell, Table, letter, too_large
from risiti.gateway.fiscal.adapters.tables.mapping import Source, TableMapping
from risiti.gateway.fiscal.adapters.tables.values import Unreadable, Values
from risiti.gateway.fiscal.faults import nearest, raise_if_any
from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue, shown
from risiti.gateway.kernel.errors import FieldError

MAX_DOCUMENTS: Final = 1_000
"""Documents of one file."""
_REFERENCE: Final = "reference"
_NEEDED: Final = frozenset({_REFERENCE, "name", "code", "quantity", "unit_price", "tax"})
"""Fields whose column must be there if the mapping names one; all others may be missing from a file."""


@dataclass(slots=True)
class TableDocument:
    """The rows of one reference."""

    reference: str
    """As the file has it; empty where a row has none."""
    first: str
    """The first of its rows, as a person finds it."""
    rows: int = 0
    adapted: Adapted | None = None
    """What the rows say; None if they have faults."""
    faults: list[FieldError] = field(default_factory=list)


@dataclass(slots=True)
class _Columns:
    """Where a mapping's fields stand in one table."""

    document: dict[str, int]
    line: dict[str, int]
    headers: list[str]

    def header(self, column: int) -> str:
        return self.headers[column] if column < len(self.headers) else ""


@dataclass(slots=True)
class _Draft:
    document: TableDocument
    values: dict[str, JsonValue] = field(default_factory=dict)
    """Of the whole document, by field."""
    lines: list[JsonValue] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)


def documents_of(tables: Sequence[Table], mapping: TableMapping) -> list[TableDocument]:
    """Group the rows of all tables into documents, in the order in which they first occur.

    Raises:
        Invalid: a column that the mapping needs is missing; all are listed.
        TooLarge: more documents than one file may hold.
    """
    drafts: dict[str, _Draft] = {}
    faults: list[FieldError] = []
    for table in tables:
        columns = _columns(table, mapping, faults)
        if not faults:
            _Sheet(table, columns, mapping, drafts, Values(mapping)).read()
    raise_if_any(faults)
    if not drafts:
        raise_if_any([FieldError("", "empty", "The table has no rows below its headers.", "Add a row.")])
    return [_finished(draft) for draft in drafts.values()]


def _columns(table: Table, mapping: TableMapping, faults: list[FieldError]) -> _Columns:
    row = table.rows[mapping.header_row - 1] if 0 < mapping.header_row <= len(table.rows) else []
    headers = [str(cell).strip() if cell is not None else "" for cell in row]
    known: dict[str, list[int]] = {}
    for column, header in enumerate(headers):
        if header:
            known.setdefault(" ".join(header.split()).casefold(), []).append(column)
    found = _Columns({}, {}, headers)
    for part, sources in ((found.document, mapping.document), (found.line, mapping.line)):
        for name, source in sources.items():
            if source.letter is not None:
                part[name] = source.letter
            if source.column is None:
                continue
            columns = known.get(" ".join(source.column.split()).casefold(), [])
            if len(columns) > 1:
                message = f'Two columns are called "{shown(source.column)}": {", ".join(map(letter, columns))}.'
                fix = f'Say which in the mapping: {{ letter = "{letter(columns[0])}" }}.'
                faults.append(FieldError(table.place(mapping.header_row), "ambiguous_column", message, fix))
            elif columns:
                part[name] = columns[0]
            elif source.default is None and name in _NEEDED:
                near = nearest(source.column, [header for header in headers if header])
                fix = f'Did you mean "{near}"?' if near else f"There are: {shown(', '.join(filter(None, headers)))}"
                message = f'There is no column "{shown(source.column)}", which the mapping names for {name}.'
                faults.append(FieldError(table.place(max(mapping.header_row, 1)), "column_missing", message, fix))
    return found


@dataclass(slots=True)
class _Sheet:
    """Reads the rows of one table into the documents that there are so far."""

    table: Table
    columns: _Columns
    mapping: TableMapping
    drafts: dict[str, _Draft]
    values: Values
    _row: list[Cell] = field(default_factory=list)
    _number: int = 0

    def read(self) -> None:
        last: _Draft | None = None
        top = self.mapping.header_row
        for number, row in enumerate(self.table.rows[top:], start=top + 1):
            if all(cell is None for cell in row):
                continue
            self._number, self._row = number, row
            last = self._draft(last if self.mapping.fill_down else None)
            last.document.rows += 1
            for name, source in self.mapping.document.items():
                self._take(last, name, source)
            last.lines.append(self._line(last))

    def _draft(self, above: _Draft | None) -> _Draft:
        """Return the document that the row belongs to."""
        source = self.mapping.document[_REFERENCE]
        column = self.columns.document.get(_REFERENCE)
        text = self._value(_REFERENCE, source, column)
        if text is None and above is not None:
            return above
        reference = str(text or "")
        try:
            key = references.canonical(reference)
        except references.BadReference:
            key = f"\0{reference}" if reference else f"\0{self.table.sheet}\0{self._number}"
        if key in self.drafts:
            return self.drafts[key]
        if len(self.drafts) >= MAX_DOCUMENTS:
            message = f"The file holds more than {MAX_DOCUMENTS} documents."
            raise too_large(self._place(None), "too_many_documents", message)
        place = self._place(column)
        self.drafts[key] = _Draft(TableDocument(reference, self._place(None)), places={"/reference": place})
        if not reference:
            message = "The row has no reference: it is not known to which document it belongs."
            self.drafts[key].document.faults.append(FieldError(place, "missing", message, "Fill it in."))
        return self.drafts[key]

    def _take(self, draft: _Draft, name: str, source: Source) -> None:
        """Take one field of the whole document from the row; other rows may repeat it or leave it empty."""
        column = self.columns.document.get(name)
        place = self._place(column)
        try:
            value = self._value(name, source, column)
        except Unreadable as error:
            draft.document.faults.append(FieldError(place, error.code, str(error), error.fix))
            return
        is_default = self._cell(column) is None and source.constant is None
        if value is None or (is_default and name in draft.values):
            return
        pointer = "/" + name.replace(".", "/")
        known = draft.values.setdefault(name, value)
        draft.places.setdefault(pointer, place)
        if known != value and name != _REFERENCE:
            message = f'"{shown(str(value))}" differs from "{shown(str(known))}" in {draft.places[pointer]}.'
            fix = "Rows of one document must agree here, or leave the cell empty."
            draft.document.faults.append(FieldError(place, "rows_differ", message, fix))

    def _line(self, draft: _Draft) -> JsonObject:
        line: JsonObject = {}
        pointer = f"/lines/{len(draft.lines)}"
        draft.places[pointer] = self._place(None)
        for name, source in self.mapping.line.items():
            column = self.columns.line.get(name)
            draft.places[f"{pointer}/{name.replace('.', '/')}"] = self._place(column)
            try:
                value = self._value(name, source, column)
            except Unreadable as error:
                draft.document.faults.append(FieldError(self._place(column), error.code, str(error), error.fix))
                continue
            if value is not None:
                _put(line, name, value)
        discount = line.get("discount")
        if isinstance(discount, dict) and all(_is_zero(amount) for amount in discount.values()):
            del line["discount"]  # a column of discounts holds many zeros
        return line

    def _value(self, name: str, source: Source, column: int | None) -> JsonValue:
        return self.values.read(name, source, self._cell(column)) if source.constant is None else source.constant

    def _cell(self, column: int | None) -> Cell:
        return self._row[column] if column is not None and column < len(self._row) else None

    def _place(self, column: int | None) -> str:
        header = self.columns.header(column) if column is not None else ""
        return self.table.place(self._number, column, header)


def _is_zero(amount: JsonValue) -> bool:
    return isinstance(amount, str) and not amount.strip("0.")


def _put(target: JsonObject, name: str, value: JsonValue) -> None:
    group, _, rest = name.partition(".")
    if not rest:
        target[name] = value
        return
    inner = target.setdefault(group, {})
    if isinstance(inner, dict):
        inner[rest] = value


def _finished(draft: _Draft) -> TableDocument:
    if draft.document.faults:
        return draft.document
    content: JsonObject = {}
    for name, value in draft.values.items():
        _put(content, name, value)
    content["lines"] = draft.lines
    buyer = content.get("buyer")
    if isinstance(buyer, dict) and "type" not in buyer:
        buyer["type"] = "business" if "tin" in buyer else "consumer"
    draft.places[""] = draft.document.first
    draft.document.adapted = Adapted(content, Places(draft.places))
    return draft.document

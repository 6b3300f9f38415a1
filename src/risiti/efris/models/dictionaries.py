"""T115: the authority's code lists."""

from typing import Annotated

from risiti.efris.models.base import READ_OBJECT, READ_ROWS, EfrisAnswer, WireNumber, WireText, WireTime


class CodeEntry(EfrisAnswer):
    """One entry of a code list.

    Attributes:
        value: The code that goes on the wire.
        name: What people call it.
    """

    value: WireText = ""
    name: WireText = ""
    description: WireText = ""
    valid_period_from: WireTime = None
    period_to: WireTime = None
    status: WireText = ""


class SettingEntry(EfrisAnswer):
    """One numeric setting of the authority."""

    value: WireNumber = None
    name: WireText = ""


class AnswerFormat(EfrisAnswer):
    """Date forms of the authority's answers."""

    date_format: WireText = ""
    time_format: WireText = ""


class Sector(EfrisAnswer):
    """One economic sector.

    Attributes:
        parent_class: Code of the sector above it.
        required_fill: "1" if buyers of it must be named.
    """

    code: WireText = ""
    name: WireText = ""
    parent_class: WireText = ""
    required_fill: WireText = ""


class Dictionary(EfrisAnswer):
    """Answer of T115: every code list at once.

    Attributes:
        currency_type: Currencies; documents carry the name, goods the value.
        rate_unit: Units of measure.
        credit_note_maximum_invoicing_days: Days in which a credit note may be applied for.
        credit_note_value_percent_limit: As a fraction.
        export_rate_unit: Customs units.
    """

    currency_type: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    rate_unit: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    pay_way: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    country_code: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    export_rate_unit: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    delivery_terms: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    customs_pack_unit_list: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    customs_piece_unit_list: Annotated[tuple[CodeEntry, ...], READ_ROWS] = ()
    sector: Annotated[tuple[Sector, ...], READ_ROWS] = ()
    credit_note_maximum_invoicing_days: Annotated[SettingEntry, READ_OBJECT] = SettingEntry()
    credit_note_value_percent_limit: Annotated[SettingEntry, READ_OBJECT] = SettingEntry()
    format: Annotated[AnswerFormat, READ_OBJECT] = AnswerFormat()

"""T115, T121, T123-T126, T134, T146, T185: code lists, categories, excise duties, exchange rates, customs tariff."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AliasChoices, AwareDatetime, BeforeValidator, Field

from risiti.efris.models.base import (
    READ_OBJECT,
    READ_ROWS,
    Choice,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    Moment,
    Number,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import ClassificationType
from risiti.efris.models.paging import Page

_EMPTY_IS_NONE = BeforeValidator(lambda value: value or None)

# ---- T115: code lists ------------------------------------------------------------------------------------------------


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


# ---- T123, T124, T134, T146: commodity categories --------------------------------------------------------------------


class CommodityCategory(EfrisAnswer):
    """One commodity category. Flags are "101" for yes and "102" for no where nothing else is said.

    Attributes:
        parent_code: "0" at the root.
        rate: VAT rate as a fraction, as text.
        is_leaf_node: Only leaves can stand on a document.
        service_mark: "101" for services, which have no stock.
        enable_status_code: "1" enabled, "0" disabled.
        exclusion: "0" zero rate, "1" exempt, "2" neither, "3" both.
        vat_out_scope_code: "101" where it may be sold outside the scope of VAT.
    """

    commodity_category_code: WireText = ""
    parent_code: WireText = ""
    commodity_category_name: WireText = ""
    commodity_category_level: WireText = ""
    rate: WireText = ""
    is_leaf_node: WireText = ""
    service_mark: WireText = ""
    is_zero_rate: WireText = ""
    zero_rate_start_date: WireTime = None
    zero_rate_end_date: WireTime = None
    is_exempt: WireText = ""
    exempt_rate_start_date: WireTime = None
    exempt_rate_end_date: WireTime = None
    enable_status_code: WireText = ""
    exclusion: WireText = ""
    excisable: WireText = ""
    vat_out_scope_code: WireText = ""


class CommodityCategories(EfrisAnswerRows):
    """Answer of T123 (all of them) and T134 (what changed): commodity categories."""

    wire_list: ClassVar[str] = "categories"

    categories: Annotated[tuple[CommodityCategory, ...], READ_ROWS] = ()


class CommodityCategoryQuery(EfrisRequest):
    """Request of T124: one page of the commodity categories."""

    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class CommodityCategoryPage(EfrisAnswer):
    """Answer of T124."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[CommodityCategory, ...], READ_ROWS] = ()


class CommodityCategoryChangesQuery(EfrisRequest):
    """Request of T134: what changed since the version we have."""

    commodity_category_version: Annotated[str, Text("our version, e.g. 1.0", None, required=True)]


# ---- T125, T146: excise duty -----------------------------------------------------------------------------------------


class ExciseDutyRate(EfrisAnswer):
    """One rate of an excise duty.

    Attributes:
        type: `101` percentage, `102` amount per unit.
        rate: Percent, or amount per unit, as the type says.
        unit: What the amount is for (`ExciseUnit`); "" for a percentage.
        currency: Of the amount, as a value of currencyType.
    """

    excise_duty_id: WireText = ""
    type: WireText = ""
    rate: WireNumber = None
    unit: WireText = ""
    currency: WireText = ""


class ExciseDuty(EfrisAnswer):
    """One excise duty and its rates.

    Attributes:
        good_service: What it is due on.
        rate_text: All rates in words.
        is_leaf_node: "1" yes, "0" no; only leaves can stand on a document.
    """

    id: WireText = ""
    excise_duty_code: WireText = ""
    good_service: WireText = ""
    parent_code: WireText = ""
    rate_text: WireText = ""
    is_leaf_node: WireText = ""
    effective_date: WireTime = None
    excise_duty_details_list: Annotated[tuple[ExciseDutyRate, ...], READ_ROWS] = ()


class ExciseDuties(EfrisAnswer):
    """Answer of T125: every excise duty."""

    excise_duty_list: Annotated[tuple[ExciseDuty, ...], READ_ROWS] = ()


class ClassificationQuery(EfrisRequest):
    """Request of T146: a commodity category or an excise duty as it was on a day.

    Its codes call the date `issuedDate`; the table and the sample call it `issueDate`, which is sent.
    """

    category_code: Annotated[str, Text("commodity category or excise duty code", 20, required=True)]
    type: Annotated[ClassificationType, Choice("which of the two")]
    issue_date: Annotated[AwareDatetime, Moment("when, aware")]


class Classification(EfrisAnswer):
    """Answer of T146: the one that was asked for; the other is None."""

    commodity_category: Annotated[CommodityCategory | None, _EMPTY_IS_NONE] = None
    excise_duty: Annotated[ExciseDuty | None, _EMPTY_IS_NONE] = None


# ---- T121, T126: exchange rates --------------------------------------------------------------------------------------


class ExchangeRateQuery(EfrisRequest):
    """Request of T121: the exchange rates of one currency."""

    currency: Annotated[str, Text("ISO currency", 3, required=True)]
    issue_date: Annotated[date | None, Moment("day; today by default")] = None


class ExchangeRate(EfrisAnswer):
    """Answer of T121: UGX for one unit of a currency, by purpose.

    Attributes:
        rate: For VAT, so for documents.
        import_duty_levy: For import duties.
        in_come_tax: For income tax; the wire spells it `inComeTax`.
        export_levy: For export levies.
    """

    currency: WireText = ""
    rate: WireNumber = None
    import_duty_levy: WireNumber = None
    in_come_tax: WireNumber = Field(
        default=None, validation_alias=AliasChoices("inComeTax", "incomeTax", "in_come_tax")
    )
    export_levy: WireNumber = None


class ExchangeRatesQuery(EfrisRequest):
    """Request of T126: the exchange rates of all currencies."""

    issue_date: Annotated[date | None, Moment("day; today by default")] = None


class ExchangeRates(EfrisAnswerRows):
    """Answer of T126."""

    wire_list: ClassVar[str] = "rates"

    rates: Annotated[tuple[ExchangeRate, ...], READ_ROWS] = ()


# ---- T185: customs tariff --------------------------------------------------------------------------------------------


class HsCode(EfrisAnswer):
    """One code of the customs tariff.

    Attributes:
        is_leaf: "0" yes, "1" no - the reverse of every other flag.
        parent_class: Code above it.
    """

    hs_code: WireText = ""
    description: WireText = ""
    is_leaf: WireText = ""
    parent_class: WireText = ""


class HsCodes(EfrisAnswerRows):
    """Answer of T185: the customs tariff."""

    wire_list: ClassVar[str] = "codes"

    codes: Annotated[tuple[HsCode, ...], READ_ROWS] = ()

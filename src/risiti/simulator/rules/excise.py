"""Rules about excise duty on lines (section 9 of the specification's checks)."""

from datetime import date
from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.rules import excise_formula
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.excise_formula import ExciseLine
from risiti.simulator.rules.lines import DISCOUNT, EXEMPT, EXEMPT_PROJECT, NO
from risiti.simulator.rules.readings import twin
from risiti.simulator.settings import Settings
from risiti.simulator.tariff import PER_UNIT, PERCENTAGE, ExciseDuty

BY_RATE, BY_QUANTITY = "1", "2"
NIL = "-"
EXPORT, IMPORTED_SERVICE = "102", "104"
_KINDS = {BY_RATE: PERCENTAGE, BY_QUANTITY: PER_UNIT}
_REQUIRED = (
    ("categoryId", "1221"),
    ("categoryName", "1224"),
    ("exciseRate", "1231"),
    ("exciseRule", "1235"),
    ("exciseTax", "1237"),
    ("exciseRateName", "2832"),
)
_ONLY = ("1235", "2832")
"""Those of them that are printed once."""


def check(draft: Draft, about: Examination) -> None:
    """Hold each line to what its exciseFlag says, and excise lines to the duty they name."""
    industry = draft.basic.text("invoiceIndustryCode")
    issued = draft.basic.moment("issuedDate", "1130").date()
    for line in draft.lines:
        if line.text("deemedExemptCode") == EXEMPT_PROJECT and line.text("exciseRate") not in ("", NIL):
            line.refuse("3080")
        if line.text("exciseFlag") == NO:
            _check_free(line)
            continue
        _check_permission(line, about, industry)
        for name, code in _REQUIRED:
            line.required(name, code if code in _ONLY else twin(code, about.settings))
        if line.text("exciseRule") == BY_QUANTITY:
            _check_quantity_fields(line, about.settings)
        _check_duty(line, issued)
        _check_sign(line, about.settings)


def _check_free(line: Block) -> None:
    if line.text("deemedExemptCode") != EXEMPT_PROJECT:
        line.empty("exciseRate", "1232")
    if line.number("exciseTax", 12, 4, "1239"):
        line.refuse("2790")


def _check_permission(line: Block, about: Examination, industry: str) -> None:
    if not about.seller.excise_registered:
        line.refuse("2851")
    if industry == EXPORT and not about.seller.export_excise:
        line.refuse("2852")
    if about.seller.duty_free and industry not in (EXPORT, IMPORTED_SERVICE):
        line.refuse("2817")


def _check_quantity_fields(line: Block, settings: Settings) -> None:
    for name, codes in (("pack", ("1243", "1245", "1247", "1248")), ("stick", ("1249", "1251", "1253", "1254"))):
        empty, digits, zero, negative = codes
        value = line.amount(name, 12, 8, empty=twin(empty, settings), digits=digits)
        if value <= 0:
            line.refuse(zero if value == 0 else negative)
    line.required("exciseUnit", "1255")
    line.one_of("exciseUnit", seed.EXCISE_UNITS, "1256")
    line.required("exciseCurrency", twin("1257", settings))
    line.one_of("exciseCurrency", seed.UGX_RATES, "2181")


def duty_of(line: Block) -> ExciseDuty:
    """Return the duty an excise line names, or refuse."""
    duty = seed.EXCISE_DUTIES.get(line.text("categoryId"))
    if duty is None:
        line.refuse("1327")
    return duty


def _check_duty(line: Block, issued: date) -> None:
    duty = duty_of(line)
    if duty.state == "deleted":
        line.refuse("1337")
    if not duty.leaf:
        line.refuse("1338")
    if duty.effective > issued:
        line.refuse("1339")
    if line.text("categoryName").casefold() != duty.name.casefold():
        line.refuse("1328")
    if line.text("exciseRate") == NIL and not duty.nil:
        line.refuse("1340")
    rate = _stated_rate(line)
    known = duty.rate_of(_KINDS[line.text("exciseRule")])
    if known is None:
        line.refuse("2795")
    measure = (line.text("exciseUnit"), line.text("exciseCurrency"))
    wrong_measure = known.unit and measure != (known.unit, seed.CURRENCIES[known.currency])
    if rate != known.rate or wrong_measure:
        line.refuse("2793", f"The excise rate of {duty.code} is {duty.rate_text}")


def _stated_rate(line: Block) -> Decimal:
    if line.text("exciseRate") == NIL:
        return Decimal(0)
    rate = line.number("exciseRate", 16, 8, "1341")
    if rate is None or rate < 0:
        line.refuse("1341")
    return rate


def _check_sign(line: Block, settings: Settings) -> None:
    tax = line.amount("exciseTax", 12, 4, empty="1237", digits="1239")
    if line.text("discountFlag") != DISCOUNT:
        if tax < 0:
            line.refuse(twin("1347", settings))
    elif tax > 0:
        line.refuse(twin("1346", settings))
    elif tax != 0 and line.text("exciseRule") == BY_QUANTITY:
        line.refuse("2792")


def check_amount(line: Block, tolerance: Decimal, currency: str) -> None:
    """Hold the excise tax of an excise line to the formula, within a tolerance (2794; 1241 for 0 where duty is due).

    A duty per unit is converted from its own currency to the document's by the rates of the day; that is ours, as
    nothing is printed about it.
    """
    if line.text("exciseRule") == BY_QUANTITY and line.text("discountFlag") == DISCOUNT:
        return
    total = line.amount("total", 12, 2, empty="1194", digits="1195")
    tax = line.amount("tax", 12, 2, empty="1200", digits="1201")
    exact = excise_formula.due(
        ExciseLine(
            without_vat=total - (Decimal(0) if line.text("taxRate") == EXEMPT else tax),
            rate=_stated_rate(line) * _exchange(line, currency),
            per_unit=line.text("exciseRule") == BY_QUANTITY,
            units=_units(line),
        )
    )
    stated = line.amount("exciseTax", 12, 4, empty="1237", digits="1239")
    if abs(stated - exact) > tolerance:
        line.refuse("2794" if stated else "1241")


def _exchange(line: Block, currency: str) -> Decimal:
    """Return the document's currency for one unit of that of a duty per unit; 1 for a percentage."""
    if line.text("exciseRule") != BY_QUANTITY:
        return Decimal(1)
    return seed.UGX_RATES[line.text("exciseCurrency")] / seed.UGX_RATES[currency]


def _units(line: Block) -> Decimal:
    if line.text("exciseRule") != BY_QUANTITY:
        return Decimal(0)
    return excise_formula.units_of(
        line.amount("qty", 12, 8, empty="1267", digits="1183"),
        packages=line.amount("pack", 12, 8, empty="1243", digits="1245"),
        parts=line.amount("stick", 12, 8, empty="1249", digits="1251"),
        in_parts=line.text("unitOfMeasure") == line.text("exciseUnit"),
    )

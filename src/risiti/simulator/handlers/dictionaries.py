"""T115 code lists, T121 and T126 exchange rates, T123/T124/T134/T146 categories, T125 excise duties, T185 HS codes."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.paging import read_page
from risiti.simulator.tariff import Category, ExciseDuty, hs_codes
from risiti.simulator.values import decimal_of
from risiti.simulator.world import World

_WORDS = {"UGX": "Shilling,Shillings,Cent,Cents", "USD": "Dollar,Dollars,Cent,Cents"}
_YES, _NO = "101", "102"
CATEGORY, DUTY = "1", "2"


def dictionary(call: Call, world: World) -> Answer:
    """T115: all code lists."""
    date_format, _ = dates_of(call)
    units = {
        value: {
            "value": value,
            "name": seed.RATE_UNITS[value],
            "validPeriodFrom": date(2020, 1, 1).strftime(date_format),
            "periodTo": "",
        }
        for value in seed.EXPORT_UNITS
    }
    return Answer(
        {
            "creditNoteMaximumInvoicingDays": {
                "value": str(world.settings.credit_note_days),
                "name": "Most days back for a credit note",
            },
            "currencyType": [
                {"value": value, "name": name, "description": _WORDS.get(name, "")}
                for value, name in seed.CURRENCIES.items()
            ],
            "creditNoteValuePercentLimit": {"value": "0.6", "name": "Credit note share limit"},
            "rateUnit": [
                {"value": value, "name": name, "description": name} for value, name in seed.RATE_UNITS.items()
            ],
            "format": {"dateFormat": "dd/MM/yyyy", "timeFormat": "dd/MM/yyyy HH:mm:ss"},
            "sector": [
                {"code": code, "name": name, "parentClass": parent, "requiredFill": required}
                for code, name, parent, required in seed.SECTORS
            ],
            "payWay": [{"value": value, "name": name} for value, name in seed.PAYMENT_MODES.items()],
            "countryCode": [{"value": value, "name": name} for value, name in seed.COUNTRIES.items()],
            "exportRateUnit": [unit | {"status": _YES} for unit in units.values()],
            "deliveryTerms": [{"value": term, "name": name} for term, name in seed.DELIVERY_TERMS.items()],
            "customsPackUnitList": list(units.values()),
            "customsPieceUnitList": list(units.values()),
        }
    )


def exchange_rate(call: Call, world: World) -> Answer:
    """T121: UGX for one unit of a currency."""
    asked = Block(call.object(), "")
    asked.required("currency", "1581")
    currency = asked.fits("currency", 3, "1582")
    asked.day("issueDate", "2798")
    if currency not in seed.UGX_RATES:
        raise Refusal("2180")
    return Answer(_rate(currency, world))


def exchange_rates(call: Call, world: World) -> Answer:
    """T126: UGX for one unit of every foreign currency."""
    Block(call.object(), "").day("issueDate", "2798")
    return Answer([_rate(currency, world) for currency in seed.UGX_RATES if currency != seed.SHILLING])


def _rate(currency: str, world: World) -> dict[str, str]:
    if world.settings.rates_updating:
        raise Refusal("23")
    rate = format(seed.UGX_RATES[currency], "f")
    return {
        "currency": currency,
        "rate": rate,
        "importDutyLevy": rate,
        "inComeTax": rate,
        "exportLevy": rate,
    }


def all_categories(call: Call, world: World) -> Answer:
    """T123: every commodity category, without the two flags that only its newer sisters have."""
    rows = [_category(category, call) for category in _known(world)]
    return Answer([{name: row[name] for name in row if name not in ("excisable", "vatOutScopeCode")} for row in rows])


def categories_page(call: Call, world: World) -> Answer:
    """T124: the commodity categories, page by page."""
    page = read_page(Block(call.object(), ""))
    return Answer(page.cut([_category(category, call) for category in _known(world)]))


def changed_categories(call: Call, world: World) -> Answer:
    """T134: the categories that changed after the caller's version, deleted ones as disabled."""
    asked = Block(call.object(), "")
    version = decimal_of(asked.required("commodityCategoryVersion", "2059"), 12, 8)
    if version is None or version < 0:
        raise Refusal("47")
    changed = [
        category
        for category in seed.CATEGORIES.values()
        if version < category.version <= world.settings.data_version or version < 1
    ]
    return Answer([_category(category, call) for category in changed])


def _known(world: World) -> Iterator[Category]:
    return (
        category
        for category in seed.CATEGORIES.values()
        if category.state != "deleted" or category.version > world.settings.data_version
    )


def classification(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T146: one category or one excise duty as it stands on a day."""
    asked = Block(call.object(), "")
    asked.required("type", "2860")
    asked.fits("type", 1, "2861")
    kind = asked.one_of("type", (CATEGORY, DUTY), "2862")
    asked.required("categoryCode", "2863")
    code = asked.fits("categoryCode", 20, "2864")
    day = asked.moment(_date_name(asked), "2866").date()
    if kind == DUTY:
        duty = seed.EXCISE_DUTIES.get(code)
        if duty is None or duty.state == "deleted" or duty.effective > day:
            raise Refusal("2867")
        return Answer({"exciseDuty": _duty(duty, call)})
    category = seed.CATEGORIES.get(code)
    if category is None or category.state == "deleted":
        raise Refusal("2867")
    return Answer({"commodityCategory": _category(category, call, day)})


def _date_name(asked: Block) -> str:
    """Return under which of its two printed names the date was sent, or refuse (2865)."""
    name = "issueDate" if asked.text("issueDate") else "issuedDate"
    asked.required(name, "2865")
    return name


def _category(category: Category, call: Call, day: date | None = None) -> dict[str, object]:
    """Write a category; on a given day, a relief that is not in force then is no relief."""
    date_format, _ = dates_of(call)
    in_force = day is None or category.relieved_on(day)
    zero, exempt = category.zero_rated and in_force, category.exempt and in_force
    first, last = (part.strftime(date_format) for part in category.relief) if category.relief else ("", "")
    return {
        "commodityCategoryCode": category.code,
        "parentCode": category.parent,
        "commodityCategoryName": category.name,
        "commodityCategoryLevel": str(category.level),
        "rate": "0" if zero or exempt else "0.18",
        "isLeafNode": _flag(category.leaf),
        "serviceMark": _flag(category.service),
        "isZeroRate": _flag(zero),
        "zeroRateStartDate": first if category.zero_rated else "",
        "zeroRateEndDate": last if category.zero_rated else "",
        "isExempt": _flag(exempt),
        "exemptRateStartDate": first if category.exempt else "",
        "exemptRateEndDate": last if category.exempt else "",
        "enableStatusCode": "1" if category.state == "enabled" else "0",
        "exclusion": "3" if zero and exempt else "0" if zero else "1" if exempt else "2",
        "excisable": _flag(category.excisable),
        "vatOutScopeCode": _flag(category.outside),
    }


def _flag(value: bool) -> str:  # noqa: FBT001 - one value in, one out
    return _YES if value else _NO


def excise_duties(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T125: every excise duty with its rates."""
    duties = [duty for duty in seed.EXCISE_DUTIES.values() if duty.state != "deleted"]
    return Answer({"exciseDutyList": [_duty(duty, call) for duty in duties]})


def _duty(duty: ExciseDuty, call: Call) -> dict[str, object]:
    date_format, _ = dates_of(call)
    number = _duty_number(duty.code)
    return {
        "id": number,
        "exciseDutyCode": duty.code,
        "goodService": duty.name,
        "parentCode": duty.parent,
        "rateText": duty.rate_text,
        "isLeafNode": "1" if duty.leaf else "0",
        "effectiveDate": duty.effective.strftime(date_format),
        "exciseDutyDetailsList": [
            {
                "exciseDutyId": number,
                "type": rate.kind,
                "rate": _written(rate.rate),
                "unit": rate.unit,
                "currency": rate.currency,
            }
            for rate in duty.rates
        ],
    }


def _duty_number(code: str) -> str:
    return f"1204532154{code.removeprefix('LED').rjust(8, '0')}"


def _written(rate: Decimal) -> str:
    return format(rate, "f")


def customs_tariff(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T185: the HS codes; their leaf flag is "0" for yes, the reverse of every other flag."""
    return Answer(
        [
            {
                "hsCode": code.code,
                "description": code.description,
                "isLeaf": "0" if code.leaf else "1",
                "parentClass": code.parent,
            }
            for code in hs_codes()
        ]
    )

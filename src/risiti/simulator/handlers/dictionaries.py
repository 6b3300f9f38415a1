"""T115: the code lists a client needs to fill its documents."""

from risiti.simulator import seed
from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.world import World

_WORDS = {"UGX": "Shilling,Shillings,Cent,Cents", "USD": "Dollar,Dollars,Cent,Cents"}


def dictionary(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """Answer all lists of the seed."""
    return Answer(
        {
            "creditNoteMaximumInvoicingDays": {"value": "90", "name": "Most days back for a credit note"},
            "currencyType": [
                {"value": value, "name": name, "description": _WORDS.get(name, "")}
                for value, name in seed.CURRENCIES.items()
            ],
            "creditNoteValuePercentLimit": {"value": "0.6", "name": "Credit note share limit"},
            "rateUnit": [
                {"value": value, "name": name, "description": name} for value, name in seed.RATE_UNITS.items()
            ],
            "format": {"dateFormat": "dd/MM/yyyy", "timeFormat": "dd/MM/yyyy HH:mm:ss"},
            "sector": [{"code": "1", "name": "General", "parentClass": "0", "requiredFill": "0"}],
            "payWay": [{"value": value, "name": name} for value, name in seed.PAYMENT_MODES.items()],
            "countryCode": [{"value": value, "name": name} for value, name in seed.COUNTRIES.items()],
            "exportRateUnit": [
                {
                    "value": value,
                    "name": seed.RATE_UNITS[value],
                    "validPeriodFrom": "01/01/2020",
                    "periodTo": "",
                    "status": "101",
                }
                for value in ("KGM", "LTR", "PCE")
            ],
            "deliveryTerms": [{"value": term, "name": term} for term in seed.DELIVERY_TERMS],
        }
    )

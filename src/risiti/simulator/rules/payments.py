"""Rules about payWay rows (section 10 of the specification's checks)."""

from risiti.simulator import seed
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.readings import twin


def check_fields(draft: Draft, about: Examination) -> None:
    """Rows of payWay (their order letter is not checked, as the live service does not) and the lengths of extend."""
    for row in draft.payments:
        row.required("paymentMode", "2262")
        row.fits("paymentMode", 3, "2263")
        row.one_of("paymentMode", seed.PAYMENT_MODES, "2264")
        amount = row.amount("paymentAmount", 12, 2, empty="2265", digits="2266")
        if amount < 0:
            row.refuse("2266")
        if amount == 0:
            row.refuse("2268")
    draft.extend.fits("reason", 1024, twin("1313", about.settings))
    draft.extend.fits("reasonCode", 3, "1315")

"""Rules about payWay rows and the blocks of other industries (sections 10 and 12 of the specification's checks)."""

from risiti.simulator import seed
from risiti.simulator.rules.draft import Draft
from risiti.simulator.values import is_blank


def check_fields(draft: Draft) -> None:
    """payWay: mode, amount, digits. The order letter is not checked, as the live service does not."""
    for row in draft.payments:
        row.required("paymentMode", "2262")
        row.fits("paymentMode", 3, "2263")
        row.one_of("paymentMode", seed.PAYMENT_MODES, "2264")
        amount = row.amount("paymentAmount", 12, 2, empty="2265", digits="2266")
        if amount < 0:
            row.refuse("2266")
        if amount == 0:
            row.refuse("2268")
    draft.extend.fits("reason", 1024, "1313")
    draft.extend.fits("reasonCode", 3, "1315")


def check_foreign_blocks(draft: Draft) -> None:
    """Refuse blocks that only documents of other industries carry, instead of taking them unread."""
    if not is_blank(draft.others.get("importServicesSeller")):
        draft.basic.refuse("2778")
    if not is_blank(draft.others.get("airlineGoodsDetails")):
        draft.basic.refuse("2047", "airlineGoodsDetails belong to industry 109")
    if not is_blank(draft.others.get("edcDetails")):
        draft.basic.refuse("2974")

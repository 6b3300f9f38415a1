"""Code lists, commodity categories, excise duties, HS codes, exchange rates."""

from conformance.cases import Case
from conformance.online.stage import Stage, content, records, rows_of


def dictionary(at: Stage) -> str:
    lists = content(at.client.update_system_dictionary())
    rows_of(lists["payWay"], "payment modes")
    return rows_of(lists["rateUnit"], "units")


def dated(at: Stage, kind: str, code: str, member: str) -> str:
    return str(content(at.client.query_commodity_by_date(code, kind, at.now()))[member])[:40]


CASES: list[Case[Stage]] = [
    Case("T115", "update_system_dictionary", dictionary),
    Case(
        "T123",
        "query_commodity_categories_all",
        lambda at: rows_of(content(at.client.query_commodity_categories_all()), "categories"),
    ),
    Case(
        "T124",
        "query_commodity_categories",
        lambda at: rows_of(records(at.client.query_commodity_categories()), "rows"),
    ),
    Case(
        "T134",
        "sync_commodity_categories",
        lambda at: rows_of(content(at.client.sync_commodity_categories("1")), "categories"),
    ),
    Case("T146", "query_commodity_by_date", lambda at: dated(at, "1", "44121701", "commodityCategory")),
    Case(
        "T125",
        "query_excise_duty_codes",
        lambda at: rows_of(content(at.client.query_excise_duty_codes())["exciseDutyList"], "duties"),
    ),
    Case("T185", "query_hs_codes", lambda at: rows_of(content(at.client.query_hs_codes()), "codes")),
    Case("T121", "get_exchange_rate", lambda at: f"UGX {content(at.client.get_exchange_rate('USD'))['rate']}"),
    Case(
        "T126",
        "get_all_exchange_rates",
        lambda at: rows_of(content(at.client.get_all_exchange_rates(at.today())), "rates"),
    ),
]

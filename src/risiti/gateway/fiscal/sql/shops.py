"""Reading what documents depend on of the companies that sell, for a whole batch of documents at once."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping

from risiti.gateway.db.raw import Row, Statements, is_postgresql, run
from risiti.gateway.fiscal import wire
from risiti.gateway.fiscal.intents import Shop, Till
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.rounding import Rounding


def shops(
    session: Statements, company_ids: Collection[str], *, named: Collection[str], unnamed: Collection[str]
) -> Mapping[str, Shop]:
    """Return the companies and those of their devices that documents may mean.

    Args:
        session: Sees all companies.
        company_ids: Whose documents they are.
        named: Devices that documents name, by id or by the authority's number.
        unnamed: Companies of which a document names no device, so that it may be any.
    """
    companies = run(session, _COMPANIES[is_postgresql(session)], (_texts(session, company_ids),))
    asked = (_texts(session, company_ids), _texts(session, named), _texts(session, unnamed))
    tills: defaultdict[str, list[Till]] = defaultdict(list)
    for company_id, device_id, device_no, keep_order in run(session, _DEVICES[is_postgresql(session)], asked):
        tills[company_id].append(Till(device_id, device_no, bool(keep_order)))
    return {row[0]: _shop(row, tuple(tills[row[0]])) for row in companies}


def _shop(row: Row, tills: tuple[Till, ...]) -> Shop:
    company_id, environment, registered, rounding, *seller = row
    return Shop(company_id, Environment(environment), wire.Seller(*seller), bool(registered), Rounding(rounding), tills)


def _texts(session: Statements, texts: Collection[str]) -> list[str] | str:
    """Return a set of texts as one parameter."""
    return list(texts) if is_postgresql(session) else json.dumps(list(texts))


# The columns after the rounding are in the order of `wire.Seller`.
_COMPANIES_OF = """
SELECT id, environment, vat_registered, rounding, tin, legal_name, business_name, email, phone, address
FROM companies WHERE id {asked}
"""
_DEVICES_OF = """
SELECT company_id, id, device_no, keep_order FROM devices
WHERE company_id {asked} AND (id {named} OR device_no {named} OR company_id {unnamed})
ORDER BY id
"""
_ASKED = {
    True: {"asked": "= ANY($1::text[])", "named": "= ANY($2::text[])", "unnamed": "= ANY($3::text[])"},
    False: {
        "asked": "IN (SELECT value FROM json_each(?1))",
        "named": "IN (SELECT value FROM json_each(?2))",
        "unnamed": "IN (SELECT value FROM json_each(?3))",
    },
}
"""For PostgreSQL (True) and SQLite (False), as below."""
_COMPANIES = {is_postgres: _COMPANIES_OF.format(**asked) for is_postgres, asked in _ASKED.items()}
_DEVICES = {is_postgres: _DEVICES_OF.format(**asked) for is_postgres, asked in _ASKED.items()}

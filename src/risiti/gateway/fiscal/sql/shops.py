"""Reading what documents depend on of the companies that sell, for a whole batch of documents at once."""

import re
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
    """Return the companies that have a device which documents may mean, and these devices.

    Args:
        session: Sees all companies.
        company_ids: Whose documents they are.
        named: Devices that documents name, by id or by the authority's number.
        unnamed: Companies of which a document names no device, so that it may be any.
    """
    ask = _ask_postgresql if is_postgresql(session) else _ask_sqlite
    held = _HELD if is_postgresql(session) else ""
    rows = ask(session, _DEVICES + held, {"asked": company_ids, "named": named, "unnamed": unnamed})
    stood_in = {row[_BRANCH] for row in rows if row[_BRANCH] is not None}
    # A statement of its own: joined to the devices, it would show what was before a move that the lock has waited for.
    branches = ask(session, _BRANCHES, {"asked": stood_in}) if stood_in else []
    named_so = {branch_id: (str(authority_id), str(name)) for branch_id, authority_id, name in branches}
    tills: defaultdict[str, list[Till]] = defaultdict(list)
    companies: dict[str, Row] = {}
    for device_id, device_no, keep_order, branch_id, *company in rows:
        companies[company[0]] = company
        tills[company[0]].append(Till(device_id, device_no, bool(keep_order), *named_so.get(branch_id, ())))
    return {company_id: _shop(row, tuple(tills[company_id])) for company_id, row in companies.items()}


def _shop(row: Row, tills: tuple[Till, ...]) -> Shop:
    company_id, environment, registered, rounding, *seller = row
    return Shop(company_id, Environment(environment), wire.Seller(*seller), bool(registered), Rounding(rounding), tills)


def _ask_postgresql(session: Statements, statement: str, sets: Mapping[str, Collection[str]]) -> list[Row]:
    """Run a statement; each set of texts is one array."""
    places = {name: f"= ANY(${number}::text[])" for number, name in enumerate(sets, 1)}
    return run(session, statement.format(**places), [list(texts) for texts in sets.values()])


def _ask_sqlite(session: Statements, statement: str, sets: Mapping[str, Collection[str]]) -> list[Row]:
    """Run a statement; each set of texts is as many parameters, in the order in which they stand in it."""
    places = {name: f"IN ({', '.join('?' * len(texts))})" for name, texts in sets.items()}
    named = [text for name in _NAMES.findall(statement) for text in sets[name]]
    return run(session, statement.format(**places), named)


_NAMES = re.compile(r"\{(\w+)\}")
_BRANCH = 3
"""Its place in a row of the following, whose columns after the rounding are in the order of `wire.Seller`."""
_DEVICES = """
SELECT d.id, d.device_no, d.keep_order, d.branch_id, c.id, c.environment, c.vat_registered, c.rounding, c.tin,
    c.legal_name, c.business_name, c.email, c.phone, c.address
FROM devices d JOIN companies c ON c.id = d.company_id
WHERE d.company_id {asked} AND (d.id {named} OR d.device_no {named} OR d.company_id {unnamed})
ORDER BY d.id
"""
_HELD = "FOR KEY SHARE OF d"
"""So that no device is moved meanwhile; the document's foreign key takes as much. See submissions/moving.py."""
_BRANCHES = "SELECT id, authority_id, name FROM branches WHERE authority_id IS NOT NULL AND id {asked}"
"""Those that documents name."""

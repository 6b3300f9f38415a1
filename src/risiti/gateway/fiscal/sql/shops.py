"""Reading what documents depend on of the companies that sell, for a whole batch of documents at once."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from risiti.gateway.db.raw import Row, Statements, columns, is_postgresql, run
from risiti.gateway.fiscal import wire
from risiti.gateway.fiscal.intents import Shop, Till
from risiti.gateway.submissions.sql.accepting import Able
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
        tills[company[0]].append(
            Till(device_id, device_no, bool(keep_order), branch_id or "", *named_so.get(branch_id, ()))
        )
    return {company_id: _shop(row, tuple(tills[company_id])) for company_id, row in companies.items()}


@dataclass(frozen=True, slots=True)
class Remembered:
    """A company and its device as they were when documents were prepared for them."""

    shop: Shop
    till: Till
    only: bool
    """A document names no device, so the company may have no other."""


def still_so(remembered: Sequence[Remembered]) -> Able:
    """Return what finds, on PostgreSQL, the devices of which all that documents depend on is as it is remembered."""
    return Able(_STILL_SO, columns([_values(one) for one in remembered], 17))


def _values(one: Remembered) -> tuple[object, ...]:
    shop, till, seller = one.shop, one.till, one.shop.seller
    return (
        till.id,
        shop.company_id,
        one.only,
        till.device_no,
        till.keep_order,
        till.stands_in,
        till.branch_id,
        till.branch_name,
        shop.environment.value,
        shop.vat_registered,
        shop.rounding.value,
        seller.tin,
        seller.legal_name,
        seller.business_name,
        seller.email,
        seller.phone,
        seller.address,
    )


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
# A device that somebody has moved or changed since this statement began is looked at again, as it is now, before it is
# locked: then it does not stand where it stood, and is not found. See submissions/moving.py.
_STILL_SO = """
    SELECT d.id, d.company_id
    FROM unnest($1::text[], $2::text[], $3::bool[], $4::text[], $5::bool[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
        $17::text[])
        AS r(device_id, company_id, alone, device_no, keep_order, stands_in, branch_id, branch_name, environment,
        vat_registered, rounding, tin, legal_name, business_name, email, phone, address)
    JOIN devices d ON d.id = r.device_id AND d.company_id = r.company_id
    JOIN companies c ON c.id = d.company_id
    LEFT JOIN branches b ON b.id = d.branch_id AND b.authority_id IS NOT NULL
    WHERE (d.device_no, d.keep_order, coalesce(d.branch_id, '')) = (r.device_no, r.keep_order, r.stands_in)
    AND (coalesce(b.authority_id, ''), coalesce(b.name, '')) = (r.branch_id, r.branch_name)
    AND (c.environment, c.vat_registered, c.rounding, c.tin, c.legal_name, c.business_name, c.email, c.phone, c.address)
        IS NOT DISTINCT FROM (r.environment, r.vat_registered, r.rounding, r.tin, r.legal_name, r.business_name,
        r.email, r.phone, r.address)
    AND NOT (r.alone AND EXISTS (SELECT 1 FROM devices o WHERE o.company_id = d.company_id AND o.id <> d.id))
    ORDER BY d.id FOR KEY SHARE OF d
"""
_BRANCHES = "SELECT id, authority_id, name FROM branches WHERE authority_id IS NOT NULL AND id {asked}"
"""Those that documents name."""

"""Taxpayers, their branches, reliefs, agents and contacts."""

from conformance import sales
from conformance.cases import Case, expect
from conformance.online.stage import Stage, content, done, rows_of


def taxpayer(at: Stage) -> str:
    found = content(at.client.query_taxpayer_by_tin(tin=sales.BUYER_TIN))["taxpayer"]
    expect(found["legalName"], sales.BUYER_NAME, "legalName")
    return str(found["legalName"])


def relief(at: Stage) -> str:
    found = content(at.client.check_taxpayer_type("1000000905", "30111601"))
    expect(found["commodityCategory"][0]["commodityCategoryTaxpayerType"], "103", "type for the category")
    return f"type {found['taxpayerType']}"


def principal(at: Stage) -> str:
    found = content(at.client.query_principal_agent(sales.PRINCIPAL_TIN, ""))
    return rows_of(found["taxType"], "tax types")


def agents(at: Stage) -> str:
    rows = content(at.client.query_agent_relation(sales.TIN))["agentTaxpayerList"]
    expect({row["tin"] for row in rows}, {sales.PRINCIPAL_TIN}, "TINs")
    return rows_of(rows, "relations")


def new_contact(at: Stage) -> str:
    contact = {
        "operationType": "101",
        "buyerType": "0",
        "buyerTin": sales.BUYER_TIN,
        "buyerLegalName": sales.BUYER_NAME,
    }
    return done(at.client.upload_frequent_contacts(contact))


def contacts(at: Stage) -> str:
    rows = content(at.client.get_frequent_contacts(sales.BUYER_TIN))
    expect(rows[0]["buyerLegalName"], sales.BUYER_NAME, "buyerLegalName")
    return rows_of(rows, "contacts")


CASES: list[Case[Stage]] = [
    Case("T119", "query_taxpayer_by_tin", taxpayer),
    Case("T137", "check_taxpayer_type", relief),
    Case(
        "T138", "get_registered_branches", lambda at: rows_of(content(at.client.get_registered_branches()), "branches")
    ),
    Case("T179", "query_agent_relation", agents),
    Case("T180", "query_principal_agent", principal),
    Case("T181", "upload_frequent_contacts", new_contact),
    Case("T182", "get_frequent_contacts", contacts),
    Case("T175", "ussd_account_create", lambda at: done(at.client.ussd_account_create("1000000902", "0700000902"))),
]

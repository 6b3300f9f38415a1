"""The REST door: routes, what they ask of a caller, and every error as a problem answer. No queries in here."""

from risiti.gateway.api import (
    api_keys,
    auth,
    companies,
    deadlines,
    decisions,
    devices,
    dictionaries,
    efris,
    exports,
    health,
    imports,
    invoices,
    items,
    journal,
    lanes,
    legal_holds,
    links,
    members,
    metrics,
    passwords,
    receipts,
    reconciliation,
    second_factor,
    tasks,
    users,
    validate,
)

ROUTES = [
    route
    for router in (
        validate.router,
        invoices.router,
        decisions.router,
        deadlines.router,
        reconciliation.router,
        dictionaries.router,
        receipts.router,
        imports.router,
        items.router,
        devices.router,
        lanes.router,
        api_keys.router,
        companies.router,
        members.router,
        journal.router,
        exports.router,
        legal_holds.router,
        tasks.router,
        users.router,
        efris.router,
        auth.router,
        passwords.router,
        links.router,
        second_factor.router,
        health.router,
        metrics.router,
    )
    for route in router.routes
]
"""All routes of the REST API, in the order of the docs."""

"""The door for people: pages rendered on the server, which fetch nothing from elsewhere; only links need a script."""

from risiti.gateway.web import account, docs, static_files, status

ROUTES = [*status.router.routes, *docs.router.routes, *account.router.routes, *static_files.router.routes]
"""All routes of pages and what they need."""

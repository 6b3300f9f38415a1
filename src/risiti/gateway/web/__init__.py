"""The door for people: pages rendered on the server, which work without JavaScript and fetch nothing from elsewhere."""

from risiti.gateway.web import docs, static_files, status

ROUTES = [*status.router.routes, *docs.router.routes, *static_files.router.routes]
"""All routes of pages and what they need."""

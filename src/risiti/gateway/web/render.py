"""Renders a page from its template, and sends it with the headers that let it do nothing but be read."""

import re
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but our own stylesheet and icon; no script at all."""

_CODE: Final = re.compile(r"`([^`]+)`")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")


def render(template: str, **values: object) -> str:
    """Return a page made from a template of `web/templates`; every value in it is escaped."""
    return _environment.get_template(template).render(values)


def page(text: str, status_code: int = 200, *, more_policy: str = "") -> HTMLResponse:
    """Return the answer that carries a page; `more_policy` is what it may beyond others."""
    policy = f"{PAGE_POLICY}; {more_policy}" if more_policy else PAGE_POLICY
    return HTMLResponse(text, status_code, {"Content-Security-Policy": policy})


def prose(text: str) -> Markup:
    """Return a description as HTML: paragraphs, lists of lines that begin with `* `, `code` and **bold**; no more."""
    parts = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("* "):
            items = re.split(r"\n?\* ", block)[1:]
            parts.append(Markup("<ul>{}</ul>").format(Markup("").join(_item(item) for item in items)))
        else:
            parts.append(Markup("<p>{}</p>").format(_inline(block)))
    return Markup("").join(parts)


def _item(text: str) -> Markup:
    return Markup("<li>{}</li>").format(_inline(text))


def _inline(text: str) -> Markup:
    html = str(escape(" ".join(text.split())))
    html = _BOLD.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", html))
    return Markup(html)  # noqa: S704 - escaped above; only our own tags were put in


_environment = Environment(
    loader=PackageLoader("risiti.gateway.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["prose"] = prose

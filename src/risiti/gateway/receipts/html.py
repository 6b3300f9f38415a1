"""The receipt as one HTML page that needs nothing else: no scripts, no fonts, no pictures from anywhere."""

import base64
import hashlib
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from risiti.gateway.receipts.content import Receipt, money, number
from risiti.gateway.receipts.qr import QUIET_ZONE, QrCode, qr_code

_STYLE: Final = resources.files(__package__).joinpath("templates/receipt.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""To be sent with the page: its one style sheet is allowed by its hash, everything else is forbidden."""

_TEMPLATES = Environment(
    loader=PackageLoader("risiti.gateway.receipts"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"money": money, "number": number}


def render(receipt: Receipt) -> str:
    """Return the page; every text of the receipt is escaped. Send it with `CONTENT_SECURITY_POLICY`."""
    return _TEMPLATES.get_template("receipt.html").render(
        receipt=receipt,
        style=Markup(_STYLE),  # noqa: S704 - our own file; the policy's hash covers exactly these bytes
        qr=_svg(qr_code(receipt.numbers.qr)) if receipt.numbers.qr else None,
    )


def _svg(code: QrCode) -> Markup:
    """Return the code as inline SVG made of numbers only."""
    edge = code.size + 2 * QUIET_ZONE
    path = "".join(
        f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z" for column, row, length in code.runs()
    )
    return Markup(
        '<svg class="qr" viewBox="0 0 {edge} {edge}" role="img" aria-label="QR code" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{edge}v{edge}h-{edge}z"/><path fill="#000" d="{path}"/></svg>'
    ).format(edge=edge, path=path)

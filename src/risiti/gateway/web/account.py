"""GET /account/...: the pages that links in mail open: choose a password, confirm an address.

The token stands behind `#` in the address, which a browser sends to nobody; so these two pages, and only these, have a
script, which hands it in. The page itself is the same for everybody and knows nothing.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from risiti.gateway.api.health import VERSION
from risiti.gateway.people.letters import Page
from risiti.gateway.web.render import page, render

SCRIPT_POLICY: Final = "script-src 'self'; connect-src 'self'"
"""What these pages may beyond others: our own script, which asks nobody but this host."""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Form:
    title: str
    path: str
    """Where the token goes."""
    button: str
    done: str
    asks_password: bool


_FORMS: Final = {
    Page.PASSWORD: _Form(
        "Choose a password",
        "/api/auth/set-password",
        "Choose this password",
        "Your password is set. Sign in with it from now on; all earlier sign-ins have ended.",
        asks_password=True,
    ),
    Page.EMAIL: _Form(
        "Confirm your e-mail address",
        "/api/auth/verify-email",
        "Confirm",
        "Thank you: your address is confirmed.",
        asks_password=False,
    ),
}


@router.get(Page.PASSWORD)
async def choose_password() -> HTMLResponse:
    """Show the form for a new password."""
    return _page(Page.PASSWORD)


@router.get(Page.EMAIL)
async def confirm_email() -> HTMLResponse:
    """Show the button that confirms an address."""
    return _page(Page.EMAIL)


def _page(which: Page) -> HTMLResponse:
    return page(render("account.html", version=VERSION, form=_FORMS[which]), more_policy=SCRIPT_POLICY)

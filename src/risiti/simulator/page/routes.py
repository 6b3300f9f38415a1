"""The routes of the page: it, its stylesheet, and the forms on it, which post to the control door and come back."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from risiti.simulator.applications import SUBMITTED
from risiti.simulator.approvals import approve, reject, settle
from risiti.simulator.clock import Clock
from risiti.simulator.faults import Fault
from risiti.simulator.magic import REFUSING_TINS
from risiti.simulator.page import overview
from risiti.simulator.refusal import Refusal
from risiti.simulator.settings import Settings, SettingsError
from risiti.simulator.world import World

POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing but our own stylesheet; no script at all."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
MOST_FORM_BYTES = 64 * 1024
MOST_FORM_FIELDS = 200
BY_PERSON = "Decided on the page"

Endpoint = Callable[[Request], Awaitable[Response]]

_environment = Environment(
    loader=PackageLoader("risiti.simulator.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["local_time"] = overview.local_time
_environment.filters["said"] = overview.said


def page_routes(world: World, clock: Clock, paths: tuple[str, str], *, control: bool) -> list[BaseRoute]:
    """Return the routes of the page.

    Args:
        world: What it shows.
        clock: The authority's clock.
        paths: Paths of the authority's service and of the enabler, to be told on the page.
        control: Show the forms and serve what they post to.
    """
    page = Page(world, clock, paths, control=control)
    routes: list[BaseRoute] = [Route("/", page.show), Route("/simulator.css", _stylesheet)]
    table: tuple[tuple[str, Endpoint], ...] = (
        ("/_control/form/faults", page.add_fault),
        ("/_control/form/faults/remove", page.remove_fault),
        ("/_control/form/faults/clear", page.clear_faults),
        ("/_control/form/settings", page.change_settings),
        ("/_control/form/applications", page.decide),
    )
    if control:
        routes += [Route(path, _from_here(endpoint), methods=["POST"]) for path, endpoint in table]
    return routes


class _WrongForm(ValueError):
    """What was posted cannot be done; the text says why."""


class Page:
    """The page and the forms on it."""

    def __init__(self, world: World, clock: Clock, paths: tuple[str, str], *, control: bool) -> None:
        self._world = world
        self._clock = clock
        self._paths = paths
        self._control = control

    async def show(self, request: Request) -> Response:
        """Show the page; whoever does not ask for HTML gets a summary as JSON."""
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(await asyncio.to_thread(self._summary))
        text = await asyncio.to_thread(self._render, str(request.base_url).rstrip("/"), "")
        return Response(text, media_type="text/html", headers=HEADERS)

    async def add_fault(self, request: Request) -> Response:
        """Add a fault to the plan."""
        given = {name: value.strip() for name, value in (await _form(request)).items()}
        rule: dict[str, object] = {name: value for name, value in given.items() if value}
        if "times" in rule:
            rule["times"] = _whole("times", given["times"])
        self._world.faults.set([*self._world.faults.rules, Fault.from_json(rule)])
        return _back()

    async def remove_fault(self, request: Request) -> Response:
        """Take one fault out of the plan, by its place and name; if it has worn out meanwhile, the others stay."""
        given, rules = await _form(request), list(self._world.faults.rules)
        place = _whole("place", given.get("place", ""))
        if place < len(rules) and rules[place].fault == given.get("fault"):
            del rules[place]
            self._world.faults.set(rules)
        return _back()

    async def clear_faults(self, _: Request) -> Response:
        """Let everything work."""
        self._world.faults.clear()
        return _back()

    async def change_settings(self, request: Request) -> Response:
        """Change the settings whose fields were changed."""
        given = await _form(request)
        before = {switch.name: switch.value for switch in overview.switches(self._world.settings)}
        changes = {
            name: _setting(self._world.settings, name, value.strip())
            for name, value in given.items()
            if before.get(name) != value.strip()
        }
        if changes:
            self._world.settings = self._world.settings.changed(changes)
        return _back()

    async def decide(self, request: Request) -> Response:
        """Approve or reject an application for a credit note."""
        given, now = await _form(request), self._clock.now()
        settle(self._world, now)
        application = self._world.applications.by_reference(given.get("reference", ""))
        if application is None or application.status != SUBMITTED:
            raise _WrongForm("there is no such application waiting")
        try:
            if given.get("decision") == "approve":
                approve(self._world, application, by="", remark=BY_PERSON, now=now)
            else:
                reject(self._world, application, by="", remark=BY_PERSON, now=now)
        except Refusal as refusal:
            raise _WrongForm(f"it cannot be approved: {refusal.code} {refusal.message}") from refusal
        return _back()

    def problem(self, request: Request, reason: str) -> Response:
        """Show the page with what went wrong on top of it."""
        text = self._render(str(request.base_url).rstrip("/"), reason)
        return Response(text, 400, HEADERS, media_type="text/html")

    def _render(self, address: str, problem: str) -> str:
        service, enabler = self._paths
        return _environment.get_template("page.html").render(
            seen=overview.look(self._world, self._clock.now()),
            address=address,
            service=service,
            enabler=enabler,
            control=self._control,
            problem=problem,
            known_faults=overview.known_faults(),
            markers=overview.magic_markers(),
            tins=overview.magic_tins(),
            refusing=REFUSING_TINS,
        )

    def _summary(self) -> dict[str, object]:
        world = self._world
        return {
            "service": "Stand-in for URA's EFRIS; nothing here is fiscal",
            "endpoint": self._paths[0],
            "enabler": self._paths[1],
            "documents": world.ledger.last_number(),
            "devices": [{"device_no": device.device_no, "tin": device.tin} for device in world.registry.devices()],
            "calls": world.calls(),
            "faults": [fault.to_json() for fault in world.faults.rules],
        }


def _from_here(endpoint: Endpoint) -> Endpoint:
    """Take a form only from this very page, and say on it what was wrong with the form."""

    async def guarded(request: Request) -> Response:
        origin = request.headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
        if foreign or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return JSONResponse({"error": "this form came from another site"}, status_code=403)
        try:
            return await endpoint(request)
        except (SettingsError, _WrongForm) as error:
            page: Page = endpoint.__self__  # type: ignore[attr-defined]
            return await asyncio.to_thread(page.problem, request, str(error))

    return guarded


def _back() -> Response:
    return RedirectResponse("/", 303)


async def _stylesheet(_: Request) -> Response:
    text = files("risiti.simulator.page").joinpath("static", "simulator.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            raise _WrongForm(f"a form has at most {MOST_FORM_BYTES} bytes")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS))
    except ValueError:
        raise _WrongForm("this is no form") from None


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - fits any machine
        raise _WrongForm(f"{name} must be a whole number")
    return int(text)


def _setting(settings: Settings, name: str, text: str) -> object:
    """Return what a form field says as the JSON value its setting takes."""
    now = settings.to_json().get(name)
    if isinstance(now, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(now, int):
        return _whole(name, text)
    if isinstance(now, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text

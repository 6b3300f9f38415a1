"""The page: it shows what there is, works without scripts, and takes orders only from itself."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

from risiti.simulator import Settings, World, create_simulator
from risiti.simulator.app import Simulator
from risiti.simulator.faults import FAULTS
from risiti.simulator.page.overview import MOST_ROWS, about_interface, switches
from tests.simulator import station
from tests.simulator.credit_notes import application, apply, issue, sold_to_business
from tests.simulator.documents import document
from tests.simulator.rig import MovedClock, Rig
from tests.simulator.stockroom import fill

pytestmark = pytest.mark.anyio

HTML = [(b"accept", b"text/html,*/*;q=0.8"), (b"host", b"simulator")]
VOID = {"meta", "link", "input", "br"}


class Parsed(HTMLParser):
    """Collects tags and texts, and demands that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] == "option" != tag:
            self.open.pop()
        assert self.open.pop() == tag


async def get(
    app: Simulator, path: str = "/", headers: list[tuple[bytes, bytes]] = HTML
) -> tuple[int, dict[str, str], str]:
    return await ask(app, "GET", path, b"", headers)


async def ask(
    app: Simulator, method: str, path: str, body: bytes, headers: list[tuple[bytes, bytes]]
) -> tuple[int, dict[str, str], str]:
    sent: list[Any] = []
    inbox = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:  # noqa: ANN401 - ASGI messages are untyped
        return inbox.pop() if inbox else {"type": "http.disconnect"}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI messages are untyped
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("simulator", 80),
        "client": ("test", 1),
        "root_path": "",
    }
    await app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(part.get("body", b"") for part in sent[1:]).decode()


async def post(rig: Rig, form: str, *more: tuple[bytes, bytes], **fields: str) -> tuple[int, str]:
    headers = [*HTML, (b"content-type", b"application/x-www-form-urlencoded"), *more]
    status, _, text = await ask(rig.app, "POST", f"/_control/form/{form}", urlencode(fields).encode(), headers)
    return status, text


async def test_an_empty_stand_in_has_a_page_that_says_what_to_do_next() -> None:
    app = create_simulator(World.open(), clock=MovedClock(), control=True)
    status, headers, text = await get(app)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "None yet. Register one" in text


async def test_the_page_is_well_formed_and_brings_everything_itself(rig: Rig) -> None:
    await full(rig)
    _, headers, text = await get(rig.app)
    parsed = Parsed()
    parsed.feed(text)
    assert parsed.open == []
    assert not [tag for tag, _ in parsed.tags if tag in ("script", "style", "img", "iframe")]
    assert not [attributes for _, attributes in parsed.tags if any(name in ("style", "onclick") for name in attributes)]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    sources = [attributes["href"] for tag, attributes in parsed.tags if tag == "link"]
    assert sources == ["data:,", "/simulator.css"]
    status, headers, _ = await get(rig.app, "/simulator.css")
    assert (status, headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert not re.search(r"https?://", text.replace("http://simulator", ""))


async def full(rig: Rig) -> None:
    """Something of everything."""
    await fill(rig)
    await rig.upload(document(reference="<b>INV-1</b>"))
    rig.configure(credit_note_decision="wait")
    sold = sold_to_business(reference="INV-2")
    await apply(rig, application(await issue(rig, sold), sold))
    await rig.call("T141", {"deliveryMethod": "001"})
    await rig.control("PUT", "faults", [{"fault": "html", "interface": "T109", "times": 2}])


async def test_the_page_shows_what_the_stand_in_holds(rig: Rig) -> None:
    await full(rig)
    _, _, text = await get(rig.app)
    newest = rig.world.documents("INV-2")[0]
    assert newest.fdn in text
    assert "Mango Street" in text
    assert rig.device_no in text
    assert "One-time password" in text
    assert f"<td><code>T109</code></td><td>{about_interface('T109')}</td>" in text
    assert ">Approve</button>" in text
    assert "2 more" in text
    assert re.search(r'Pen<br><small>P1</small></td><td>1000000000</td><td>Main</td><td class="number">', text)


async def test_what_callers_send_is_shown_as_text(rig: Rig) -> None:
    await full(rig)
    _, _, text = await get(rig.app)
    assert "&lt;b&gt;INV-1&lt;/b&gt;" in text
    assert "<b>INV-1" not in text


async def test_long_tables_are_cut_and_say_so(rig: Rig) -> None:
    for number in range(MOST_ROWS + 3):
        station.fuel_document(rig, f"F-{number}")
    _, _, text = await get(rig.app)
    assert "and 3 more" in text
    assert "F-27" in text
    assert "F-2<" not in text


async def test_a_program_gets_the_summary_as_json(rig: Rig) -> None:
    status, headers, text = await get(rig.app, headers=[(b"accept", b"*/*")])
    assert (status, headers["content-type"]) == (200, "application/json")
    assert '"enabler":"/efristcs/ws/tcsapp/getInformation"' in text


async def test_without_the_control_door_there_is_nothing_to_press() -> None:
    app = create_simulator(World.open(), clock=MovedClock())
    _, _, text = await get(app)
    assert "<form" not in text
    assert "duplicate_check" in text
    assert (await ask(app, "POST", "/_control/form/faults/clear", b"", HTML))[0] == 404


async def test_faults_are_switched_on_and_off(rig: Rig) -> None:
    status, _ = await post(
        rig, "faults", fault="drop_after", interface="T109", times="3", seconds="", code="", probability=""
    )
    assert status == 303
    await post(rig, "faults", fault="latency", interface="", times="", seconds="0.5", code="", probability="0.1")
    assert [(rule.fault, rule.interface, rule.times) for rule in rig.world.faults.rules] == [
        ("drop_after", "T109", 3),
        ("latency", None, None),
    ]
    assert (await post(rig, "faults/remove", place="0", fault="worn out by now"))[0] == 303
    assert len(rig.world.faults.rules) == 2
    assert (await post(rig, "faults/remove", place="0", fault="drop_after"))[0] == 303
    assert [rule.fault for rule in rig.world.faults.rules] == ["latency"]
    assert (await post(rig, "faults/clear"))[0] == 303
    assert not rig.world.faults.rules


async def test_settings_are_changed_and_the_others_stay(rig: Rig) -> None:
    before = rig.world.settings
    fields = {switch.name: switch.value for switch in switches(before)}
    fields |= {"magic": "true", "duplicate_check": "always", "gzip_interfaces": "T115, T123", "tax_tolerance": "0.02"}
    assert (await post(rig, "settings", **fields))[0] == 303
    after = rig.world.settings
    assert after == before.changed(
        {"magic": True, "duplicate_check": "always", "gzip_interfaces": ["T115", "T123"], "tax_tolerance": "0.02"}
    )


@pytest.mark.parametrize(
    ("form", "fields", "reason"),
    [
        ("faults", {"fault": "earthquake"}, "fault must be one of"),
        ("faults", {"fault": "html", "times": "many"}, "times must be a whole number"),
        ("faults", {"fault": "refuse"}, "code goes with refuse"),
        ("faults/remove", {"place": "first"}, "place must be a whole number"),
        ("settings", {"max_lines": "-1"}, "max_lines must be a whole number"),
        ("settings", {"magic": "maybe"}, "magic must be true or false"),
        ("settings", {"colour": "red"}, "no such setting"),
        ("applications", {"reference": "26PL", "decision": "approve"}, "no such application"),
        ("settings", {"max_lines": "9" * 70_000}, "at most 65536 bytes"),
        ("settings", {f"f{number}": "" for number in range(201)}, "this is no form"),
    ],
)
async def test_a_wrong_form_changes_nothing_and_says_why(
    rig: Rig, form: str, fields: dict[str, str], reason: str
) -> None:
    before = (rig.world.settings, rig.world.faults.rules)
    status, text = await post(rig, form, **fields)
    assert status == 400
    assert reason in text
    assert (rig.world.settings, rig.world.faults.rules) == before


@pytest.mark.parametrize(
    "headers", [(b"origin", b"http://evil.example"), (b"origin", b"null"), (b"sec-fetch-site", b"cross-site")]
)
async def test_a_form_of_another_site_is_refused(rig: Rig, headers: tuple[bytes, bytes]) -> None:
    assert (await post(rig, "faults", headers, fault="html"))[0] == 403
    assert rig.world.faults.rules == ()


async def test_a_form_of_this_very_page_is_taken(rig: Rig) -> None:
    own = ((b"origin", b"http://simulator"), (b"sec-fetch-site", b"same-origin"))
    assert (await post(rig, "faults", *own, fault="html"))[0] == 303


@pytest.mark.parametrize(("decision", "state"), [("approve", "101"), ("reject", "103")])
async def test_a_credit_note_is_decided_on_the_page(rig: Rig, decision: str, state: str) -> None:
    rig.configure(credit_note_decision="wait")
    sold = sold_to_business()
    reference = await apply(rig, application(await issue(rig, sold), sold))
    assert (await post(rig, "applications", reference=reference, decision=decision))[0] == 303
    decided = rig.world.applications.by_reference(reference)
    assert decided is not None
    assert decided.status == state
    assert (await post(rig, "applications", reference=reference, decision=decision))[0] == 400


async def test_every_fault_setting_and_interface_is_explained(rig: Rig) -> None:
    _, _, text = await get(rig.app)
    assert [name for name in FAULTS if f'value="{name}"' not in text] == []
    assert [switch.name for switch in switches(Settings()) if not switch.about] == []
    assert about_interface("?") == "what could not be read, or is no interface"

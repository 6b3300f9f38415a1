import pytest

from risiti.gateway.api import openapi
from risiti.gateway.web.render import prose
from tests.gateway.api.door import Door

pytestmark = pytest.mark.anyio


async def test_every_operation_and_every_field_of_an_invoice_is_on_the_page(door: Door) -> None:
    text = await (await door.ask_bare("GET", "/docs")).text()
    document = openapi.build()
    for path, methods in document["paths"].items():
        assert path in text
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in text
    for field in document["components"]["schemas"]["NewInvoice"]["properties"]:
        assert f"<code>{field}</code>" in text


async def test_every_link_on_the_page_leads_somewhere(door: Door) -> None:
    text = await (await door.ask_bare("GET", "/docs")).text()
    anchors = {part.split('"')[0] for part in text.split('href="#')[1:]}
    assert anchors
    assert all(f'id="{anchor}"' in text for anchor in anchors)


def test_a_description_is_escaped_before_it_is_marked_up() -> None:
    assert prose("`<b>` & **you**\n\n* one\n* two") == (
        "<p><code>&lt;b&gt;</code> &amp; <strong>you</strong></p><ul><li>one</li><li>two</li></ul>"
    )

"""What is logged of a request about a document names the document, so that one search finds all that happened to it."""

from pathlib import Path

import pytest

from tests.gateway.api.door import open_door
from tests.gateway.observability.lines import logged
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


async def test_lines_of_handing_in_and_of_looking_name_the_document(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        with logged() as lines:
            answer = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("LOG-1"))
            document_id = (await answer.json())["id"]
            await door.ask("GET", door.firm.path(f"/invoices/{document_id}"))
            await door.ask("GET", door.firm.path(f"/invoices/{document_id}/events"))
            await door.ask("GET", door.firm.path("/invoices"))
    answered = [line.get("document_id") for line in lines() if line["event"] == "request.answered"]
    assert answered == [document_id, document_id, document_id, None]

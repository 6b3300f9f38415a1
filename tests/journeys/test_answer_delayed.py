"""An answer comes after the time-out, and the seller posts the invoice once more: one fiscal number, no doubt left."""

from pathlib import Path

import pytest

from risiti.cli.authority import Authority
from risiti.cli.erp import Erp
from risiti.cli.stage import Stage, Tempo
from risiti.efris import UPLOAD_INVOICE
from tests.make import TIN, an_invoice

pytestmark = pytest.mark.anyio


async def test_an_answer_after_the_time_out_and_a_second_post_make_one_fiscal_number(tmp_path: Path) -> None:
    invoice = an_invoice("LATE-0001")
    async with (
        Stage(tmp_path, tempo=Tempo(timeout=1)) as stage,
        Erp(stage.account) as erp,
        Authority(stage.simulator_url) as authority,
    ):
        late = {"fault": "latency_after", "interface": UPLOAD_INVOICE.code, "seconds": 5, "times": 1}
        await authority.set_faults([late])

        first = await erp.post_invoice(invoice, idempotency_key="till-3-000481")
        second = await erp.post_invoice(invoice, idempotency_key="till-3-000481", wait=20)
        events = await erp.events(str(second.body["id"]))
        numbers = await authority.fiscal_numbers("LATE-0001", TIN)

    assert (first.status, first.replayed) == (202, False)
    assert (second.status, second.replayed) == (201, True)
    assert second.body["id"] == first.body["id"]
    assert second.body["state"] == "fiscalised"
    assert numbers == [second.body["fdn"]]
    assert [event["event"] for event in events if event["event"] == "invoice.in_doubt"] == ["invoice.in_doubt"]

"""Calls of `efriser` against the offline enabler's endpoint. Runs in that client's environment, which has it.

It is given the simulator's address as it wants an address. Its modules find each other only from inside their own
folder, and call an enabler that is wired in when they are imported; that call, too, ends at the simulator.
"""

import contextlib
import importlib.util
import io
import json
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from conformance import sales
from conformance.cases import Case, Unexpected, expect, report, untried
from conformance.confined import confine
from conformance.door import Door

PATH = "/efristcs/ws/tcsapp/getInformation"
KAMPALA = timezone(timedelta(hours=3))


@dataclass
class Stage:
    """The client, and what earlier calls have told it."""

    client: Any
    door: Door
    known: dict[str, str] = field(default_factory=dict)

    def now(self) -> str:
        """Return the time in Kampala as documents have it."""
        return datetime.now(KAMPALA).strftime("%Y-%m-%d %H:%M:%S")

    def post(self, interface: str, content: object) -> Any:  # noqa: ANN401 - whatever JSON the client read
        """Send a content through the client's own `efris_post`; an answer that it hands on whole is a refusal.

        Raises:
            Unexpected: the authority refused.
        """
        return accepted(self.client.efris_post(interface, content))


def accepted(answer: Any) -> Any:  # noqa: ANN401 - whatever JSON the client read
    """Return an answer, read again where the client left it as text.

    Raises:
        Unexpected: it is the outer message of a refusal.
    """
    if isinstance(answer, dict) and "returnStateInfo" in answer:
        state = answer["returnStateInfo"]
        raise Unexpected(f"refused with {state['returnCode']} {state['returnMessage']}")
    return json.loads(answer) if isinstance(answer, str) else answer


def taxpayer(at: Stage) -> str:
    found = at.client.query_tax_payer_by_tin(sales.BUYER_TIN)
    expect(found["data"]["Taxpayer Name"], sales.BUYER_NAME, "Taxpayer Name")
    return str(found["data"]["Taxpayer Name"])


def deemed(at: Stage) -> str:
    found = at.client.query_deemed_taxpayer("1000000905", "30111601")
    expect(found["type"], "Both (Deemed & Exempt)", "type")
    return str(found["type"])


def principal(at: Stage) -> str:
    return f"{len(accepted(at.client.query_tax_agent_by_tin(sales.PRINCIPAL_TIN, ''))['taxType'])} tax types"


def exchange_rate(at: Stage) -> str:
    return str(at.client.acquiring_exchange_rate("USD"))[:60]


def dictionary(at: Stage) -> str:
    return f"{len(accepted(at.client.system_dictionary())['payWay'])} payment modes"


def goods(at: Stage) -> str:
    expect(at.client.upload_products([sales.goods("P1")]), [], "rows refused")
    return "every row taken"


def fiscalise(at: Stage) -> str:
    issued = at.post("T109", sales.invoice("INV-1", at.now()))["basicInformation"]
    at.known |= {"fdn": issued["invoiceNo"], "id": issued["invoiceId"]}
    return f"FDN {issued['invoiceNo']}"


def upload_invoice(at: Stage) -> str:
    about = {"reference_no": "INV-2", "operator": "Amina", "currency": "UGX", "type": 1, "kind": 1, "industry": 101}
    made = sales.invoice("INV-2", at.now())
    buyer = {"tin": sales.BUYER_TIN, "buyer_type": 0}
    answer = at.client.upload_invoice(about | buyer, made["goodsDetails"], made["taxDetails"], made["payWay"])
    if answer is None:
        raise Unexpected("nothing was sent")
    return str(accepted(answer)["basicInformation"]["invoiceNo"])


def find(at: Stage) -> str:
    rows = at.client.query_document(at.known["fdn"], 1)["data"]["records"]
    expect([row["referenceNo"] for row in rows], ["INV-1"], "references")
    return f"{rows[0]['referenceNo']}, {rows[0]['grossAmount']} {rows[0]['currency']}"


def details(at: Stage) -> str:
    found = at.client.query_invoice_details(at.known["fdn"])
    expect(found["basicInformation"]["invoiceNo"], at.known["fdn"], "invoiceNo")
    return f"{len(found['goodsDetails'])} lines"


def credit_note(at: Stage) -> str:
    asked = sales.credit_note(at.known["fdn"], at.known["id"], at.now())
    at.door.put("settings", {"credit_note_decision": "wait", "self_approval": True})
    at.known["reference"] = at.post("T110", asked)["referenceNo"]
    return f"application {at.known['reference']}"


def applications(at: Stage) -> str:
    at.door.put("settings", {"gzip_interfaces": ["T111", "T115"]})  # it wants this answer compressed, others not
    found = at.client.credit_notes_query()
    text = json.dumps(found)
    expect(at.known["reference"] in text, True, "the application is listed")
    rows = at.post("T111", sales.PAGE | {"queryType": "1", "referenceNo": at.known["reference"]})["records"]
    at.known |= {"application": rows[0]["id"], "task": rows[0]["taskId"]}
    return f"{len(rows)} listed"


def application(at: Stage) -> str:
    found = accepted(at.client.credit_note_details(at.known["application"]))
    expect(found["referenceNo"], at.known["reference"], "referenceNo")
    return f"status {found['approveStatusCode']}"


def approve(at: Stage) -> str:
    accepted(at.client.approve_credit_note(at.known["reference"], 101, at.known["task"], "Goods are back"))
    return "approved"


def cancel(at: Stage) -> str:
    row = at.post("T111", sales.PAGE | {"queryType": "1", "referenceNo": at.known["reference"]})["records"][0]
    expect(row["approveStatus"], "101", "approveStatus")
    accepted(at.client.cancel_credit_note(at.known["fdn"], row["invoiceNo"], "Entered twice"))
    return "cancelled"


def void(at: Stage) -> str:
    issued = at.post("T109", sales.invoice("INV-3", at.now()))["basicInformation"]
    asked = sales.credit_note(issued["invoiceNo"], issued["invoiceId"], at.now(), "1")
    reference = at.post("T110", asked)["referenceNo"]
    row = at.post("T111", sales.PAGE | {"queryType": "1", "referenceNo": reference})["records"][0]
    accepted(at.client.cancel_credit_note_application(row["id"], reference))
    return "voided"


def z_report(at: Stage) -> str:
    accepted(at.client.z_report())
    return "taken"


NO_CONTENT = "it cannot read an answer without content, which is what this call has"
NOT_CALLS = {"efris_post", "efris_return_post"}
"""Methods of the client that are no interface of the authority."""

CASES: list[Case[Stage]] = [
    Case("T119", "query_tax_payer_by_tin", taxpayer),
    Case("T137", "query_deemed_taxpayer", deemed),
    Case("T180", "query_tax_agent_by_tin", principal),
    Case("T121", "acquiring_exchange_rate", exchange_rate),
    Case("T115", "system_dictionary", dictionary),
    Case("T130", "upload_products", goods),
    Case("T109", "efris_post", fiscalise),
    Case(
        "T109",
        "upload_invoice",
        upload_invoice,
        fault="nothing was sent",
        why="it prints the document and sends nothing",
    ),
    Case("T106", "query_document", find),
    Case("T108", "query_invoice_details", details),
    Case("T110", "efris_post", credit_note),
    Case("T111", "credit_notes_query", applications),
    Case("T112", "credit_note_details", application),
    Case(
        "T113",
        "approve_credit_note",
        approve,
        fault="JSONDecodeError",
        why=NO_CONTENT,
    ),
    Case(
        "T114",
        "cancel_credit_note",
        cancel,
        fault="refused with 1555",
        why="it sends the cancellation to T112, which reads applications",
    ),
    Case("T120", "cancel_credit_note_application", void, fault="JSONDecodeError", why=NO_CONTENT),
    Case("T116", "z_report", z_report, fault="JSONDecodeError", why=NO_CONTENT),
]
"""In the order in which a shop would need them; later ones live on what earlier ones brought about."""


def load(port: int) -> Any:  # noqa: ANN401 - the client's class, which nobody here has a type for
    """Import the client and return it, pointed at the simulator."""
    found = importlib.util.find_spec("efris")
    if found is None or not found.submodule_search_locations:
        raise Unexpected("efriser is not installed here")
    sys.path.insert(0, next(iter(found.submodule_search_locations)))
    with contextlib.redirect_stdout(io.StringIO()):
        from efris import EFRISInvoicing  # noqa: PLC0415 - only now that nothing can leave this machine
    return EFRISInvoicing(f"127.0.0.1:{port}", sales.DEVICE_NO, sales.TIN, sales.NAME)


def main() -> None:
    """Try every call; the folder named on the command line says where the simulator is."""
    told: dict[str, Any] = json.loads((Path(sys.argv[1]) / "stage.json").read_text(encoding="utf-8"))
    confine(told["port"])
    client = load(told["port"])
    report(CASES, Stage(client, Door(f"http://127.0.0.1:{told['port']}")))
    for row in untried(type(client), CASES, no_calls=NOT_CALLS):
        row.print()


if __name__ == "__main__":
    main()

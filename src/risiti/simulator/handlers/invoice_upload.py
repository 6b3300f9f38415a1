"""T109 upload: a document in, a fiscal document out."""

from collections.abc import Mapping, Sequence

from risiti.simulator import seed
from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.documents import full
from risiti.simulator.ledger import Document, Upload
from risiti.simulator.notes import CREDIT_MEMO, DEBIT_NOTE, INVOICE
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules import channel
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.invoice import examine
from risiti.simulator.rules.projects import used_of
from risiti.simulator.values import JsonValue, plain
from risiti.simulator.world import World

_ECHOED = ("buyerExtend", "payWay", "extend", "importServicesSeller", "airlineGoodsDetails", "edcDetails")
_TAX_NAMES = {
    "01": "A: Standard (18%)",
    "02": "B: Zero (0%)",
    "03": "C: Exempt (-)",
    "04": "D: Deemed (18%)",
    "05": "E: Excise Duty",
    "06": "Over the Top Service (OTT)",
    "07": "Stamp Duty",
    "08": "Local Hotel Service Tax",
    "09": "UCC Levy",
    "10": "Others",
    "11": "F: Out of scope",
}


def upload(call: Call, world: World) -> Answer:
    """T109: examine a document and issue it, in one transaction."""
    return Answer(issue(call.object(), call, world))


def issue(content: Mapping[str, JsonValue], call: Call, world: World) -> dict[str, object]:
    """Examine a document, issue it, and return the answer's content.

    Raises:
        Refusal: the first rule that fails; nothing was changed then.
    """
    if call.device is None:
        raise Refusal("400")
    agent = call.global_info.get("agentType")
    agent_type = agent if isinstance(agent, str) else ""
    about = Examination(
        caller=call.seller(),
        seller=channel.issuer(content, call.seller(), agent_type, world),
        device=call.device,
        agent_type=agent_type,
        now=kampala(call.arrived_at),
        settings=world.settings,
        world=world,
        ledger_mark=call.ledger_mark,
    )
    draft = examine(content, about)
    document = world.ledger.issue(_upload(draft, about, content), call.arrived_at)
    _book(document, draft, about)
    return full(document, call, world) | {"existInvoiceList": []} | _agent(about)


def _book(document: Document, draft: Draft, about: Examination) -> None:
    """Note down what a document is a note to, and take what it sold off stocks and projects."""
    world = about.world
    if document.invoice_type in (DEBIT_NOTE, CREDIT_MEMO):
        _tie(document, draft, world)
    if document.invoice_type == INVOICE:
        world.stock.take(about.seller, draft.seller.text("branchId"), [line.values for line in draft.lines])
        for project, (quantity, amount) in used_of(draft).items():
            world.projects.use(project, quantity, amount)


def _tie(document: Document, draft: Draft, world: World) -> None:
    """Note down to which document a debit note is one; a credit memo is one to none."""
    original = world.ledger.by_id(draft.basic.text("oriInvoiceId")) if document.invoice_type == DEBIT_NOTE else None
    original_fdn = "" if original is None else original.fdn
    world.notes.tie(document.fdn, original_fdn, document.invoice_type, document.tin, document.buyer_tin)


def _agent(about: Examination) -> dict[str, object]:
    if about.agent_type != channel.AGENT:
        return {}
    agent = about.caller
    return {
        "agentEntity": {
            "tin": agent.tin,
            "legalName": agent.legal_name,
            "businessName": agent.business_name,
            "address": agent.address,
        }
    }


def _upload(draft: Draft, about: Examination, content: Mapping[str, JsonValue]) -> Upload:
    basic, summary = draft.basic, draft.summary
    rate = seed.UGX_RATES[basic.text("currency")]
    blocks: dict[str, object] = {
        "sellerDetails": _texts(draft.seller, without=("isCheckReferenceNo",)),
        "basicInformation": _texts(basic) | {"currencyRate": format(rate, "f")},
        "buyerDetails": _texts(draft.buyer),
        "goodsDetails": [_texts(line) for line in draft.lines],
        "taxDetails": [
            _texts(row) | {"taxCategory": _TAX_NAMES.get(row.text("taxCategoryCode"), row.text("taxRateName"))}
            for row in draft.taxes
        ],
        "summary": _texts(summary),
    }
    blocks |= {name: content[name] for name in _ECHOED if content.get(name)}
    return Upload(
        tin=about.seller.tin,
        device_no=about.device.device_no,
        reference=draft.seller.text("referenceNo"),
        invoice_type=basic.text("invoiceType"),
        invoice_kind=basic.text("invoiceKind"),
        currency=basic.text("currency"),
        gross=summary.amount("grossAmount", 16, 4, empty="1299", digits="1300"),
        tax=summary.amount("taxAmount", 16, 4, empty="1294", digits="1295"),
        buyer_tin=draft.buyer.text("buyerTin"),
        issued_at=basic.moment("issuedDate", "1130"),
        blocks=blocks,
        fdn=basic.text("invoiceNo"),
        verification_code=basic.text("antifakeCode"),
    )


def _texts(block: Block, without: Sequence[str] = ()) -> dict[str, object]:
    return {
        name: plain(value) if isinstance(value, str) else value
        for name, value in block.values.items()
        if name not in without
    }

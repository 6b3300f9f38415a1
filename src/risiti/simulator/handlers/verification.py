"""A101: the public checks a receipt. Undocumented: what it does here follows from its return codes alone."""

from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.rules.block import Block
from risiti.simulator.world import World


def verify(call: Call, world: World) -> Answer:
    """Tell whether a number and its verification code belong to a document: 508, 504 and 503 say what is wrong."""
    asked = Block(call.object(), "")
    number = asked.required("invoiceNo", "508")
    document = world.ledger.by_fdn(number)
    if document is None:
        asked.refuse("504")
    given = asked.text("antifakeCode") or asked.text("antiFakeCode")
    if given and given != document.verification_code:
        asked.refuse("503")
    return Answer(
        {
            "invoiceNo": document.fdn,
            "grossAmount": str(document.gross),
            "currency": document.currency,
            "issuedDate": document.issued_at.strftime("%d/%m/%Y %H:%M:%S"),
        }
    )

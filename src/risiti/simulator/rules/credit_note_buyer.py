"""Rules about the buyerDetails of an application for a credit note, which may be left out when there is an original."""

from risiti.simulator.rules.block import Block
from risiti.simulator.rules.buyer import B2B, B2C, B2G, FOREIGNER
from risiti.simulator.values import is_blank


def check(buyer: Block) -> None:
    """Check who is named, if anybody is."""
    if is_blank(buyer.values):
        return
    buyer.fits("buyerTin", 20, "1143", least=10)
    kind = buyer.one_of("buyerType", (B2B, B2C, FOREIGNER, B2G), "1163")
    if kind == B2B:
        buyer.required("buyerTin", "3077")
    if kind == B2C and not _any(buyer, "buyerTin", "buyerNinBrn", "buyerLegalName", "buyerMobilePhone"):
        buyer.refuse("2887")
    if kind == FOREIGNER and not _any(buyer, "buyerCitizenship", "buyerPassportNum", "buyerLegalName"):
        buyer.refuse("2888")


def _any(buyer: Block, *names: str) -> bool:
    return any(buyer.text(name).strip() for name in names)

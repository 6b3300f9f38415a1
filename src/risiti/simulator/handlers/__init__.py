"""Which interface is answered by whom: interface code -> service, written out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call, Terms
from risiti.simulator.handlers import dictionaries, goods, invoices, session, taxpayers
from risiti.simulator.world import World

Handler = Callable[[Call, World], Answer]


@dataclass(frozen=True, slots=True)
class Service:
    """One interface.

    Attributes:
        handler: Answers it, inside one transaction; raises Refusal.
        terms: What it asks of its caller.
        encrypted: Whether its answer is encrypted.
        slow: Whether `processing_seconds` applies to it.
    """

    handler: Handler
    terms: Terms
    encrypted: bool = True
    slow: bool = False


SERVICES: Mapping[str, Service] = {
    "T101": Service(session.server_time, Terms("none", "anyone"), encrypted=False),
    "T103": Service(session.sign_in, Terms("none")),
    "T104": Service(session.session_key, Terms("none", "device"), encrypted=False),
    "T106": Service(invoices.query, Terms("object")),
    "T107": Service(invoices.query_creditable, Terms("object")),
    "T108": Service(invoices.details, Terms("object")),
    "T109": Service(invoices.upload, Terms("object"), slow=True),
    "T115": Service(dictionaries.dictionary, Terms("none")),
    "T119": Service(taxpayers.find, Terms("object")),
    "T127": Service(goods.query, Terms("object")),
    "T130": Service(goods.upload, Terms("array")),
}
"""Every interface the stand-in answers; any other code is refused with 01."""

TERMS: Mapping[str, Terms] = {code: service.terms for code, service in SERVICES.items()}

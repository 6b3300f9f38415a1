"""A document offered to T109, taken apart into its blocks, and what its examination needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from risiti.simulator.ledger import Document
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Device, Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.settings import Settings
from risiti.simulator.values import JsonValue, is_blank
from risiti.simulator.world import World

_BLOCKS = (
    ("sellerDetails", "2067"),
    ("basicInformation", "2068"),
    ("buyerDetails", "2069"),
    ("goodsDetails", "2071"),
    ("summary", "2072"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """The blocks of one document; lists are rows."""

    seller: Block
    basic: Block
    buyer: Block
    lines: tuple[Block, ...]
    taxes: tuple[Block, ...]
    summary: Block
    payments: tuple[Block, ...]
    extend: Block
    airline: tuple[Block, ...]
    others: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Examination:
    """What the rules may look at besides the document.

    Attributes:
        caller: Who calls.
        seller: For whom the document is issued: the caller, unless it is an agent.
        device: The caller's device.
        agent_type: globalInfo.agentType.
        now: Kampala wall time of arrival.
        settings: The switches in force.
        world: Register and shelf, for look-ups only.
        ledger_mark: Newest document number when the call arrived.
    """

    caller: Taxpayer
    seller: Taxpayer
    device: Device
    agent_type: str
    now: datetime
    settings: Settings
    world: World
    ledger_mark: int

    def earlier(self, reference: str) -> Document | None:
        """Return the first document of the seller with this reference, or None."""
        racy = self.settings.duplicate_check == "racy"
        found = self.world.ledger.by_reference(reference, self.seller.tin, up_to=self.ledger_mark if racy else None)
        return found[0] if found else None


def take_apart(content: Mapping[str, JsonValue]) -> Draft:
    """Split the document into blocks.

    Raises:
        Refusal: a block is missing (2067-2072) or of the wrong JSON type (2066).
    """
    for name, code in _BLOCKS:
        if is_blank(content.get(name)):
            raise Refusal(code)
    return Draft(
        seller=object_of(content, "sellerDetails"),
        basic=object_of(content, "basicInformation"),
        buyer=object_of(content, "buyerDetails"),
        lines=rows_of(content, "goodsDetails"),
        taxes=rows_of(content, "taxDetails"),
        summary=object_of(content, "summary"),
        payments=rows_of(content, "payWay"),
        extend=object_of(content, "extend"),
        airline=rows_of(content, "airlineGoodsDetails"),
        others={name: content.get(name) for name in ("buyerExtend", "importServicesSeller", "edcDetails")},
    )


def object_of(content: Mapping[str, JsonValue], name: str) -> Block:
    """Return one block of a request, empty if it was left out.

    Raises:
        Refusal: it is no object (2066).
    """
    value = content.get(name)
    if value is None or value == "":
        return Block({}, name)
    if not isinstance(value, Mapping):
        raise Refusal("2066", f"{name} is no object")
    return Block(value, name)


def rows_of(content: Mapping[str, JsonValue], name: str) -> tuple[Block, ...]:
    """Return the rows of one list of a request, none if it was left out.

    Raises:
        Refusal: it is no list of objects (2066).
    """
    value = content.get(name)
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        raise Refusal("2066", f"{name} is no list")
    rows: list[Block] = []
    for number, row in enumerate(value):
        if not isinstance(row, Mapping):
            raise Refusal("2066", f"{name} holds something that is no object", row=number)
        rows.append(Block(row, name, number))
    return tuple(rows)

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
    others: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Examination:
    """What the rules may look at besides the document.

    Attributes:
        seller: The caller.
        device: The caller's device.
        agent_type: globalInfo.agentType.
        now: Kampala wall time of arrival.
        settings: The switches in force.
        world: Register and shelf, for look-ups only.
        ledger_mark: Newest document number when the call arrived.
    """

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
        seller=_object(content, "sellerDetails"),
        basic=_object(content, "basicInformation"),
        buyer=_object(content, "buyerDetails"),
        lines=_rows(content, "goodsDetails"),
        taxes=_rows(content, "taxDetails"),
        summary=_object(content, "summary"),
        payments=_rows(content, "payWay"),
        extend=_object(content, "extend"),
        others={
            name: content.get(name)
            for name in ("buyerExtend", "importServicesSeller", "airlineGoodsDetails", "edcDetails")
        },
    )


def _object(content: Mapping[str, JsonValue], name: str) -> Block:
    value = content.get(name)
    if value is None or value == "":
        return Block({}, name)
    if not isinstance(value, Mapping):
        raise Refusal("2066", f"{name} is no object")
    return Block(value, name)


def _rows(content: Mapping[str, JsonValue], name: str) -> tuple[Block, ...]:
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

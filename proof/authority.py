"""The authority: the real simulator of this repository, in simulated time, with faults chosen for each call."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from proof.loop import SimulatedLoop
from proof.processes import START, SteppedClock
from proof.store import Seller
from proof.weather import Check, Weather
from risiti.efris import crypto
from risiti.simulator import Device, Taxpayer
from risiti.simulator.calls import CallCentre, ConnectionDropped, Reply
from risiti.simulator.faults import Fault, FaultPlan
from risiti.simulator.gate import read_outer
from risiti.simulator.ledger import Document
from risiti.simulator.world import World

UPLOADS = frozenset({"T109", "T129"})
"""The calls that carry documents: one, or several."""
_CHOSEN: ContextVar[tuple[Fault, ...]] = ContextVar("_CHOSEN", default=())
_EVER = 10**9
_KEYS = "SELECT secret FROM session_keys WHERE device_no = ? ORDER BY id DESC"


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that a call of T109 or T129 carries, as the simulation sees through its encryption."""

    reference: str
    gross: Decimal
    content: Mapping[str, object]


class _ChosenFaults(FaultPlan):
    """Has those faults strike a call that the network chose for it."""

    def draw(self, interface: str) -> dict[str, Fault]:
        """Return the faults of the call that is being served."""
        del interface
        return {fault.fault: fault for fault in _CHOSEN.get()}


class Authority:
    """URA with a clock of its own and a ledger that nobody but it writes: what the books are compared with."""

    def __init__(self, loop: SimulatedLoop, weather: Weather, chance: Random, sellers: tuple[Seller, ...]) -> None:
        self.clock = SteppedClock(loop)
        self._chance = chance
        self.world = World.open(chance=chance)
        self.world.faults = _ChosenFaults(chance)
        for seller in sellers:
            self.world.register(
                Taxpayer(tin=seller.tin, legal_name=seller.legal_name, email=seller.email),
                Device(device_no=seller.device_no, tin=seller.tin, public_key=seller.public_key()),
            )
        check = {Check.ATOMIC: "doc", Check.RACY: "racy"}.get(weather.check, "off")
        self.world.settings = self.world.settings.changed(
            {
                "duplicate_check": check,
                "processing_seconds": weather.processing,
                "key_lifetime_seconds": weather.key_lifetime,
                "sign_answers": False,
                "max_batch": weather.max_batch,
            }
        )
        self._centre = CallCentre(self.world, self.clock, self._take_time)
        self._seen = 0
        self.at_once = False
        """Take no time over anything."""

    async def serve(self, body: bytes, faults: tuple[Fault, ...]) -> Reply | None:
        """Answer a call that these faults strike; None: the connection broke."""
        _CHOSEN.set(faults)
        try:
            return await self._centre.serve(body)
        except ConnectionDropped:
            return None

    def news(self) -> list[Document]:
        """Return the documents issued since this was last asked."""
        last = self.world.ledger.last_number()
        found = [
            document
            for row in self.world.ledger.page(self._seen, last - self._seen)
            if (document := self.world.ledger.by_fdn(row[3])) is not None
        ]
        self._seen = last
        return found

    def read_uploads(self, body: bytes) -> tuple[Upload, ...]:
        """Look through the encryption of an upload of one document or of several; empty if it cannot be read."""
        outer = read_outer(body)
        data = outer.message.get("data")
        if outer.interface not in UPLOADS or not isinstance(data, Mapping):
            return ()
        cipher = b64decode(str(data.get("content")))
        with self.world.store.reading() as db:
            keys = [bytes(row[0]) for row in db.execute(_KEYS, (str(outer.global_info.get("deviceNo")),))]
        for key in keys:
            try:
                content = json.loads(crypto.decrypt(key, cipher))
            except (crypto.DecryptionFailed, ValueError):
                continue
            if isinstance(content, list):
                return tuple(_upload(json.loads(row["invoiceContent"])) for row in content)
            return (_upload(content),)
        return ()

    async def _take_time(self, seconds: float) -> None:
        """Work for up to so many seconds."""
        if not self.at_once:
            await asyncio.sleep(self._chance.uniform(0, seconds))


def _upload(content: Mapping[str, Any]) -> Upload:
    gross = Decimal(str(content["summary"]["grossAmount"]))
    return Upload(str(content["sellerDetails"]["referenceNo"]), gross, content)


def code_of(reply: Reply) -> str:
    """Return the return code of an answer, "" if it has none that can be read."""
    try:
        return str(json.loads(reply.body)["returnStateInfo"]["returnCode"])
    except (ValueError, KeyError, TypeError):
        return ""


def now_of(clock: SteppedClock) -> float:
    """Return seconds since the start by a clock."""
    return (clock.now() - START).total_seconds()

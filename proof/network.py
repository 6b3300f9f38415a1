"""The network between gateway and authority: it delays, loses, repeats and reorders messages, and garbles answers."""

import asyncio
import json
from contextvars import Context
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from proof.authority import UPLOADS, Authority, Upload, code_of
from proof.books import Books
from proof.loop import SimulatedLoop
from proof.processes import Process
from proof.trace import Trace
from proof.weather import Check, Spell, Weather
from risiti.efris import Interrupted, Reply, TimedOut, Unreachable
from risiti.simulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

_ANY_CALL = (
    "http_500",
    "http_503",
    "html",
    "empty_body",
    "garbage",
    "drop_before",
    "truncated",
    "other_exchange_id",
    "http_502_after",
)
_ENCRYPTED_CALL = (*_ANY_CALL, "key_expired", "error_99", "error_99_after", "other_key", "garbage_after", "drop_after")
_CODES = ("99", "45", "46", "23", "2125", "0815", "28", "402")
"""Codes that a call is answered with although nothing is wrong with it."""
_HANDSHAKE = "T101"
HARM_TO_OTHERS = 0.15
_ALONE = "T109"
_LIST = "T106"


@dataclass(slots=True)
class Call:
    """One request on its way, and what the simulation knows of it."""

    number: int
    process: Process
    interface: str
    exchange_id: str
    body: bytes
    sent_at: float
    uploads: tuple[Upload, ...]
    """The documents that it carries."""
    answer: "asyncio.Future[Reply]" = field(repr=False)


class Network:
    """Carries every message. What it does to one is drawn when the message is sent."""

    def __init__(  # noqa: PLR0917 - each once
        self, loop: SimulatedLoop, weather: Weather, chance: Random, authority: Authority, books: Books, trace: Trace
    ) -> None:
        self.stormy = True
        """Whether it still does any harm."""
        self.strike: Callable[[Process, str], None] = lambda _process, _interface: None
        """Kills or pauses a process now and then."""
        self._loop = loop
        self._weather = weather
        self._chance = chance
        self._authority = authority
        self._books = books
        self._trace = trace
        self._calls = 0
        self._deliveries: set[asyncio.Task[None]] = set()

    def line(self, process: Process) -> "Line":
        """Return a process's way to the authority, as a `Transport`."""
        return Line(self, process)

    async def exchange(self, process: Process, body: bytes, seconds: float) -> Reply:
        """Carry one request there and its answer back; see `Transport.post`."""
        await asyncio.sleep(self._chance.uniform(0, 0.02))
        if self._is(self._weather.authority_away):
            self._trace.note(process.name, "authority unreachable", count="fault: authority unreachable")
            raise Unreachable("no connection: simulated")
        call = self._call(process, body)
        self._books.sent(call)
        for delay in self._delays(call):
            self._loop.call_later(delay, self._deliver, call, context=Context())
        self.strike(process, call.interface)
        try:
            async with asyncio.timeout(seconds):
                reply = await call.answer
        except TimeoutError:
            self._trace.note(process.name, f"#{call.number} no answer", count="fault: no answer in time")
            raise TimedOut("no answer in time: simulated") from None
        self.strike(process, call.interface)
        await asyncio.sleep(0)
        self._books.answered(call, code_of_reply(reply))
        return reply

    def _call(self, process: Process, body: bytes) -> Call:
        info = json.loads(body)["globalInfo"]
        self._calls += 1
        call = Call(
            number=self._calls,
            process=process,
            interface=info["interfaceCode"],
            exchange_id=info["dataExchangeId"],
            body=body,
            sent_at=self._loop.time(),
            uploads=self._authority.read_uploads(body) if info["interfaceCode"] in UPLOADS else (),
            answer=self._loop.create_future(),
        )
        about = "".join(f" {upload.reference}" for upload in call.uploads)
        self._trace.note(
            process.name, f"#{call.number} sends {call.interface}{about}", count=f"message: {call.interface}"
        )
        return call

    def _delays(self, call: Call) -> list[float]:
        """Return after how many seconds each copy of a request arrives."""
        chance, weather = self._chance, self._weather
        usual = chance.uniform(0.01, 0.3)
        if not self.stormy:
            return [usual]
        if chance.random() < weather.lost * _share(call):
            self._trace.note("network", f"#{call.number} lost", count="fault: request lost")
            copies = []
        elif call.interface in UPLOADS and chance.random() < weather.late:
            delay = chance.choice((60.0, 300.0, 590.0, 660.0, 1500.0)) * chance.uniform(0.5, 1.0)
            self._trace.note("network", f"#{call.number} delayed {delay:.0f} s", count="fault: request late")
            copies = [delay]
        elif chance.random() < weather.slow:
            copies = [chance.uniform(0.3, 35.0)]
        else:
            copies = [usual]
        if call.interface in UPLOADS and chance.random() < weather.doubled:
            self._trace.note("network", f"#{call.number} doubled", count="fault: request doubled")
            copies.append(chance.choice((0.02, 5.0, 60.0, 700.0)) * chance.uniform(0.5, 1.0))
        return copies

    def _deliver(self, call: Call) -> None:
        task = self._loop.create_task(self._arrive(call), context=Context())
        self._deliveries.add(task)
        task.add_done_callback(self._delivered)

    def _delivered(self, task: "asyncio.Task[None]") -> None:
        self._deliveries.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._books.breach("E2", f"the simulation itself failed: {error!r}")

    async def _arrive(self, call: Call) -> None:
        faults = self._faults(call)
        answered = await self._authority.serve(call.body, faults)
        for document in self._authority.news():
            self._books.issued(document)
        said = "breaks the connection" if answered is None else f"answers {code_of(answered) or answered.status}"
        names = f" ({', '.join(fault.fault for fault in faults)})" if faults else ""
        self._trace.note("authority", f"#{call.number} {call.interface} {said}{names}")
        if self.stormy and self._chance.random() < self._weather.lost * _share(call):
            self._trace.note("network", f"#{call.number} answer lost", count="fault: answer lost")
            return
        slow = self.stormy and self._chance.random() < self._weather.slow
        await asyncio.sleep(self._chance.uniform(0.01, 35.0 if slow else 0.3))
        if call.answer.done():
            return
        if answered is None or answered.cut:
            call.answer.set_exception(Interrupted("the connection broke: simulated"))
        else:
            call.answer.set_result(Reply(answered.status, answered.body))

    def _faults(self, call: Call) -> tuple[Fault, ...]:
        faults = []
        if call.interface == _LIST and self._weather.lag:
            lag = self._weather.lag
            if self._weather.lag_is_bounded:
                lag = self._chance.choice((0, lag, self._chance.randrange(lag)))
            faults.append(Fault("lag", seconds=Decimal(lag)))
        refusal = self._refusal(call)
        if refusal is not None:
            faults.append(Fault("refuse", code=refusal))
        elif self.stormy and self._chance.random() < self._weather.fault * _share(call):
            names = _ANY_CALL if call.interface == _HANDSHAKE else _ENCRYPTED_CALL
            name = self._chance.choice((*names, "refuse"))
            if name == "refuse" and call.interface == _HANDSHAKE:
                name = "http_500"
            code = self._chance.choice(_CODES) if name == "refuse" else ""
            self._trace.counts[f"fault: answer {name} {code}".rstrip()] += 1
            faults.append(Fault(name, code=code))
        return tuple(faults)

    def _refusal(self, call: Call) -> str | None:
        """Return the code with which the authority refuses a call for a reason of its own."""
        if call.interface != _HANDSHAKE and self._is(self._weather.device_blocked):
            self._trace.counts["fault: device blocked"] += 1
            return "3088"
        if call.interface != _ALONE or not call.uploads:
            return None  # the documents of a batch are refused each for itself, by the simulator's own rules
        (upload,) = call.uploads
        exists = bool(self._authority.world.documents(upload.reference))
        checks = self._weather.check in (Check.ATOMIC, Check.RACY)
        if exists and self._weather.stock_first and self._books.is_ours(upload.reference):
            return "1600"
        if exists and checks and not self._weather.names_existing:
            return "2253"
        if not exists and self._books.is_bad(upload):
            return self._chance.choice(("1316", "1600"))
        return None

    def _is(self, spells: tuple[Spell, ...]) -> bool:
        return self.stormy and any(spell.covers(self._loop.time()) for spell in spells)


def _share(call: Call) -> float:
    """Return which share of the harm strikes a call: uploads are what matters, and there are few of them."""
    return 1.0 if call.interface in UPLOADS else HARM_TO_OTHERS


def code_of_reply(reply: Reply) -> str:
    """Return the return code of an answer as a process got it, "" if it has none that can be read."""
    try:
        return str(json.loads(reply.body)["returnStateInfo"]["returnCode"])
    except (ValueError, KeyError, TypeError):
        return ""


class Line:
    """A process's way to the authority: a `Transport`."""

    def __init__(self, network: Network, process: Process) -> None:
        self._network = network
        self._process = process

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        """Send a message; see `Transport.post`."""
        del url, limit
        return await self._network.exchange(self._process, body, timeout)

"""A caller that builds requests from raw JSON and knows nothing of our client."""

import asyncio
import base64
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risiti.efris import crypto
from risiti.efris.envelope import Envelope, decode_base64, encode_base64, open_content
from risiti.simulator import PATH, Device, Taxpayer, World, create_simulator
from risiti.simulator.app import Simulator
from risiti.simulator.calls import Sleep
from risiti.simulator.clock import kampala
from tests.simulator.documents import DEVICE_NO, SELLER_NAME, SELLER_TIN, Wire

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
"""12:00 in Kampala."""


@cache
def private_key() -> RSAPrivateKey:
    """The seller's key; made once a run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def public_pem() -> str:
    return private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class MovedClock:
    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class HeldSleep:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.over = asyncio.Event()
        self._changed = asyncio.Condition()

    async def __call__(self, seconds: float) -> None:
        async with self._changed:
            self.seconds.append(seconds)
            self._changed.notify_all()
        await self.over.wait()

    async def begun(self, calls: int = 1) -> None:
        """Wait until so many calls sleep."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.seconds) >= calls)


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes

    @property
    def envelope(self) -> Envelope:
        return Envelope.from_bytes(self.body)

    @property
    def code(self) -> str:
        return self.envelope.return_code

    @property
    def message(self) -> str:
        return self.envelope.return_message


async def post(app: Simulator, body: bytes, path: str = PATH, method: str = "POST", query: str = "") -> Answered:
    """Send one request over ASGI; raises what the application raises."""
    sent: list[Any] = []
    inbox = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:  # noqa: ANN401 - ASGI messages are untyped
        return inbox.pop() if inbox else {"type": "http.disconnect"}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI messages are untyped
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("simulator", 80),
        "client": ("test", 1),
        "root_path": "",
    }
    await app(scope, receive, send)
    return Answered(sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]))


@dataclass
class Rig:
    """A stand-in with one registered seller, and that seller's calls."""

    world: World
    clock: MovedClock
    app: Simulator
    tin: str = SELLER_TIN
    device_no: str = DEVICE_NO
    key: RSAPrivateKey = field(default_factory=private_key)
    session_key: bytes = b""

    @classmethod
    def make(cls, world: World | None = None, sleep: Sleep = asyncio.sleep, **taxpayer: Any) -> "Rig":  # noqa: ANN401 - attributes of Taxpayer
        world = world or World.open()
        seller = Taxpayer(tin=SELLER_TIN, legal_name=SELLER_NAME, **taxpayer)
        world.register(seller, Device(DEVICE_NO, SELLER_TIN, public_pem()))
        clock = MovedClock()
        return cls(world, clock, create_simulator(world, clock=clock, control=True, sleep=sleep))

    def configure(self, **changes: object) -> None:
        self.world.settings = self.world.settings.changed(changes)

    def global_info(self, interface: str) -> Wire:
        return {
            "appId": "AP04",
            "version": "1.1.20191201",
            "dataExchangeId": uuid.uuid4().hex,
            "interfaceCode": interface,
            "requestCode": "TP",
            "requestTime": kampala(self.clock.now()).strftime("%Y-%m-%d %H:%M:%S"),
            "responseCode": "TA",
            "userName": "admin",
            "deviceMAC": "FFFFFFFFFFFF",
            "deviceNo": self.device_no,
            "tin": self.tin,
            "brn": "",
            "taxpayerID": "1",
            "longitude": "32.5825",
            "latitude": "0.3476",
            "agentType": "0",
            "extendField": {
                "responseDateFormat": "dd/MM/yyyy",
                "responseTimeFormat": "dd/MM/yyyy HH:mm:ss",
            },
        }

    def message(self, interface: str, content: object = None) -> Wire:
        """Build the outer message as plain JSON: encrypted and signed if there is content."""
        text, signature, flags = "", "", ("0", "1")
        if content is not None:
            plain = content if isinstance(content, bytes) else json.dumps(content).encode()
            text = encode_base64(crypto.encrypt(self.session_key, plain))
            signature = encode_base64(crypto.sign(self.key, text.encode()))
            flags = ("1", "2")
        return {
            "data": {
                "content": text,
                "signature": signature,
                "dataDescription": {"codeType": flags[0], "encryptCode": flags[1], "zipCode": "0"},
            },
            "globalInfo": self.global_info(interface),
            "returnStateInfo": {"returnCode": "", "returnMessage": ""},
        }

    async def send(self, message: object) -> Answered:
        return await post(self.app, message if isinstance(message, bytes) else json.dumps(message).encode())

    async def call(self, interface: str, content: object = None) -> Answered:
        return await self.send(self.message(interface, content))

    async def open(self) -> None:
        """Fetch a session key, layer by layer as the wire has it."""
        answer = await self.call("T104")
        assert answer.code == "00", answer.message
        wrapped = json.loads(base64.b64decode(answer.envelope.content))["passowrdDes"]
        self.session_key = base64.b64decode(crypto.unwrap(self.key, decode_base64(wrapped)))

    def read(self, answer: Answered) -> Any:  # noqa: ANN401 - JSON
        """Open the content of an answer."""
        return json.loads(open_content(answer.envelope, self.session_key))

    async def upload(self, content: object) -> Answered:
        return await self.call("T109", content)

    async def control(self, method: str, path: str, data: object = None, query: str = "") -> tuple[int, Any]:
        body = b"" if data is None else data if isinstance(data, bytes) else json.dumps(data).encode()
        answer = await post(self.app, body, f"/_control/{path}", method, query)
        return answer.status, json.loads(answer.body)

"""The standalone server: real sockets, real broken connections, nothing forgotten by kill -9."""

import asyncio
import base64
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from risiti.efris import crypto
from risiti.efris.envelope import decode_base64
from risiti.simulator import PATH
from risiti.simulator.__main__ import main, parser, read_changes
from risiti.simulator.clock import kampala
from risiti.simulator.settings import SettingsError
from tests.simulator.documents import DEVICE_NO, SELLER_TIN, Wire, document
from tests.simulator.rig import Answered, Rig, public_pem

pytestmark = pytest.mark.anyio


@dataclass
class Server:
    """The server as a process of its own."""

    process: subprocess.Popen[str]
    port: int

    @classmethod
    def start(cls, state: Path, *more: str) -> "Server":
        command = [sys.executable, "-m", "risiti.simulator", "--port", "0", "--state", str(state), *more]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        told = process.stdout.readline()
        return cls(process, int(told.split("http://127.0.0.1:")[1].split("/")[0]))

    def end(self, number: signal.Signals) -> int:
        """Send the process a signal and wait for its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    async def http(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Send one request, and read until the connection ends; b"" if it ends without an answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        try:
            return await reader.read()
        finally:
            writer.close()

    async def control(self, method: str, path: str, data: object = None) -> Any:  # noqa: ANN401 - JSON
        answer = await self.http(method, f"/_control/{path}", b"" if data is None else json.dumps(data).encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b" 200 " in head, answer
        return json.loads(body)

    async def count(self, reference: str) -> int:
        return int((await self.control("GET", f"documents?reference={reference}"))["count"])


@dataclass
class Seller:
    """A registered seller calling over the socket."""

    server: Server
    rig: Rig

    @classmethod
    async def register(cls, server: Server) -> "Seller":
        device = {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": public_pem()}
        await server.control("PUT", "devices", device)
        seller = cls(server, Rig.make())
        content = (await seller.call("T104")).envelope.content
        wrapped = json.loads(base64.b64decode(content))["passowrdDes"]
        seller.rig.session_key = base64.b64decode(crypto.unwrap(seller.rig.key, decode_base64(wrapped)))
        return seller

    async def send(self, interface: str, content: object = None) -> bytes:
        self.rig.clock.moment = datetime.now(UTC)
        message = json.dumps(self.rig.message(interface, content)).encode()
        return await self.server.http("POST", PATH, message)

    async def call(self, interface: str, content: object = None) -> Answered:
        head, _, body = (await self.send(interface, content)).partition(b"\r\n\r\n")
        return Answered(int(head.split()[1]), body)

    def document(self, reference: str) -> Wire:
        now = kampala(datetime.now(UTC))
        return document(reference=reference, issued=now.strftime("%Y-%m-%d %H:%M:%S"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server.start(tmp_path_factory.mktemp("authority") / "state.sqlite")
    yield started
    assert started.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("fault", "documents"), [("drop_before", 0), ("close", 0), ("drop_after", 1), ("hang_after", 1)]
)
async def test_a_dropped_connection_carries_not_one_byte_of_an_answer(
    server: Server, fault: str, documents: int
) -> None:
    seller = await Seller.register(server)
    await server.control("PUT", "faults", [{"fault": fault, "interface": "T109", "times": 1, "seconds": "0.01"}])
    try:
        received = await seller.send("T109", seller.document(f"R-{fault}"))
    except ConnectionResetError:
        received = b""
    assert received == b""
    assert await server.count(f"R-{fault}") == documents


async def test_a_truncated_answer_ends_in_the_middle(server: Server) -> None:
    seller = await Seller.register(server)
    await server.control("PUT", "faults", [{"fault": "truncated", "interface": "T109", "times": 1}])
    head, _, body = (await seller.send("T109", seller.document("R-truncated"))).partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < promised
    assert await server.count("R-truncated") == 1


async def test_others_are_served_while_twenty_calls_hang_and_sigterm_ends_them_all(tmp_path: Path) -> None:
    server = Server.start(tmp_path / "state.sqlite")
    seller = await Seller.register(server)
    await server.control("PUT", "faults", [{"fault": "hang", "interface": "T109", "seconds": 600}])
    hanging = [asyncio.create_task(seller.send("T109", seller.document(f"R-{number}"))) for number in range(20)]
    while (await server.control("GET", "calls"))["calls"].get("T109", 0) < 20:
        pass
    assert [(await seller.call("T101")).code for _ in range(10)] == ["00"] * 10
    assert not any(task.done() for task in hanging)
    assert await asyncio.to_thread(server.end, signal.SIGTERM) == 0
    assert await asyncio.gather(*hanging) == [b""] * 20


async def test_documents_keys_and_devices_survive_kill_9(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    server = Server.start(state)
    seller = await Seller.register(server)
    assert [(await seller.call("T109", seller.document(f"R-{number}"))).code for number in range(5)] == ["00"] * 5
    before = await server.control("GET", "ledger")
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    seller.server = Server.start(state)
    assert await seller.server.control("GET", "ledger") == before
    assert (await seller.call("T109", seller.document("R-4"))).code == "2253"
    assert (await seller.call("T109", seller.document("R-5"))).code == "00"
    assert await asyncio.to_thread(seller.server.end, signal.SIGTERM) == 0


def test_the_command_line_reads_settings() -> None:
    given = parser().parse_args(["--clock-tolerance", "5", "--set", "check_goods=true", "--set", "max_lines=7"])
    assert read_changes(given.set, given.clock_tolerance) == {
        "check_goods": True,
        "max_lines": 7,
        "clock_tolerance_seconds": 5,
    }
    assert read_changes(["gzip_interfaces=T106,T115"], None) == {"gzip_interfaces": ["T106", "T115"]}
    with pytest.raises(SettingsError):
        read_changes(["check_goods"], None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--set", "colour=red"], "no such setting"), (["--state", "/nowhere/at/all.sqlite"], "cannot use")],
)
def test_a_wrong_command_line_is_told_so(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "0", *arguments]) == 2
    assert told in capsys.readouterr().err

"""The authority's protocol from the command line, over real sockets to the simulator."""

import gzip
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from risiti.cli import app
from risiti.cli.captured import ADVICE, look_inside
from risiti.cli.console import CommandError
from risiti.efris import OFFLINE_ENABLER, Verdict, catalogue, enabler_url, wire_json
from risiti.efris.envelope import Envelope, EnvelopeError, GlobalInfo, encode_base64, seal
from tests.efris import known
from tests.efris.documents import an_upload
from tests.simulated import DEVICE_NO, TIN, Simulated, simulator

INFO = GlobalInfo("T109", "f" * 32, "2026-03-02 12:00:30", TIN, DEVICE_NO)


@pytest.fixture(scope="module")
def authority() -> Iterator[Simulated]:
    with simulator() as running:
        running.register(known.taxpayer_key())
        yield running


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "device.pem"
    path.write_bytes(known.taxpayer_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def risiti(*words: str | Path, stdin: bytes | None = None) -> tuple[int, str, str]:
    """Run a command; return its exit code, its output, and the sentence it ended with."""
    result: Result = CliRunner().invoke(app, ["efris", *map(str, words)], input=stdin, env={"COLUMNS": "200"})
    if isinstance(result.exception, CommandError):
        return result.exception.code, result.stdout, str(result.exception)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def as_caller(authority: Simulated, key_file: Path) -> list[str]:
    return ["--url", authority.url, "--tin", TIN, "--device", DEVICE_NO, "--key", str(key_file)]


# ---- call ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["T119", "t119", "FIND_TAXPAYER", "find_taxpayer"])
def test_an_interface_is_called_by_code_or_name(authority: Simulated, key_file: Path, name: str) -> None:
    code, output, _ = risiti("call", name, "--json", json.dumps({"tin": TIN}), *as_caller(authority, key_file))
    found = json.loads(output)
    assert (code, found["interface"], found["outcome"]) == (0, "T119", "answered")
    assert found["answer"]["taxpayer"]["tin"] == TIN
    assert len(found["exchange_id"]) == 32


def test_an_interface_without_content_needs_no_request(authority: Simulated, key_file: Path) -> None:
    code, output, _ = risiti("call", "SERVER_TIME", *as_caller(authority, key_file))
    assert code == 0
    assert json.loads(output)["answer"]["currentTime"].endswith("+03:00")


def test_a_request_comes_from_a_file_or_from_standard_input(
    authority: Simulated, key_file: Path, tmp_path: Path
) -> None:
    request = json.dumps({"tin": TIN}).encode()
    (tmp_path / "request.json").write_bytes(request)
    caller = as_caller(authority, key_file)
    assert risiti("call", "T119", "--json", f"@{tmp_path / 'request.json'}", *caller)[0] == 0
    assert risiti("call", "T119", "--json", "-", *caller, stdin=request)[0] == 0


def test_a_refusal_is_explained_and_the_exit_code_is_one(authority: Simulated, key_file: Path) -> None:
    document = wire_json(an_upload()).decode().replace('"taxRate":"0.18"', '"taxRate":"0.17"')
    code, output, error = risiti("call", "T109", "--json", document, *as_caller(authority, key_file))
    found = json.loads(output)
    assert (code, found["outcome"]) == (1, "refused")
    assert found["return_code"]["advice"]
    assert found["return_code"]["code"] in error


def test_a_request_that_breaks_the_rules_is_not_sent_and_every_fault_is_named(
    authority: Simulated, key_file: Path
) -> None:
    before = authority.control("GET", "calls")
    document = wire_json(an_upload()).decode().replace("INV-000123", "x" * 51).replace('"Amina"', '""')
    code, output, error = risiti("call", "T109", "--json", document, *as_caller(authority, key_file))
    faults = {fault["path"]: fault["code"] for fault in json.loads(output)["faults"]}
    assert (code, faults["sellerDetails.referenceNo"]) == (1, "1121")
    assert "basicInformation.operator" in faults
    assert "not sent" in error
    assert authority.control("GET", "calls") == before


def test_no_connection_says_that_nothing_was_sent(key_file: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = Simulated(f"http://127.0.0.1:{unused.getsockname()[1]}")
        code, output, error = risiti("call", "T119", "--json", "{}", *as_caller(nowhere, key_file))
    assert (code, json.loads(output)["outcome"]) == (3, "not_sent")
    assert error.endswith("Nothing was sent.")


def test_no_answer_says_that_the_authority_may_have_acted(authority: Simulated, key_file: Path) -> None:
    authority.control("PUT", "faults", [{"fault": "drop_after", "interface": "T119", "times": 1}])
    request = json.dumps({"tin": TIN})
    code, output, error = risiti("call", "T119", "--json", request, *as_caller(authority, key_file))
    assert (code, json.loads(output)["outcome"]) == (3, "no_answer")
    assert "may have acted" in error


def test_an_offline_enabler_is_called_without_a_key(authority: Simulated) -> None:
    address = enabler_url(port=int(authority.base.rsplit(":", 1)[1]))
    caller = ["--url", address, "--enabler", "--tin", TIN, "--device", DEVICE_NO]
    document = an_upload("CLI-ENABLER")
    basic = document.basic_information.model_copy(update={"issued_date": datetime.now(UTC)})
    request = wire_json(OFFLINE_ENABLER.fit(document.model_copy(update={"basic_information": basic})))
    code, output, error = risiti("call", "UPLOAD_INVOICE", "--json", "-", *caller, stdin=request)
    assert code == 0, error
    assert json.loads(output)["answer"]["basicInformation"]["invoiceNo"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["T999"], "no interface T999"),
        (["T119"], "needs a request"),
        (["T119", "--enabler"], "say where the enabler is"),
    ],
)
def test_a_command_line_that_cannot_be_understood_says_what_is_missing(
    key_file: Path, words: list[str], said: str
) -> None:
    code, _, error = risiti("call", *words, "--tin", TIN, "--device", DEVICE_NO, "--key", key_file)
    assert code == 2
    assert said in error


def test_the_online_service_needs_a_key(tmp_path: Path) -> None:
    code, _, error = risiti("call", "T101", "--tin", TIN, "--device", DEVICE_NO)
    assert (code, error) == (2, "give the device's private key: --key FILE")
    (tmp_path / "no.pem").write_text("nothing")
    code, _, error = risiti("call", "T101", "--tin", TIN, "--device", DEVICE_NO, "--key", tmp_path / "no.pem")
    assert code == 3
    assert "PEM" in error


# ---- codes -----------------------------------------------------------------------------------------------------------


def test_a_return_code_is_explained_with_what_to_do() -> None:
    code, output, _ = risiti("codes", "2253")
    assert code == 0
    assert output.startswith("2253  ")
    assert "do not send it again" in output
    [row] = json.loads(risiti("codes", "2253", "--json")[1])["items"]
    assert (row["verdict"], row["field"], row["interfaces"]) == ("seen", "sellerDetails.referenceNo", ["T109"])


def test_codes_are_found_by_interface_and_field() -> None:
    found = json.loads(risiti("codes", "--interface", "t109", "--field", "REFERENCENO", "--json")[1])["items"]
    assert {"1120", "1121", "2253"} <= {row["code"] for row in found}
    assert all("referenceno" in row["field"].lower() for row in found)
    every = json.loads(risiti("codes", "--interface", "T119", "--json")[1])["items"]
    assert {"99", "402"} <= {row["code"] for row in every}


def test_a_code_that_is_not_listed_is_said_to_prove_nothing() -> None:
    code, _, error = risiti("codes", "4711")
    assert code == 1
    assert "may have acted" in error
    assert risiti("codes")[0] == 2


def test_there_is_advice_for_every_verdict_and_every_code_can_be_shown() -> None:
    assert set(ADVICE) == set(Verdict)
    shown = {row["code"] for row in json.loads(risiti("codes", "--field", ".", "--json")[1])["items"]}
    assert shown == {row.code for row in catalogue() if row.field and "." in row.field}


# ---- decode ----------------------------------------------------------------------------------------------------------


def a_request(content: bytes | None = None) -> bytes:
    document = wire_json(an_upload()) if content is None else content
    return seal(INFO, document, known.credentials().sign, known.session_key()).to_bytes()


def saved(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "envelope.json"
    path.write_bytes(body)
    return path


def test_a_captured_request_is_opened_with_its_session_key(tmp_path: Path, key_file: Path) -> None:
    file = saved(tmp_path, a_request())
    code, output, _ = risiti("decode", file, "--session-key", known.session_key().hex(), "--key", key_file, "--json")
    found = json.loads(output)
    assert (code, found["kind"], found["return_code"]) == (0, "request", None)
    assert found["interface"]["code"] == "T109"
    assert found["header"]["tin"] == TIN
    assert found["flags"]["codeType"] == "1 (encrypted)"
    assert found["signature"] == {"present": True, "made_with_this_key": True}
    assert found["content"]["layers"] == ["base64", "aes"]
    assert found["content"]["json"]["sellerDetails"]["referenceNo"] == "INV-000123"
    assert found["content"]["faults"] == []


def test_without_the_session_key_it_says_where_to_get_it(tmp_path: Path) -> None:
    code, output, _ = risiti("decode", saved(tmp_path, a_request()))
    assert code == 0
    assert "give it as --session-key HEX; decode the T104 answer before it" in output
    wrong = look_inside(a_request(), session_key=b"k" * 16)["content"]
    assert isinstance(wrong, dict)
    assert wrong["problem"] == "this session key does not open the content"


def test_the_session_key_is_read_from_the_answer_that_brought_it(tmp_path: Path, key_file: Path) -> None:
    file = saved(tmp_path, json.dumps(known.messages()["session_key"]["envelope"]).encode())
    code, output, _ = risiti("decode", file, "--key", key_file, "--json")
    assert code == 0
    assert json.loads(output)["content"]["session_key"] == known.session_key().hex()


def test_a_request_that_breaks_the_rules_shows_the_codes_it_will_get() -> None:
    broken = wire_json(an_upload()).replace(b"INV-000123", b"x" * 51)
    content: Any = look_inside(a_request(broken), session_key=known.session_key())["content"]
    assert {fault["code"] for fault in content["faults"]} == {"1121"}


def test_a_signature_of_another_key_is_noticed(key_file: Path, tmp_path: Path) -> None:
    message = json.loads(a_request())
    message["data"]["signature"] = encode_base64(b"x" * 256)
    code, output, _ = risiti("decode", saved(tmp_path, json.dumps(message).encode()), "--key", key_file)
    assert code == 0
    assert "NOT made with this key" in output


def test_a_captured_answer_has_its_return_code_explained(tmp_path: Path) -> None:
    content = gzip.compress(b'{"existInvoiceList":[{"invoiceNo":"325043056477"}],"amount":1.50}')
    answer = Envelope(
        content=encode_base64(content),
        zip_code="1",
        global_info={"interfaceCode": "T109"},
        return_code="2253",
        return_message="said the authority",
    )
    file = saved(tmp_path, gzip.compress(answer.to_bytes()))
    output = risiti("decode", file)[1]
    assert "325043056477" in output
    assert "do not send it again" in output
    assert "it said: said the authority" in output
    found = json.loads(risiti("decode", file, "--json")[1])
    assert found["content"]["layers"] == ["base64", "gzip"]
    assert found["content"]["json"]["amount"] == "1.50"


@pytest.mark.parametrize("content", ["", "!", encode_base64(b"no json"), encode_base64(b"\x1f\x8bno gzip")])
def test_a_content_that_cannot_be_read_does_not_hide_the_rest(content: str) -> None:
    answer = Envelope(content=content, global_info={"interfaceCode": "T999"}, return_code="4711")
    found: Any = look_inside(answer.to_bytes())
    assert found["interface"]["summary"] == "not an interface that we know"
    assert found["return_code"]["verdict"] == "ambiguous"
    assert bool(found["content"]["problem"]) is bool(content)


def test_what_is_no_message_is_said_to_be_none(tmp_path: Path) -> None:
    code, _, error = risiti("decode", saved(tmp_path, b"<html>"))
    assert code == 1
    assert "is no EFRIS message" in error
    assert risiti("decode", tmp_path / "absent.json")[0] == 3
    assert risiti("decode", saved(tmp_path, a_request()), "--session-key", "xyz")[0] == 2
    with pytest.raises(EnvelopeError):
        look_inside(b"\x1f\x8b")


def test_a_captured_message_comes_from_standard_input() -> None:
    code, output, _ = risiti("decode", "-", "--session-key", known.session_key().hex(), stdin=a_request())
    assert code == 0
    assert "INV-000123" in output

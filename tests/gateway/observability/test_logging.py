import ast
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

import risiti.gateway
from risiti.efris.credentials import Credentials
from risiti.gateway.observability.logging import configure
from risiti.gateway.observability.redaction import ALLOWED, MASK, MAX_TEXT, one_line, redact, scrub
from tests.make import a_private_key, an_invoice, as_body, as_pem

API_KEY = "rst_test_3fK9aB2c_" + "q7" * 15 + "0aB3x9"
PEM = as_pem(a_private_key()).decode()
BASE64 = PEM.splitlines()[3]


@pytest.fixture(autouse=True)
def _put_logging_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines() -> Callable[[], list[dict[str, object]]]:
    """Set logging up for machines; what it returns reads the lines written since."""
    stream = io.StringIO()
    configure(level="info", json_lines=True, stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(message: str) -> None:
    raise ValueError(message)


Lines = Callable[[], list[dict[str, object]]]


def test_a_line_says_what_happened_when_and_to_what(lines: Lines) -> None:
    structlog.contextvars.bind_contextvars(request_id="req_1")
    structlog.get_logger("risiti.test").info("invoice.accepted", document_id="doc_1", milliseconds=1.5)
    (line,) = lines()
    assert line["event"] == "invoice.accepted"
    assert (line["document_id"], line["milliseconds"], line["request_id"]) == ("doc_1", 1.5, "req_1")
    assert line["level"] == "info"
    assert str(line["timestamp"]).endswith("Z")


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("noise")
    logging.getLogger("some.library").debug("noise")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    assert lines() == []


def test_a_field_that_nobody_allowed_is_masked(lines: Lines) -> None:
    structlog.get_logger().info("invoice.accepted", body=as_body(an_invoice()), buyer="Somebody", document_id="doc_1")
    (line,) = lines()
    assert (line["body"], line["buyer"], line["document_id"]) == (MASK, MASK, "doc_1")


@pytest.mark.parametrize(
    "secret",
    [
        PEM,
        a_private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        API_KEY,
        f"Authorization: Bearer {API_KEY}",
        "Authorization: Basic cmlwZTptYW5nb2Vz",
        "postgresql://risiti:ripe-mangoes@db/risiti",
        "password=ripe-mangoes",
        "{'token': 'ripe-mangoes'}",
        BASE64,
        bytes(range(32)).hex(),
        "/api/companies?api_key=ripe-mangoes",
        json.dumps({"private_key": PEM}),
    ],
    ids=[
        "a PEM file",
        "an old PEM file",
        "an API key",
        "a bearer header",
        "a basic header",
        "a database address",
        "a password",
        "a token",
        "base64",
        "hexadecimal",
        "a query string",
        "JSON",
    ],
)
def test_a_secret_inside_free_text_is_cut_out(lines: Lines, secret: str) -> None:
    log = structlog.get_logger()
    log.warning("connection.failed", reason=f"before {secret} after")
    log.warning(secret)
    logging.getLogger("some.library").warning("message %s", secret)
    try:
        fail(secret)
    except ValueError:
        log.exception("request.failed")
        logging.getLogger("some.library").exception("failed")
    text = json.dumps(lines())
    inner = [part for part in (API_KEY[18:], "mangoes", BASE64, "cmlwZTp", bytes(range(32)).hex()) if part in text]
    assert inner == []
    assert "before" in text


def test_the_traceback_is_kept_and_says_where(lines: Lines) -> None:
    try:
        fail("no such unit")
    except ValueError:
        structlog.get_logger().exception("request.failed")
        logging.getLogger("some.library").exception("failed")
    for line in lines():
        assert "no such unit" in str(line["exception"])
        assert Path(__file__).name in str(line["exception"])


def test_objects_that_hold_secrets_do_not_show_them(lines: Lines) -> None:
    credentials = Credentials("1000000000", "1000000000_01", a_private_key())
    structlog.get_logger().info("device.ready", reason=credentials, device=credentials)
    text = json.dumps(lines())
    assert str(a_private_key().private_numbers().d) not in text


def test_a_tin_shows_its_last_four_digits(lines: Lines) -> None:
    structlog.get_logger().info("device.ready", reason="TIN 1000004321 with device 1000004321_01")
    text = json.dumps(lines())
    assert "1000004321" not in text
    assert text.count("******4321") == 2


def test_nobody_can_forge_a_line(lines: Lines) -> None:
    structlog.get_logger().info("request.answered", path='/a\n{"event": "forged"}\r\x1b[31m\u202e')
    (line,) = lines()
    assert line["path"] == '/a\\n{"event": "forged"}\\r\\x1b[31m\\u202e'


@given(text=st.text(max_size=300))
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    assert one_line(text).isprintable()


@given(text=st.text(min_size=MAX_TEXT, max_size=MAX_TEXT + 500))
def test_long_text_is_cut(text: str) -> None:
    assert len(scrub(text)) <= MAX_TEXT


@given(head=st.text(max_size=20), tail=st.text(max_size=20))
def test_a_key_is_found_wherever_it_stands(head: str, tail: str) -> None:
    assert API_KEY[18:] not in scrub(f"{head}{API_KEY}{tail}")


def test_values_inside_values_are_held_to_the_same_list() -> None:
    shown = redact({"reason": {"document_id": "doc_1", "body": "secret"}, "numbers": ["1", API_KEY] + ["x"] * 50})
    assert shown["reason"] == {"document_id": "doc_1", "body": MASK}
    numbers = shown["numbers"]
    assert isinstance(numbers, list)
    assert len(numbers) == 20
    assert API_KEY not in numbers


def test_people_get_readable_lines() -> None:
    stream = io.StringIO()
    configure(level="info", json_lines=False, stream=stream)
    structlog.get_logger().info("worker.started", count=3, body="secret")
    assert "worker.started" in stream.getvalue()
    assert "count=3" in stream.getvalue()
    assert "secret" not in stream.getvalue()


def fields_logged() -> Iterator[tuple[str, str]]:
    """Every field name that the gateway and its command log, and the file it is in."""
    folder = Path(str(risiti.gateway.__file__)).parents[1]
    methods = {"debug", "info", "warning", "error", "exception", "critical", "bind_contextvars"}
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            is_log = (
                name == "log"
                or (isinstance(owner, ast.Name) and owner.id in {"log", "_log"})
                or name == "bind_contextvars"
            )
            if is_log and name in methods | {"log"}:
                yield from ((keyword.arg, file.name) for keyword in node.keywords if keyword.arg)


def test_every_field_that_the_gateway_logs_is_on_the_list() -> None:
    logged = set(fields_logged())
    assert {name for name, _ in logged} >= {"request_id", "status"}  # the search finds something
    assert {(name, file) for name, file in logged if name not in ALLOWED and name != "exc_info"} == set()

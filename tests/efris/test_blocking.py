"""The client for programs without an event loop."""

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from risiti.efris import (
    FIND_INVOICES,
    UPLOAD_INVOICE,
    AsgiTransport,
    AsyncClient,
    Client,
    Frozen,
    Interrupted,
    Malformed,
    NotReady,
    RefusedForGood,
    Unreachable,
)
from risiti.efris.blocking import Options
from risiti.efris.models.invoices import InvoiceQuery
from tests.clock import ManualClock
from tests.efris import known
from tests.efris.authority import ENDPOINT, Authority
from tests.efris.documents import UPLOADED, an_upload

FOUND = {"page": {"pageCount": "1"}, "records": [{"invoiceNo": "325043056477", "referenceNo": "INV-1"}]}


@pytest.fixture
def authority() -> Authority:
    made = Authority(ManualClock())
    made.answers |= {"T109": lambda _: ("00", UPLOADED), "T106": lambda _: ("00", FOUND)}
    return made


@pytest.fixture
def client(authority: Authority) -> Iterator[Client]:
    with Client(ENDPOINT, known.credentials(), transport=AsgiTransport(authority), clock=authority.clock) as made:
        yield made


def our_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "risiti-efris"]


def test_a_document_is_fiscalised_without_an_event_loop(client: Client, authority: Authority) -> None:
    uploaded = client.call(UPLOAD_INVOICE, an_upload())
    assert uploaded.basic_information.invoice_no == "325043056477"
    assert authority.calls == {"T101": 1, "T104": 1, "T109": 1}


def test_a_call_can_be_recorded_before_it_is_made(client: Client, authority: Authority) -> None:
    client.open()
    client.ready()
    assert client.is_ready
    stamp = client.stamp()
    client.call(UPLOAD_INVOICE, Frozen(UPLOAD_INVOICE.freeze(an_upload()).content), stamp=stamp)
    assert authority.requests[-1].global_text("dataExchangeId") == stamp.exchange_id
    assert authority.calls == {"T101": 1, "T104": 1, "T109": 1}


def test_errors_come_as_from_the_other_client(client: Client, authority: Authority) -> None:
    authority.answers["T109"] = lambda _: ("1106", None)
    with pytest.raises(RefusedForGood) as refused:
        client.call(UPLOAD_INVOICE, an_upload())
    assert refused.value.code == "1106"
    with pytest.raises(Malformed):
        client.call(UPLOAD_INVOICE, an_upload("x" * 51))
    with pytest.raises(Unreachable), Client("http://", known.credentials()) as nowhere:
        nowhere.ready()


def test_twenty_threads_share_one_client_and_one_session_key(client: Client, authority: Authority) -> None:
    with ThreadPoolExecutor(20) as pool:
        pages = list(pool.map(lambda _: client.call(FIND_INVOICES, InvoiceQuery(reference_no="INV-1")), range(40)))
    assert {page.records[0].invoice_no for page in pages} == {"325043056477"}
    assert authority.calls == {"T101": 1, "T104": 1, "T106": 40}


def test_it_works_inside_somebody_elses_event_loop(client: Client) -> None:
    async def program() -> str:
        return client.call(UPLOAD_INVOICE, an_upload()).basic_information.invoice_no

    assert asyncio.run(program()) == "325043056477"


def test_its_thread_begins_with_the_first_call_and_ends_with_close(authority: Authority) -> None:
    client = Client(ENDPOINT, known.credentials(), transport=AsgiTransport(authority), clock=authority.clock)
    assert our_threads() == []
    client.ready()
    assert len(our_threads()) == 1
    client.close()
    client.close()
    assert our_threads() == []
    assert not client.is_ready
    client.ready()
    client.close()


def test_closing_ends_a_call_that_another_thread_waits_for(client: Client, authority: Authority) -> None:
    client.ready()
    arrived = threading.Event()

    async def hold(_interface: str) -> None:
        arrived.set()
        await asyncio.Event().wait()

    authority.before = hold
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.call, UPLOAD_INVOICE, an_upload())
        assert arrived.wait(20)
        client.close()
        with pytest.raises(Interrupted, match="closed during the call"):
            waiting.result(20)


def test_ctrl_c_ends_the_wait_and_leaves_the_client_usable(client: Client, authority: Authority) -> None:
    client.ready()

    async def interrupt(_interface: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    authority.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        client.call(UPLOAD_INVOICE, an_upload())
    authority.before = None
    assert client.call(UPLOAD_INVOICE, an_upload()).basic_information.invoice_no == "325043056477"


def test_a_client_that_was_used_before_a_fork_says_what_to_do_after_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ready()
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    with pytest.raises(NotReady, match="make a new one after the fork"):
        client.call(UPLOAD_INVOICE, an_upload())
    monkeypatch.undo()


def test_a_program_that_forgets_to_close_it_still_ends() -> None:
    program = (
        "from risiti.efris import Client, Credentials, EfrisError\n"
        "client = Client('http://', Credentials('1000000000', '1000000000_01'))\n"
        "try:\n    client.ready()\nexcept EfrisError as error:\n    print(type(error).__name__)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "Unreachable\n"), ended.stderr


def test_it_takes_every_option_that_the_other_client_takes() -> None:
    parameters = inspect.signature(AsyncClient.__init__).parameters.values()
    assert {found.name for found in parameters if found.kind is found.KEYWORD_ONLY} == set(Options.__annotations__)


def test_it_has_every_method_that_the_other_client_has() -> None:
    assert {name for name in dir(AsyncClient) if name[0] != "_"} == {name for name in dir(Client) if name[0] != "_"}

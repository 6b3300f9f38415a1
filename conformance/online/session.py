"""Time, keys, sign-in, and what the simulator must refuse: a foreign signature, a slow clock."""

from datetime import datetime, timedelta
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from conformance import sales
from conformance.cases import Case, expect
from conformance.online.stage import KAMPALA, Stage, content, done, refused


def server_time(at: Stage) -> str:
    told = content(at.client.get_server_time())["currentTime"]
    datetime.strptime(told, "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007 - its form is what is looked at
    return f"it is {told}"


def time_sync(at: Stage) -> str:
    expect(at.client.is_time_synced(max_retries=1), True, "is_time_synced()")
    return "in step"


def server_key(at: Stage) -> str:
    return f"public key of {len(content(at.client.client_init())['serverPubKey'])} letters"


def handshake(at: Stage) -> str:
    names = set(at.client.get_symmetric_key(force=True))
    expect({"passowrdDes", "sign"} <= names, True, "both fields are there")
    return f"AES key of {len(at.client.key_client.get_aes_key())} bytes"


def sign_in(at: Stage) -> str:
    signed_in = content(at.client.sign_in())
    expect(signed_in["taxpayer"]["tin"], sales.TIN, "taxpayer.tin")
    return f"signed in as {signed_in['taxpayer']['legalName']}"


def foreign_key(at: Stage) -> str:
    stranger = generate_private_key(public_exponent=65537, key_size=2048)
    with mock.patch.object(at.client.key_client, "_private_key", stranger):
        return refused(at, lambda: at.client.query_taxpayer_by_tin(tin=sales.BUYER_TIN), "38")


def slow_clock(at: Stage) -> str:
    late = (datetime.now(KAMPALA) - timedelta(minutes=11)).strftime("%Y-%m-%d %H:%M:%S")
    with mock.patch("ura_efris_sdk.utils.get_uganda_timestamp", return_value=late):
        return refused(at, lambda: at.client.query_taxpayer_by_tin(tin=sales.BUYER_TIN), "28")


CASES: list[Case[Stage]] = [
    Case("T101", "get_server_time", server_time),
    Case(
        "T101",
        "is_time_synced",
        time_sync,
        fault="is_time_synced() is False",
        why="it compares the whole answer with a text, instead of currentTime",
    ),
    Case("T102", "client_init", server_key),
    Case("T104", "get_symmetric_key", handshake),
    Case("T103", "sign_in", sign_in),
    Case("T119", "query_taxpayer_by_tin, signed with another key", foreign_key),
    Case("T119", "query_taxpayer_by_tin, 11 minutes late", slow_clock),
    Case("T105", "forget_password", lambda at: done(at.client.forget_password("admin", "Throwaway-1"))),
]

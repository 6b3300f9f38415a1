"""An answer as it comes from the wire, read through the same path as a client's."""

import json
from typing import TypeVar

from risiti.efris import Interface, crypto
from risiti.efris.envelope import Envelope, encode_base64
from risiti.efris.exchange import Reading, read
from risiti.efris.models.base import EfrisAnswer, EfrisRequest
from tests.efris import known

Req = TypeVar("Req", bound=EfrisRequest)
Res = TypeVar("Res", bound=EfrisAnswer)

_EXCHANGE_ID = "0123456789abcdef0123456789abcdef"


def answered(interface: Interface[Req, Res], content: object, code: str = "00") -> Res:
    """Read an answer with some JSON content, or with none at all.

    Args:
        interface: What was called.
        content: The content; "" for none, and bytes are taken as they are.
        code: The return code beside it.
    """
    raw = content if isinstance(content, bytes) else json.dumps(content).encode() if content != "" else b""
    envelope = Envelope(
        content=encode_base64(crypto.encrypt(known.session_key(), raw)) if raw else "",
        code_type="1",
        encrypt_code="2",
        global_info={"interfaceCode": interface.code, "dataExchangeId": _EXCHANGE_ID},
        return_code=code,
        return_message="said the authority",
    )
    return read(interface, 200, envelope.to_bytes(), Reading(_EXCHANGE_ID, known.session_key()))

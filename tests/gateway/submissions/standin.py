"""A stand-in for the authority for tests of volume: it takes every document and judges nothing."""

import json
from datetime import datetime
from typing import Any

from risiti.efris import Reply, crypto
from risiti.efris.clock import EAST_AFRICA_TIME, Clock
from risiti.efris.envelope import Envelope, encode_base64, open_content


class StandIn:
    """A transport that answers by itself: the time, a session key, and a number for each document."""

    def __init__(self, clock: Clock, key: crypto.PrivateKey) -> None:
        self._clock = clock
        self._session_key = bytes(range(16))
        self._wrapped = crypto.wrap(key.public_key(), encode_base64(self._session_key).encode())
        self.documents: list[str] = []
        """The references, in the order in which they came."""

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ARG002, ASYNC109 - the seam
        """Answer one message at once."""
        request = Envelope.from_bytes(body)
        match request.global_text("interfaceCode"):
            case "T101":
                now = datetime.fromtimestamp(self._clock.now().timestamp(), EAST_AFRICA_TIME)
                return self._reply(request, {"currentTime": now.strftime("%d/%m/%Y %H:%M:%S")}, plain=True)
            case "T104":
                answer = {"passowrdDes": encode_base64(self._wrapped), "sign": "x"}
                return self._reply(request, answer, plain=True)
            case "T109":
                return self._reply(request, self._take(open_content(request, self._session_key)), plain=False)
            case _:
                return self._reply(request, {"page": {"pageCount": "0"}, "records": []}, plain=False)

    def _take(self, content: bytes) -> dict[str, Any]:
        document = json.loads(content)
        self.documents.append(document["sellerDetails"]["referenceNo"])
        number = str(10**11 + len(self.documents))
        document["basicInformation"] |= {"invoiceNo": number, "antifakeCode": "1234567890", "invoiceId": number}
        document["summary"] |= {"qrCode": f"https://authority.invalid/{number}"}
        return dict(document)

    def _reply(self, request: Envelope, content: dict[str, Any], *, plain: bool) -> Reply:
        text = json.dumps(content).encode()
        envelope = Envelope(
            content=encode_base64(text if plain else crypto.encrypt(self._session_key, text)),
            code_type="0" if plain else "1",
            encrypt_code="1" if plain else "2",
            global_info=request.global_info,
            return_code="00",
            return_message="SUCCESS",
        )
        return Reply(200, envelope.to_bytes())

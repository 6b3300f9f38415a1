"""An authority of a few lines, told by each test what to answer; it is no simulator and judges nothing."""

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from risiti.efris import crypto
from risiti.efris.clock import EAST_AFRICA_TIME, Clock
from risiti.efris.envelope import Envelope, encode_base64, open_content
from tests.efris import known

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ENDPOINT = "http://efris.test/efrisws/ws/taapp/getInformation"

Answer = tuple[str, Any]
"""A return code and the content beside it (None for no content)."""


class Authority:
    """An ASGI application. `answers` maps an interface code to a function of the request's content."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ahead_seconds = 0.0
        self.calls: Counter[str] = Counter()
        self.requests: list[Envelope] = []
        self.answers: dict[str, Callable[[Any], Answer]] = {"T101": self._time, "T104": self._new_key}
        self.key = known.session_key()
        self.before: Callable[[str], Awaitable[None]] | None = None

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        body = (await receive())["body"]
        request = Envelope.from_bytes(body)
        self.requests.append(request)
        interface = request.global_text("interfaceCode")
        self.calls[interface] += 1
        if self.before is not None:
            await self.before(interface)
        content = open_content(request, self.key)
        code, answer = self.answers[interface](json.loads(content) if content else None)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.reply(request, code, answer)})

    def reply(self, request: Envelope, code: str, content: Any) -> bytes:  # noqa: ANN401 - any JSON
        """Return an answer's bytes; T101 and T104 are plain, all else is encrypted."""
        plain = request.global_text("interfaceCode") in {"T101", "T104"}
        text = "" if content is None else json.dumps(content)
        packed = text.encode() if plain or not text else crypto.encrypt(self.key, text.encode())
        return Envelope(
            content=encode_base64(packed),
            code_type="0" if plain else "1",
            encrypt_code="1" if plain else "2",
            global_info=request.global_info,
            return_code=code,
            return_message="SUCCESS" if code == "00" else "said the authority",
        ).to_bytes()

    def _time(self, _content: Any) -> Answer:  # noqa: ANN401 - any JSON
        now = datetime.fromtimestamp(self.clock.now().timestamp() + self.ahead_seconds, EAST_AFRICA_TIME)
        return "00", {"currentTime": now.strftime("%d/%m/%Y %H:%M:%S")}

    def _new_key(self, _content: Any) -> Answer:  # noqa: ANN401 - any JSON
        wrapped = crypto.wrap(known.taxpayer_key().public_key(), encode_base64(self.key).encode())
        return "00", {"passowrdDes": encode_base64(wrapped), "sign": "x"}

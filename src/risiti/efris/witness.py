"""Witness: the digests of the exact bytes of every message and its answer, for whoever keeps a record of them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Exchange:
    """One message that left, or may have left, and what came back.

    Attributes:
        interface: Code of the interface.
        exchange_id: The call's `dataExchangeId`.
        sent: SHA-256 of the message, byte for byte as it was handed to the transport; hexadecimal.
        answer: The same of what came back, whether it could be read or not; None if nothing did.
        seconds: How long that took, from when the message left; None if nothing came back.
    """

    interface: str
    exchange_id: str
    sent: str
    answer: str | None = None
    seconds: float | None = None


_heard: ContextVar[list[Exchange] | None] = ContextVar("risiti_efris_heard", default=None)


@contextmanager
def witnessed() -> Iterator[list[Exchange]]:
    """Note every message of the calls that are made within the block, in their order.

    Example:
        with witnessed() as exchanges:
            await client.call(UPLOAD_INVOICE, upload)
    """
    heard: list[Exchange] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def leaves(interface: str, exchange_id: str, message: bytes) -> Exchange | None:
    """Note a message that is about to leave; None where nobody listens."""
    heard = _heard.get()
    if heard is None:
        return None
    exchange = Exchange(interface, exchange_id, hashlib.sha256(message).hexdigest())
    heard.append(exchange)
    return exchange


def came_back(exchange: Exchange | None, answer: bytes, seconds: float) -> None:
    """Note what came back, and after how many seconds."""
    if exchange is not None:
        exchange.answer = hashlib.sha256(answer).hexdigest()
        exchange.seconds = seconds


def never_left(exchange: Exchange | None) -> None:
    """Take back a message of which it is certain that nothing left this machine."""
    heard = _heard.get()
    if heard is not None and exchange is not None:
        heard.remove(exchange)

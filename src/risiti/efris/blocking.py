"""Client: the AsyncClient for programs without an event loop; it runs on a thread of its own."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack

from risiti.efris.client import AsyncClient
from risiti.efris.clock import Clock
from risiti.efris.credentials import Credentials
from risiti.efris.crypto import PublicKey
from risiti.efris.errors import Interrupted, NotReady, Refused, Unreadable
from risiti.efris.exchange import Stamp
from risiti.efris.governor import Governor
from risiti.efris.interface import Frozen, Interface
from risiti.efris.models.base import EfrisAnswer, EfrisRequest
from risiti.efris.profiles import Profile
from risiti.efris.session import AuthorityTime, ClockOffset, SessionKeys
from risiti.efris.transport import Transport

Req = TypeVar("Req", bound=EfrisRequest)
Res = TypeVar("Res", bound=EfrisAnswer)
T = TypeVar("T")


class Options(TypedDict, total=False):
    """What an AsyncClient can be told; see there."""

    profile: Profile
    transport: Transport | None
    clock: Clock | None
    new_exchange_id: Callable[[], str] | None
    timeout: float
    max_answer_bytes: int
    key_lifetime: float
    offset_lifetime: float
    key_spacing: float
    max_clock_error: float
    authority_key: PublicKey | None
    governor: Governor | None
    session_keys: SessionKeys | None
    authority_time: AuthorityTime | None


class Client:
    """Speaks to the authority for one device, from ordinary functions and from any number of threads.

    Every method does what the method of that name of `AsyncClient` does, and raises the same. Make it before or after
    a process forks, but use it on one side of the fork only.

    Example:
        with Client(url, credentials) as authority:
            uploaded = authority.call(UPLOAD_INVOICE, upload)

    Args:
        url: The service's one address.
        credentials: TIN, device number, and private key or signer.
        options: The other arguments of `AsyncClient`.
    """

    def __init__(self, url: str, credentials: Credentials, **options: Unpack[Options]) -> None:
        self._client = AsyncClient(url, credentials, **options)
        self._thread = _LoopThread()

    def open(self) -> None:
        """Read the authority's time and fetch a session key, unless both are fresh."""
        self._thread.run(self._client.open())

    def ready(self) -> None:
        """Make sure that the next call is exactly one message on the wire; the same as `open`."""
        self._thread.run(self._client.ready())

    @property
    def is_ready(self) -> bool:
        """Whether `stamp` and a call would need no other message first."""
        return self._client.is_ready

    def stamp(self) -> Stamp:
        """Return identity and time for one call, to be recorded before it is made and then passed to it."""
        return self._client.stamp()

    def read_time(self) -> ClockOffset:
        """Ask the authority's time now, whatever is known already; see `AsyncClient.read_time`."""
        return self._thread.run(self._client.read_time())

    def call(self, interface: Interface[Req, Res], request: Req | Frozen, *, stamp: Stamp | None = None) -> Res:
        """Ask the authority, and read its answer; see `AsyncClient.call`.

        Ctrl-C ends the wait like a time-out: the authority may have acted.
        """
        return self._thread.run(self._client.call(interface, request, stamp=stamp))

    def call_batch(
        self, contents: Sequence[Frozen], answer: type[Res], *, stamp: Stamp | None = None
    ) -> list[Res | Refused | Unreadable]:
        """Have several documents fiscalised by one message; see `AsyncClient.call_batch`.

        Ctrl-C ends the wait like a time-out: the authority may have acted.
        """
        return self._thread.run(self._client.call_batch(contents, answer, stamp=stamp))

    def close(self) -> None:
        """Forget the session key, close the transport unless it was passed in, end the thread.

        Calls that other threads are waiting for end with NotReady or Interrupted.
        """
        self._thread.end(self._client.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _LoopThread:
    """An event loop on a thread, started by the first piece of work. The process can end without waiting for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # so that no work is handed to a loop that is ending
        self._running: _Running | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the loop and wait for it."""
        try:
            with self._lock:
                future = asyncio.run_coroutine_threadsafe(work, self._started().loop)
        except BaseException:
            work.close()
            raise
        return _outcome(future)

    def end(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Close what runs on the loop, cancel the rest, end the thread; nothing to do if none was started."""
        with self._lock:
            running, self._running = self._running, None
            if running is None or running.process != os.getpid():
                return
            closed = asyncio.run_coroutine_threadsafe(close(), running.loop)
        try:
            _outcome(closed)
        finally:
            running.loop.call_soon_threadsafe(running.over.set)
            running.thread.join()

    def _started(self) -> "_Running":
        if self._running is None:
            self._running = _Running()
        elif self._running.process != os.getpid():
            raise NotReady("this client was used before the process forked; make a new one after the fork")
        return self._running


class _Running:
    """A thread whose loop is up."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.over = asyncio.Event()
        up: Future[asyncio.AbstractEventLoop] = Future()
        self.thread = threading.Thread(target=self._serve, args=(up,), name="risiti-efris", daemon=True)
        self.thread.start()
        self.loop = up.result()

    def _serve(self, up: "Future[asyncio.AbstractEventLoop]") -> None:
        with asyncio.Runner() as runner:
            up.set_result(runner.get_loop())
            runner.run(self.over.wait())


def _outcome(future: "Future[T]") -> T:
    try:
        return future.result()
    except CancelledError:
        raise Interrupted("the client was closed during the call") from None
    except BaseException:
        future.cancel()  # whatever ended the wait (Ctrl-C) ends the work; a finished future takes no notice
        raise

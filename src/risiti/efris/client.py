"""AsyncClient: one typed call for every interface, with a session key and the authority's time kept ready."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from risiti.efris import witness
from risiti.efris.batch import as_a_whole, failure_of, read_outcomes, sign_batch
from risiti.efris.clock import Clock, SystemClock, random_exchange_id
from risiti.efris.credentials import Credentials
from risiti.efris.crypto import PublicKey
from risiti.efris.envelope import MAX_ENVELOPE_BYTES
from risiti.efris.errors import EfrisError, HeldBack, NoAnswer, NotReady, NotSent, Refused, TimedOut, Unreadable
from risiti.efris.exchange import Reading, Stamp, prepare, read
from risiti.efris.governor import Governor
from risiti.efris.interface import Effect, Frozen, Interface
from risiti.efris.interfaces import SERVER_TIME, SESSION_KEY, UPLOAD_INVOICE_BATCH
from risiti.efris.models.base import EfrisAnswer, EfrisRequest
from risiti.efris.models.invoice_batch import InvoiceOutcomes
from risiti.efris.profiles import ONLINE, Profile
from risiti.efris.session import (
    AuthorityTime,
    ClockOffset,
    SessionKey,
    SessionKeyError,
    SessionKeys,
    unwrap_session_key,
)
from risiti.efris.transport import AiohttpTransport, Transport

Req = TypeVar("Req", bound=EfrisRequest)
Res = TypeVar("Res", bound=EfrisAnswer)
T = TypeVar("T")

KEY_CODES = frozenset({"401", "402", "15", "38", "03"})
"""Return codes that put the session key in doubt."""

CLOCK_CODES = frozenset({"28"})
"""Return codes that put our idea of the authority's time in doubt."""

_GRACE_SECONDS = 2.0
_SIGNING = ThreadPoolExecutor(32, "signer")
"""Threads that wait for signers: a signer that hangs keeps nobody else from a thread."""


class AsyncClient:
    """Speaks to the authority for one device.

    Example:
        async with AsyncClient(url, credentials) as authority:
            uploaded = await authority.call(UPLOAD_INVOICE, upload)

    Args:
        url: The service's one address: `TEST_URL`, `PRODUCTION_URL`, or `enabler_url()` with that profile.
        credentials: TIN, device number, and private key or signer.
        profile: What kind of service it is: `ONLINE`, or `OFFLINE_ENABLER`, before which nothing is encrypted or
            signed, no other call is made first, and calls carry this machine's time.
        transport: Carries the bytes; aiohttp by default, which is then closed with the client.
        clock: Reads the time; the machine's by default.
        new_exchange_id: Makes the id of a call; random by default.
        timeout: Most seconds one call may take; an interface may allow less.
        max_answer_bytes: Most bytes of an answer.
        key_lifetime: Seconds after which a session key is renewed unasked; its life at the authority is not published.
        offset_lifetime: Seconds after which the authority's time is read again.
        key_spacing: Fewest seconds between two session keys fetched because the one before was refused.
        max_clock_error: Most seconds by which a reading of the authority's time may be uncertain.
        authority_key: The authority's public key. With it every content that comes must carry the authority's
            signature, or the answer counts as Unreadable; return codes stand outside the signature. Without it, as by
            default, signatures are not looked at: the authority publishes neither its key nor the scheme.
        governor: Decides whether and when each message may leave, and hears how it ended; none by default.
        session_keys: Keeps the session key for other clients and processes, too; this client's own by default.
        authority_time: Where the authority's time is kept; pass the same value to all clients of one service.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        profile: Profile = ONLINE,
        transport: Transport | None = None,
        clock: Clock | None = None,
        new_exchange_id: Callable[[], str] | None = None,
        timeout: float = 30.0,
        max_answer_bytes: int = MAX_ENVELOPE_BYTES,
        key_lifetime: float = 23 * 3600.0,
        offset_lifetime: float = 300.0,
        key_spacing: float = 60.0,
        max_clock_error: float = 60.0,
        authority_key: PublicKey | None = None,
        governor: Governor | None = None,
        session_keys: SessionKeys | None = None,
        authority_time: AuthorityTime | None = None,
    ) -> None:
        self._url = url
        self._credentials = credentials
        self._profile = profile
        if transport is None:
            self._transport: Transport = (own := AiohttpTransport())
            self._close_transport: Callable[[], Awaitable[None]] | None = own.close
        else:
            self._transport, self._close_transport = transport, None
        self._clock = clock or SystemClock()
        self._new_exchange_id = new_exchange_id or random_exchange_id
        self._timeout = timeout
        self._max_answer_bytes = max_answer_bytes
        self._key_lifetime = key_lifetime
        self._offset_lifetime = offset_lifetime
        self._key_spacing = key_spacing
        self._max_clock_error = max_clock_error
        self._authority_key = authority_key
        self._governor = governor
        self._session_keys = session_keys
        self._time = authority_time or AuthorityTime()
        self._time_is_own = authority_time is None
        self._key: SessionKey | None = None
        self._worn: SessionKey | None = None
        self._key_was_refused = False
        self._replaced_at: float | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the authority's time and fetch a session key, unless both are fresh. The same as `ready`.

        Raises:
            NotSent: see `ready`.
        """
        await self.ready()

    async def ready(self) -> None:
        """Make sure that the next call is exactly one message on the wire.

        However many callers wait, the authority is asked once, and all get the same outcome.

        Raises:
            Unreachable: no connection.
            NotReady: no key or no trustworthy time; `refusal` holds the authority's refusal if that is the reason.
        """
        if self.is_ready:
            return
        if self._renewal is None:
            self._renewal = asyncio.ensure_future(self._renew())
            self._renewal.add_done_callback(self._renewed)
        renewal = self._renewal
        try:
            await asyncio.shield(renewal)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if renewal.cancelled() and not (task and task.cancelling()):
                raise NotReady("the client was closed") from None
            raise

    @property
    def is_ready(self) -> bool:
        """Whether `stamp` and a call would need no other message first."""
        if not self._profile.secured:
            return True
        now = self._clock.monotonic()
        offset = self._time.offset
        return (
            offset is not None
            and offset.is_fresh(now, self._offset_lifetime)
            and self._key is not None
            and self._key.is_fresh(now, self._key_lifetime)
        )

    def stamp(self) -> Stamp:
        """Return identity and time for one call, to be recorded before it is made and then passed to it.

        Raises:
            NotReady: the authority's time is not known; call `ready` first.
        """
        if not self._profile.secured:
            return Stamp(self._new_exchange_id(), self._clock.now().replace(microsecond=0))
        offset = self._time.offset
        if offset is None:
            raise NotReady("the authority's time is not known yet; make the client ready first")
        return Stamp(self._new_exchange_id(), offset.now(self._clock.monotonic()))

    async def read_time(self) -> ClockOffset:
        """Ask the authority's time now, whatever is known already: the smallest sign of life; no session key needed.

        Raises:
            NotSent: no connection (Unreachable), or the answer came too late to be trusted (NotReady).
            NoAnswer: nothing that could be read.
            Refused: it said no.
        """
        return self._time.keep(await self._read_time())

    async def call(self, interface: Interface[Req, Res], request: Req | Frozen, *, stamp: Stamp | None = None) -> Res:
        """Ask the authority, and read its answer.

        A WRITE is sent once and never again. A READ that was turned away for its key or its time is sent a second time
        with fresh ones.

        Args:
            interface: A row of the table, e.g. `UPLOAD_INVOICE`.
            request: Its request, or the bytes `Interface.freeze` made of one, which are sent as they are.
            stamp: Identity and time from `stamp()`; made here by default.

        Raises:
            NotSent: nothing left this machine (Unreachable, NotReady, Malformed).
            NoAnswer: the authority may have acted (TimedOut, Interrupted, Unreadable).
            Refused: it said no (RefusedForNow, RefusedForGood).
        """
        content = request if isinstance(request, Frozen) else interface.freeze(self._profile.fit(request))
        await self.ready()
        try:
            return await self._send(interface, content, stamp or self.stamp())
        except Refused as refusal:
            if interface.effect is Effect.WRITE or refusal.code not in KEY_CODES | CLOCK_CODES:
                raise
        await self.ready()
        return await self._send(interface, content, self.stamp())

    async def call_batch(
        self, contents: Sequence[Frozen], answer: type[Res], *, stamp: Stamp | None = None
    ) -> list[Res | Refused | Unreadable]:
        """Have several documents fiscalised by one message (T129), each signed on its own; sent once and never again.

        Args:
            contents: What `UPLOAD_INVOICE.freeze` made of the documents, or what was stored of them.
            answer: What to read of a fiscalised document: `InvoiceUploaded`, or a model that reads less.
            stamp: Identity and time from `stamp()`; made here by default.

        Returns:
            What became of each document, in their order; see `batch.read_outcome`.

        Raises:
            NotSent: nothing left this machine.
            NoAnswer: the authority may have acted, on each of them.
            Refused: the message was turned away as a whole; none of its documents was looked at.
        """
        await self.ready()
        stamp = stamp or self.stamp()
        sign = partial(sign_batch, contents, self._credentials)
        batch = await self._with_key(sign, self._seconds_for(UPLOAD_INVOICE_BATCH))
        outcomes: list[Res | Refused | Unreadable] = []

        def failed(answered: InvoiceOutcomes) -> Unreadable | None:
            outcomes.extend(read_outcomes(answered, len(contents), answer))
            return failure_of(outcomes)

        try:
            await self._send(UPLOAD_INVOICE_BATCH, UPLOAD_INVOICE_BATCH.freeze(batch), stamp, failed)
        except Refused as refusal:
            raise as_a_whole(refusal) from refusal
        for outcome in outcomes:
            if isinstance(outcome, EfrisError):
                outcome.during(UPLOAD_INVOICE_BATCH.code, stamp.exchange_id)
        return outcomes

    async def close(self) -> None:
        """Forget the session key; close the transport unless it was passed in."""
        renewal, self._renewal = self._renewal, None
        if renewal is not None:
            renewal.cancel()
            with suppress(asyncio.CancelledError, EfrisError):
                await renewal
        self._key = None
        if self._time_is_own:
            self._time.doubt()
        if self._close_transport is not None:
            await self._close_transport()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _renewed(self, task: asyncio.Task[None]) -> None:
        self._renewal = None
        if not task.cancelled():
            task.exception()  # seen here, should every waiter have gone away

    async def _renew(self) -> None:
        now = self._clock.monotonic()
        try:
            if self._time.offset is None or not self._time.offset.is_fresh(now, self._offset_lifetime):
                await self._time.read(
                    self._read_time, lambda offset: offset.is_fresh(self._clock.monotonic(), self._offset_lifetime)
                )
            if self._key is None or not self._key.is_fresh(now, self._key_lifetime):
                self._key = await self._obtain_key()
        except Refused as refusal:
            raise _not_ready(refusal, refusal) from refusal
        except NoAnswer as error:
            raise _not_ready(error, None) from error

    async def _read_time(self) -> ClockOffset:
        """Read the authority's clock; it showed its time somewhere between our asking and its answer."""
        asked_at = self._clock.monotonic()
        stamp = Stamp(self._new_exchange_id(), self._clock.now())
        answer = await self._send(SERVER_TIME, Frozen(b""), stamp)
        offset = ClockOffset.measure(answer.current_time, asked_at, self._clock.monotonic())
        if offset.error > self._max_clock_error:
            raise NotReady(
                f"the authority's time is uncertain by {offset.error:.0f} s, more than {self._max_clock_error:g} s",
                interface=SERVER_TIME.code,
                exchange_id=stamp.exchange_id,
            )
        return offset

    async def _obtain_key(self) -> SessionKey:
        if self._session_keys is None:
            return await self._renew_own_key()
        key = await self._session_keys.obtain(self._worn or self._key, self._fetch_key)
        self._worn, self._key_was_refused = None, False
        return key

    async def _renew_own_key(self) -> SessionKey:
        now = self._clock.monotonic()
        if self._key_was_refused and self._replaced_at is not None and now - self._replaced_at < self._key_spacing:
            raise NotReady(
                f"the last session key was refused soon after it was fetched; the next is fetched "
                f"{self._key_spacing:g} s after it",
                interface=SESSION_KEY.code,
            )
        secret = await self._fetch_key()
        if self._key_was_refused:
            self._key_was_refused, self._replaced_at = False, now
        return SessionKey(secret, self._clock.monotonic())

    async def _fetch_key(self) -> bytes:
        stamp = self.stamp()
        answer = await self._send(SESSION_KEY, Frozen(b""), stamp)
        try:
            unwrap = partial(unwrap_session_key, answer.wrapped_key, self._credentials.unwrap)
            return await self._with_key(unwrap, self._seconds_for(SESSION_KEY))
        except SessionKeyError as error:
            raise NotReady(str(error), interface=SESSION_KEY.code, exchange_id=stamp.exchange_id) from error
        except NotReady as error:
            raise error.during(SESSION_KEY.code, stamp.exchange_id) from error.__cause__

    async def _send(
        self,
        interface: Interface[Req, Res],
        content: Frozen,
        stamp: Stamp,
        failed: Callable[[Res], EfrisError | None] = lambda _answer: None,
    ) -> Res:
        """Send one message; `failed` says of an answer that could be read what it counts as for the governor."""
        seconds = self._seconds_for(interface)
        if self._governor is None:
            answer = await self._exchange(interface, content, stamp, seconds)
            failed(answer)
            return answer
        try:
            admitted = await self._governor.admit(interface.code, interface.effect, seconds)
        except HeldBack as error:
            raise error.during(interface.code, stamp.exchange_id) from error.__cause__
        try:
            answer = await self._exchange(interface, content, stamp, min(seconds, admitted.seconds))
            failure = failed(answer)
        except BaseException as error:
            admitted.ended(error)
            raise
        admitted.ended(failure)
        return answer

    async def _exchange(self, interface: Interface[Req, Res], content: Frozen, stamp: Stamp, seconds: float) -> Res:
        key = self._key
        secret = key.secret if key is not None else None
        make = partial(
            prepare,
            interface,
            content,
            credentials=self._credentials,
            stamp=stamp,
            session_key=secret,
            profile=self._profile,
        )
        exchange: witness.Exchange | None = None
        try:
            message = await self._with_key(make, seconds)
            exchange = witness.leaves(interface.code, stamp.exchange_id, message)
            left_at = self._clock.monotonic()
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                reply = await self._transport.post(self._url, message, timeout=seconds, limit=self._max_answer_bytes)
        except TimeoutError as error:
            raise TimedOut("no answer in time", interface=interface.code, exchange_id=stamp.exchange_id) from error
        except (NotSent, NoAnswer) as error:
            if isinstance(error, NotSent):
                witness.never_left(exchange)
            raise error.during(interface.code, stamp.exchange_id) from error.__cause__
        witness.came_back(exchange, reply.body, self._clock.monotonic() - left_at)
        reading = Reading(
            stamp.exchange_id,
            secret,
            self._max_answer_bytes,
            authority_key=self._authority_key,
            other_keys=self._other_keys(key),
        )
        try:
            return read(interface, reply.status, reply.body, reading)
        except Refused as refusal:
            self._doubt(refusal, key)
            raise

    def _seconds_for(self, interface: Interface[Req, Res]) -> float:
        return min(self._timeout, interface.timeout)

    async def _with_key(self, work: Callable[[], T], seconds: float) -> T:
        """Do what needs the private key: here if it is at hand, on a thread and under a deadline if a signer has it."""
        if not self._credentials.may_block:
            return work()
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(_SIGNING, work)
        except TimeoutError as error:
            raise NotReady(f"the signer gave no answer within {seconds:g} s") from error

    def _doubt(self, refusal: Refused, key: SessionKey | None) -> None:
        """Drop what a refusal puts in doubt, unless someone has renewed it meanwhile."""
        if refusal.code in KEY_CODES and key is not None and self._key is key:
            self._key, self._worn, self._key_was_refused = None, key, True
        if refusal.code in CLOCK_CODES:
            self._time.doubt()

    def _other_keys(self, used: SessionKey | None) -> tuple[bytes, ...]:
        """Return the keys besides the one a message was sent with that its answer may be sealed with."""
        now = (self._key,) if self._key is not used else ()
        found = (secret for key in (used, *now) if key is not None for secret in (key.previous, key.secret))
        return tuple(secret for secret in found if secret is not None and (used is None or secret != used.secret))


def _not_ready(error: NoAnswer | Refused, refusal: Refused | None) -> NotReady:
    """Whatever becomes of the question for a key or the time, the request that needs them has not been sent."""
    hint = "; set this machine's clock" if refusal is not None and refusal.code in CLOCK_CODES else ""
    return NotReady(
        f"no connection with the authority yet: {error.detail}{hint}",
        interface=error.interface,
        exchange_id=error.exchange_id,
        refusal=refusal,
    )

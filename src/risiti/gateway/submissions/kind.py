"""Kind: what differs between the things we send - how to send one, find it again, and tell whether it is ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from risiti.efris import AsyncClient, NoAnswer, Refused, Stamp
from risiti.efris.models.codes import InvoiceType


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the authority's document is not what we sent."""

    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Original:
    """A document as the authority holds it."""

    fdn: str
    """Fiscal document number."""
    verification_code: str
    qr: str
    """The text to print as a QR code."""
    authority_document_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A document at the authority under our reference, compared with what we sent; no differences means it is ours."""

    original: Original
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for at the authority."""

    wire_reference: str
    payload: bytes
    hints: Sequence[str]
    """Fiscal document numbers that the authority has named when it refused the reference as used."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A refusal in terms of the seller's own document."""

    path: str | None
    """JSON pointer into it; None where the refusal is about nothing of the document."""
    message: str
    """What is wrong, as one sentence."""
    fix: str
    """What to do about it."""


class Kind(Protocol):
    """How one kind of document is spoken about with the authority."""

    @property
    def type(self) -> InvoiceType:
        """What the authority calls it in its lists."""
        ...

    async def send(self, client: AsyncClient, payload: bytes, stamp: Stamp) -> Found:
        """Send a frozen payload once.

        Raises:
            NotSent: nothing left this machine.
            NoAnswer: the authority may have acted.
            Refused: the authority said no.
        """
        ...

    @property
    def goes_together(self) -> bool:
        """Whether one message can carry several of them."""
        ...

    async def send_together(
        self, client: AsyncClient, payloads: Sequence[bytes], stamp: Stamp
    ) -> Sequence[Found | Refused | NoAnswer]:
        """Send several frozen payloads once, in one message; say what became of each, in their order.

        Raises:
            NotSent: nothing left this machine.
            NoAnswer: the authority may have acted, on each of them.
            Refused: the message was turned away; none of them was looked at.
        """
        ...

    def named_in(self, refusal: Refused) -> tuple[str, ...]:
        """Return the fiscal document numbers named in a refusal of the reference as already used."""
        ...

    def explain(self, refusal: Refused, payload: bytes, content: str) -> Explanation:
        """Say what a refusal of a payload means for the seller's document (`content`, as accepted)."""
        ...

    async def find(self, client: AsyncClient, sought: Sought) -> tuple[Found, ...]:
        """Ask which documents exist under the reference; an empty answer means that none is shown.

        Raises:
            EfrisError: the question was not answered; nothing is known.
        """
        ...

    async def read(self, client: AsyncClient, fdn: str, payload: bytes) -> Found:
        """Read one document by its number and compare it with what we sent.

        Raises:
            Refused: there is none with this number, or it is not ours to see.
            EfrisError: the question was not answered; nothing is known.
        """
        ...

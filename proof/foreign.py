"""Another system of the same seller, which has used a reference of ours for something else."""

from proof.authority import Authority
from proof.sales import Sale
from proof.store import Seller
from risiti.efris import UPLOAD_INVOICE, AsyncClient, Frozen, Interrupted, Reply
from risiti.efris.credentials import Credentials
from risiti.gateway.fiscal import totals, wire
from risiti.gateway.fiscal.shapes import parse_invoice


class _Direct:
    """A way to the authority on which nothing goes wrong."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        """Send a message; see `Transport.post`."""
        del url, timeout, limit
        answered = await self._authority.serve(body, ())
        if answered is None:
            raise Interrupted("nothing strikes here")
        return Reply(answered.status, answered.body)


async def issue(authority: Authority, seller: Seller, sale: Sale, extra: int) -> None:
    """Have a document issued that carries a sale's reference and is worth `extra` more."""
    new = parse_invoice(sale.body(extra=extra), now=authority.clock.now())
    about = wire.Seller(
        tin=seller.tin,
        legal_name=seller.legal_name,
        business_name=seller.legal_name,
        email=seller.email,
        phone="",
        address="",
    )
    payload = wire.freeze(new, totals.compute(new), about, seller.device_no, sale.reference)
    credentials = Credentials(tin=seller.tin, device_no=seller.device_no, private_key=seller.key)
    client = AsyncClient("http://authority.invalid/", credentials, transport=_Direct(authority), clock=authority.clock)
    authority.at_once = True
    await client.call(UPLOAD_INVOICE, Frozen(payload))
    authority.at_once = False
    await client.close()

"""Register a device, keep its private key sealed or know who keeps it, hand out its credentials."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris.credentials import Credentials
from risiti.efris.crypto import KeyFileError, PrivateKey
from risiti.efris.errors import NotReady
from risiti.gateway import events
from risiti.gateway.db.database import Database
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from risiti.gateway.kernel.ids import CompanyId, DeviceId, Ids
from risiti.gateway.kernel.secrets import Place, Vault
from risiti.gateway.tenancy import custody, key_reader
from risiti.gateway.tenancy.external_signer import ExternalSigner, HeldElsewhere, SignerHasNoKey, fingerprint
from risiti.gateway.tenancy.key_reader import KeyMaterial
from risiti.gateway.tenancy.tables import Company, Device, DeviceState

MAX_DEVICE_NO: Final = 20
"""Characters of a device number; the authority's own limit."""

DEVICE_NO: Final = rf"[0-9A-Za-z_-]{{1,{MAX_DEVICE_NO}}}"
"""What a device number is made of, as a regular expression."""
_DEVICE_NO: Final = re.compile(DEVICE_NO, re.ASCII)
_PURPOSE: Final = "device-private-key"


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as its owner sees it: everything but the key."""

    id: DeviceId
    company_id: CompanyId
    device_no: str
    state: DeviceState
    paused_reason: str | None
    paused_at: datetime | None
    key_fingerprint: str
    """SHA-256 of the public half, hexadecimal."""
    key_until: datetime | None
    """When the key's certificate expires; empty: no certificate was in the key file."""
    signer: str | None
    """The key's name at the operator's external signer; empty: the gateway keeps the key."""
    branch_id: str | None
    """The branch in which it stands; empty: in none."""
    created_at: datetime


async def add(
    database: Database,
    vault: Vault,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    device_no: str,
    key_file: bytes,
    password: str | None,
    by: str | None = None,
) -> DeviceView:
    """Read an uploaded key file and register a device with it.

    Raises:
        Invalid: an impossible device number, or a key file that cannot be used; the text says why.
        Conflict: the company has this device already.
        NotFound: no such company.
    """
    read = await _read(key_file, password)

    def work(session: Session) -> DeviceView:
        return register(
            session,
            vault,
            ids,
            clock,
            company_id,
            device_no=device_no,
            key=read.key,
            key_until=read.until,
            by=by,
        )

    return await database.write_as(company_id, work)


async def change_key(
    database: Database,
    vault: Vault,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    device_id: str,
    key_file: bytes,
    password: str | None,
    by: str | None = None,
) -> DeviceView:
    """Replace a device's private key. Connections that are open keep the old one until they are opened anew.

    Raises:
        Invalid: a key file that cannot be used.
        NotFound: the company has no such device.
    """
    read = await _read(key_file, password)

    def work(session: Session) -> DeviceView:
        return _replace(session, vault, ids, clock, device_id, read.key, read.until, by)

    return await database.write_as(company_id, work)


async def add_held(
    database: Database,
    vault: Vault,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    device_no: str,
    name: str,
    signer: ExternalSigner | None,
    by: str | None = None,
) -> DeviceView:
    """Register a device whose key the external signer keeps under `name`; only the key's public half is asked for.

    For the operator alone: whoever may name a key may have it used.

    Raises:
        Invalid: an impossible device number, no external signer, or none with this key.
        Unavailable: the signer does not answer as it should.
        Conflict: the company has this device already.
        NotFound: no such company.
    """
    held = await _held(signer, name)

    def work(session: Session) -> DeviceView:
        return register(
            session, vault, ids, clock, company_id, device_no=device_no, key=held, key_until=held.until, by=by
        )

    return await database.write_as(company_id, work)


async def change_to_held(
    database: Database,
    vault: Vault,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    device_id: str,
    name: str,
    signer: ExternalSigner | None,
    by: str | None = None,
) -> DeviceView:
    """Replace a device's key by one that the external signer keeps; one that we kept is erased from its row.

    Raises:
        Invalid: no external signer, or none with this key.
        Unavailable: the signer does not answer as it should.
        NotFound: the company has no such device.
    """
    held = await _held(signer, name)

    def work(session: Session) -> DeviceView:
        return _replace(session, vault, ids, clock, device_id, held, held.until, by)

    return await database.write_as(company_id, work)


def register(
    session: Session,
    vault: Vault,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    device_no: str,
    key: PrivateKey | HeldElsewhere,
    key_until: datetime | None = None,
    by: str | None = None,
) -> DeviceView:
    """Register a device with a key that was read before; `add` and `add_held` do both.

    Raises:
        Invalid: an impossible device number.
        Conflict: the company has this device already.
        NotFound: no such company.
    """
    if _DEVICE_NO.fullmatch(device_no) is None:
        message = f"A device number has 1 to {MAX_DEVICE_NO} letters, digits, dashes or underscores."
        fault = FieldError("/device_no", "bad_device_no", message, "Copy it from the authority's portal.")
        raise Invalid("The device cannot be registered.", errors=[fault])
    if session.get(Company, company_id) is None:
        raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
    taken = select(Device.id).where(Device.company_id == company_id, Device.device_no == device_no)
    if (present := session.scalar(taken)) is not None:
        raise Conflict(
            f"The device {device_no} is registered already.", code="device_exists", about={"device_id": present}
        )
    device = Device(
        id=ids.device(),
        company_id=company_id,
        device_no=device_no,
        state=DeviceState.ACTIVE,
        created_at=clock.now(),
    )
    _keep(session, vault, device, key, key_until)
    session.add(device)
    session.flush()
    what = Happening("device.registered", device.created_at, _about(device), by=by)
    events.record(session, ids, company_id, None, what)
    return _view(device)


def credentials(session: Session, vault: Vault, device_id: str, signer: ExternalSigner | None = None) -> Credentials:
    """Return what a device needs to speak to the authority. Whoever gets it keeps it in memory only.

    Raises:
        NotFound: no such device.
        CannotUnseal: the stored key is damaged or was moved.
        NotReady: its key is at an external signer, and none is known.
    """
    device = _get(session, device_id)
    company = session.get_one(Company, device.company_id)
    if device.signer is not None:
        if signer is None:
            raise NotReady("the device's key is at an external signer, but EXTERNAL_SIGNER_URL is not set")
        held = signer.holding(device.signer, device.key_fingerprint)
        return Credentials(tin=company.tin, device_no=device.device_no, private_key=held)
    if device.key_sealed is None:
        raise TypeError("a device's key is here or at the external signer")
    der = custody.unseal(session, vault, _place(device), device.key_sealed)
    return Credentials(tin=company.tin, device_no=device.device_no, private_key=key_reader.from_der(der))


def read(session: Session, device_id: str) -> DeviceView:
    """Return a device.

    Raises:
        NotFound: no such device.
    """
    return _view(_get(session, device_id))


def page(session: Session, company_id: str, *, limit: int, after: str | None = None) -> list[DeviceView]:
    """List a company's devices, oldest first; `after` is the id of the last one seen."""
    query = select(Device).where(Device.company_id == company_id).order_by(Device.id).limit(limit)
    if after is not None:
        query = query.where(Device.id > after)
    return [_view(device) for device in session.scalars(query)]


async def _read(key_file: bytes, password: str | None) -> KeyMaterial:
    try:
        return await key_reader.read(key_file, password)
    except KeyFileError as error:
        said = str(error)
        message = f"{said[:1].upper()}{said[1:]}."
        fault = FieldError(
            "/private_key", "bad_key_file", message, "Upload the device's private key as PEM or PKCS#12."
        )
        raise Invalid("The private key cannot be used.", errors=[fault]) from None


async def _held(signer: ExternalSigner | None, name: str) -> HeldElsewhere:
    if signer is None:
        raise Invalid("There is no external signer: set EXTERNAL_SIGNER_URL and EXTERNAL_SIGNER_TOKEN.")
    try:
        return await signer.find(name)
    except SignerHasNoKey as error:
        message = f"{str(error)[:1].upper()}{str(error)[1:]}."
        fault = FieldError("/signer", "no_such_key", message, "Put the key file NAME.pem into the signer's folder.")
        raise Invalid(f"The key cannot be used: {error}.", errors=[fault]) from None
    except NotReady as error:
        raise Unavailable(f"The key cannot be asked for: {error}.", code="external_signer_unavailable") from None


def _replace(  # noqa: PLR0917 - what both ways to change a key have at hand
    session: Session,
    vault: Vault,
    ids: Ids,
    clock: Clock,
    device_id: str,
    key: PrivateKey | HeldElsewhere,
    until: datetime | None,
    by: str | None,
) -> DeviceView:
    device = _get(session, device_id)
    before = device.key_fingerprint
    _keep(session, vault, device, key, until)
    about = {**_about(device), "key_fingerprint_before": before}
    events.record(session, ids, device.company_id, None, Happening("device.key_replaced", clock.now(), about, by=by))
    return _view(device)


def _keep(
    session: Session, vault: Vault, device: Device, key: PrivateKey | HeldElsewhere, until: datetime | None
) -> None:
    device.key_until, device.warned_days = until, None
    if isinstance(key, HeldElsewhere):
        device.key_sealed, device.signer, device.key_fingerprint = None, key.name, key.fingerprint
    else:
        device.key_sealed, device.signer = custody.seal(session, vault, _place(device), key_reader.to_der(key)), None
        device.key_fingerprint = fingerprint(key.public_key())


def _about(device: Device) -> dict[str, object]:
    about: dict[str, object] = {
        "device_id": device.id,
        "device_no": device.device_no,
        "key_fingerprint": device.key_fingerprint,
    }
    return about if device.signer is None else {**about, "signer": device.signer}


def _place(device: Device) -> Place:
    return Place(device.company_id, _PURPOSE, device.id)


def _get(session: Session, device_id: str) -> Device:
    device = session.get(Device, device_id)
    if device is None:
        raise NotFound("There is no such device.", code="device_not_found")
    return device


def _view(device: Device) -> DeviceView:
    return DeviceView(
        id=DeviceId(device.id),
        company_id=CompanyId(device.company_id),
        device_no=device.device_no,
        state=device.state,
        paused_reason=device.paused_reason,
        paused_at=device.paused_at,
        key_fingerprint=device.key_fingerprint,
        key_until=device.key_until,
        signer=device.signer,
        branch_id=device.branch_id,
        created_at=device.created_at,
    )

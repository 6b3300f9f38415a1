"""Routes of devices: register one with its key, list them, replace a key. A key goes in and never comes out."""

import base64
import binascii
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import DevicePath, DeviceReader, DeviceWriter, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.paging import Page, Paged, cut
from risiti.gateway.kernel.errors import FieldError, Invalid
from risiti.gateway.tenancy import devices
from risiti.gateway.tenancy.devices import DeviceView

_PEM: Final = "-----BEGIN"
_EXAMPLE: Final = {
    "device_no": "1000000000_01",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEv...\n-----END PRIVATE KEY-----\n",
}

router = APIRouter(
    prefix="/api/companies/{company_id}/devices", tags=["devices"], generate_unique_id_function=operation_id
)


class KeyFile(bodies.StrictBody):
    """The private key that belongs to the certificate registered with the authority; write-only."""

    private_key: str = Field(
        repr=False,
        description="The text of a PEM file, or a PKCS#12 file (.pfx, .p12) in base64. RSA of 2048 to 4096 bits; the "
        "file at most 32 KiB.",
        json_schema_extra={"writeOnly": True, "minLength": 1},
    )
    password: str | None = Field(
        default=None,
        repr=False,
        description="The password of the file, if it has one.",
        json_schema_extra={"writeOnly": True},
    )

    def file(self) -> bytes:
        """Return the bytes of the file.

        Raises:
            Invalid: neither PEM nor base64.
        """
        if self.private_key.lstrip().startswith(_PEM):
            return self.private_key.encode()
        try:
            return base64.b64decode("".join(self.private_key.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
        fault = FieldError(
            "/private_key",
            "bad_key_file",
            "This is neither the text of a PEM file nor a file in base64.",
            "Send the PEM text as it is, or the output of: base64 -w0 FILE.pfx",
        )
        raise Invalid("The private key cannot be used.", errors=[fault])


class NewDevice(KeyFile):
    """A device as registered with the authority, and its private key."""

    device_no: str = Field(
        description="The device number from the authority's portal.",
        examples=["1000000000_01"],
        json_schema_extra={"pattern": f"^{devices.DEVICE_NO}$"},
    )


@router.post(
    "",
    status_code=201,
    summary="Register a device",
    description="The key is opened in a process of its own, kept encrypted, and never shown again.",
    openapi_extra=body_of(NewDevice, pem=_EXAMPLE, pkcs12={**_EXAMPLE, "private_key": "MIIK...", "password": "secret"}),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def add(request: Request, response: Response, caller: DeviceWriter, running: Running) -> DeviceView:
    """Register a device of the caller's company."""
    body = await bodies.json_model(request, NewDevice)
    device = await devices.add(
        running.database,
        running.vault,
        running.ids,
        running.clock,
        caller.company_id,
        device_no=body.device_no,
        key_file=body.file(),
        password=body.password,
        by=caller.who,
    )
    response.headers["Location"] = f"/api/companies/{caller.company_id}/devices/{device.id}"
    return device


@router.get("", summary="List devices", responses=problems_of(401, 403, 404, 422))
async def page(caller: DeviceReader, running: Running, query: Paged) -> Page[DeviceView]:
    """List the devices of the caller's company, oldest first."""
    found = await running.database.read_as(
        caller.company_id,
        lambda session: devices.page(session, caller.company_id, limit=query.limit + 1, after=query.cursor),
    )
    return cut(found, query.limit, lambda device: device.id)


@router.get("/{device_id}", summary="Read a device", responses=problems_of(401, 403, 404))
async def read(caller: DeviceReader, running: Running, device_id: DevicePath) -> DeviceView:
    """Return a device of the caller's company."""
    return await running.database.read_as(caller.company_id, lambda session: devices.read(session, device_id))


@router.put(
    "/{device_id}/key",
    summary="Replace a device's key",
    openapi_extra=body_of(KeyFile),
    responses=problems_of(400, 401, 403, 404, 415, 422),
)
async def change_key(request: Request, caller: DeviceWriter, running: Running, device_id: DevicePath) -> DeviceView:
    """Replace the private key of a device, as after its certificate was renewed."""
    body = await bodies.json_model(request, KeyFile)
    return await devices.change_key(
        running.database,
        running.vault,
        running.ids,
        running.clock,
        caller.company_id,
        device_id=device_id,
        key_file=body.file(),
        password=body.password,
        by=caller.who,
    )

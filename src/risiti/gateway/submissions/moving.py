"""Move a device to another branch, while no document of it is on its way that names the one before.

A document's bytes are frozen when it is accepted, with the branch in which its device stood. Who accepts one holds
the device's row (`FOR KEY SHARE`, as its foreign key does), and a move wants it alone: so either the document is there
to be counted, or it is accepted after the move and names the new branch.
"""

from typing import Final

from sqlalchemy import and_, func, or_, select

from risiti.gateway import events
from risiti.gateway.db.session import CompanySession
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, NotFound
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Document, HeldReason
from risiti.gateway.tenancy import branches, devices
from risiti.gateway.tenancy.devices import DeviceView
from risiti.gateway.tenancy.tables import Device

_ON_THE_WAY: Final = or_(
    Document.state.in_((DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT)),
    and_(Document.state == DocumentState.HELD, Document.held_reason != HeldReason.GIVEN_UP),
)
"""What may still be sent as it was frozen."""


def move(
    session: CompanySession, ids: Ids, clock: Clock, device_id: str, branch_id: str | None, *, by: str | None = None
) -> DeviceView:
    """Have a device stand in another branch, or (None) in none; being there already is no change.

    Raises:
        NotFound: the company has no such device.
        Invalid: it has no such branch, or the branch is closed.
        Conflict: documents of the device are on their way (`documents_on_the_way`).
    """
    device = session.get(Device, device_id, with_for_update=True)
    if device is None or device.company_id != session.company_id:
        raise NotFound("There is no such device.", code="device_not_found")
    if branch_id is not None:
        branches.for_device(session, session.company_id, branch_id)
    before = device.branch_id
    if before != branch_id:
        count = select(func.count()).select_from(Document).where(Document.device_id == device_id, _ON_THE_WAY)
        if waiting := session.scalar(count):
            message = (
                f"So many documents of this device are on their way, or wait for a person: {waiting}. They name the "
                "branch in which it stands; move it when they have an end."
            )
            raise Conflict(message, code="documents_on_the_way", about={"documents": str(waiting)})
        device.branch_id = branch_id
        about = {"device_id": device_id, "branch_id": branch_id, "branch_id_before": before}
        happening = Happening("device.moved", clock.now(), about, by=by)
        events.record(session, ids, session.company_id, None, happening)
        session.flush()
    return devices.read(session, device_id)

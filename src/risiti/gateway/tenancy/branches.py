"""Branches of a company: opened, renamed and closed; devices stand in them, and documents name their device's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound
from risiti.gateway.kernel.ids import BranchId, Ids
from risiti.gateway.tenancy.tables import Branch, Device

MAX_BRANCHES: Final = 1_000
"""Branches of one company, closed ones too."""
MAX_CODE: Final = 50
MAX_NAME: Final = 500
MAX_AUTHORITY_ID: Final = 18
"""The authority's own limits on the three."""
AUTHORITY_ID: Final = rf"[0-9A-Za-z_-]{{1,{MAX_AUTHORITY_ID}}}"
"""What the authority's id of a branch is made of, as a regular expression."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a branch is to be called."""

    code: str
    """The company's own short name of it."""
    name: str
    """As registered with the authority."""
    authority_id: str | None = None
    """The authority's id of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchView:
    """A branch."""

    id: BranchId
    code: str
    name: str
    """As registered with the authority."""
    authority_id: str | None
    """The authority's id of it; empty: documents do not name the branch."""
    devices: int
    """So many stand in it."""
    created_at: datetime
    closed_at: datetime | None


def open_branch(
    session: Session, ids: Ids, clock: Clock, company_id: str, wanted: Wanted, *, by: str | None = None
) -> BranchView:
    """Open a branch.

    Raises:
        Invalid: a code, name or id that cannot be one; every fault is listed.
        Conflict: there is one with this code or id of the authority's, or there are as many as there may be.
    """
    wanted = _checked(wanted)
    count = select(func.count()).select_from(Branch).where(Branch.company_id == company_id)
    if (session.scalar(count) or 0) >= MAX_BRANCHES:
        raise Conflict(f"A company has at most {MAX_BRANCHES} branches.", code="too_many_branches")
    _require_free(session, company_id, wanted, but=None)
    branch = Branch(
        id=ids.branch(),
        company_id=company_id,
        code=wanted.code,
        name=wanted.name,
        authority_id=wanted.authority_id,
        created_at=clock.now(),
    )
    session.add(branch)
    session.flush()
    _tell(session, ids, branch, Happening("branch.opened", branch.created_at, _told(branch), by=by))
    return _view(session, branch)


def page(session: Session, company_id: str, *, limit: int, after: str | None = None) -> list[BranchView]:
    """List a company's branches, closed ones too, oldest first."""
    query = select(Branch).where(Branch.company_id == company_id).order_by(Branch.id).limit(limit)
    if after is not None:
        query = query.where(Branch.id > after)
    found = session.scalars(query).all()
    devices = _devices(session, [branch.id for branch in found])
    return [_with(branch, devices.get(branch.id, 0)) for branch in found]


def read(session: Session, company_id: str, branch_id: str) -> BranchView:
    """Return a branch.

    Raises:
        NotFound: the company has no such branch.
    """
    return _view(session, _get(session, company_id, branch_id))


def change(
    session: Session,
    ids: Ids,
    clock: Clock,
    company_id: str,
    branch_id: str,
    *,
    wanted: Wanted,
    by: str | None = None,
) -> BranchView:
    """Call a branch something else; documents that are accepted from now on name it so.

    Raises:
        NotFound: the company has no such branch.
        Invalid, Conflict: as `open_branch`; or it is closed.
    """
    branch = _get(session, company_id, branch_id, for_update=True)
    if branch.closed_at is not None:
        raise Conflict("This branch is closed.", code="branch_closed")
    wanted = _checked(wanted)
    _require_free(session, company_id, wanted, but=branch_id)
    before = _told(branch)
    branch.code, branch.name, branch.authority_id = wanted.code, wanted.name, wanted.authority_id
    after = _told(branch)
    changed = {name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]}
    if changed:
        _tell(session, ids, branch, Happening("branch.changed", clock.now(), changed, by=by))
    session.flush()
    return _view(session, branch)


def close(
    session: Session, ids: Ids, clock: Clock, company_id: str, branch_id: str, *, by: str | None = None
) -> BranchView:
    """Close a branch in which no device stands any more; doing it again changes nothing.

    Raises:
        NotFound: the company has no such branch.
        Conflict: devices stand in it.
    """
    branch = _get(session, company_id, branch_id, for_update=True)
    if branch.closed_at is None:
        if (devices := _devices(session, [branch_id]).get(branch_id, 0)) > 0:
            message = f"So many devices stand in this branch: {devices}. Move them first."
            raise Conflict(message, code="branch_has_devices")
        branch.closed_at = clock.now()
        _tell(session, ids, branch, Happening("branch.closed", branch.closed_at, {"code": branch.code}, by=by))
    session.flush()
    return _view(session, branch)


def for_device(session: Session, company_id: str, branch_id: str) -> Branch:
    """Return a branch in which a device may stand; it stays as it is until this transaction has ended.

    Raises:
        Invalid: the company has no such branch, or it is closed.
    """
    branch = session.get(Branch, branch_id, with_for_update={"read": True})
    if branch is None or branch.company_id != company_id:
        message, code = "The company has no such branch.", "branch_unknown"
    elif branch.closed_at is not None:
        message, code = "This branch is closed.", "branch_closed"
    else:
        return branch
    fault = FieldError("/branch_id", code, message, "Use one of those that GET .../branches lists.")
    raise Invalid("The device cannot stand there.", errors=[fault])


def by_id(session: Session, branch_ids: Iterable[str | None]) -> Mapping[str, Branch]:
    """Return branches by their ids; nothing is asked where there is none."""
    wanted = {branch_id for branch_id in branch_ids if branch_id is not None}
    if not wanted:
        return {}
    return {branch.id: branch for branch in session.scalars(select(Branch).where(Branch.id.in_(wanted)))}


def _checked(wanted: Wanted) -> Wanted:
    code, name = wanted.code.strip(), wanted.name.strip()
    own_id = wanted.authority_id
    faults = []
    if not code or len(code) > MAX_CODE or not code.isprintable():
        message = f"A branch's code has 1 to {MAX_CODE} printable characters."
        faults.append(FieldError("/code", "bad_code", message, "Write your own short name of it, such as KLA-1."))
    if not name or len(name.encode()) > MAX_NAME or not name.isprintable():
        message = f"A branch's name has 1 to {MAX_NAME} printable characters (bytes of UTF-8)."
        faults.append(FieldError("/name", "bad_name", message, "Write it as registered with the authority."))
    if own_id is not None and not (own_id.isascii() and 0 < len(own_id) <= MAX_AUTHORITY_ID and _is_word(own_id)):
        message = f"The authority's id of a branch has 1 to {MAX_AUTHORITY_ID} letters, digits, dashes or underscores."
        faults.append(FieldError("/authority_id", "bad_authority_id", message, "Copy it, or leave it out."))
    if faults:
        raise Invalid("The branch cannot be kept so.", errors=faults)
    return Wanted(code, name, own_id)


def _is_word(text: str) -> bool:
    return text.replace("-", "").replace("_", "").isalnum()


def _require_free(session: Session, company_id: str, wanted: Wanted, *, but: str | None) -> None:
    own = select(Branch.id).where(Branch.company_id == company_id, Branch.id != (but or ""))
    if (taken := session.scalar(own.where(Branch.code == wanted.code))) is not None:
        raise Conflict("There is a branch with this code already.", code="branch_exists", about={"branch_id": taken})
    if wanted.authority_id is None:
        return
    if (taken := session.scalar(own.where(Branch.authority_id == wanted.authority_id))) is not None:
        message = "There is a branch with this id of the authority's already."
        raise Conflict(message, code="branch_exists", about={"branch_id": taken})


def _get(session: Session, company_id: str, branch_id: str, *, for_update: bool = False) -> Branch:
    branch = session.get(Branch, branch_id, with_for_update=for_update)
    if branch is None or branch.company_id != company_id:
        raise NotFound("There is no such branch.", code="branch_not_found")
    return branch


def _devices(session: Session, branch_ids: list[str]) -> dict[str, int]:
    counted = select(Device.branch_id, func.count()).where(Device.branch_id.in_(branch_ids)).group_by(Device.branch_id)
    return {branch_id: count for branch_id, count in session.execute(counted) if branch_id is not None}


def _told(branch: Branch) -> dict[str, object]:
    return {"code": branch.code, "name": branch.name, "authority_id": branch.authority_id}


def _tell(session: Session, ids: Ids, branch: Branch, happening: Happening) -> None:
    about = {"branch_id": branch.id, **happening.data}
    events.record(session, ids, branch.company_id, None, replace(happening, data=about))
    session.flush()


def _view(session: Session, branch: Branch) -> BranchView:
    return _with(branch, _devices(session, [branch.id]).get(branch.id, 0))


def _with(branch: Branch, devices: int) -> BranchView:
    return BranchView(
        id=BranchId(branch.id),
        code=branch.code,
        name=branch.name,
        authority_id=branch.authority_id,
        devices=devices,
        created_at=branch.created_at,
        closed_at=branch.closed_at,
    )

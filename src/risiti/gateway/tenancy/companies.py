"""Open and read a company."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.db.types import LARGEST_AMOUNT
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound
from risiti.gateway.kernel.ids import CompanyId, Ids
from risiti.gateway.kernel.secrets import Vault
from risiti.gateway.tenancy import custody
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.rounding import Rounding
from risiti.gateway.tenancy.tables import Company, Guard

MAX_NAME: Final = 256
MAX_EMAIL: Final = 50
"""Bytes of an e-mail address; the authority takes 6 to 50 (return code 1116)."""
MAX_PHONE: Final = 30
MAX_ADDRESS: Final = 500

TIN: Final = r"[0-9]{10}"
"""What a TIN is made of, as a regular expression; so are the next two."""
EMAIL: Final = r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+"
PHONE: Final = r"\+?[0-9][0-9 -]{5,28}"
_TIN: Final = re.compile(TIN, re.ASCII)
_EMAIL: Final = re.compile(EMAIL, re.ASCII)
_PHONE: Final = re.compile(PHONE, re.ASCII)


@dataclass(frozen=True, slots=True)
class NewCompany:
    """A taxpayer as its documents are to name it: as registered with the authority."""

    environment: Environment
    tin: str
    legal_name: str
    email: str
    business_name: str = ""
    """The name over the shop; empty if it is the legal name."""
    phone: str = ""
    address: str = ""
    auto_resend: bool = False
    """See `Company.auto_resend`."""
    vat_registered: bool = True
    """See `Company.vat_registered`."""
    rounding: Rounding = Rounding.PER_LINE
    """The rounding rule of documents that name none."""


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company as its owner sees it."""

    id: CompanyId
    environment: Environment
    tin: str
    legal_name: str
    business_name: str
    email: str
    phone: str
    address: str
    vat_registered: bool
    rounding: Rounding
    guard: Guard
    auto_resend: bool
    second_person_above: Decimal | None
    """See `Company.second_person_above`."""
    legal_hold_since: datetime | None
    """See `Company.legal_hold_since`."""
    created_at: datetime


def open_company(
    session: Session, vault: Vault, ids: Ids, clock: Clock, new: NewCompany, *, by: str | None = None
) -> CompanyView:
    """Open a company and give it its data key.

    Raises:
        Invalid: a TIN, name, e-mail or phone number that cannot be one; every fault is listed.
        Conflict: the environment has a company with this TIN already; its id is not told.
    """
    _check(new)
    taken = select(Company.id).where(Company.environment == new.environment, Company.tin == new.tin)
    if session.scalar(taken) is not None:
        raise Conflict(
            f"There is a company with this TIN in the {new.environment} environment already; use that one.",
            code="company_exists",
        )
    company = Company(
        id=ids.company(),
        environment=new.environment,
        tin=new.tin,
        legal_name=new.legal_name,
        business_name=new.business_name or new.legal_name,
        email=new.email,
        phone=new.phone,
        address=new.address,
        vat_registered=new.vat_registered,
        rounding=new.rounding,
        guard=Guard.UNPROVEN,
        auto_resend=new.auto_resend,
        created_at=clock.now(),
    )
    session.add(company)
    session.flush()
    custody.create_data_key(session, vault, company.id, company.created_at)
    about = {"environment": company.environment, "tin": company.tin, "auto_resend": company.auto_resend}
    events.record(session, ids, company.id, None, Happening("company.opened", company.created_at, about, by=by))
    session.flush()
    return _view(company)


def read(session: Session, company_id: str) -> CompanyView:
    """Return a company.

    Raises:
        NotFound: there is none of this id.
    """
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
    return _view(company)


def need_second_person(
    session: Session, ids: Ids, clock: Clock, company_id: str, above: Decimal | None, *, by: str | None = None
) -> CompanyView:
    """Set from which amount on (UGX) it takes two people to send a held document again; None: one is enough.

    Raises:
        NotFound: there is no such company.
        Invalid: a negative amount.
    """
    if above is not None and (above < 0 or above > LARGEST_AMOUNT or above != above.quantize(Decimal("0.01"))):
        message = "The amount is 0 or more, with at most two decimals."
        raise Invalid(message, errors=[FieldError("/second_person_above", "bad_amount", message, "Write 5000000.")])
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
    _set(session, ids, clock, company, {"second_person_above": above}, by=by)
    return _view(company)


def change(
    session: Session,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    vat_registered: bool | None,
    rounding: Rounding | None,
    by: str | None = None,
) -> CompanyView:
    """Change on which terms a company sells from now on; what is None stays.

    Raises:
        NotFound: there is none of this id.
    """
    read(session, company_id)
    company = session.get_one(Company, company_id)
    wanted: dict[str, object] = {"vat_registered": vat_registered, "rounding": rounding}
    _set(session, ids, clock, company, {name: value for name, value in wanted.items() if value is not None}, by=by)
    return _view(company)


def page(session: Session, *, limit: int, after: str | None = None) -> list[CompanyView]:
    """List companies, oldest first; `after` is the id of the last one seen."""
    query = select(Company).order_by(Company.id).limit(limit)
    if after is not None:
        query = query.where(Company.id > after)
    return [_view(company) for company in session.scalars(query)]


def _set(
    session: Session, ids: Ids, clock: Clock, company: Company, wanted: Mapping[str, object], *, by: str | None
) -> None:
    """Change a company, and tell in its journal what was changed from what; what is so already is no change."""
    present = {name: getattr(company, name) for name in wanted}
    changed = {name: {"from": present[name], "to": value} for name, value in wanted.items() if value != present[name]}
    for name in changed:
        setattr(company, name, wanted[name])
    if changed:
        events.record(session, ids, company.id, None, Happening("company.changed", clock.now(), changed, by=by))
    session.flush()


def _check(new: NewCompany) -> None:
    faults = []

    def demand(path: str, holds: bool, message: str, fix: str) -> None:  # noqa: FBT001 - the condition reads best here
        if not holds:
            faults.append(FieldError(path, f"bad_{path[1:]}", message, fix))

    demand("/tin", _TIN.fullmatch(new.tin) is not None, "A TIN has 10 digits.", "Copy it from the TIN certificate.")
    demand(
        "/legal_name",
        bool(new.legal_name.strip()) and _fits(new.legal_name, MAX_NAME),
        f"The legal name has 1 to {MAX_NAME} printable characters.",
        "Write it as registered with the authority.",
    )
    demand(
        "/business_name",
        _fits(new.business_name, MAX_NAME),
        f"The business name has at most {MAX_NAME} printable characters.",
        "Leave it out if it is the legal name.",
    )
    demand(
        "/email",
        _EMAIL.fullmatch(new.email) is not None and len(new.email.encode()) <= MAX_EMAIL,
        f"An e-mail address has the form name@example.com and at most {MAX_EMAIL} bytes.",
        "The authority demands one on every document.",
    )
    demand(
        "/phone",
        not new.phone or _PHONE.fullmatch(new.phone) is not None,
        f"A phone number has 6 to {MAX_PHONE - 1} digits, spaces or dashes, after an optional +.",
        "Write it like +256 700 000000, or leave it out.",
    )
    demand(
        "/address",
        _fits(new.address, MAX_ADDRESS),
        f"An address has at most {MAX_ADDRESS} printable characters, on one line.",
        "Separate its parts by commas.",
    )
    if faults:
        raise Invalid("The company cannot be opened.", errors=faults)


def _fits(text: str, length: int) -> bool:
    return len(text) <= length and text.isprintable()


def _view(company: Company) -> CompanyView:
    return CompanyView(
        id=CompanyId(company.id),
        environment=company.environment,
        tin=company.tin,
        legal_name=company.legal_name,
        business_name=company.business_name,
        email=company.email,
        phone=company.phone,
        address=company.address,
        vat_registered=company.vat_registered,
        rounding=company.rounding,
        guard=company.guard,
        auto_resend=company.auto_resend,
        second_person_above=company.second_person_above,
        legal_hold_since=company.legal_hold_since,
        created_at=company.created_at,
    )

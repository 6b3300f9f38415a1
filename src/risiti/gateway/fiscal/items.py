"""The item master: what a company sells, registered once under its own code; lines name it by that alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final

from pydantic import BeforeValidator
from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.session import CompanySession
from risiti.gateway.db.types import UtcDateTime
from risiti.gateway.fiscal import fields, strict_json
from risiti.gateway.fiscal.fields import MAX_ITEM_CODE_CHARACTERS
from risiti.gateway.fiscal.parties import Strict
from risiti.gateway.fiscal.payloads import ExciseDuty
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.validation.named_items import RETIRED
from risiti.gateway.fiscal.viewing import View
from risiti.gateway.fiscal.words import Tax
from risiti.gateway.kernel.errors import NotFound

CODE_PATTERN: Final = rf"^[A-Za-z0-9_.-]{{1,{MAX_ITEM_CODE_CHARACTERS}}}$"
"""A company's own code of an item: it stands in addresses."""


class Item(CompanyOwned, Base):
    """One item of a company."""

    __tablename__ = "items"

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    code: Mapped[str] = mapped_column(String(MAX_ITEM_CODE_CHARACTERS), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    """What it tells a line (JSON, as a line has it)."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NewItem(Strict):
    """An item as a company sells it; lines that name it get all of this."""

    name: fields.Name
    """What is printed; as registered with the authority."""
    goods_code: fields.ItemCode | None = None
    """The code under which it is registered with the authority; your own code if left out."""
    category: fields.CategoryCode
    """The authority's commodity category code, as in `"50131701"`."""
    unit: fields.UnitCode
    """The authority's code of the unit, as in `"101"`."""
    tax: Annotated[Tax, BeforeValidator(fields.Word(Tax))]
    """How VAT applies to it."""
    excise: ExciseDuty | None = None
    """Excise duty, if it carries any."""
    hs_code: fields.TariffCode | None = None
    """Customs tariff code, for exports."""
    hs_name: fields.TariffName | None = None
    """Its name."""


class ItemView(View):
    """An item of a company."""

    code: str
    """Yours; lines name it by that."""
    goods_code: str
    """The code under which it is registered with the authority."""
    name: str
    category: str
    unit: str
    tax: str
    excise: ExciseDuty | None = None
    hs_code: str | None = None
    hs_name: str | None = None
    created_at: datetime
    changed_at: datetime
    retired_at: datetime | None = None
    """Since when no new document may name it."""


def put(session: CompanySession, code: str, new: NewItem, *, now: datetime) -> tuple[ItemView, bool]:
    """Register an item, or replace it and take it back into use; return it, and whether it is new.

    Documents that were accepted before keep what they were accepted with.
    """
    row = session.get(Item, (session.company_id, code))
    is_new = row is None
    if row is None:
        row = Item(company_id=session.company_id, code=code, created_at=now)
        session.add(row)
    content = {"code": new.goods_code or code} | new.model_dump(mode="json", exclude={"goods_code"}, exclude_none=True)
    row.content = strict_json.write(content)
    row.changed_at, row.retired_at = now, None
    session.flush()
    return _view(row), is_new


def read(session: CompanySession, code: str) -> ItemView:
    """Return an item.

    Raises:
        NotFound: the company has none of this code.
    """
    return _view(_get(session, code))


def page(session: CompanySession, *, limit: int, after: str | None = None) -> Sequence[ItemView]:
    """List the company's items by code, retired ones too; `after` is the code of the last one seen."""
    found = select(Item).order_by(Item.code).limit(limit)
    if after is not None:
        found = found.where(Item.code > after)
    return [_view(row) for row in session.scalars(found)]


def retire(session: CompanySession, code: str, *, now: datetime) -> ItemView:
    """Take an item out of use; doing it again changes nothing. Repeats of accepted documents may still name it.

    Raises:
        NotFound: the company has none of this code.
    """
    row = _get(session, code)
    row.retired_at = row.retired_at or now
    return _view(row)


def told_by(session: CompanySession, codes: Iterable[str]) -> dict[str, JsonObject]:
    """Return what items tell the lines that name them; unknown ones are left out, retired ones marked."""
    wanted = sorted(set(codes))
    found: dict[str, JsonObject] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.scalars(select(Item).where(Item.code.in_(wanted[start : start + _AT_ONCE])))
        for row in rows:
            marked: JsonObject = {RETIRED: True} if row.retired_at is not None else {}
            found[row.code] = strict_json.parse_object(row.content.encode()) | marked
    return found


_AT_ONCE: Final = 500
"""Codes of one look-up: databases bound the parameters of a statement."""


def _get(session: CompanySession, code: str) -> Item:
    row = session.get(Item, (session.company_id, code))
    if row is None:
        raise NotFound("There is no such item.", code="item_not_found")
    return row


def _view(row: Item) -> ItemView:
    told = strict_json.parse_object(row.content.encode())
    excise = told.pop("excise", None)
    return ItemView.model_validate(
        {
            **told,
            "code": row.code,
            "goods_code": told["code"],
            "excise": None if excise is None else ExciseDuty.model_validate(excise),
            "created_at": row.created_at,
            "changed_at": row.changed_at,
            "retired_at": row.retired_at,
        }
    )

"""Fetches the authority's lists, one step a run, so that a task that is cut off goes on where it was."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import AsyncClient, HeldBack, NotReady, Unreachable
from risiti.efris.interfaces import (
    COMMODITY_CATEGORY_CHANGES,
    DICTIONARY,
    EXCHANGE_RATES,
    EXCISE_DUTIES,
    FIND_COMMODITY_CATEGORIES,
    FIND_GOODS,
    SIGN_IN,
)
from risiti.efris.models.base import NoContent
from risiti.efris.models.dictionaries import (
    CommodityCategory,
    CommodityCategoryChangesQuery,
    CommodityCategoryQuery,
    ExchangeRatesQuery,
    ExciseDuty,
)
from risiti.efris.models.goods import GoodsQuery, RegisteredGoods
from risiti.efris.models.paging import MAX_PAGE_SIZE, Page
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.catalogues.keeping import Part
from risiti.gateway.fiscal.catalogues.tables import CatalogueList
from risiti.gateway.fiscal.validation.known import Category, CategoryState, Duty, Goods
from risiti.gateway.jobs.queue import Again, Done, Job, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Device, DeviceState

LISTS, GOODS = "dictionaries.fetch", "dictionaries.goods"
ROUTINES: Final = (Routine(LISTS, every=21_600, spread=300), Routine(GOODS, every=21_600, spread=900))
FRESH_FOR: Final = timedelta(hours=20)
"""The lists are the same for all companies of an environment: who comes within this time finds them fetched."""
WAIT_FOR_CONNECTION: Final = 5.0
PAGES_MOST: Final = 2_000
_YES: Final = "101"
_PERCENT: Final = "101"
_STEPS: Final = (CatalogueList.UNITS, CatalogueList.RATES, CatalogueList.DUTIES, CatalogueList.CATEGORIES)

_Entries = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a task is."""

    step: CatalogueList
    page: int
    began: datetime

    def then(self, step: CatalogueList, page: int = 1) -> dict[str, object]:
        return {"step": step.value, "page": page, "began": self.began.isoformat()}


def fetching(engine: Engine) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler of both kinds: the authority's lists, and a company's goods."""

    async def run(job: Job) -> Result:
        now = engine.clock.now()
        found = await engine.database.read(partial(_whose, company_id=str(job.company_id)))
        if found is None:
            return Done()
        environment, devices = found
        first = CatalogueList.GOODS if job.kind == GOODS else _STEPS[0]
        place = _Place(
            CatalogueList(str(job.payload.get("step", first))),
            int(str(job.payload.get("page", 1))),
            datetime.fromisoformat(str(job.payload["began"])) if "began" in job.payload else now,
        )
        if job.kind == LISTS and place.began == now and await _is_fresh(engine, environment, now):
            return Done()
        client = _ready(engine, devices)
        if client is None:
            return Again(WAIT_FOR_CONNECTION)
        try:
            if place.step is CatalogueList.GOODS:
                return await _goods(client, str(job.company_id), place)
            return await _lists(engine, client, environment, place)
        except (HeldBack, NotReady, Unreachable):
            return Again(WAIT_FOR_CONNECTION)

    return run


async def _lists(engine: Engine, client: AsyncClient, environment: Environment, place: _Place) -> Result:
    match place.step:
        case CatalogueList.UNITS:
            lists = await client.call(DICTIONARY, NoContent())
            units = {one.value: one.name for one in lists.rate_unit if one.value}
            currencies = {one.name: one.value for one in lists.currency_type if one.name}
            parts = [
                Part(CatalogueList.UNITS, units, is_last=True),
                Part(CatalogueList.CURRENCIES, currencies, is_last=True),
            ]
        case CatalogueList.RATES:
            rates = await client.call(EXCHANGE_RATES, ExchangeRatesQuery())
            known = {one.currency: str(one.rate) for one in rates.rates if one.currency and one.rate is not None}
            parts = [Part(CatalogueList.RATES, known, is_last=True)]
        case CatalogueList.DUTIES:
            duties = await client.call(EXCISE_DUTIES, NoContent())
            names = await engine.database.read(partial(keeping.currency_names, environment=environment))
            parts = [Part(CatalogueList.DUTIES, _duties(duties.excise_duty_list, names), is_last=True)]
        case _:
            return await _categories(engine, client, environment, place)
    write = partial(keeping.keep_lists, environment=environment, parts=parts, began=place.began)
    following = _STEPS[_STEPS.index(place.step) + 1]
    return Again(0.0, write, place.then(following))


async def _categories(engine: Engine, client: AsyncClient, environment: Environment, place: _Place) -> Result:
    """Fetch every page the first time, and only what has changed since our version later."""
    version = (await client.call(SIGN_IN, NoContent())).commodity_category_version
    ours = await engine.database.read(partial(keeping.version, owner=environment.value, which=CatalogueList.CATEGORIES))
    if ours and place.page == 1:
        rows: Sequence[CommodityCategory] = ()
        if ours != version:
            query = CommodityCategoryChangesQuery(commodity_category_version=ours)
            rows = (await client.call(COMMODITY_CATEGORY_CHANGES, query)).categories
        part = Part(CatalogueList.CATEGORIES, _named(rows), is_last=True, is_whole=False, version=version)
    else:
        answer = await client.call(
            FIND_COMMODITY_CATEGORIES, CommodityCategoryQuery(page_no=place.page, page_size=MAX_PAGE_SIZE)
        )
        is_last = _is_last(answer.page, place.page)
        part = Part(CatalogueList.CATEGORIES, _named(answer.records), is_last=is_last, version=version)
    write = partial(keeping.keep_lists, environment=environment, parts=[part], began=place.began)
    if part.is_last:
        return Done(write, payload={})
    return Again(0.0, write, place.then(CatalogueList.CATEGORIES, place.page + 1))


async def _goods(client: AsyncClient, company_id: str, place: _Place) -> Result:
    answer = await client.call(FIND_GOODS, GoodsQuery(page_no=place.page, page_size=MAX_PAGE_SIZE))
    entries = {one.goods_code: _written(Goods, _registered(one)) for one in answer.records}
    part = Part(CatalogueList.GOODS, entries, is_last=_is_last(answer.page, place.page))
    write = partial(keeping.keep_goods, company_id=company_id, part=part, began=place.began)
    if part.is_last:
        return Done(write, payload={})
    return Again(0.0, write, place.then(CatalogueList.GOODS, place.page + 1))


def _is_last(page: Page, number: int) -> bool:
    return number >= min(int(page.page_count or 0), PAGES_MOST)


def _named(rows: Iterable[CommodityCategory]) -> _Entries:
    return {
        row.commodity_category_code: _written(Category, _category(row)) for row in rows if row.commodity_category_code
    }


def _category(row: CommodityCategory) -> Category:
    is_zero, is_exempt = row.is_zero_rate == _YES, row.is_exempt == _YES
    begins = row.zero_rate_start_date if is_zero else row.exempt_rate_start_date if is_exempt else None
    ends = row.zero_rate_end_date if is_zero else row.exempt_rate_end_date if is_exempt else None
    return Category(
        code=row.commodity_category_code,
        name=row.commodity_category_name,
        is_leaf=row.is_leaf_node == _YES,
        state=CategoryState.DISABLED if row.enable_status_code == "0" else CategoryState.ENABLED,
        is_service=row.service_mark == _YES,
        is_exempt=is_exempt,
        is_zero_rated=is_zero,
        relief_begins=_day(begins),
        relief_ends=_day(ends),
    )


def _duties(rows: Iterable[ExciseDuty], currency_names: Mapping[str, str]) -> _Entries:
    found = {}
    for row in rows:
        rated = [(one, one.rate) for one in row.excise_duty_details_list if one.rate is not None]
        duty = Duty(
            code=row.excise_duty_code,
            name=row.good_service,
            is_leaf=row.is_leaf_node == "1",
            begins=_day(row.effective_date),
            percents=frozenset(rate for one, rate in rated if one.type == _PERCENT),
            amounts=frozenset(
                (rate, currency_names.get(one.currency, one.currency)) for one, rate in rated if one.type != _PERCENT
            ),
        )
        if duty.code:
            found[duty.code] = _written(Duty, duty)
    return found


def _registered(row: RegisteredGoods) -> Goods:
    piece = (row.piece_measure_unit,) if row.have_piece_unit == _YES and row.piece_measure_unit else ()
    return Goods(
        code=row.goods_code,
        name=row.goods_name,
        category=row.commodity_category_code,
        units=(row.measure_unit, *piece),
        duty=row.excise_duty_code or None,
    )


def _written(shape: type[object], value: object) -> str:
    return TypeAdapter(shape).dump_json(value).decode()


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


async def _is_fresh(engine: Engine, environment: Environment, now: datetime) -> bool:
    fetched = await engine.database.read(
        partial(keeping.fetched_at, owner=environment.value, which=CatalogueList.CATEGORIES)
    )
    return fetched is not None and now - fetched < FRESH_FOR


def _whose(session: Session, company_id: str) -> tuple[Environment, list[str]] | None:
    company = session.get(Company, company_id)
    active = select(Device.id).where(Device.company_id == company_id, Device.state == DeviceState.ACTIVE)
    devices = list(session.scalars(active.order_by(Device.id)))
    return None if company is None or not devices else (company.environment, devices)


def _ready(engine: Engine, devices: Sequence[str]) -> AsyncClient | None:
    for device_id in devices:
        if (client := engine.connections.ready_to_ask(device_id)) is not None:
            return client
        engine.connections.want(device_id, lambda: None)
    return None

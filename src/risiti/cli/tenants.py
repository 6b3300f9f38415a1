"""What `risiti company`, `device` and `key` do; each function returns what is printed."""

import dataclasses
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final, Protocol, TypeVar

from sqlalchemy.orm import Session

from risiti.cli.console import CommandError, Exit
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.events import OPERATOR
from risiti.gateway.kernel.errors import GatewayError
from risiti.gateway.migrations.refusal import UpgradeRefused
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import Runtime, open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import api_keys, companies, devices
from risiti.gateway.tenancy.access import Scope
from risiti.gateway.tenancy.api_keys import Terms
from risiti.gateway.tenancy.custody import KeyEncryptionKeyError
from risiti.gateway.tenancy.environment import Environment

Result = dict[str, object]

PAGE: Final = 100
LISTED: Final = 10_000
"""The most rows that a list prints."""


async def open_company(settings: Settings, *, environment: str, **fields: str | bool) -> Result:
    """Open a company and issue its first API key."""

    def unit(session: Session) -> Result:
        new = companies.NewCompany(environment=Environment(environment), **fields)  # type: ignore[arg-type]  # by name
        opened = companies.open_company(session, runtime.vault, runtime.ids, runtime.clock, new, by=OPERATOR)
        issued = api_keys.issue(
            session, runtime.ids, runtime.clock, opened.id, scopes=[Scope.ADMIN], label="first key", by=OPERATOR
        )
        return {**plain(opened), "api_key_id": issued.id, "key": issued.key.reveal()}

    async with opened_runtime(settings) as runtime:
        return await runtime.database.write(unit)


async def list_companies(settings: Settings) -> list[Result]:
    """List all companies."""
    async with opened_runtime(settings) as runtime:
        return await _all(lambda after: runtime.database.read(partial(companies.page, limit=PAGE, after=after)))


async def need_second_person(settings: Settings, company_id: str, above: str | None) -> Result:
    """Set from which amount on two people must decide.

    Raises:
        CommandError: the amount is none.
    """
    try:
        amount = None if above is None else Decimal(above)
    except InvalidOperation:
        raise CommandError(f"{above!r} is no amount; write 5000000.", Exit.USAGE) from None
    if amount is not None and not amount.is_finite():
        raise CommandError(f"{above!r} is no amount; write 5000000.", Exit.USAGE)
    async with opened_runtime(settings) as runtime:
        return plain(
            await runtime.database.write(
                lambda session: companies.need_second_person(
                    session, runtime.ids, runtime.clock, company_id, amount, by=OPERATOR
                )
            )
        )


async def add_device(
    settings: Settings, company_id: str, *, device_no: str, key_file: bytes, password: str | None
) -> Result:
    """Register a device."""
    async with opened_runtime(settings) as runtime:
        added = await devices.add(
            runtime.database,
            runtime.vault,
            runtime.ids,
            runtime.clock,
            company_id,
            device_no=device_no,
            key_file=key_file,
            password=password,
            by=OPERATOR,
        )
        return plain(added)


async def add_held_device(settings: Settings, company_id: str, *, device_no: str, name: str) -> Result:
    """Register a device whose key the external signer keeps."""
    async with opened_runtime(settings) as runtime:
        added = await devices.add_held(
            runtime.database,
            runtime.vault,
            runtime.ids,
            runtime.clock,
            company_id,
            device_no=device_no,
            name=name,
            signer=runtime.signer,
            by=OPERATOR,
        )
        return plain(added)


async def change_to_held_key(settings: Settings, company_id: str, *, device_id: str, name: str) -> Result:
    """Replace a device's key by one that the external signer keeps."""
    async with opened_runtime(settings) as runtime:
        changed = await devices.change_to_held(
            runtime.database,
            runtime.vault,
            runtime.ids,
            runtime.clock,
            company_id,
            device_id=device_id,
            name=name,
            signer=runtime.signer,
            by=OPERATOR,
        )
        return plain(changed)


async def change_device_key(
    settings: Settings, company_id: str, *, device_id: str, key_file: bytes, password: str | None
) -> Result:
    """Replace a device's private key."""
    async with opened_runtime(settings) as runtime:
        changed = await devices.change_key(
            runtime.database,
            runtime.vault,
            runtime.ids,
            runtime.clock,
            company_id,
            device_id=device_id,
            key_file=key_file,
            password=password,
            by=OPERATOR,
        )
        return plain(changed)


async def list_devices(settings: Settings, company_id: str) -> list[Result]:
    """List a company's devices."""
    return await _list_of(settings, company_id, devices.page)


async def issue_key(
    settings: Settings,
    company_id: str,
    *,
    scopes: Sequence[str],
    label: str,
    days: int | None = None,
    device_id: str | None = None,
    addresses: Sequence[str] = (),
    per_minute: int | None = None,
) -> Result:
    """Issue an API key.

    Raises:
        CommandError: a scope that there is not.
    """
    unknown = sorted(set(scopes) - set(Scope))
    if unknown:
        raise CommandError(f"there is no scope {unknown[0]!r}; choose of: {', '.join(Scope)}.", Exit.USAGE)
    async with opened_runtime(settings) as runtime:
        issued = await runtime.database.write_as(
            company_id,
            lambda session: api_keys.issue(
                session,
                runtime.ids,
                runtime.clock,
                company_id,
                scopes=map(Scope, scopes),
                label=label,
                terms=Terms(
                    None if days is None else runtime.clock.now() + timedelta(days=days),
                    device_id,
                    tuple(addresses),
                    per_minute,
                ),
                by=OPERATOR,
            ),
        )
        return {**plain(issued.view), "key": issued.key.reveal()}


async def rotate_key(settings: Settings, company_id: str, key_id: str, *, overlap_hours: int) -> Result:
    """Exchange an API key for a new one."""
    async with opened_runtime(settings) as runtime:
        issued = await runtime.database.write_as(
            company_id,
            lambda session: api_keys.rotate(
                session,
                runtime.ids,
                runtime.clock,
                company_id,
                key_id,
                overlap=timedelta(hours=overlap_hours),
                by=OPERATOR,
            ),
        )
        return {**plain(issued.view), "key": issued.key.reveal()}


async def revoke_key(settings: Settings, company_id: str, key_id: str) -> Result:
    """End an API key."""
    async with opened_runtime(settings) as runtime:
        revoked = await runtime.database.write_as(
            company_id,
            lambda session: api_keys.revoke(session, runtime.ids, runtime.clock, company_id, key_id, by=OPERATOR),
        )
        return plain(revoked)


async def list_keys(settings: Settings, company_id: str) -> list[Result]:
    """List a company's API keys."""
    return await _list_of(settings, company_id, api_keys.page)


@asynccontextmanager
async def opened_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Bring the database up to date and open the runtime; what a person can mend becomes a sentence."""
    try:
        database = open_database(settings)
        try:
            await upgrade(database)
        finally:
            await database.close()
        async with open_runtime(settings) as runtime:
            if runtime.kek_made is not None:
                sys.stderr.write(
                    f"risiti: made the key-encryption key {runtime.kek_made}; back it up apart from the database: "
                    "without it the stored private keys are lost.\n"
                )
            yield runtime
    except (GatewayError, KeyEncryptionKeyError, UpgradeRefused, DatabaseUnavailable) as error:
        raise CommandError(str(error)) from None


class _View(Protocol):
    @property
    def id(self) -> str: ...


V = TypeVar("V", bound=_View)
V_co = TypeVar("V_co", bound=_View, covariant=True)


class _Page(Protocol[V_co]):
    def __call__(self, session: Session, company_id: str, *, limit: int, after: str | None) -> Sequence[V_co]: ...


async def _list_of(settings: Settings, company_id: str, page: _Page[V]) -> list[Result]:
    async with opened_runtime(settings) as runtime:
        database = runtime.database
        await database.read_as(company_id, partial(companies.read, company_id=company_id))
        return await _all(
            lambda after: database.read_as(
                company_id, lambda session: page(session, company_id, limit=PAGE, after=after)
            )
        )


async def _all(page: Callable[[str | None], Awaitable[Sequence[V]]]) -> list[Result]:
    views: list[V] = []
    while len(views) < LISTED and (found := await page(views[-1].id if views else None)):
        views += found
    return [plain(view) for view in views]


def plain(view: object) -> Result:
    """Turn a view into what JSON can carry."""
    if not dataclasses.is_dataclass(view):
        raise TypeError("only views are printed")
    return {field.name: _value(getattr(view, field.name)) for field in dataclasses.fields(view)}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value

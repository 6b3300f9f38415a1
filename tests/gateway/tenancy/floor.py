"""What tests of companies, devices and keys stand on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from risiti.gateway.db.database import Database
from risiti.gateway.kernel.ids import CompanyId, Ids
from risiti.gateway.kernel.secrets import Vault
from risiti.gateway.tenancy import api_keys, devices
from risiti.gateway.tenancy.access import Scope
from risiti.gateway.tenancy.companies import NewCompany
from risiti.gateway.tenancy.environment import Environment
from tests.clock import ManualClock


@dataclass(frozen=True)
class Floor:
    database: Database
    clock: ManualClock
    ids: Ids
    vault: Vault
    mango: CompanyId
    papaya: CompanyId

    async def issue(
        self, company_id: str, scopes: Iterable[Scope] = (Scope.INVOICES_WRITE,), label: str = "till 1"
    ) -> api_keys.IssuedKey:
        return await self.database.write_as(
            company_id,
            lambda session: api_keys.issue(session, self.ids, self.clock, company_id, scopes=scopes, label=label),
        )

    async def register(
        self, company_id: str, key: RSAPrivateKey, device_no: str = "1000000000_01"
    ) -> devices.DeviceView:
        return await self.database.write_as(
            company_id,
            lambda session: devices.register(
                session, self.vault, self.ids, self.clock, company_id, device_no=device_no, key=key
            ),
        )


_MANGO = NewCompany(
    environment=Environment.TEST,
    tin="1000000000",
    legal_name="Mango Street Grocers (fictitious)",
    email="books@mango-street.example",
)


def a_company(**changes: object) -> NewCompany:
    return replace(_MANGO, **changes)  # type: ignore[arg-type]  # fields by name

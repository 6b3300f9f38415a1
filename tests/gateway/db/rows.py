"""Companies and devices as bare rows, for tests of the database itself."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Device, DeviceState

MANGO, PAPAYA = "com_mango", "com_papaya"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_company(company_id: str, tin: str) -> Company:
    return Company(
        id=company_id,
        environment=Environment.TEST,
        tin=tin,
        legal_name=f"{company_id} (fictitious)",
        business_name=company_id,
        email="books@example.com",
        phone="",
        address="",
        created_at=NOW,
    )


def a_device(company_id: str | None, number: int) -> Device:
    return Device(
        id=f"dev_{company_id}_{number}",
        company_id=company_id,
        device_no=f"{number}",
        state=DeviceState.ACTIVE,
        key_sealed=b"sealed",
        key_fingerprint="00",
        created_at=NOW,
    )


async def two_companies(database: Database) -> None:
    """Two companies: one with two devices, one with three."""

    def work(session: Session) -> None:
        session.add_all([a_company(MANGO, "1000000000"), a_company(PAPAYA, "1000000077")])
        session.flush()
        session.add_all([a_device(MANGO, number) for number in (1, 2)])
        session.add_all([a_device(PAPAYA, number) for number in (1, 2, 3)])

    await database.write(work)

"""Sessions: one that sees everything, and one that sees a single company in every read and write."""

from collections.abc import Callable
from typing import Literal, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from risiti.gateway.db.base import CompanyOwned
from risiti.gateway.db.failures import ensure_db_rollback, safe_commit

T = TypeVar("T")
S = TypeVar("S", bound=Session)

_COMPANY = "company_id"


def _joining(bind: Connection) -> Literal["create_savepoint", "rollback_only"]:
    """On SQLite units of work share a transaction, so each needs a savepoint; on PostgreSQL each has its own."""
    return "create_savepoint" if bind.dialect.name == "sqlite" else "rollback_only"


class CrossCompanyError(RuntimeError):
    """A unit of work bound to one company went, or could have gone, beyond it: always a bug of ours."""


class SystemSession(Session):
    """Sees all rows of all companies: for the engine, for sign-in and for operators' commands."""

    def __init__(self, bind: Connection) -> None:
        super().__init__(bind=bind, join_transaction_mode=_joining(bind), expire_on_commit=False)


class CompanySession(Session):
    """Sees one company's rows only: in selects, counts, joins, bulk updates and deletes, and on flush.

    Statements that it cannot hold to the company are refused: raw text, Core tables, bulk inserts.
    """

    def __init__(self, bind: Connection, company_id: str) -> None:
        super().__init__(bind=bind, join_transaction_mode=_joining(bind), expire_on_commit=False)
        self.info[_COMPANY] = company_id

    @property
    def company_id(self) -> str:
        """The company whose rows this session sees."""
        return str(self.info[_COMPANY])


@event.listens_for(CompanySession, "do_orm_execute")
def _see_one_company(state: ORMExecuteState) -> None:
    if state.is_insert or not state.is_orm_statement:
        message = "a company's unit of work ran a statement that does not go through the mapped classes"
        raise CrossCompanyError(message)
    company_id = state.session.info[_COMPANY]
    state.statement = state.statement.options(
        with_loader_criteria(CompanyOwned, lambda table: table.company_id == company_id, include_aliases=True)
    )


@event.listens_for(CompanySession, "before_flush")
def _write_one_company(session: Session, context: UOWTransaction, instances: object) -> None:  # noqa: ARG001
    company_id = session.info[_COMPANY]
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, CompanyOwned):
            continue
        if row.company_id is None:
            row.company_id = company_id
        if row.company_id != company_id:
            message = f"a unit of work of {company_id} touched a row of another company in {type(row).__name__}"
            raise CrossCompanyError(message)


def in_system(work: Callable[[SystemSession], T]) -> Callable[[Connection], T]:
    """Turn a unit of work over all companies into one over a connection that is in a transaction."""
    return lambda connection: _run(SystemSession(connection), work)


def in_company(company_id: str, work: Callable[[CompanySession], T]) -> Callable[[Connection], T]:
    """Turn a unit of work that sees one company into one over a connection that is in a transaction."""
    return lambda connection: _run(CompanySession(connection, company_id), work)


def _run(session: S, work: Callable[[S], T]) -> T:
    with ensure_db_rollback(session):
        result = work(session)
        safe_commit(session)
        return result

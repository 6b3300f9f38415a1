"""What becomes of a unit of work that fails: it is rolled back, its connection goes back, and the log says who asked.

Four helpers, and every unit of both databases goes through them: there is no other way to a transaction. What a line
says besides the error (request id, company, route) is what the request or task has bound to its context; parameters and
rows are never in it.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import ParamSpec, TypeVar

import structlog
from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import GatewayError

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger(__name__)


def with_db_error_handling(
    method: Callable[P, Coroutine[object, object, T]],
) -> Callable[P, Coroutine[object, object, T]]:
    """Have a coroutine that runs a unit of work (its last argument) tell the log when that fails."""

    @wraps(method)
    async def handled(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except Exception as error:
            tell_failure(error, args[-1])
            raise

    return handled


def with_db_error_handling_sync(function: Callable[P, T]) -> Callable[P, T]:
    """Have a plain function that runs a unit of work (its last argument) tell the log when that fails."""

    @wraps(function)
    def handled(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            tell_failure(error, args[-1])
            raise

    return handled


@contextmanager
def ensure_db_rollback(session: Session) -> Iterator[None]:
    """Leave nothing of a session behind: rolled back if the block fails, closed in any case.

    The failure of the block is what the caller gets, even if rolling back fails, too; such a connection is thrown away.
    """
    try:
        yield
    except BaseException:
        _roll_back(session)
        raise
    finally:
        session.close()


def safe_commit(session: Session) -> None:
    """Commit; if that fails roll back, so that the connection can be used again, and raise what went wrong."""
    try:
        session.commit()
    except BaseException:
        _roll_back(session)
        raise


def _roll_back(session: Session) -> None:
    try:
        session.rollback()
    except Exception as error:  # noqa: BLE001 - the first failure is the one that explains this one
        _log.warning("database.rollback_failed", error=type(error).__name__)
        session.invalidate()


def tell_failure(error: Exception, work: object) -> None:
    """Write to the log that a unit of work failed; that it refused a caller is no failure."""
    tell = _log.debug if isinstance(error, GatewayError) else _log.warning
    cause = error.__cause__
    tell(
        "database.unit_rolled_back",
        unit=_name_of(work),
        error=type(error).__name__,
        cause=None if cause is None else type(cause).__name__,
    )


def _name_of(work: object) -> str:
    while isinstance(work, partial):
        work = work.func
    return f"{getattr(work, '__module__', '')}.{getattr(work, '__qualname__', type(work).__name__)}"

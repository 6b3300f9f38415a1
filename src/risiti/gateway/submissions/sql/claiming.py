"""Claiming: out of the line, under a lease and a fence, with the attempt written ahead; one statement on PostgreSQL."""

from collections.abc import Mapping, Sequence

from risiti.gateway.db.raw import Statements, is_postgresql
from risiti.gateway.submissions.lanes import Turn
from risiti.gateway.submissions.sql import claiming_postgresql, claiming_sqlite
from risiti.gateway.submissions.sql.claims import Asked, Taken, TakenAtOnce
from risiti.gateway.submissions.sql.look import DueDevice


def fits_one_statement(turns: Sequence[Turn], devices: Mapping[str, DueDevice], batches: Mapping[str, int]) -> bool:
    """Tell whether `take_at_once` can take these turns.

    Every lane is there, all devices keep their order or none does, and no documents share a message.
    """
    served = [devices[device_id] for turn in turns for device_id in turn.devices]
    is_alike = len({one.in_order for one in served}) == 1 and all(one.has_lane for one in served)
    return is_alike and all(batches[one.id] == 1 for one in served)


def take_at_once(session: Statements, asked: Asked) -> TakenAtOnce:
    """Do what `take` does in one statement, which needs no transaction around it; for what `fits_one_statement`.

    What such a statement counts is as old as its beginning, not as the lock. So it takes of a company only if nobody
    has claimed of it in between: every claim makes the lane's count of turns larger.
    """
    if not is_postgresql(session):  # there a transaction has the file for itself from its beginning
        return TakenAtOnce(take(session, asked), ())
    return claiming_postgresql.take_at_once(session, asked)


def take(session: Statements, asked: Asked) -> list[Taken]:
    """Move documents from WAITING to SENDING, each with its attempt; nobody else can have them.

    A company's lane is locked first, so that what its cap and its order allow is counted while nobody changes it. On
    PostgreSQL lanes and documents that somebody else is working on are passed over, not waited for.
    """
    if is_postgresql(session):
        return claiming_postgresql.take(session, asked)
    return claiming_sqlite.take(session, asked)

"""Claiming: out of the line, under a lease and a fence, with the attempt written ahead; one statement on PostgreSQL."""

from risiti.gateway.db.raw import Statements, is_postgresql
from risiti.gateway.submissions.sql import claiming_postgresql, claiming_sqlite
from risiti.gateway.submissions.sql.claims import Asked, Taken, TakenAtOnce


def take_at_once(session: Statements, asked: Asked) -> TakenAtOnce:
    """Do what `take` does in one statement, which needs no transaction around it; for a plan that fits one.

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

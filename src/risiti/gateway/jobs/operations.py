"""What an operator may do with background tasks: have a dead one tried again."""

from datetime import datetime

from sqlalchemy.orm import Session

from risiti.gateway.jobs import overview, queue
from risiti.gateway.jobs.overview import TaskView
from risiti.gateway.kernel.errors import Conflict, NotFound


def retry(session: Session, now: datetime, task_id: str) -> TaskView:
    """Begin a dead task anew.

    Raises:
        NotFound: there is no such task.
        Conflict: it is not dead, or a newer one does its work (`not_dead`).
    """
    found = overview.read(session, task_id)
    if found is None:
        raise NotFound("There is no such task.")
    if not queue.revive(session, now, task_id):
        message = "Only a dead task can be tried again, and only while no newer one does the same."
        raise Conflict(message, code="not_dead", about={"task_id": task_id, "state": found.state})
    session.flush()
    return overview.read(session, task_id) or found

"""The states of a background task."""

from enum import StrEnum


class TaskState(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    RUNNING = "running"
    """A runner holds its lease; when that runs out, another runner begins it again."""
    DONE = "done"
    DEAD = "dead"
    """Failed as often as it may: an operator has to look."""

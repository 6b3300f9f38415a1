"""Signals between processes: there is work, a document has moved. Only hints: the tables are the truth, and polled."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

Heard = Callable[[str], None]


class Channel(StrEnum):
    """What a signal is about."""

    WORK = "risiti_work"
    """Something was accepted, or is due."""
    MOVED = "risiti_moved"
    """Documents have changed their state; the words are their ids."""


class Signals(Protocol):
    """How processes that share a database wake each other."""

    def say(self, channel: Channel, word: str = "") -> None:
        """Tell all processes soon, this one included."""
        ...

    def hear(self, channel: Channel, heard: Heard) -> None:
        """Have `heard` called with each word; also with "" when some may have been missed."""
        ...


class NoSignals:
    """Where processes find each other's changes by polling alone: SQLite."""

    def say(self, channel: Channel, word: str = "") -> None:
        """Tell nobody."""

    def hear(self, channel: Channel, heard: Heard) -> None:
        """Hear nothing."""

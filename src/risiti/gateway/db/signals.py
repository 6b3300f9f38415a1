"""Signals between processes: there is work, a document has moved. Only hints: the tables are the truth, and polled."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

Heard = Callable[[str], None]


class Channel(StrEnum):
    """What a signal is about."""

    WORK = "risiti_work"
    """Something was accepted, or is due; the words, where there are any, are ids of devices."""
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

    def is_quiet(self, channel: Channel) -> bool:
        """Tell whether a transaction may say a word by itself: this process has said nothing there for a while."""
        ...

    def was_said(self, channel: Channel, word: str = "") -> None:
        """Note that a transaction has said it: when it is said again for the same reason, that is left out."""
        ...


class NoSignals:
    """Where processes find each other's changes by polling alone: SQLite."""

    def say(self, channel: Channel, word: str = "") -> None:
        """Tell nobody."""

    def hear(self, channel: Channel, heard: Heard) -> None:
        """Hear nothing."""

    def is_quiet(self, channel: Channel) -> bool:  # noqa: ARG002 - see `Signals`
        """Say nothing within transactions either."""
        return False

    def was_said(self, channel: Channel, word: str = "") -> None:
        """Note nothing."""

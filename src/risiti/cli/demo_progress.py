"""The demo's progress: two bars on a terminal, plain lines elsewhere."""

import asyncio
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

LINES: Final = 4
"""How many lines a count gets where there is no terminal."""


class Progress:
    """Shows how many invoices are posted and settled, and lets others wait for a count. Use as a context manager."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._settled = asyncio.Condition()
        self._highest = 0
        self._over = False
        self._said: dict[str, int] = {}
        columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Bars(*columns, console=console) if console.is_terminal else None
        self._tasks = {name: self._bars.add_task(name, total=total) for name in _NAMES} if self._bars else {}

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def posted(self, count: int) -> None:
        """Show how many invoices have had an answer."""
        self._show("posted", count)

    async def settled(self, count: int) -> None:
        """Show how many documents are in a final state, and tell those who wait for a count."""
        self._show("settled", count)
        async with self._settled:
            self._highest = max(self._highest, count)
            self._settled.notify_all()

    async def over(self) -> None:
        """Say that nothing more is to come: nobody waits for a count any longer."""
        async with self._settled:
            self._over = True
            self._settled.notify_all()

    async def reached(self, count: int) -> None:
        """Wait until that many documents are settled, or nothing more is to come."""
        async with self._settled:
            await self._settled.wait_for(lambda: self._over or self._highest >= count)

    def say(self, text: str) -> None:
        """Print one line."""
        self._console.print(text, style="yellow")

    def _show(self, name: str, count: int) -> None:
        if self._bars:
            self._bars.update(self._tasks[name], completed=count)
            return
        step = max(1, self._total // LINES)
        if count // step > self._said.get(name, 0):
            self._said[name] = count // step
            self._console.print(f"{name} {count} of {self._total}", highlight=False)


_NAMES = ("posted", "settled")

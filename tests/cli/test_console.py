"""How a command ends: what `run` makes of errors, groups of errors and interruptions."""

import asyncio
import os
import signal

import pytest

from risiti.cli.console import CommandError, Exit, run


def test_the_result_is_returned() -> None:
    async def work() -> int:
        return 7

    assert run(work()) == 7


def test_an_error_for_people_comes_out_of_a_group_of_tasks() -> None:
    async def fail() -> None:
        raise CommandError("the port is taken; choose another one.")

    async def work() -> None:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(fail())

    with pytest.raises(CommandError, match="choose another one"):
        run(work())


def test_a_group_without_an_error_for_people_stays_a_group() -> None:
    async def fail() -> None:
        raise ValueError

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())

    with pytest.raises(ExceptionGroup):
        run(work())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_cleans_up_and_ends_with_130(number: signal.Signals) -> None:
    cleaned = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            cleaned.append("up")

    with pytest.raises(CommandError) as ended:
        run(work())
    assert ended.value.code is Exit.INTERRUPTED
    assert cleaned == ["up"]

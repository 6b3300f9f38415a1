"""Processes that share PostgreSQL wake each other, agree on the time, and lose nothing when a signal is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from risiti.gateway.db.clock import DatabaseClock
from risiti.gateway.db.postgres_signals import QUIET_SECONDS, PostgresSignals
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.signals import Channel
from risiti.gateway.kernel.clock import SystemClock
from tests.clock import ManualClock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _running(url: str) -> AsyncIterator[tuple[PostgresSignals, "asyncio.Queue[str]"]]:
    """One process's signals, with what it hears of documents; it listens when this yields."""
    signals, heard = PostgresSignals(url, SystemClock()), asyncio.Queue[str]()
    signals.hear(Channel.MOVED, heard.put_nowait)
    task = asyncio.create_task(signals.run())
    try:
        await _soon(heard.get)  # the "" that says: something may have been missed until now
        yield signals, heard
    finally:
        task.cancel()


async def test_what_one_process_says_the_other_hears(empty_postgres_url: str) -> None:
    async with _running(empty_postgres_url) as (one, _), _running(empty_postgres_url) as (_, heard):
        one.say(Channel.MOVED, "doc_1")
        one.say(Channel.MOVED, "doc_2")
        assert {await _soon(heard.get), await _soon(heard.get)} == {"doc_1", "doc_2"}


async def test_more_words_than_one_notify_can_carry_all_arrive(empty_postgres_url: str) -> None:
    async with _running(empty_postgres_url) as (one, _), _running(empty_postgres_url) as (_, heard):
        words = {f"doc_{number:026d}" for number in range(1_000)}
        for word in words:
            one.say(Channel.MOVED, word)
        assert {await _soon(heard.get) for _ in words} == words


async def test_what_a_transaction_has_said_is_not_said_again_for_the_same_reason(empty_postgres_url: str) -> None:
    async with _running(empty_postgres_url) as (one, _), _running(empty_postgres_url) as (_, heard):
        assert one.is_quiet(Channel.MOVED)
        one.was_said(Channel.MOVED, "doc_1")
        assert not one.is_quiet(Channel.MOVED)
        for word in ("doc_1", "doc_2", "doc_1"):
            one.say(Channel.MOVED, word)
        assert {await _soon(heard.get), await _soon(heard.get)} == {"doc_1", "doc_2"}
        assert heard.empty()


async def test_a_word_that_was_said_long_ago_is_said_again() -> None:
    clock = ManualClock()
    signals = PostgresSignals("postgresql://nobody@127.0.0.1:1/nothing", clock)
    signals.was_said(Channel.WORK)
    assert signals.is_quiet(Channel.MOVED)
    clock.advance(QUIET_SECONDS)
    assert signals.is_quiet(Channel.WORK)
    signals.say(Channel.WORK)  # not left out: nobody came for the word then
    assert not signals.is_quiet(Channel.WORK)


async def test_a_broken_connection_is_opened_again_and_everybody_is_told_to_look(empty_postgres_url: str) -> None:
    async with _running(empty_postgres_url) as (one, heard):
        other = await asyncpg.connect(empty_postgres_url)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await other.close()
        assert await _soon(heard.get) == ""
        one.say(Channel.MOVED, "doc_1")
        assert await _soon(heard.get) == "doc_1"


async def test_machines_whose_clocks_are_hours_apart_agree_on_the_time(empty_postgres_url: str) -> None:
    database = PostgresDatabase(empty_postgres_url, 2)
    try:
        clocks = [DatabaseClock(ManualClock(datetime.now(UTC) + timedelta(hours=off))) for off in (-3, 5)]
        for clock in clocks:
            await clock.measure(database)
        early, late = (clock.now() for clock in clocks)
        assert abs(late - early) < timedelta(minutes=1)
    finally:
        await database.close()


async def test_a_wall_clock_that_is_set_moves_no_lease(empty_postgres_url: str) -> None:
    database = PostgresDatabase(empty_postgres_url, 2)
    try:
        machine = ManualClock()
        clock = DatabaseClock(machine)
        await clock.measure(database)
        before = clock.now()
        machine.step_wall(-3_600)
        assert clock.now() == before
        machine.advance(10)
        assert clock.now() == before + timedelta(seconds=10)
    finally:
        await database.close()


async def _soon(get: Callable[[], Awaitable[str]]) -> str:
    async with asyncio.timeout(30):
        return await get()

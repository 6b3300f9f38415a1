"""A database that is older than what was sent: nothing is lost that is handed in again, and nothing is doubled."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection, text

from risiti.gateway.fiscal.invoices import Accepted
from risiti.gateway.migrations import guards
from risiti.gateway.submissions.recovery import open_epoch
from risiti.simulator.faults import Fault
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

TABLES = ("idempotency_keys", "events", "evidence", "attempts", "revisions", "documents", "lanes")
Backup = dict[str, list[dict[str, object]]]


def read_all(connection: Connection) -> Backup:
    """Return what the database holds of documents, as a backup does."""
    return {
        table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]  # noqa: S608 - our own names
        for table in TABLES
    }


def put_back(connection: Connection, backup: Backup) -> None:
    """Make the database what a backup holds; whoever restores one asks no guard."""
    guards.lift(connection)
    for table in TABLES:
        connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - as above
    for table in reversed(TABLES):
        for row in backup[table]:
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"), row)  # noqa: S608 - as above
    guards.apply(connection)


async def recover(world: World) -> None:
    await world.runtime.database.write(partial(open_epoch, now=world.clock.now(), reason="restored a backup"))


async def start_anew(world: World) -> None:
    """Start the worker as a new process does: it looks at the shared rows before anything else."""
    await world.crash()
    world.runtime.engine.connections.upstreams._looked_at = float("-inf")


async def test_after_a_backup_is_restored_nothing_is_lost_and_nothing_is_doubled(world: World) -> None:
    await restored(world)


async def test_nor_is_anything_doubled_where_the_authority_refuses_no_repeated_reference(
    unproven_world: World,
) -> None:
    authority = unproven_world.authority
    authority.settings = replace(authority.settings, duplicate_check="off")
    await restored(unproven_world)


async def hand_in(world: World, reference: str) -> Accepted:
    """Hand a sale in with its time, as a seller does who may have to do it again."""
    return await world.post(reference, issued_at="2026-03-02T11:00:00+03:00")


async def restored(world: World) -> None:
    """Restore a backup while the authority keeps the newer books, and compare them with ours at the end."""
    await hand_in(world, "BEFORE-1")  # fiscalised before the backup
    await world.work(30)
    await hand_in(world, "BEFORE-2")  # in the backup it waits; then it is fiscalised
    await hand_in(world, "BEFORE-3")  # the same, and its answer is lost as well
    backup = await world.runtime.database.administer(read_all)
    await world.work(30)
    await hand_in(world, "AFTER-1")  # not in the backup; fiscalised
    await world.work(30)
    await hand_in(world, "AFTER-2")  # not in the backup; never sent
    before = {reference: world.numbers(reference) for reference in ("BEFORE-1", "BEFORE-2", "BEFORE-3", "AFTER-1")}

    await world.runtime.database.administer(partial(put_back, backup=backup))
    await recover(world)
    await start_anew(world)
    for reference in ("AFTER-1", "AFTER-2"):  # their seller hands them in again
        await hand_in(world, reference)
    await hand_in(world, "NEW-1")
    await world.work(4_000, step=100)

    for reference in ("BEFORE-1", "BEFORE-2", "BEFORE-3", "AFTER-1", "AFTER-2", "NEW-1"):
        numbers = world.numbers(reference)
        assert len(numbers) == 1, reference
        assert before.get(reference, numbers) == numbers
        accepted = await hand_in(world, reference)
        assert (accepted.replayed, accepted.invoice.state, accepted.invoice.fdn) == (True, "fiscalised", numbers[0])


async def test_what_was_never_sent_waits_until_nothing_forgotten_can_be_on_its_way(world: World) -> None:
    accepted = await world.post("WAITS-1")
    await recover(world)
    await start_anew(world)
    timing = world.runtime.engine.timing
    await world.work(timing.quiet + timing.query_lag - 60, step=100)
    assert (await world.look(accepted.invoice.id)).state == "in_doubt"
    assert world.numbers("WAITS-1") == []
    await world.work(300, step=30)
    assert (await world.look(accepted.invoice.id)).state == "fiscalised"
    assert len(world.numbers("WAITS-1")) == 1


async def test_a_doubt_from_before_is_not_settled_by_the_age_of_an_attempt_that_is_older_than_the_recovery(
    world: World,
) -> None:
    world.break_authority(Fault("drop_before", "T109", times=1), Fault("drop_before", "T106"))
    accepted = await world.post("DOUBT-1")
    await world.work(4_000, step=200)
    world.break_authority()
    await recover(world)
    await start_anew(world)
    await world.work(600, step=100)
    assert (await world.look(accepted.invoice.id)).state != "fiscalised" or len(world.numbers("DOUBT-1")) == 1
    assert len(await world.attempts(accepted.invoice.id)) == 1
    await world.work(4_000, step=100)
    assert (await world.look(accepted.invoice.id)).state == "fiscalised"
    assert len(world.numbers("DOUBT-1")) == 1


async def test_when_the_time_of_the_recovery_is_over_new_documents_are_sent_at_once(world: World) -> None:
    await recover(world)
    await start_anew(world)
    await world.work(4 * 3_600 + 60, step=600)
    accepted = await world.post("LATER-1")
    await world.work(5)
    assert (await world.look(accepted.invoice.id)).state == "fiscalised"

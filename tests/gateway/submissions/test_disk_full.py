"""The disk under the database is full: nothing is taken on, nothing leaves, nothing is in doubt; then it goes on."""

import pytest
from sqlalchemy import Connection, text

from risiti.gateway.db.database import DatabaseUnavailable
from tests.gateway.submissions.world import World, open_world

pytestmark = pytest.mark.anyio

TABLES = ("documents", "attempts")


def fill_disk(connection: Connection) -> None:
    """Have PostgreSQL answer every new row as it does when no page can be added to a file."""
    connection.execute(
        text(
            "CREATE FUNCTION no_space_left() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
    )
    for table in TABLES:
        connection.execute(
            text(f"CREATE TRIGGER no_space_left BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_space_left()")
        )


def free_disk(connection: Connection) -> None:
    connection.execute(text("DROP FUNCTION no_space_left() CASCADE"))


async def test_while_the_disk_is_full_workers_stop_before_they_send_and_then_everything_is_sent(
    postgres_url: str,
) -> None:
    async with open_world(postgres_url) as world:
        await world.post("INV-1")
        await world.work()
        waiting = (await world.post("INV-2")).invoice.id
        await world.runtime.database.administer(fill_disk)

        with pytest.raises(DatabaseUnavailable):
            await world.post("INV-3")
        for _ in range(5):
            await _turn_in_vain(world)
        assert world.authority.calls()["T109"] == 1
        assert ((await world.look(waiting)).state, await world.attempts(waiting)) == ("waiting", [])

        await world.runtime.database.administer(free_disk)
        later = (await world.post("INV-3")).invoice.id
        await world.work(60)
        for one, reference in ((waiting, "INV-2"), (later, "INV-3")):
            invoice = await world.look(one)
            assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers(reference))
            assert await world.history(one) == ["invoice.accepted", "invoice.fiscalised"]


async def _turn_in_vain(world: World) -> None:
    with pytest.raises(DatabaseUnavailable):
        await world.turn()
    world.clock.advance(30)

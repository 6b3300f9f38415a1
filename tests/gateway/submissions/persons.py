"""What people do in tests: decide about held documents, lose documents; and a runner that does the background tasks."""

from functools import partial

from sqlalchemy import delete
from sqlalchemy.orm import Session

from risiti.gateway.events import Event
from risiti.gateway.jobs.runner import Runner
from risiti.gateway.submissions import case, decisions
from risiti.gateway.submissions.case import Case, DecisionView
from risiti.gateway.submissions.choices import Action
from risiti.gateway.submissions.decisions import Person, Wish
from risiti.gateway.submissions.tables import Attempt, Decision, Document, Evidence, Revision
from tests.gateway.db.disaster import strike
from tests.gateway.submissions.world import World

ANNA = Person("Anna Accountant", "key_anna")
OKELLO = Person("Okello Owner", "key_okello")


async def decide(
    world: World,
    document_id: str,
    action: Action,
    *,
    person: Person = ANNA,
    fdn: str | None = None,
    accept_differences: str | None = None,
) -> DecisionView:
    """Have a person decide about a held document."""
    wish = Wish(action, "looked for it on the portal", fdn, accept_differences)
    desk = world.runtime.desk()

    def work(session: Session) -> DecisionView:
        return case.view(decisions.decide(session, desk, document_id, wish, person))

    return await world.runtime.database.write_as(world.company_id, work)


async def look_at(world: World, document_id: str) -> Case:
    """Return everything that is known of a document."""
    return await world.runtime.database.read_as(world.company_id, partial(case.case, document_id=document_id))


async def do_tasks(world: World, runner: Runner | None = None, *, minutes: int = 1) -> None:
    """Do the background tasks that come due in that time."""
    runner = runner or world.runtime.runner()
    for _ in range(minutes * 4):
        while await runner.turn():
            await runner.idle()
        await world.runtime.engine.connections.opened()
        world.clock.advance(15)


async def forget(world: World, document_id: str) -> None:
    """Lose a document of ours, as a restore of an old backup does."""

    def work(session: Session) -> None:
        for table in (Attempt, Evidence, Event, Decision, Revision):
            session.execute(delete(table).where(table.document_id == document_id))
        session.execute(delete(Document).where(Document.id == document_id))

    await strike(world.runtime.database, work)

"""Old sign-ins and links are forgotten by a task; what still counts stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from risiti.gateway.jobs.queue import Again, Done, Job
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.people import forgetting
from risiti.gateway.tenancy import sign_ins
from risiti.gateway.tenancy.user_tables import OneTimeToken, SignIn
from tests.gateway.api.door import open_door
from tests.gateway.api.persons import someone, tokens_of, with_password

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()

JOB = Job("tsk_x", forgetting.FORGET, None, {}, 1, 1, 3_600)


async def test_what_counts_no_more_is_forgotten_and_the_rest_stays(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "PURGED_AT_ONCE", 2)
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as door:
        runtime = door.runtime
        assert any(routine.kind == forgetting.FORGET for routine in runtime.routines)
        person = await with_password(door, "old")
        for _ in range(3):
            await tokens_of(door, person.email)
        door.clock.advance((sign_ins.KNOWN_FOR - timedelta(days=1)).total_seconds())
        await someone(door, "invited")
        await tokens_of(door, person.email)
        forget = runtime.handlers[forgetting.FORGET]
        assert isinstance(await forget(JOB), Done)

        door.clock.advance(timedelta(days=1, seconds=1).total_seconds())
        results = [await forget(JOB)]
        while isinstance(results[-1], Again):
            results.append(await forget(JOB))
        assert len(results) > 1
        kept = await runtime.database.read(lambda session: session.scalars(select(SignIn)).all())
        assert [row.began_at > door.clock.now() - sign_ins.KNOWN_FOR for row in kept] == [True]
        links = await runtime.database.read(lambda session: session.scalars(select(OneTimeToken)).all())
        assert [row.until > door.clock.now() - sign_ins.KNOWN_FOR for row in links] == [True] * len(links)
        assert len(links) >= 1

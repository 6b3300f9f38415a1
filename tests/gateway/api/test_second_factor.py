"""Second factors: codes of an app and recovery codes, each good once, and who must have one."""

from functools import partial
from pathlib import Path

import pytest

from risiti.gateway.db.session import SystemSession
from risiti.gateway.tenancy import second_factors, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.user_tables import RecoveryCode, SecondFactor
from tests.gateway.api.door import Door, open_door
from tests.gateway.api.persons import (
    PASSWORD,
    Protected,
    code_at,
    first_step,
    get,
    login,
    post,
    second_step,
    tokens_of,
    with_password,
    with_second_factor,
)

pytestmark = pytest.mark.anyio


async def test_with_a_second_factor_the_password_alone_signs_nobody_in(door: Door) -> None:
    person = await with_second_factor(door, "two-steps", Role.OWNER)
    answer = await login(door, person.email)
    assert answer.status == 202
    step = await answer.json()
    assert set(step) == {"token", "expires_in"}
    assert await get(door, "/api/auth/me", step["token"]) == 401
    tokens = await second_step(door, step["token"], code_at(person.secret, door.clock.now()))
    assert tokens.status == 200
    assert await get(door, "/api/auth/me", (await tokens.json())["access_token"]) == 200


@pytest.mark.parametrize(("seconds", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
async def test_a_phone_may_be_one_step_fast_or_slow(door: Door, seconds: int, is_right: bool) -> None:  # noqa: FBT001
    person = await with_second_factor(door, f"clock{seconds}")
    door.clock.advance(120)
    token = await first_step(door, person.email)
    shown = code_at(person.secret, door.clock.now().fromtimestamp(door.clock.now().timestamp() + seconds).astimezone())
    assert (await second_step(door, token, shown)).status == (200 if is_right else 422)


async def test_a_code_is_good_once_and_no_earlier_one_after_it(door: Door) -> None:
    person = await with_second_factor(door, "reuse")
    door.clock.advance(60)
    now = door.clock.now()
    earlier = code_at(person.secret, now.fromtimestamp(now.timestamp() - 30).astimezone())
    assert (await second_step(door, await first_step(door, person.email), code_at(person.secret, now))).status == 200
    again = await first_step(door, person.email)
    assert (await second_step(door, again, code_at(person.secret, now))).status == 422
    assert (await second_step(door, again, earlier)).status == 422
    door.clock.advance(30)
    assert (await second_step(door, again, code_at(person.secret, door.clock.now()))).status == 200


async def test_a_recovery_code_stands_in_once_however_it_is_typed(door: Door) -> None:
    person = await with_second_factor(door, "lost-phone")
    assert len(set(person.codes)) == second_factors.RECOVERY_CODES
    typed = person.codes[0].replace("-", " ").upper()
    assert (await second_step(door, await first_step(door, person.email), typed)).status == 200
    assert (await second_step(door, await first_step(door, person.email), person.codes[0])).status == 422
    assert (await second_step(door, await first_step(door, person.email), person.codes[1])).status == 200


async def test_the_recovery_codes_of_another_person_do_not_hold(door: Door) -> None:
    mine, other = await with_second_factor(door, "mine"), await with_second_factor(door, "other")
    assert (await second_step(door, await first_step(door, mine.email), other.codes[0])).status == 422


async def test_the_first_step_holds_for_five_minutes_and_for_one_sign_in(door: Door) -> None:
    person = await with_second_factor(door, "slow")
    token = await first_step(door, person.email)
    assert (await second_step(door, token, person.codes[0])).status == 200
    assert (await second_step(door, token, person.codes[1])).status == 401
    late = await first_step(door, person.email)
    door.clock.advance(users.SECOND_STEP_WITHIN.total_seconds())
    assert (await second_step(door, late, person.codes[1])).status == 401


async def test_who_guesses_codes_has_to_wait_longer_and_longer_and_the_right_code_holds_after_it(door: Door) -> None:
    person = await with_second_factor(door, "guessed-codes")
    token = await first_step(door, person.email)
    for _ in range(second_factors.FREE_TRIES):
        assert (await second_step(door, token, "000000")).status == 422
    pauses = []
    for _ in range(7):
        refused = await second_step(door, token, code_at(person.secret, door.clock.now()))
        assert refused.status == 429
        pauses.append(int(refused.headers["Retry-After"]))
        door.clock.advance(pauses[-1])
        token = await first_step(door, person.email)
        assert (await second_step(door, token, "000000")).status == 422
    longest = int(second_factors.LONGEST_PAUSE.total_seconds())
    assert pauses == sorted(pauses)
    assert longest <= pauses[-1] <= longest + 1
    door.clock.advance(pauses[-1])
    token = await first_step(door, person.email)
    assert (await second_step(door, token, code_at(person.secret, door.clock.now()))).status == 200


async def test_what_was_not_confirmed_is_not_asked_for(door: Door) -> None:
    person = await with_password(door, "unconfirmed")
    access = (await tokens_of(door, person.email))["access_token"]
    first = await (await post(door, "/second-factor", {"password": PASSWORD}, access)).json()
    second = await (await post(door, "/second-factor", {"password": PASSWORD}, access)).json()
    wrong = await post(door, "/second-factor/confirm", {"code": code_at(first["secret"], door.clock.now())}, access)
    assert wrong.status == 422
    assert (await login(door, person.email)).status == 200
    assert f"secret={second['secret']}" in second["uri"]
    right = await post(door, "/second-factor/confirm", {"code": code_at(second["secret"], door.clock.now())}, access)
    assert right.status == 200
    assert (await login(door, person.email)).status == 202


async def test_beginning_and_removing_it_need_the_password(door: Door) -> None:
    person = await with_second_factor(door, "needs-password")
    assert (await post(door, "/second-factor", {"password": "wrong"}, person.access)).status == 401
    assert (await post(door, "/second-factor", {"password": PASSWORD}, person.access)).status == 409
    right = {"password": PASSWORD, "code": code_at(person.secret, door.clock.now())}
    assert (await post(door, "/second-factor/remove", {**right, "password": "wrong"}, person.access)).status == 401
    assert (await post(door, "/second-factor/remove", {**right, "code": "000000"}, person.access)).status == 422
    assert (await post(door, "/second-factor/remove", right, person.access)).status == 204
    assert (await login(door, person.email)).status == 200


async def test_a_new_second_factor_ends_the_sign_ins_that_were_made_without_it(door: Door) -> None:
    person = await with_password(door, "before")
    before = (await tokens_of(door, person.email))["access_token"]
    access = (await tokens_of(door, person.email))["access_token"]
    secret = (await (await post(door, "/second-factor", {"password": PASSWORD}, access)).json())["secret"]
    await post(door, "/second-factor/confirm", {"code": code_at(secret, door.clock.now())}, access)
    assert await get(door, "/api/auth/me", before) == 401
    assert await get(door, "/api/auth/me", access) == 200


async def test_new_recovery_codes_replace_the_old_ones(door: Door) -> None:
    person = await with_second_factor(door, "renewed")
    body = {"password": PASSWORD, "code": code_at(person.secret, door.clock.now())}
    renewed = await post(door, "/second-factor/recovery-codes", body, person.access)
    new = (await renewed.json())["recovery_codes"]
    assert (await second_step(door, await first_step(door, person.email), person.codes[0])).status == 422
    assert (await second_step(door, await first_step(door, person.email), new[0])).status == 200


async def test_where_it_is_required_owners_and_operators_can_do_nothing_without_it(tmp_path: Path) -> None:
    async with open_door(tmp_path, require_second_factor=True) as door:
        invoices = door.firm.path("/invoices")
        owner = await with_password(door, "owner", Role.OWNER)
        access = (await tokens_of(door, owner.email))["access_token"]
        refused = await door.ask_bare("GET", invoices, headers={"Authorization": f"Bearer {access}"})
        assert (refused.status, (await refused.json())["code"]) == (403, "second_factor_required")
        operator = await with_password(door, "operator", operator=True)
        assert await get(door, "/api/tasks", (await tokens_of(door, operator.email))["access_token"]) == 403
        viewer = await with_password(door, "viewer", Role.VIEWER)
        assert await get(door, invoices, (await tokens_of(door, viewer.email))["access_token"]) == 200
        secret = (await (await post(door, "/second-factor", {"password": PASSWORD}, access)).json())["secret"]
        await post(door, "/second-factor/confirm", {"code": code_at(secret, door.clock.now())}, access)
        assert await get(door, invoices, access) == 200
        protected = await with_second_factor(door, "operator-2", operator=True)
        assert await get(door, "/api/tasks", protected.access) == 200


async def test_neither_secret_nor_recovery_codes_are_kept_in_clear(door: Door) -> None:
    person = await with_second_factor(door, "sealed")
    kept = await door.runtime.database.read(partial(_kept, person=person))
    for secret in (person.secret, *person.codes, *(code.replace("-", "") for code in person.codes)):
        assert secret not in kept


def _kept(session: SystemSession, person: Protected) -> str:
    row = session.get_one(SecondFactor, person.user_id)
    codes = session.query(RecoveryCode).filter(RecoveryCode.user_id == person.user_id).all()
    assert len(codes) == second_factors.RECOVERY_CODES
    return repr((row.secret_sealed, row.data_key, [code.code_hash for code in codes]))

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from risiti.gateway.kernel.errors import Invalid, NotFound, Unauthenticated
from risiti.gateway.tenancy import api_keys
from risiti.gateway.tenancy.access import Caller, Scope
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import ApiKey
from tests.gateway.tenancy.floor import Floor, a_company
from tests.gateway.tenancy.test_companies import opened

pytestmark = pytest.mark.anyio

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


async def presented(floor: Floor, key: str) -> Caller:
    return await api_keys.sign_in(floor.database, key, floor.clock.now())


async def test_a_key_tells_who_calls(floor: Floor) -> None:
    issued = await floor.issue(floor.mango, [Scope.INVOICES_READ, Scope.INVOICES_WRITE])
    caller = await presented(floor, issued.key.reveal())
    assert caller.company_id == floor.mango
    assert caller.api_key_id == issued.id
    assert caller.environment is Environment.TEST
    assert caller.scopes == {Scope.INVOICES_READ, Scope.INVOICES_WRITE}


async def test_a_key_says_for_which_environment_it_is(floor: Floor) -> None:
    live = await opened(floor, a_company(environment=Environment.LIVE))
    assert (await floor.issue(live.id)).key.reveal().startswith("rst_live_")
    assert (await floor.issue(floor.mango)).key.reveal().startswith("rst_test_")


async def test_a_test_key_that_is_relabelled_live_does_not_hold(floor: Floor) -> None:
    key = (await floor.issue(floor.mango)).key.reveal().replace("rst_test_", "rst_live_")
    with pytest.raises(Unauthenticated):
        await presented(floor, key)


async def test_the_key_itself_is_stored_nowhere(floor: Floor) -> None:
    issued = await floor.issue(floor.mango)
    row = await floor.database.read(lambda session: session.scalars(select(ApiKey)).one())
    secret = issued.key.reveal().rpartition("_")[2]
    stored = " ".join(str(getattr(row, column.key)) for column in ApiKey.__table__.columns)
    assert secret not in stored
    assert secret not in repr(issued)
    assert issued.view.prefix == issued.key.reveal().rpartition("_")[0]


async def test_everything_that_does_not_hold_gets_the_same_answer(floor: Floor) -> None:
    issued = await floor.issue(floor.mango)
    revoked = await floor.issue(floor.mango)
    await floor.database.write(
        lambda session: api_keys.revoke(session, floor.ids, floor.clock, floor.mango, revoked.id)
    )
    right, other = issued.key.reveal(), (await floor.issue(floor.papaya)).key.reveal()
    mixed = other[: len("rst_test_xxxxxxxx")] + right[len("rst_test_xxxxxxxx") : -6]
    unknown = "rst_test_00000000_" + "0" * 30
    answers = set()
    for wrong in (
        "",
        "garbage",
        right[:-1],
        right + "0",
        mixed + api_keys._check_of(mixed),
        unknown + api_keys._check_of(unknown),
        revoked.key.reveal(),
        f"{right}\n",
        f" {right}",
    ):
        with pytest.raises(Unauthenticated) as error:
            await presented(floor, wrong)
        answers.add((error.value.status, error.value.code, str(error.value)))
    assert len(answers) == 1


@given(position=st.integers(min_value=0), character=st.sampled_from(CHARACTERS))
def test_a_mistyped_key_is_recognised_without_the_database(position: int, character: str) -> None:
    unchecked = "rst_test_3fK9aB2c_" + "q7" * 15
    key = unchecked + api_keys._check_of(unchecked)
    place = position % len(key)
    mistyped = key[:place] + character + key[place + 1 :]
    assert api_keys.well_formed(key)
    assert api_keys.well_formed(mistyped) is (mistyped == key)


@given(text=st.text(max_size=100))
def test_no_other_text_is_well_formed(text: str) -> None:
    assert not api_keys.well_formed(text)


async def test_keys_are_all_different_and_use_every_character(floor: Floor) -> None:
    keys = [(await floor.issue(floor.mango)).key.reveal() for _ in range(60)]
    assert len(set(keys)) == 60
    assert set("".join(key[18:-6] for key in keys)) == set(CHARACTERS)
    assert all(api_keys.well_formed(key) for key in keys)


async def test_a_revoked_key_ends_at_once_and_stays_on_the_list(floor: Floor) -> None:
    issued = await floor.issue(floor.mango)
    await presented(floor, issued.key.reveal())
    view = await floor.database.write_as(
        floor.mango, lambda session: api_keys.revoke(session, floor.ids, floor.clock, floor.mango, issued.id)
    )
    assert view.revoked_at == floor.clock.now()
    with pytest.raises(Unauthenticated):
        await presented(floor, issued.key.reveal())
    listed = await floor.database.read_as(floor.mango, lambda session: api_keys.page(session, floor.mango, limit=9))
    assert [row.revoked_at for row in listed] == [view.revoked_at]


async def test_revoking_twice_keeps_the_first_time(floor: Floor) -> None:
    issued = await floor.issue(floor.mango)
    first = await floor.database.write(
        lambda session: api_keys.revoke(session, floor.ids, floor.clock, floor.mango, issued.id).revoked_at
    )
    floor.clock.advance(60)
    assert first == await floor.database.write(
        lambda session: api_keys.revoke(session, floor.ids, floor.clock, floor.mango, issued.id).revoked_at
    )


async def test_another_companys_key_can_neither_be_seen_nor_revoked(floor: Floor) -> None:
    issued = await floor.issue(floor.papaya)
    with pytest.raises(NotFound):
        await floor.database.write_as(
            floor.mango, lambda session: api_keys.revoke(session, floor.ids, floor.clock, floor.mango, issued.id)
        )
    assert await floor.database.read_as(floor.mango, lambda s: api_keys.page(s, floor.mango, limit=9)) == []
    assert (await presented(floor, issued.key.reveal())).company_id == floor.papaya


async def test_the_last_use_is_kept_to_a_minute(floor: Floor) -> None:
    issued = await floor.issue(floor.mango)
    start = floor.clock.now()

    async def last_used() -> object:
        await presented(floor, issued.key.reveal())
        return (await floor.database.read(lambda session: session.get_one(ApiKey, issued.id))).last_used_at

    assert await last_used() == start
    floor.clock.advance(59)
    assert await last_used() == start
    floor.clock.advance(1)
    assert await last_used() == start + timedelta(seconds=60)


async def test_an_older_use_does_not_overwrite_a_newer_one(floor: Floor) -> None:
    issued = await floor.issue(floor.mango)
    now = floor.clock.now()
    await floor.database.write(lambda session: api_keys.note_use(session, issued.id, now))
    await floor.database.write(lambda session: api_keys.note_use(session, issued.id, now - timedelta(minutes=5)))
    assert (await floor.database.read(lambda session: session.get_one(ApiKey, issued.id))).last_used_at == now


@pytest.mark.parametrize(
    ("scopes", "label", "path"),
    [
        ([], "till 1", "/scopes"),
        ([Scope.ADMIN], "", "/label"),
        ([Scope.ADMIN], "  ", "/label"),
        ([Scope.ADMIN], "x" * 101, "/label"),
        ([Scope.ADMIN], "two\nlines", "/label"),
    ],
)
async def test_a_key_needs_a_scope_and_a_label(floor: Floor, scopes: list[Scope], label: str, path: str) -> None:
    with pytest.raises(Invalid) as error:
        await floor.issue(floor.mango, scopes, label)
    assert [fault.path for fault in error.value.errors] == [path]


async def test_a_label_of_a_hundred_characters_is_taken(floor: Floor) -> None:
    assert (await floor.issue(floor.mango, [Scope.ADMIN], "x" * 100)).view.label == "x" * 100


async def test_no_key_is_issued_for_a_company_that_is_not_there(floor: Floor) -> None:
    with pytest.raises(NotFound):
        await floor.issue("com_nobody")

"""A password is forgotten and an address confirmed: by links that come by mail, sent by a task, good for one use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from risiti.gateway.api.rate_limits import LETTERS, LETTERS_SECONDS
from risiti.gateway.jobs.states import TaskState
from risiti.gateway.jobs.tables import Task
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.people.mailing import MOST_ATTEMPTS, SEND
from risiti.gateway.tenancy import accounts, users
from risiti.gateway.tenancy.access import Role
from tests.gateway.api.door import Door, open_door
from tests.gateway.api.persons import OTHER_PASSWORD, PASSWORD, get, login, post, someone, tokens_of, with_password
from tests.gateway.people.mailbox import MailBox, mailbox, send_mail, settings_of

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()


@asynccontextmanager
async def open_post(folder: Path, **settings: Any) -> AsyncIterator[tuple[Door, MailBox]]:  # noqa: ANN401 - any setting
    async with mailbox() as box, open_door(folder, **{**settings_of(box), **settings}) as door:
        yield door, box


async def forgot(door: Door, email: str) -> int:
    return (await post(door, "/forgot-password", {"email": email})).status


async def tasks_of(door: Door) -> list[Task]:
    found = await door.runtime.database.read(
        lambda session: session.scalars(select(Task).where(Task.kind == SEND).order_by(Task.id)).all()
    )
    return list(found)


async def test_who_forgot_the_password_chooses_another_by_a_link_and_all_sign_ins_end(
    database_url: str, tmp_path: Path
) -> None:
    async with open_post(tmp_path, database_url=database_url, risiti_kek=KEK) as (door, box):
        person = await with_password(door, "forgetful", Role.OWNER)
        await send_mail(door.runtime)  # of the first password
        box.letters.clear()
        access = (await tokens_of(door, person.email))["access_token"]
        assert await forgot(door, person.email.upper()) == 202
        assert box.letters == []  # no request waits for a mail server
        await send_mail(door.runtime)
        (letter,) = box.letters
        assert letter["To"] == person.email
        assert f"https://risiti.invalid/account/password#{box.token()}" in letter.get_content()
        assert await get(door, "/api/auth/me", access) == 200

        link = {"token": box.token(), "password": OTHER_PASSWORD}
        assert (await post(door, "/set-password", link)).status == 204
        assert await get(door, "/api/auth/me", access) == 401
        assert (await login(door, person.email, PASSWORD)).status == 401
        assert (await login(door, person.email, OTHER_PASSWORD)).status == 200
        assert (await post(door, "/set-password", link)).status == 401
        await send_mail(door.runtime)
        assert any("was changed" in str(told["Subject"]) for told in box.letters[1:])


async def test_an_unknown_address_a_disabled_person_and_a_known_one_get_the_same_answer_and_the_same_work(
    tmp_path: Path,
) -> None:
    async with open_post(tmp_path) as (door, box):
        known, disabled = await someone(door, "known", Role.OWNER), await someone(door, "disabled", Role.OWNER)
        await door.runtime.database.write(
            partial(accounts.disable, ids=door.runtime.ids, clock=door.clock, user_id=disabled.user_id, by="operator")
        )
        answers = []
        for email in (known.email, "nobody@shop.invalid", disabled.email):
            answer = await post(door, "/forgot-password", {"email": email})
            answers.append((answer.status, await answer.read(), len(await tasks_of(door))))
        assert answers == [(202, answers[0][1], number) for number in (1, 2, 3)]
        await send_mail(door.runtime)
        assert [letter["To"] for letter in box.letters] == [known.email]
        assert [task.state for task in await tasks_of(door)] == [TaskState.DONE] * 3


async def test_a_link_holds_for_half_an_hour_and_until_the_next_one(tmp_path: Path) -> None:
    async with open_post(tmp_path) as (door, box):
        person = await someone(door, "late", Role.OWNER)
        for _ in range(2):
            await forgot(door, person.email)
            await send_mail(door.runtime)
        first, second = box.token(0), box.token(1)
        assert (await post(door, "/set-password", {"token": first, "password": PASSWORD})).status == 401
        door.clock.advance(users.RESET_PASSWORD_WITHIN.total_seconds())
        assert (await post(door, "/set-password", {"token": second, "password": PASSWORD})).status == 401


async def test_a_letter_that_could_not_be_sent_is_tried_again_and_at_last_left_to_an_operator(tmp_path: Path) -> None:
    async with open_post(tmp_path) as (door, box):
        person = await someone(door, "patient", Role.OWNER)
        await forgot(door, person.email)
        box.data_answers = ["451 try again"]
        await send_mail(door.runtime)
        (task,) = await tasks_of(door)
        assert (box.letters, task.state, task.attempts) == ([], TaskState.WAITING, 1)
        assert task.last_error is not None
        assert "451" in task.last_error
        assert task.due_at is not None
        assert task.due_at > door.clock.now()
        door.clock.advance(door.runtime.task_timing.retry_most)
        await send_mail(door.runtime)
        assert len(box.letters) == 1
        assert (await post(door, "/set-password", {"token": box.token(), "password": PASSWORD})).status == 204

        await send_mail(door.runtime)
        await forgot(door, person.email)
        box.data_answers = ["451 try again"] * MOST_ATTEMPTS
        for _ in range(MOST_ATTEMPTS):
            await send_mail(door.runtime)
            door.clock.advance(door.runtime.task_timing.retry_most)
        assert [task.state for task in await tasks_of(door)].count(TaskState.DEAD) == 1


async def test_an_address_that_the_mail_server_refuses_is_not_tried_again(tmp_path: Path) -> None:
    async with open_post(tmp_path) as (door, box):
        person = await someone(door, "gone", Role.OWNER)
        await forgot(door, person.email)
        box.recipient_answers = ["550 no such user"]
        await send_mail(door.runtime)
        assert [task.state for task in await tasks_of(door)] == [TaskState.DONE]
        assert box.letters == []


@pytest.mark.parametrize("email", ["patient@shop.invalid", "nobody@shop.invalid"])
async def test_one_address_gets_few_letters_whether_anybody_has_it_or_not(tmp_path: Path, email: str) -> None:
    async with open_post(tmp_path, rate_limit_enabled=True) as (door, _):
        await someone(door, "patient", Role.OWNER)
        assert [await forgot(door, email) for _ in range(LETTERS + 1)] == [202] * LETTERS + [429]
        assert await forgot(door, email.upper()) == 429
        assert await forgot(door, "another@shop.invalid") == 202
        door.clock.advance(LETTERS_SECONDS + 1)
        assert await forgot(door, email) == 202
        assert users.RESET_PASSWORD_WITHIN.total_seconds() > LETTERS_SECONDS  # whoever is kept waiting has a link


async def test_one_client_address_asks_as_often_as_it_may_sign_in(tmp_path: Path) -> None:
    async with open_post(tmp_path, rate_limit_enabled=True, rate_limit_login_per_minute=5) as (door, _):
        answers = [await forgot(door, f"person{number}@shop.invalid") for number in range(6)]
        assert answers == [202] * 5 + [429]
        confirmed = await post(door, "/verify-email", {"token": "rot_" + "A" * 43})
        assert confirmed.status == 429


async def test_the_address_of_who_chose_a_password_is_confirmed_by_a_link_once(
    database_url: str, tmp_path: Path
) -> None:
    async with open_post(tmp_path, database_url=database_url, risiti_kek=KEK) as (door, box):
        person = await with_password(door, "new", Role.OWNER)
        await send_mail(door.runtime)
        assert [letter["To"] for letter in box.letters] == [person.email] * 2
        token = next(box.token(number) for number in (0, 1) if "Confirm" in str(box.letters[number]["Subject"]))
        access = (await tokens_of(door, person.email))["access_token"]
        assert not await verified(door, access)
        assert (await post(door, "/set-password", {"token": token, "password": PASSWORD})).status == 401
        assert (await post(door, "/verify-email", {"token": token})).status == 204
        assert await verified(door, access)
        assert (await post(door, "/verify-email", {"token": token})).status == 401
        again = await post(door, "/verify-email/send", {}, access)
        assert (again.status, (await again.json())["code"]) == (409, "email_verified")


async def verified(door: Door, access: str) -> bool:
    answer = await door.ask_bare("GET", "/api/auth/me", headers={"Authorization": f"Bearer {access}"})
    return bool((await answer.json())["email_verified"])


async def test_a_link_to_confirm_is_sent_again_and_only_the_last_one_holds(tmp_path: Path) -> None:
    async with open_post(tmp_path) as (door, box):
        person = await with_password(door, "lost", Role.OWNER)
        await send_mail(door.runtime)
        access = (await tokens_of(door, person.email))["access_token"]
        box.letters.clear()
        for _ in range(2):
            assert (await post(door, "/verify-email/send", {}, access)).status == 202
            await send_mail(door.runtime)
        assert (await post(door, "/verify-email", {"token": box.token(0)})).status == 401
        assert (await post(door, "/verify-email", {"token": box.token(1)})).status == 204


async def test_a_gateway_that_sends_no_mail_says_who_hands_out_links(door: Door) -> None:
    for email in ("nobody@shop.invalid", "till@firm.invalid"):
        answer = await post(door, "/forgot-password", {"email": email})
        assert (answer.status, (await answer.json())["code"]) == (409, "no_mail")
        assert "risiti user reset-password" in (await answer.json())["detail"]
    assert await tasks_of(door) == []


@pytest.mark.parametrize("host", ["risiti.invalid", "evil.invalid"])
async def test_a_link_leads_where_the_settings_say_whatever_a_request_says(tmp_path: Path, host: str) -> None:
    async with open_post(tmp_path) as (door, box):
        person = await someone(door, "lured", Role.OWNER)
        headers = {"Host": host, "X-Forwarded-Host": host, "Origin": f"https://{host}"}
        body = {"email": person.email}
        assert (await door.ask_bare("POST", "/api/auth/forgot-password", json=body, headers=headers)).status == 202
        await send_mail(door.runtime)
        text = box.letters[0].get_content()
        assert "https://risiti.invalid/account/password#rot_" in text
        assert "evil" not in text


@pytest.mark.parametrize("path", ["/account/password", "/account/email"])
async def test_the_page_of_a_link_may_run_our_script_and_speak_to_this_host_only(door: Door, path: str) -> None:
    answer = await door.ask_bare("GET", path)
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status == 200
    assert "default-src 'none'" in policy
    assert "script-src 'self'; connect-src 'self'" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert '<script src="/static/account.js"></script>' in await answer.text()
    script = await door.ask_bare("GET", "/static/account.js")
    assert (script.status, script.content_type) == (200, "text/javascript")

from pathlib import Path

import pytest

from tests.cli.inside import risiti
from tests.migrated import migrated_file


@pytest.fixture
def company_id(tmp_path: Path) -> str:
    migrated_file(tmp_path / "risiti.db")
    opened = risiti(
        tmp_path,
        *("company", "open", "--tin", "1000000000", "--name", "Mango Street Grocers (fictitious)"),
        *("--email", "books@mango-street.invalid", "--json"),
    )
    return str(opened.result["id"])


def test_a_person_is_added_with_a_role_and_invited_again(tmp_path: Path, company_id: str) -> None:
    added = risiti(
        tmp_path,
        *("user", "add", "amina@shop.invalid", "--name", "Amina", "--company", company_id, "--role", "owner", "--json"),
    )
    assert added.returncode == 0, added.stderr
    first = added.result
    assert first["token"].startswith("rot_")
    again = risiti(tmp_path, "user", "invite", "amina@shop.invalid")
    assert again.returncode == 0
    assert first["user_id"] in again.stdout
    assert first["token"] not in again.stdout
    changed = risiti(
        tmp_path, "user", "role", "amina@shop.invalid", "--company", company_id, "--role", "viewer", "--json"
    )
    assert changed.result["role"] == "viewer"


def test_without_mail_a_command_prints_the_link_and_nothing_can_be_sent(
    tmp_path: Path, company_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://risiti.invalid")
    person = "amina@shop.invalid"
    risiti(tmp_path, "user", "add", person, "--name", "Amina", "--company", company_id, "--role", "admin")
    for command, page in (("reset-password", "password"), ("verify-email", "email"), ("invite", "password")):
        made = risiti(tmp_path, "user", command, person, "--json").result
        assert made["link"] == f"https://risiti.invalid/account/{page}#{made['token']}"
        assert made["token"].startswith("rot_")
        said = risiti(tmp_path, "user", command, person).stdout
        assert f"https://risiti.invalid/account/{page}#rot_" in said
    refused = risiti(tmp_path, "user", "reset-password", person, "--mail")
    assert refused.returncode != 0
    assert "sends no mail" in refused.stderr


def test_with_mail_the_link_is_sent_and_not_printed(
    tmp_path: Path, company_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PUBLIC_URL": "https://risiti.invalid",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_FROM": "risiti@shop.invalid",
    }.items():
        monkeypatch.setenv(name, value)
    added = risiti(tmp_path, "user", "add", "amina@shop.invalid", "--name", "Amina", "--company", company_id, "--mail")
    assert added.returncode == 0, added.stderr
    assert "is on its way" in added.stdout
    assert "rot_" not in added.stdout


def test_a_person_is_looked_at_signed_out_taken_out_and_disabled(tmp_path: Path, company_id: str) -> None:
    person = "amina@shop.invalid"
    risiti(tmp_path, "user", "add", person, "--name", "Amina", "--company", company_id, "--role", "admin")
    shown = risiti(tmp_path, "user", "show", person, "--json").result
    assert shown["companies"] == [{"company_id": company_id, "role": "admin"}]
    assert (shown["has_password"], shown["second_factor"], shown["sign_ins"]) == (False, False, [])
    assert "ended 0 sign-ins" in risiti(tmp_path, "user", "sign-out", person).stdout
    assert "there was no second factor" in risiti(tmp_path, "user", "remove-second-factor", person).stdout
    assert risiti(tmp_path, "user", "leave", person, "--company", company_id).returncode == 0
    assert "does not work" in risiti(tmp_path, "user", "leave", person, "--company", company_id).stderr
    assert "no longer" in risiti(tmp_path, "user", "disable", person).stdout
    assert risiti(tmp_path, "user", "show", person, "--json").result["disabled_at"] is not None
    assert "again" in risiti(tmp_path, "user", "disable", person, "--undo").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "invite", "nobody@shop.invalid"), "risiti user add"),
        (("user", "add", "no-address", "--name", "Nobody"), "no e-mail address"),
        (("user", "add", "a@shop.invalid", "--name", "A", "--company", "com_unknown"), "no such company"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = risiti(tmp_path, *arguments)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr

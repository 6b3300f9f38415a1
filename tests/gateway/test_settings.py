import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from risiti.gateway import settings as settings_module
from risiti.gateway.setting_sources import SettingsError
from risiti.gateway.settings import LogFormat, Settings, as_markdown

ROOT = Path(__file__).parents[2]
CANARY = "canary-7f3a"
OURS = ("EFRIS_", "RETENTION_", "RISITI_", "DATABASE_", "LOG_", "WORKER_", "SMTP_", "PUBLIC_")


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(OURS) or name in {
            "HOST",
            "PORT",
        }:
            monkeypatch.delenv(name)


def faults(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    return str(error.value)


def test_without_any_setting_it_runs_on_sqlite_on_this_machine_only() -> None:
    settings = Settings.load()
    assert settings.sqlite_file == Path("var/risiti.db")
    assert (settings.host, settings.port) == ("127.0.0.1", 8001)
    assert (settings.efris_test_url, settings.efris_live_url, settings.risiti_admin_token) == (None, None, None)


def test_the_contract_s_names_and_defaults() -> None:
    chosen = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert chosen["PORT"] == 8001
    assert chosen["EFRIS_TIMEOUT"] == 30
    assert chosen["MAX_REQUEST_BODY_SIZE"] == 10_485_760
    assert chosen["RATE_LIMIT_ENABLED"] is True
    limits = ("RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_LOGIN_PER_MINUTE", "RATE_LIMIT_HEALTH_PER_MINUTE")
    assert [chosen[name] for name in limits] == [100, 10, 60]
    assert (chosen["EFRIS_BREAKER_FAILURES"], chosen["EFRIS_BREAKER_OPEN"]) == (5, 60)
    assert chosen["REDIS_URL"] is None


def test_every_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://risiti:pw@db/risiti",
        "PORT": "9000",
        "MAX_REQUEST_BODY_SIZE": "2048",
        "LOG_FORMAT": "json",
        "EFRIS_TIMEOUT": "2.5",
        "EFRIS_ASK_SCHEDULE": "1, 2,3.5",
        "EFRIS_LIVE_URL": "http://127.0.0.1:9880/efris",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.database_url.get_secret_value() == "postgresql://risiti:pw@db/risiti"
    assert settings.sqlite_file is None
    assert (settings.port, settings.max_request_body_size) == (9000, 2048)
    assert settings.log_format is LogFormat.JSON
    assert settings.efris_timeout == 2.5
    assert settings.efris_ask_schedule == (1, 2, 3.5)
    assert settings.efris_live_url == "http://127.0.0.1:9880/efris"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFRIS_TEST_URL", "")
    monkeypatch.setenv("PORT", "")
    assert Settings.load() == Settings()


def test_lease_and_quiet_period_follow_from_their_parts() -> None:
    settings = Settings()
    assert settings.lease == 10 + 30 + 30
    assert settings.quiet_period == 600 + 60 + 240


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_CONNECTIONS", "0"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("MAX_REQUEST_BODY_SIZE", "1023"),
        ("MAX_REQUEST_BODY_SIZE", "1073741825"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("EFRIS_TIMEOUT", "0"),
        ("EFRIS_TIMEOUT", "-1"),
        ("EFRIS_TIMEOUT", "inf"),
        ("EFRIS_TIMEOUT", "nan"),
        ("EFRIS_TIMEOUT", "86401"),
        ("EFRIS_ASK_SCHEDULE", "1,x"),
        ("EFRIS_ASK_SCHEDULE", ","),
        ("EFRIS_ASK_SCHEDULE", "1,0"),
        ("EFRIS_TEST_URL", "ftp://example.com"),
        ("EFRIS_TEST_URL", "https://user:pw@example.com/"),
        ("EFRIS_LIVE_URL", "http://example.com/"),
        ("WORKER_CONCURRENCY", "0"),
        ("WORKER_CONCURRENCY", "257"),
        ("RISITI_ADMIN_TOKEN", "x" * 31),
        ("EXTERNAL_SIGNER_TOKEN", "x" * 31),
        ("EXTERNAL_SIGNER_TOKEN", "x" * 31 + "\n" + "x"),
        ("EXTERNAL_SIGNER_TIMEOUT", "10.1"),
        ("EXTERNAL_SIGNER_URL", "unix://relative.sock"),
        ("EXTERNAL_SIGNER_URL", "http://10.0.0.1:9881"),
        ("EXTERNAL_SIGNER_URL", "https://user:pw@signer.example"),
        ("EXTERNAL_SIGNER_URL", "ftp://127.0.0.1"),
    ],
)
def test_a_setting_out_of_range_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    said = faults(monkeypatch, **{name: value})
    assert said.startswith(f"{name}: ")
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65535"),
        ("MAX_REQUEST_BODY_SIZE", "1024"),
        ("MAX_REQUEST_BODY_SIZE", "1073741824"),
        ("EFRIS_TIMEOUT", "86400"),
        ("EFRIS_TIMEOUT", "0.001"),
        ("WORKER_CONCURRENCY", "256"),
        ("RISITI_ADMIN_TOKEN", "x" * 32),
        ("EXTERNAL_SIGNER_TOKEN", "x" * 32),
        ("EXTERNAL_SIGNER_TIMEOUT", "10"),
    ],
)
def test_a_setting_at_its_limit_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    Settings.load()


@pytest.mark.parametrize(
    "address", ["unix:///run/risiti/signer.sock", "http://127.0.0.1:9881", "https://signer.example"]
)
def test_an_external_signer_needs_a_token(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert (
        faults(monkeypatch, EXTERNAL_SIGNER_URL=address) == "EXTERNAL_SIGNER_TOKEN: is needed with EXTERNAL_SIGNER_URL."
    )
    monkeypatch.setenv("EXTERNAL_SIGNER_TOKEN", "x" * 32)
    assert Settings.load().external_signer_url == address


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = faults(monkeypatch, PORT="x", EFRIS_TIMEOUT="0", EFRIS_TIMOUT="3").splitlines()
    assert [sentence.split(":")[0] for sentence in said] == ["EFRIS_TIMOUT", "PORT", "EFRIS_TIMEOUT"]


def test_an_unknown_setting_of_ours_is_refused_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "did you mean EFRIS_TIMEOUT?" in faults(monkeypatch, EFRIS_TIMOUT="3")


def test_the_environment_of_others_is_none_of_our_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_OTHER_PROGRAM", "x")
    Settings.load()


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://db/risiti\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert Settings.load().database_url.get_secret_value() == "postgresql://db/risiti"


def test_a_file_and_a_value_for_the_same_secret_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x" * 32)
    said = faults(monkeypatch, RISITI_ADMIN_TOKEN="y" * 32, RISITI_ADMIN_TOKEN_FILE=str(tmp_path / "token"))
    assert "not both" in said


def test_what_is_no_secret_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no such setting" in faults(monkeypatch, EFRIS_TIMEOUT_FILE="/nowhere")


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"\xff\xfe", b"x" * 65_537])
def test_a_secrets_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "kek").write_bytes(content)
    said = faults(monkeypatch, RISITI_KEK_FILE=str(tmp_path / "kek"))
    assert said.startswith(f"RISITI_KEK_FILE: the file {tmp_path / 'kek'} ")


def test_secrets_are_in_no_repr_and_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = CANARY * 4
    settings = Settings(
        database_url=SecretStr(f"postgresql://u:{CANARY}@db/x"),
        risiti_admin_token=SecretStr(secret),
        risiti_kek=SecretStr(secret),
    )
    assert CANARY not in repr(settings) + str(settings)
    assert CANARY not in faults(monkeypatch, DATABASE_URL=f"mysql://u:{CANARY}@db/x", RISITI_ADMIN_TOKEN=CANARY)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(Settings(), "port", 1)  # noqa: B010 - the type checker refuses the plain way


def test_the_documented_settings_are_the_ones_there_are() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert documented == as_markdown(), f"write it anew: python -m {settings_module.__name__} > docs/settings.md"


def test_a_file_named_env_says_what_the_environment_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x" * 40)
    (tmp_path / ".env").write_text(
        f"# a comment\nPORT=9000\nEFRIS_TIMEOUT=20\nRISITI_ADMIN_TOKEN_FILE={tmp_path / 'token'}\nOTHERS_SETTING=1\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RISITI_ENV_FILE", raising=False)
    monkeypatch.setenv("EFRIS_TIMEOUT", "25")
    settings = Settings.load()
    assert (settings.port, settings.efris_timeout) == (9000, 25)
    assert settings.risiti_admin_token == SecretStr("x" * 40)


def test_another_file_may_be_named_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\n")
    (tmp_path / "other").write_text("PORT=9001\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RISITI_ENV_FILE", "other")
    assert Settings.load().port == 9001
    monkeypatch.setenv("RISITI_ENV_FILE", "")
    assert Settings.load().port == 8001
    monkeypatch.setenv("RISITI_ENV_FILE", "missing")
    with pytest.raises(SettingsError, match="there is no file missing"):
        Settings.load()


def test_a_misspelt_name_in_the_file_is_told_like_any_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EFRIS_TIMOUT=20\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RISITI_ENV_FILE", raising=False)
    assert "did you mean EFRIS_TIMEOUT?" in faults(monkeypatch)


MAIL = {
    "SMTP_HOST": "mail.shop.invalid",
    "SMTP_FROM": "risiti@shop.invalid",
    "PUBLIC_URL": "https://risiti.shop.invalid",
}


def test_mail_is_sent_over_starttls_with_a_password_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{CANARY}\n")
    for name, value in {**MAIL, "SMTP_USER": "till", "SMTP_PASSWORD_FILE": str(secret)}.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert (settings.smtp_port, settings.smtp_security) == (587, "starttls")
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == CANARY
    assert CANARY not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PUBLIC_URL": ""}, "SMTP_HOST: needs PUBLIC_URL"),
        ({"SMTP_FROM": ""}, "SMTP_FROM: is needed with SMTP_HOST"),
        ({"SMTP_FROM": "Risiti <risiti@shop.invalid>"}, "SMTP_FROM: must be one address"),
        ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY: must be starttls or tls"),
        ({"PUBLIC_URL": "http://risiti.shop.invalid"}, "PUBLIC_URL: must begin with https://"),
        ({"PUBLIC_URL": "https://risiti.shop.invalid/"}, "PUBLIC_URL: must be an origin"),
    ],
)
def test_mail_that_could_not_be_trusted_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], said: str
) -> None:
    assert said in faults(monkeypatch, **{**MAIL, **changed})


def test_a_mail_server_on_this_machine_may_do_without_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    local = {"SMTP_HOST": "127.0.0.1", "SMTP_SECURITY": "none", "PUBLIC_URL": "http://localhost:8001"}
    for name, value in {**MAIL, **local}.items():
        monkeypatch.setenv(name, value)
    assert Settings.load().smtp_security == "none"

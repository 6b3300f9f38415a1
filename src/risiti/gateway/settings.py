"""Every setting of the gateway with its default and one sentence; read once, at the top.

`python -m risiti.gateway.settings` prints docs/settings.md.
"""

import re
import sys
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from risiti.gateway.setting_sources import (
    FILE_SUFFIX,
    Environment,
    SecretFiles,
    SettingsError,
    environment,
    is_secret,
    named_twice,
    sentence,
    unknown,
)
from risiti.gateway.setting_values import (
    LOOPBACK,
    MIN_TOKEN,
    AuthorityUrl,
    DatabaseUrl,
    Networks,
    Origins,
    PublicUrl,
    Rate,
    RedisUrl,
    Seconds,
    SignerUrl,
    Waits,
    is_signer_token,
)

MOST_DAYS = 36_500
MIN_TAX_RECORD_DAYS = 1_827
"""Five years: so long, at least, is kept what was exchanged with the authority."""
MIN_SIGN_IN_DAYS = 90
"""So long a place from which somebody has signed in counts as known."""
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[A-Za-z0-9.-]+")


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    JSON = "json"
    PRETTY = "pretty"


class Settings(BaseSettings):
    """All settings. Each is read from the environment variable of its name in capitals.

    A secret may be kept in a file instead: `NAME_FILE` names it. Call `load()`: it says what is wrong in sentences.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True)

    database_url: DatabaseUrl = Field(
        default=SecretStr("sqlite:///var/risiti.db"),
        description="The database: `sqlite:///FILE` (one process, no services) or "
        "`postgresql://USER:PASSWORD@HOST/NAME` (any number of processes).",
    )
    database_connections: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="Largest number of PostgreSQL connections of one process."
    )
    redis_url: RedisUrl = Field(
        default=None,
        description="Redis or Valkey, `redis://:PASSWORD@HOST/0`, in which several processes share limits and hints. "
        "Losing it loses nothing: each process then keeps to its share.",
    )
    drain_notice: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] = Field(
        default=0.0,
        description="Seconds in which an API process that was asked to end says that it is not ready and still takes "
        "requests: as long as your load balancer needs to notice. The nginx that comes with Risiti needs none.",
    )
    worker_metrics_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=0,
        description="Port on which a `risiti worker` shows its metrics for Prometheus; 0: none. API "
        "processes have `/metrics`.",
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1",
        description="Address on which a `risiti worker` opens `WORKER_METRICS_PORT`; in a container `0.0.0.0`, with no "
        "port published, because whoever reaches it is shown them.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=8001, description="Port that the API listens on; 0 takes a free one."
    )
    max_request_body_size: Annotated[int, Field(ge=1_024, le=1_073_741_824)] = Field(
        default=10_485_760, description="Largest request body in bytes, as received and as inflated; beyond it: 413."
    )
    request_timeout: Seconds = Field(
        default=60.0,
        description="Longest time for one request, in all; beyond it: 503. Longer than any `Prefer: wait`.",
    )
    max_concurrent_requests: Annotated[int, Field(ge=10, le=100_000)] = Field(
        default=2_000,
        description="Requests that one process works on at the same time; beyond it: 503 with `Retry-After`. Health "
        "is always answered.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Addresses or networks of the proxies in front, separated by commas; only they are believed in "
        "`X-Forwarded-For`.",
    )
    cors_origins: Origins = Field(
        default=(),
        description="Origins whose pages may call the API from a browser, such as `https://shop.example`, separated by "
        "commas.",
    )
    rate_limit_enabled: bool = Field(default=True, description="Whether requests are counted and limited at all.")
    rate_limit_per_minute: Rate = Field(
        default=100, description="Requests a minute of one client address without an API key."
    )
    rate_limit_health_per_minute: Rate = Field(
        default=60, description="Requests a minute of one client address to /health."
    )
    rate_limit_login_per_minute: Rate = Field(default=10, description="Logins a minute of one client address.")
    rate_limit_key_per_minute: Rate = Field(default=600, description="Requests a minute of one API key.")
    rate_limit_company_per_minute: Rate = Field(
        default=3_000, description="Requests a minute of all API keys of a company together."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important log lines that are written."
    )
    otel_exporter_otlp_endpoint: AuthorityUrl = Field(
        default=None,
        description="Where traces are sent: the address of an OTLP receiver over HTTP, such as "
        "`http://127.0.0.1:4318`; without it nothing is recorded. It takes the extra `otel`; OpenTelemetry's other "
        "variables count, too.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO, description="`json`, `pretty`, or `auto`: pretty on a terminal, else JSON lines."
    )

    risiti_admin_token: SecretStr | None = Field(
        default=None,
        description="Operator's token for opening companies over HTTP (at least 32 characters); without it these "
        "routes do not exist.",
    )
    risiti_kek: SecretStr | None = Field(
        default=None,
        description="The key-encryption key, 32 bytes in base64, under which the private keys of all companies are "
        "kept; further ones, each on a line of its own, only open what they have wrapped (docs/custody.md). With "
        "SQLite it defaults to a file `kek` beside the database, made on the first start.",
    )
    risiti_kek_command: str | None = Field(
        default=None,
        description="A command of a key service that opens `RISITI_KEK`, which is then not the key itself: it reads a "
        "line from its standard input and prints the key in base64. It is run once, at the start.",
    )

    external_signer_url: SignerUrl = Field(
        default=None,
        description="Where the signer is that keeps private keys instead of the database (docs/custody.md): "
        "`unix:///run/risiti/signer.sock`, `http://127.0.0.1:9881` or `https://...`.",
    )
    external_signer_token: SecretStr | None = Field(
        default=None,
        description="What is presented to it, and what `risiti signer` asks for (at least 32 characters).",
        validate_default=True,
    )
    external_signer_timeout: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = Field(
        default=5.0,
        description="Longest time for one question to it, in all; what is waiting to be signed then goes back to the "
        "queue, unsent.",
    )

    require_second_factor: bool = Field(
        default=False,
        description="Whether owners of companies and operators must sign in with a second factor; without one they can "
        "only begin it.",
    )

    public_url: PublicUrl = Field(
        default=None,
        description="Where people reach this gateway, such as `https://risiti.shop.example`: links in mail lead there, "
        "never to what a request says.",
    )
    smtp_host: str | None = Field(
        default=None,
        description="The mail server that takes mail to people: links to choose a password and to confirm an address. "
        "Without it commands print the links (docs/people.md). Needs `SMTP_FROM` and `PUBLIC_URL`.",
    )
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = Field(
        default=587, description="Port of the mail server; 465 with `SMTP_SECURITY=tls`."
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="`starttls` (and nothing is sent where it is missing), `tls` from the start, or `none`: only for a "
        "mail server on this machine.",
    )
    smtp_user: str | None = Field(default=None, description="User at the mail server; without it nobody signs in.")
    smtp_password: SecretStr | None = Field(default=None, description="The password of that user.")
    smtp_from: str | None = Field(
        default=None,
        validate_default=True,
        description="The address that mail comes from, such as `risiti@shop.example`.",
    )

    efris_test_url: AuthorityUrl = Field(
        default=None,
        description="Where documents of `test` companies go: URA's test service "
        "(https://efristest.ura.go.ug/efrisws/ws/taapp/getInformation) or a simulator.",
    )
    efris_live_url: AuthorityUrl = Field(
        default=None,
        description="Where documents of `live` companies go: URA's service "
        "(https://efrisws.ura.go.ug/ws/taapp/getInformation); https only, unless on this machine.",
    )
    efris_timeout: Seconds = Field(default=30.0, description="Longest time for one call to URA, in all.")
    efris_send_window: Seconds = Field(
        default=10.0, description="A claimed document that is not on the wire within this time goes back to the queue."
    )
    efris_lease_margin: Seconds = Field(
        default=30.0,
        description="Time beyond send window and time-out after which a sender counts as dead and its document as "
        "in doubt.",
    )
    efris_request_validity: Seconds = Field(
        default=600.0, description="How far a request's time may lie from URA's clock before URA turns it away."
    )
    efris_clock_error: Seconds = Field(
        default=60.0, description="Largest error of our knowledge of URA's clock; a larger one stops sending."
    )
    efris_processing_time: Seconds = Field(
        default=240.0, description="Longest time that URA may work on a message before all of its documents exist."
    )
    efris_query_lag: Seconds = Field(
        default=900.0, description="Longest time until URA's queries show a document that exists."
    )
    efris_ask_schedule: Waits = Field(
        default=(5.0, 5.0, 10.0, 20.0, 40.0, 120.0),
        description="Waits before URA is asked about a document in doubt; the last one repeats.",
    )
    efris_ask_slow_after: Seconds = Field(
        default=7_200.0, description="Age of a doubt after which it is asked about less often."
    )
    efris_ask_slow_wait: Seconds = Field(default=900.0, description="Wait between two such questions.")
    efris_retry_first_wait: Seconds = Field(
        default=2.0, description="Bound of the random wait before the first new try of what was not sent; it doubles."
    )
    efris_retry_longest_wait: Seconds = Field(default=120.0, description="Where that doubling ends at first.")
    efris_retry_slow_after: Seconds = Field(
        default=600.0, description="After about that long without success the doubling goes on; it never gives up."
    )
    efris_retry_slow_wait: Seconds = Field(default=900.0, description="Where it ends then.")
    efris_backdating_days: Annotated[int, Field(ge=0, le=366)] = Field(
        default=7, description="So many days after the day of sale URA still takes a document (docs/deadlines.md)."
    )
    efris_months_close: bool = Field(
        default=True, description="Whether URA refuses the sales of a month that is over, in Kampala's time."
    )
    efris_penalty_factor: Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False)] = Field(
        default=Decimal(2), description="Penal tax of a sale without a fiscal document: so many times its tax."
    )
    efris_rate: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] = Field(
        default=100.0,
        description="Most messages to URA in any one second, of all processes together: exactly with Redis, else each "
        "process keeps to its share.",
    )
    efris_batch: Annotated[int, Field(ge=1, le=16)] = Field(
        default=10,
        description="Most documents of an import that one message carries while a device has a backlog; the size moves "
        "below it by how URA answers. 1: each document in a message of its own.",
    )
    efris_concurrency: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=64,
        description="Most messages with documents that all workers together have on the wire; the limit moves below it "
        "by how URA answers.",
    )
    efris_breaker_failures: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=5, description="So many calls that fail in a row open the circuit breaker; refusals do not count."
    )
    efris_breaker_open: Seconds = Field(
        default=60.0, description="After that long an open breaker lets one process try whether URA answers again."
    )
    efris_slow_call: Seconds = Field(
        default=20.0, description="A call that takes longer is slow; when most are, the breaker opens."
    )
    worker_concurrency: Annotated[int, Field(ge=1, le=256)] = Field(
        default=32, description="How many messages with documents one worker process has on the wire at the same time."
    )
    worker_concurrency_per_company: Annotated[int, Field(ge=1, le=256)] = Field(
        default=16,
        description="How many messages of one company all worker processes together have on the wire at the same time.",
    )

    retention_tasks_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = Field(
        default=7, description="Days for which background tasks that are done stay on record (docs/retention.md)."
    )
    retention_sign_ins_days: Annotated[int, Field(ge=MIN_SIGN_IN_DAYS, le=MOST_DAYS)] = Field(
        default=MIN_SIGN_IN_DAYS, description="Days for which sign-ins of people stay on record after their end."
    )
    retention_links_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = Field(
        default=90, description="Days for which one-time links, kept as hashes, stay on record after their end."
    )
    retention_breaker_turns_days: Annotated[int, Field(ge=30, le=MOST_DAYS)] = Field(
        default=400, description="Days for which changes of circuit breakers, those by hand among them, stay on record."
    )
    retention_unreadable_answers_days: Annotated[int, Field(ge=MIN_TAX_RECORD_DAYS, le=MOST_DAYS)] = Field(
        default=2_557,
        description="Days for which answers of URA that could not be understood are kept byte for byte; their digests "
        "and everything else that was exchanged are kept for ever.",
    )
    retention_idempotency_keys_days: Annotated[int, Field(ge=30, le=MOST_DAYS)] | None = Field(
        default=None,
        description="Days after which the idempotency key of a document that is settled is forgotten; without it keys "
        "are kept as long as their documents, which is for ever.",
    )

    @field_validator("risiti_admin_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_TOKEN:
            raise ValueError(f"must have at least {MIN_TOKEN} characters")
        return value

    @field_validator("external_signer_token")
    @classmethod
    def _presented_to_the_signer(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("external_signer_url") is not None:
            raise ValueError("is needed with EXTERNAL_SIGNER_URL")
        if value is not None and not is_signer_token(value.get_secret_value()):
            raise ValueError(f"must have at least {MIN_TOKEN} characters, all of them visible ASCII")
        return value

    @field_validator("smtp_host")
    @classmethod
    def _mail_has_links(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "public_url" in info.data and info.data["public_url"] is None:
            raise ValueError("needs PUBLIC_URL: where the links in mail lead")
        return value

    @field_validator("smtp_security")
    @classmethod
    def _mail_is_encrypted(cls, value: str, info: ValidationInfo) -> str:
        if value == "none" and info.data.get("smtp_host") not in {None, *LOOPBACK}:
            raise ValueError("must be starttls or tls, because mail leaves this machine")
        return value

    @field_validator("smtp_from")
    @classmethod
    def _mail_has_a_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("smtp_host") is not None:
            raise ValueError("is needed with SMTP_HOST: the address that mail comes from")
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError("must be one address, such as risiti@shop.example")
        return value

    @field_validator("efris_live_url")
    @classmethod
    def _encrypted_unless_local(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("http:") and urlsplit(value).hostname not in LOOPBACK:
            raise ValueError("must begin with https://, because it leaves this machine")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments first, then environment and .env, then the files that they name."""
        return init_settings, Environment(settings_cls), SecretFiles(settings_cls)

    @classmethod
    def load(cls) -> Self:
        """Read the environment, and the file `.env` for what it does not say.

        Raises:
            SettingsError: unknown names among ours, values out of range, unreadable files; all faults at once.
        """
        settings: Self | None = None
        try:
            given = environment()
        except SettingsError as error:
            raise SettingsError(error.faults) from None
        faults = [*unknown(given, cls), *named_twice(given, cls)]
        try:
            settings = cls()
        except ValidationError as error:
            first = {str(fault["loc"][0]): fault["msg"] for fault in reversed(error.errors())}
            faults += [sentence(field, message) for field, message in reversed(first.items())]
        except SettingsError as error:
            faults += error.faults
        if settings is None or faults:
            raise SettingsError(faults)
        return settings

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, if the database is SQLite."""
        url = self.database_url.get_secret_value()
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    @property
    def kek_file(self) -> Path | None:
        """The file that the key-encryption keys were read from, if they were."""
        named = environment().get("RISITI_KEK" + FILE_SUFFIX)
        return Path(named) if named else None

    @property
    def lease(self) -> float:
        """Seconds after a claim until its worker counts as dead."""
        return self.efris_send_window + self.efris_timeout + self.efris_lease_margin

    @property
    def quiet_period(self) -> float:
        """Seconds after which a request that was sent can no longer become a document."""
        return self.efris_request_validity + self.efris_clock_error + self.efris_processing_time


_HEAD = """# Settings

<!-- Written by `python -m risiti.gateway.settings`; do not edit. -->

Every setting is an environment variable, or a line `NAME=value` of the file `.env` in the present folder (the
environment wins; `RISITI_ENV_FILE` names another file, empty: none). Times are in seconds, sizes in bytes. Wrong
settings, and unknown ones whose names begin with `EFRIS_` or `RISITI_`, stop the start with a sentence each.

A secret (marked *) may be kept in a file: put the file's path into the variable of the same name with `_FILE` at its
end.

| Name | Default | Meaning |
|---|---|---|
"""


def as_markdown() -> str:
    """Return docs/settings.md."""
    return _HEAD + "".join(
        f"| `{name.upper()}`{' *' if is_secret(field) else ''} | {_shown(field.default)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )


def _shown(default: object) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        return f"`{','.join(_number(part) for part in default)}`"
    return f"`{_number(default) if isinstance(default, float) else default}`"


def _number(value: float) -> str:
    return f"{Decimal(str(value)).normalize():f}"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())

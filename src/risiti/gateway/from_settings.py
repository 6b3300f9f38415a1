"""What the parts of the gateway want to know of the settings, each in its own words."""

from dataclasses import replace
from datetime import timedelta

from risiti.efris import NotReady
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.people.mailing import Mailing
from risiti.gateway.people.smtp import MailServer, Security, posting
from risiti.gateway.resilience.batch_size import BatchBounds
from risiti.gateway.resilience.breaker import Policy
from risiti.gateway.resilience.concurrency import Bounds
from risiti.gateway.retention import Periods
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.deadlines import DeadlineRules
from risiti.gateway.submissions.timing import POLL, POLL_WHERE_TOLD, Timing
from risiti.gateway.submissions.upstreams import Protection
from risiti.gateway.tenancy import custody
from risiti.gateway.tenancy.environment import Environment


def timing_of(settings: Settings) -> Timing:
    """Return the engine's waiting times as the settings have them."""
    return Timing(
        poll=POLL if settings.sqlite_file is not None else POLL_WHERE_TOLD,
        answer=settings.efris_timeout,
        send_window=settings.efris_send_window,
        settle_margin=settings.efris_lease_margin,
        request_validity=settings.efris_request_validity,
        clock_error=settings.efris_clock_error,
        processing=settings.efris_processing_time,
        query_lag=settings.efris_query_lag,
        asks=settings.efris_ask_schedule,
        patience=settings.efris_ask_slow_after,
        ask_every_after_patience=settings.efris_ask_slow_wait,
        retry_first=settings.efris_retry_first_wait,
        retry_most=settings.efris_retry_longest_wait,
        retry_slow_after=settings.efris_retry_slow_after,
        retry_slow=settings.efris_retry_slow_wait,
    )


def rules_of(settings: Settings) -> DeadlineRules:
    """Return until when a sale must be with the authority, as the settings have it."""
    return DeadlineRules(
        backdating_days=settings.efris_backdating_days,
        months_close=settings.efris_months_close,
        penalty_factor=settings.efris_penalty_factor,
    )


def periods_of(settings: Settings) -> Periods:
    """Return how long what is no fiscal record is kept, as the settings have it."""
    keys = settings.retention_idempotency_keys_days
    return Periods(
        tasks=timedelta(days=settings.retention_tasks_days),
        sign_ins=timedelta(days=settings.retention_sign_ins_days),
        links=timedelta(days=settings.retention_links_days),
        breaker_turns=timedelta(days=settings.retention_breaker_turns_days),
        unreadable_answers=timedelta(days=settings.retention_unreadable_answers_days),
        idempotency_keys=None if keys is None else timedelta(days=keys),
    )


def mailing_of(settings: Settings) -> Mailing | None:
    """Return how mail is sent to people as the settings have it; None: not at all."""
    host, sender, public_url = settings.smtp_host, settings.smtp_from, settings.public_url
    if host is None or sender is None or public_url is None:
        return None
    password = settings.smtp_password
    server = MailServer(
        host=host,
        port=settings.smtp_port,
        security=Security(settings.smtp_security),
        sender=sender,
        public_url=public_url,
        user=settings.smtp_user,
        password=None if password is None else Secret(password.get_secret_value()),
    )
    return Mailing(posting(server), public_url)


def protection_of(settings: Settings) -> Protection:
    """Return the limits towards the authority as the settings have them."""
    lease = 4 * settings.efris_timeout
    upstream = Policy(
        failures=settings.efris_breaker_failures,
        open_for=settings.efris_breaker_open,
        open_most=settings.efris_breaker_open,
        slow_after=settings.efris_slow_call,
        probe_lease=lease,
    )
    return Protection(
        upstream=upstream,
        lane=replace(Protection().lane, failures=settings.efris_breaker_failures, probe_lease=lease),
        bounds=Bounds(start=min(8, settings.efris_concurrency), most=settings.efris_concurrency),
        rate=settings.efris_rate,
        batches=BatchBounds(most=settings.efris_batch),
    )


def url_of(settings: Settings, environment: Environment) -> str:
    """Return the address of the authority for an environment.

    Raises:
        NotReady: none is set.
    """
    url = settings.efris_test_url if environment is Environment.TEST else settings.efris_live_url
    if url is None:
        message = f"no address is set for the {environment} environment: EFRIS_{environment.upper()}_URL"
        raise NotReady(message)
    return url


def keys_given(settings: Settings) -> custody.Given:
    """Return what the settings say about the key-encryption keys."""
    text, file = settings.risiti_kek, settings.sqlite_file
    return custody.Given(
        text=None if text is None else Secret(text.get_secret_value()),
        file=settings.kek_file,
        default_file=None if file is None else file.with_name("kek"),
        command=settings.risiti_kek_command,
    )

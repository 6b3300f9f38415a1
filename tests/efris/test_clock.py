from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from risiti.efris import clock


def test_a_moment_goes_out_in_east_africa_time_wherever_it_was_taken() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 3, 2, 6, 0, 30, 900_000, tzinfo=tokyo)
    assert clock.write_time(moment) == "2026-03-02 00:00:30"
    assert clock.write_time(moment.astimezone(UTC)) == "2026-03-02 00:00:30"


def test_a_moment_nobody_can_place_does_not_go_out() -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.write_time(datetime(2026, 3, 2, 6, 0))  # noqa: DTZ001 - that is the point


def test_a_date_goes_out_year_first() -> None:
    assert clock.write_date(date(2026, 3, 2)) == "2026-03-02"


@pytest.mark.parametrize(
    "text", ["02/03/2026 12:00:30", "2026-03-02 12:00:30", " 02/03/2026  12:00:30 ", "2026/03/02 12:00:30"]
)
def test_a_time_is_read_in_every_form_seen(text: str) -> None:
    assert clock.read_time(text) == datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["02/03/2026", "2026-03-02"])
def test_a_date_is_read_as_its_first_second(text: str) -> None:
    assert clock.read_time(text) == datetime(2026, 3, 1, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "-", "31/02/2026", "tomorrow", "2026-03-02T12:00:30"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert clock.read_time(text) is None


def test_call_ids_are_32_hexadecimal_characters_and_never_the_same() -> None:
    first, second = clock.random_exchange_id(), clock.random_exchange_id()
    assert len(bytes.fromhex(first)) == 16
    assert first != second


def test_the_machines_clock_is_aware_and_runs_forward() -> None:
    system = clock.SystemClock()
    assert system.now().tzinfo is UTC
    assert system.monotonic() <= system.monotonic()

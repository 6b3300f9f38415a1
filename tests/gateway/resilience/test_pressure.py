from risiti.gateway.resilience.pressure import LASTS_SECONDS, LOOK_EVERY, WAITS_NEEDED, Level, Pressure
from tests.clock import ManualClock


def waits(pressure: Pressure, clock: ManualClock, *seconds: float) -> Level:
    for one in seconds:
        pressure.waited(one)
    clock.advance(LOOK_EVERY)
    return pressure.level


def test_it_is_calm_while_most_units_of_work_get_their_place_at_once() -> None:
    clock = ManualClock()
    assert waits(Pressure(clock), clock, *(0.0,) * 51, *(2.0,) * 49) is Level.CALM
    assert waits(Pressure(clock), clock, *(0.0,) * 49, *(2.0,) * 51) is Level.OVERLOADED


def test_a_few_long_waits_say_nothing() -> None:
    clock = ManualClock()
    assert waits(Pressure(clock), clock, *(2.0,) * (WAITS_NEEDED - 1)) is Level.CALM


def test_long_waits_strain_it_and_longer_ones_overload_it() -> None:
    clock = ManualClock()
    pressure = Pressure(clock)
    assert waits(pressure, clock, *(0.3,) * WAITS_NEEDED) is Level.STRAINED
    assert waits(pressure, clock, *(1.5,) * WAITS_NEEDED) is Level.OVERLOADED  # as many again: most are so long now


def test_it_is_calm_again_once_the_long_waits_are_over() -> None:
    clock = ManualClock()
    pressure = Pressure(clock)
    assert waits(pressure, clock, *(1.5,) * WAITS_NEEDED) is Level.OVERLOADED
    clock.advance(LASTS_SECONDS)
    assert pressure.level is Level.CALM


def test_a_late_event_loop_is_pressure_once_it_has_been_late_all_the_time() -> None:
    clock = ManualClock()
    pressure = Pressure(clock)
    pressure.lagged(0.0)
    for lag, level in ((0.5, Level.STRAINED), (1.5, Level.OVERLOADED)):
        for _ in range(int(LASTS_SECONDS)):
            clock.advance(1)
            pressure.lagged(lag)
        assert pressure.level is level
    pressure.lagged(0.1)
    clock.advance(LOOK_EVERY)
    assert pressure.level is Level.CALM


def test_one_peak_of_the_event_loop_is_no_pressure() -> None:
    clock = ManualClock()
    pressure = Pressure(clock)
    pressure.lagged(3.0)
    clock.advance(1)
    pressure.lagged(0.0)
    clock.advance(LASTS_SECONDS - 1)
    assert pressure.level is Level.CALM


def test_a_process_that_does_not_watch_its_loop_is_not_taken_for_late() -> None:
    clock = ManualClock()
    pressure = Pressure(clock)
    clock.advance(3_600)
    assert pressure.level is Level.CALM


def test_each_change_is_told() -> None:
    clock = ManualClock()
    pressure = Pressure(clock)
    told: list[Level] = []
    pressure.on_level = told.append
    waits(pressure, clock, *(0.3,) * WAITS_NEEDED)
    assert told == [Level.STRAINED]

"""The breaker as pure steps, against a model that is as simple as the promise; and the one of a single process."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.resilience import breaker
from risiti.gateway.resilience.breaker import Breaker, Phase, Policy, Report, Standing, Tally
from tests.clock import START, ManualClock

POLICY = Policy()
FAILED = Report(succeeded=False, failures=1, reason="no answer")
WORKED = Report(succeeded=True, failures=0)


def after(standing: Standing, *reports: Report) -> Standing:
    for report in reports:
        standing = breaker.told(standing, POLICY, report, START)
    return standing


def opened() -> Standing:
    return after(Standing(), *[FAILED] * 5)


def test_four_failures_in_a_row_leave_it_closed_and_the_fifth_opens_it() -> None:
    assert after(Standing(), *[FAILED] * 4).phase is Phase.CLOSED
    assert opened().phase is Phase.OPEN
    assert "no answer" in opened().reason


def test_a_success_of_any_process_between_them_begins_the_count_anew() -> None:
    assert after(Standing(), *[FAILED] * 4, WORKED, *[FAILED] * 4).phase is Phase.CLOSED


def test_it_is_tried_again_after_its_time_and_not_before() -> None:
    standing = opened()
    early, due = (START + timedelta(seconds=seconds) for seconds in (59.9, 60))
    assert breaker.begin_probe(standing, POLICY, "a", early) is None
    probing = breaker.begin_probe(standing, POLICY, "a", due)
    assert probing is not None
    assert (probing.phase, probing.prober) == (Phase.HALF_OPEN, "a")


def test_only_the_prober_may_say_how_it_ended() -> None:
    probing = breaker.begin_probe(opened(), POLICY, "a", START + timedelta(seconds=60))
    assert probing is not None
    assert breaker.end_probe(probing, POLICY, "b", None, START) is None
    closed = breaker.end_probe(probing, POLICY, "a", None, START)
    assert closed is not None
    assert (closed.phase, closed.failures, closed.prober) == (Phase.CLOSED, 0, None)


def test_a_prober_that_dies_keeps_nobody_from_trying() -> None:
    begun = START + timedelta(seconds=60)
    probing = breaker.begin_probe(opened(), POLICY, "a", begun)
    assert probing is not None
    assert breaker.begin_probe(probing, POLICY, "b", begun + timedelta(seconds=119)) is None
    taken = breaker.begin_probe(probing, POLICY, "b", begun + timedelta(seconds=120))
    assert taken is not None
    assert taken.prober == "b"


def test_a_clock_that_was_set_back_does_not_keep_it_open() -> None:
    assert breaker.may_probe(opened(), POLICY, START - timedelta(hours=1))


def test_fruitless_tries_come_less_and_less_often_up_to_a_bound() -> None:
    policy = replace(POLICY, open_for=30.0, open_most=100.0)
    standing = breaker.told(Standing(), policy, replace(FAILED, failures=5), START)
    pauses, now = [], START
    for _ in range(4):
        assert standing.retry_at is not None
        pauses.append((standing.retry_at - now).total_seconds())
        now = standing.retry_at
        probing = breaker.begin_probe(standing, policy, "a", now)
        assert probing is not None
        ended = breaker.end_probe(probing, policy, "a", "still away", now)
        assert ended is not None
        standing = ended
    assert pauses == [30, 60, 100, 100]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("report"), st.integers(0, 6), st.booleans()),
        st.tuples(st.just("probe"), st.sampled_from("ab"), st.just(0)),
        st.tuples(st.just("end"), st.sampled_from("ab"), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from((1, 30, 61, 121)), st.just(0)),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_it_keeps_its_promises(steps: list[tuple[str, object, object]]) -> None:
    standing, now = Standing(), START
    for kind, first, second in steps:
        before = standing
        match kind:
            case "wait":
                now += timedelta(seconds=int(str(first)))
            case "report":
                standing = breaker.told(standing, POLICY, Report(bool(second), int(str(first)), reason="x"), now)
            case "probe":
                standing = breaker.begin_probe(standing, POLICY, str(first), now) or standing
            case _:
                standing = breaker.end_probe(standing, POLICY, str(first), "x" if second else None, now) or standing
        assert (standing.phase is Phase.OPEN) <= (standing.retry_at is not None)
        assert (standing.phase is Phase.HALF_OPEN) == (standing.prober is not None)
        assert standing.turns - before.turns == (standing.phase is not before.phase)
        if before.phase is Phase.OPEN and standing.phase is not Phase.OPEN:  # never without having waited
            assert standing.phase is Phase.HALF_OPEN
            assert before.retry_at is not None
            assert now >= before.retry_at
        if before.phase is Phase.HALF_OPEN and standing.prober not in {None, before.prober}:
            assert before.probe_until is not None
            assert now >= before.probe_until
        if before.phase is Phase.CLOSED:
            assert standing.phase is not Phase.HALF_OPEN


def test_half_failed_of_twenty_open_it_although_never_five_in_a_row() -> None:
    tally = Tally(POLICY)
    for number in range(20):
        assert not tally.would_open(Standing())
        if number % 2:
            tally.failure(float(number), 1.0, "no answer")
        else:
            tally.success(float(number), 1.0)
    assert tally.would_open(Standing())
    assert after(Standing(), tally.report()).phase is Phase.OPEN


def test_answers_that_come_too_slowly_open_it() -> None:
    tally = Tally(POLICY)
    for number in range(20):
        tally.success(float(number), 30.0)
    assert tally.would_open(Standing())


def test_a_few_slow_answers_are_enough_where_there_are_hardly_others() -> None:
    tally = Tally(POLICY)
    for number in range(4):
        tally.success(10.0 * number, 30.0)
    assert not tally.would_open(Standing())
    tally.success(41.0, 30.0)
    assert tally.would_open(Standing())
    for _ in range(2):
        tally.success(42.0, 1.0)
    assert not tally.would_open(Standing())


def test_what_is_older_than_the_window_no_longer_counts() -> None:
    tally = Tally(POLICY)
    for number in range(19):
        tally.failure(number / 10, 1.0, "no answer", weight=0.5)
    tally.success(100.0, 1.0)
    assert not tally.would_open(Standing())


def test_of_fifty_that_come_in_half_open_one_gets_through() -> None:
    clock = ManualClock()
    mine = Breaker(POLICY, clock)
    for _ in range(5):
        assert mine.admits()
        mine.ended(1.0, "no answer")
    assert not mine.admits()
    clock.advance(60)
    assert [mine.admits() for _ in range(50)].count(True) == 1
    mine.ended(1.0, None)
    assert all(mine.admits() for _ in range(50))


def test_one_that_a_person_keeps_open_is_never_tried_and_once_resumed_at_once() -> None:
    now = START
    paused = breaker.pause(Standing(), "Akello", "asked to", now)
    assert (paused.phase, paused.paused_by) == (Phase.OPEN, "Akello")
    later = now + timedelta(days=30)
    assert breaker.begin_probe(paused, Policy(), "one", later) is None
    assert breaker.pause(paused, "Okot", "again", later) == paused
    resumed = breaker.resume(paused, later)
    assert (resumed.phase, resumed.paused_by) == (Phase.OPEN, None)
    probing = breaker.begin_probe(resumed, Policy(), "one", later)
    assert probing is not None
    closed = breaker.end_probe(probing, Policy(), "one", None, later)
    assert closed is not None
    assert closed.phase is Phase.CLOSED


def test_a_try_that_was_under_way_when_a_person_paused_it_closes_nothing() -> None:
    now = START
    resumed = breaker.resume(breaker.pause(Standing(), "Akello", "asked to", now), now)
    probing = breaker.begin_probe(resumed, Policy(), "one", now)
    assert probing is not None
    paused = breaker.pause(probing, "Akello", "again", now)
    assert breaker.end_probe(paused, Policy(), "one", None, now) is None


def test_resuming_what_nobody_paused_changes_nothing() -> None:
    standing = Standing()
    assert breaker.resume(standing, START) == standing

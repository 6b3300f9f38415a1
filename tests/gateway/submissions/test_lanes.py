"""Who is served next, as arithmetic: fair by weight, within everybody's bounds, and nobody saves turns up."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.submissions.lanes import AGEING, FairLine, Priority, Share, turn

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

shares = st.lists(
    st.builds(
        Share,
        company_id=st.uuids().map(str),
        weight=st.integers(1, 5),
        served=st.floats(0, 1e6),
        most=st.integers(0, 20),
        on_the_wire=st.integers(0, 20),
        devices=st.dictionaries(st.uuids().map(str), st.integers(-1, 10), max_size=4),
    ),
    max_size=12,
    unique_by=lambda share: share.company_id,
)


@given(shares, st.integers(-2, 60))
def test_nobody_gets_more_than_there_is_room_for_and_no_place_stays_empty_that_could_be_filled(
    waiting: list[Share], places: int
) -> None:
    turns = FairLine().hand_out(waiting, places)
    by_company = {share.company_id: share for share in waiting}
    given_out = 0
    for one in turns:
        share = by_company[one.company_id]
        assert 0 < sum(one.devices.values()) <= share.room
        assert all(number <= share.devices[device] for device, number in one.devices.items())
        given_out += sum(one.devices.values())
    possible = sum(max(0, min(share.room, sum(max(0, most) for most in share.devices.values()))) for share in waiting)
    assert given_out == min(max(0, places), possible)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=6), st.integers(1, 9))
def test_those_who_all_wait_get_turns_by_weight(weights: list[int], places: int) -> None:
    line, served, had = FairLine(), dict.fromkeys(range(len(weights)), 0.0), Counter[int]()
    for _ in range(120):
        waiting = [_share(number, weight, served[number]) for number, weight in enumerate(weights)]
        for one in line.hand_out(waiting, places):
            number = int(one.company_id)
            had[number] += sum(one.devices.values())
            served[number] = one.served + sum(one.devices.values()) / one.weight
    turns_by_weight = [had[number] / weight for number, weight in enumerate(weights)]
    assert max(turns_by_weight) - min(turns_by_weight) <= 1 + 1e-6


def test_who_comes_back_begins_level_with_the_others() -> None:
    line = FairLine()
    busy = 0.0
    for _ in range(100):
        (one,) = line.hand_out([_share(1, 1, busy)], 10)
        busy = one.served + 10
    turns = {one.company_id: one for one in line.hand_out([_share(1, 1, busy), _share(2, 1, 0.0)], 40)}
    assert sum(turns["2"].devices.values()) <= 30
    assert sum(turns["1"].devices.values()) >= 10


def test_a_new_process_does_not_let_one_company_wait_for_what_it_had_long_ago() -> None:
    turns = {one.company_id: one for one in FairLine().hand_out([_share(1, 1, 1e6), _share(2, 1, 3.0)], 10)}
    assert sum(turns["1"].devices.values()) == 5


def test_inside_a_company_the_device_whose_document_waits_longest_goes_first() -> None:
    share = Share("c", 1, 0.0, 16, 0, {"longest": 8, "next": 8, "last": 8})
    (one,) = FairLine().hand_out([share], 2)
    assert one.devices == {"longest": 1, "next": 1}


def test_tills_go_before_single_documents_and_those_before_bulk_until_they_have_waited() -> None:
    def place(priority: Priority, minutes: float = 0) -> datetime:
        return turn(NOON + timedelta(minutes=minutes), priority, in_order=False)

    assert place(Priority.TILL) < place(Priority.SINGLE) < place(Priority.BULK)
    just_after = AGEING.total_seconds() / 60 + 1
    assert place(Priority.BULK) < place(Priority.SINGLE, just_after)
    assert place(Priority.BULK) < place(Priority.TILL, 2 * just_after)
    assert place(Priority.BULK) > place(Priority.TILL, just_after)


def test_on_a_device_that_keeps_the_order_nothing_overtakes() -> None:
    later = NOON + timedelta(seconds=1)
    assert turn(NOON, Priority.BULK, in_order=True) < turn(later, Priority.TILL, in_order=True)


def _share(number: int, weight: int, served: float) -> Share:
    return Share(str(number), weight, served, 1_000, 0, {f"device of {number}": 1_000})

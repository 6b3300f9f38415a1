import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.api.prefer import MAX_WAIT_SECONDS, wait_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["wait=10"], 10),
        (["WAIT=10"], 10),
        (["wait = 10"], 10),
        (['wait="10"'], 10),
        (["wait=0"], 0),
        (["respond-async, wait=5"], 5),
        (['respond-async; a="x,wait=9", wait=5'], 5),
        (["respond-async", "wait=5"], 5),
        (["wait=5; strict"], 5),
        (["wait=5", "wait=7"], 5),
        (["wait=30"], 30),
        (["wait=31"], 30),
        (["wait=99999999999999999999"], 30),
        (["wait=00000000000000000007"], 7),
        ([], None),
        ([""], None),
        (["wait"], None),
        (["wait="], None),
        (["wait=soon"], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=\u0663"], None),
        (['x="wait=5"'], None),
        (["waiting=5"], None),
        (["=,wait=5"], 5),
    ],
)
def test_a_wish_to_wait_is_read_as_rfc_7240_has_it(headers: list[str], seconds: int | None) -> None:
    assert wait_seconds(headers) == seconds


@given(st.lists(st.text(max_size=200), max_size=5))
def test_no_header_breaks_it(headers: list[str]) -> None:
    seconds = wait_seconds(headers)
    assert seconds is None or 0 <= seconds <= MAX_WAIT_SECONDS

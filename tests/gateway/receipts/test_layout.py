from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.receipts.layout import Cell, Placed, Row, paginate, place, wrap


def fixed(text: str) -> float:
    return float(len(text))


@given(st.text("ab \t", max_size=80), st.integers(1, 20))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width, fixed)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_can() -> None:
    assert wrap("one two three", 7, fixed) == ("one two", "three")
    assert wrap("abcdefghij", 4, fixed) == ("abcd", "efgh", "ij")


@given(st.lists(st.integers(1, 30), max_size=60))
def test_pages_hold_all_blocks_in_order_and_none_is_overfull(sizes: list[int]) -> None:
    blocks = [Placed(Row((), 1), (), float(size)) for size in sizes]
    pages = paginate(blocks, 20)
    assert [block for page in pages for block in page] == blocks
    assert all(len(page) == 1 or sum(block.height for block in page) <= 20 for page in pages if page)


def test_a_row_is_as_high_as_its_highest_cell() -> None:
    row = Row((Cell("one two three", 0, 7), Cell("x", 8, 7)), size=10)
    assert place(row, lambda _bold, _size: fixed).height == 2 * 10 * 1.3

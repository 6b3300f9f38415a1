"""Whatever is done to an export of the journal is found, and where it was done."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.journal.chain import beginning, link, text_of
from risiti.gateway.journal.verifying import MAX_LINE_BYTES, MOST_FAULTS, verify, verify_all
from tests.gateway.journal.exports import COMPANY, an_entry, an_export, closed

ENTRIES = 6


def split(whole: bytes) -> list[bytes]:
    return [line + b"\n" for line in whole.split(b"\n")[:-1]]


def places(lines: list[bytes]) -> set[int]:
    return {fault.line for fault in verify(lines).faults}


def test_an_untouched_export_is_good() -> None:
    report = verify(an_export(ENTRIES))
    assert (report.is_good, report.entries, report.number, report.company_id) == (True, ENTRIES, ENTRIES, COMPANY)


def test_an_empty_journal_is_good() -> None:
    assert verify(an_export(0)).is_good


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_a_changed_byte_of_any_entry_is_found_in_its_line(mask: int) -> None:
    lines = an_export(ENTRIES)
    for number in range(1, ENTRIES + 1):
        for place in range(len(lines[number])):
            line = bytearray(lines[number])
            line[place] ^= mask
            report = verify([*lines[:number], bytes(line), *lines[number + 1 :]])
            assert report.faults[0].line == number + 1, (number, place)
            # A changed number is also missed by those that come after it.
            assert {fault.line for fault in report.faults} <= {number + 1, number + 2, number + 3}, (number, place)


@pytest.mark.parametrize("place", ["head", "end"])
def test_a_changed_byte_of_the_head_or_the_end_is_found(place: str) -> None:
    lines = an_export(ENTRIES)
    number = 0 if place == "head" else len(lines) - 1
    for at in range(len(lines[number])):
        line = bytearray(lines[number])
        line[at] ^= 0x01
        assert not verify([*lines[:number], bytes(line), *lines[number + 1 :]]).is_good, at


@pytest.mark.parametrize("number", range(1, ENTRIES + 1))
def test_an_erased_entry_is_missed_where_it_was(number: int) -> None:
    lines = an_export(ENTRIES)
    del lines[number]
    assert number + 1 in places(lines)


@pytest.mark.parametrize("number", range(1, ENTRIES))
def test_two_entries_that_changed_places_are_found(number: int) -> None:
    lines = an_export(ENTRIES)
    lines[number], lines[number + 1] = lines[number + 1], lines[number]
    assert places(lines) == {number + 1, number + 2}


@pytest.mark.parametrize("number", range(1, ENTRIES + 1))
def test_an_entry_that_comes_twice_is_found(number: int) -> None:
    lines = an_export(ENTRIES)
    lines.insert(number, lines[number])
    assert places(lines) == {number + 2}


def test_an_added_entry_with_a_hash_of_its_own_breaks_the_one_after_it() -> None:
    lines = an_export(ENTRIES)
    before = bytes.fromhex(json.loads(lines[3])["hash"])
    forged = {**an_entry(4), "data": {"forged": True}}
    lines[4] = text_of({**forged, "hash": link(before, forged).hex()}) + b"\n"
    assert places(lines) == {6}


def test_a_journal_that_was_rewritten_and_chained_anew_is_found_by_a_checkpoint_only() -> None:
    honest = an_export(ENTRIES)
    noted = {4: json.loads(honest[4])["hash"]}
    before, rows = beginning(COMPANY), []
    for number in range(1, ENTRIES + 1):
        entry = {**an_entry(number), **({"data": {}} if number == 2 else {})}
        before = link(before, entry)
        rows.append(text_of({**entry, "hash": before.hex()}) + b"\n")
    forged = closed([honest[0], *rows], ENTRIES, before.hex())
    assert verify(forged).is_good
    (fault,) = verify(forged, noted).faults
    assert (fault.entry, "rewritten" in fault.what) == (4, True)
    assert verify(honest, noted).checkpoints == 1


@pytest.mark.parametrize("left", range(ENTRIES))
def test_a_tail_that_was_cut_off_is_found(left: int) -> None:
    whole = an_export(ENTRIES)
    assert not verify(whole[: left + 1]).is_good, "the end is missing"
    assert not verify([*whole[: left + 1], whole[-1]]).is_good, "the end does not fit"
    report = verify(an_export(left), {ENTRIES: json.loads(whole[ENTRIES])["hash"]})
    assert "was cut off" in report.faults[0].what, "a well made shorter one ends before what was noted"


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.binary(max_size=30))
def test_no_piece_of_an_export_can_be_exchanged_for_anything_else(begin: int, length: int, piece: bytes) -> None:
    whole = b"".join(an_export(ENTRIES))
    begin %= len(whole)
    changed = whole[:begin] + piece + whole[begin + length % 60 :]
    if changed != whole:
        assert not verify(split(changed) if changed.endswith(b"\n") else [*split(changed + b"\n")[:-1], b"x"]).is_good


def test_parts_that_follow_one_another_are_one_journal_and_a_part_that_is_left_out_is_missed() -> None:
    parts = [("1", an_export(4)), ("2", an_export(3, after=4)), ("3", an_export(2, after=7))]
    report = verify_all(parts)
    assert (report.is_good, report.entries, report.number) == (True, 9, 9)
    (fault, *_) = verify_all([parts[0], parts[2]]).faults
    assert (fault.file, "does not go on" in fault.what) == ("3", True)


def test_parts_of_two_companies_are_not_one_journal() -> None:
    other = an_export(2, after=4, company="com_papaya")
    assert not verify_all([("1", an_export(4)), ("2", other)]).is_good


@pytest.mark.parametrize(
    "strange",
    [b"", b"\n", b"[]\n", b"{}\n", b"nonsense\n", b"[" * 100_000 + b"\n", b'{"number":1e400}\n', b"x" * MAX_LINE_BYTES],
)
def test_what_is_no_journal_is_told_to_be_none(strange: bytes) -> None:
    assert not verify([strange] if strange else []).is_good


def test_the_faults_that_are_listed_are_bounded() -> None:
    lines = [line.replace(b"waiting", b"refused") for line in an_export(3 * MOST_FAULTS)]
    report = verify(lines)
    assert (len(report.faults), report.more_faults) == (MOST_FAULTS, 2 * MOST_FAULTS)

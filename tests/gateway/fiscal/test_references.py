import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risiti.gateway.fiscal.references import BadReference, canonical, normalise, on_the_wire

WIRE = re.compile(r"[A-Za-z0-9._/-]{1,50}")
PLAIN = st.text("ABCabc019._/-", min_size=1, max_size=50)
ANY = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40)


def good(text: str) -> str:
    try:
        return normalise(text)
    except BadReference:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("spelled", "kept"),
    [
        ("INV-1", "INV-1"),
        ("  INV \u00a0 1 ", "INV 1"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("INV-\u212a", "INV-K"),
        ("\uff29\uff2e\uff36", "INV"),
        ("\u2460", "1"),
    ],
)
def test_a_reference_is_kept_in_its_plainest_spelling(spelled: str, kept: str) -> None:
    assert normalise(spelled) == kept


@pytest.mark.parametrize("same", ["INV-k", "inv-K", "INV-K ", "INV-\u212a", "\uff29NV-k"])
def test_spellings_that_a_person_calls_the_same_number_are_one(same: str) -> None:
    assert canonical(same) == canonical("INV-K")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u3000", "empty"),
        ("x" * 51, "too_long"),
        ("\ufdfa" * 3, "too_long"),
        ("a\nb", "control_character"),
        ("a\r", "control_character"),
        ("a\tb", "control_character"),
        ("a\0b", "control_character"),
        ("a\u202eb", "control_character"),
        ("a\u200bb", "control_character"),
        ("a\u00adb", "control_character"),
        ("\ufeffa", "control_character"),
        ("a\u2028b", "control_character"),
        ("a\ufe0fb", "control_character"),
        ("a\u3164b", "control_character"),
        ("a\ud800b", "control_character"),
        ("a\ue000b", "control_character"),
    ],
)
def test_what_is_no_reference_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadReference) as caught:
        normalise(text)
    assert caught.value.code == code


def test_fifty_characters_fit() -> None:
    assert normalise("\u20ac" * 50) == "\u20ac" * 50


def test_a_plain_reference_goes_out_as_the_sellers_own() -> None:
    assert on_the_wire("2026/INV_0001".replace("_", "-")) == "2026/INV-0001"


def test_another_reference_goes_out_readable_with_a_digest() -> None:
    assert on_the_wire("Café no. 12") == "Cafeno.12-" + on_the_wire("Café no. 12")[-16:]
    assert on_the_wire("Café no. 12") != on_the_wire("Cafe no. 12")
    assert on_the_wire("\u20ac" * 17) == "-" + on_the_wire("\u20ac" * 17)[-16:]


@given(PLAIN)
def test_plain_references_are_never_changed(text: str) -> None:
    assert normalise(text) == text
    assert on_the_wire(text) == text


@given(ANY)
def test_normalising_twice_changes_nothing(text: str) -> None:
    kept = good(text)
    assert normalise(kept) == kept
    assert canonical(kept) == canonical(text)


@given(ANY)
def test_case_and_blanks_around_do_not_make_another_number(text: str) -> None:
    kept = good(text)
    assert canonical(f"  {kept} ") == canonical(kept)
    for variant in (kept.lower(), kept.upper()):
        if variant.casefold() == kept.casefold() == unicodedata.normalize("NFKC", variant).casefold():
            assert canonical(good(variant)) == canonical(kept)


@given(ANY)
def test_the_wire_always_gets_one_to_fifty_plain_bytes(text: str) -> None:
    kept = good(text)
    sent = on_the_wire(kept)
    assert WIRE.fullmatch(sent)
    assert on_the_wire(kept) == sent


@given(ANY, ANY)
def test_different_numbers_are_different_on_the_wire(one: str, other: str) -> None:
    one, other = good(one), good(other)
    assume(canonical(one) != canonical(other))
    assert on_the_wire(one).casefold() != on_the_wire(other).casefold()

import copy
import json
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.kernel.secrets import BadKey, CannotUnseal, KeyEncryptionKey, Place, Secret, Vault, same

KEK = KeyEncryptionKey(bytes(range(32)))
OTHER_KEK = KeyEncryptionKey(bytes(32))
PLACE = Place("com_mango", "device-private-key", "dev_1")
CANARY = "canary-7f3a"


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{:>20}".format, lambda secret: f"{secret!r}"])
def test_a_secret_does_not_show_itself(show: Callable[[Secret], str]) -> None:
    assert CANARY not in show(Secret(CANARY))
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize("leak", [pickle.dumps, copy.deepcopy, json.dumps])
def test_a_secret_cannot_be_written_down_by_accident(leak: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as error:
        leak(Secret(CANARY))
    assert CANARY not in str(error.value)


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


@given(left=st.text(), right=st.text())
def test_texts_are_the_same_when_they_are_equal(left: str, right: str) -> None:
    assert same(left, right) is (left == right)
    assert same(left, left)


@given(plaintext=st.binary(max_size=3000))
def test_what_is_sealed_comes_back(plaintext: bytes) -> None:
    vault = Vault(KEK)
    wrapped = vault.new_data_key("com_mango")
    assert vault.unseal(wrapped, PLACE, vault.seal(wrapped, PLACE, plaintext)) == plaintext


def test_sealing_twice_gives_two_ciphertexts() -> None:
    vault = Vault(KEK)
    wrapped = vault.new_data_key("com_mango")
    assert vault.seal(wrapped, PLACE, b"text") != vault.seal(wrapped, PLACE, b"text")


@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found_wherever_it_is(position: int, bit: int) -> None:
    vault = Vault(KEK)
    wrapped = vault.new_data_key("com_mango")
    sealed = bytearray(vault.seal(wrapped, PLACE, b"a private key"))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(CannotUnseal):
        vault.unseal(wrapped, PLACE, bytes(sealed))


@given(length=st.integers(0, 48))
def test_a_sealed_secret_that_is_cut_short_is_refused(length: int) -> None:
    vault = Vault(KEK)
    wrapped = vault.new_data_key("com_mango")
    sealed = vault.seal(wrapped, PLACE, b"a private key")
    with pytest.raises(CannotUnseal):
        vault.unseal(wrapped, PLACE, sealed[:length])


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("com_mango", "device-private-key", "dev_2"),
        Place("com_mango", "webhook-secret", "dev_1"),
    ],
)
def test_a_sealed_secret_opens_in_its_own_place_only(elsewhere: Place) -> None:
    vault = Vault(KEK)
    wrapped = vault.new_data_key("com_mango")
    sealed = vault.seal(wrapped, PLACE, b"a private key")
    with pytest.raises(CannotUnseal):
        vault.unseal(wrapped, elsewhere, sealed)


def test_another_company_cannot_use_the_data_key_even_with_the_row_moved() -> None:
    vault = Vault(KEK)
    wrapped = vault.new_data_key("com_mango")
    sealed = vault.seal(wrapped, PLACE, b"a private key")
    moved = Place("com_papaya", PLACE.purpose, PLACE.record_id)
    with pytest.raises(CannotUnseal):
        vault.unseal(wrapped, moved, sealed)
    with pytest.raises(CannotUnseal):
        vault.unseal(vault.new_data_key("com_papaya"), moved, sealed)


def test_another_key_encryption_key_opens_nothing() -> None:
    wrapped = Vault(KEK).new_data_key("com_mango")
    sealed = Vault(KEK).seal(wrapped, PLACE, b"a private key")
    with pytest.raises(CannotUnseal):
        Vault(OTHER_KEK).unseal(wrapped, PLACE, sealed)


def test_neither_data_key_nor_plaintext_is_in_what_is_stored() -> None:
    drawn: list[bytes] = []

    def random_bytes(length: int) -> bytes:
        drawn.append(bytes([len(drawn) + 1]) * length)
        return drawn[-1]

    vault = Vault(KEK, random_bytes)
    stored = vault.new_data_key("com_mango") + vault.seal(vault.new_data_key("com_mango"), PLACE, b"a private key")
    keys = [key for key in drawn if len(key) == 32]
    assert len(keys) == 2
    assert all(key not in stored for key in keys)
    assert b"a private key" not in stored


@pytest.mark.parametrize("part", ["", "a|b"])
def test_a_place_whose_parts_could_be_confused_is_refused(part: str) -> None:
    for place in ((part, "purpose", "record"), ("company", part, "record"), ("company", "purpose", part)):
        with pytest.raises(ValueError, match="parts of a place"):
            Place(*place)


def test_a_key_encryption_key_comes_back_from_its_text() -> None:
    text = KeyEncryptionKey.generate().to_text()
    assert KeyEncryptionKey.from_text(f" {text}\n").to_text() == text


def test_a_key_encryption_key_is_named_without_being_shown() -> None:
    assert KEK.id != OTHER_KEK.id
    assert KEK.to_text() not in repr(KEK)
    assert KEK.id not in KEK.to_text()
    with pytest.raises(TypeError):
        pickle.dumps(KEK)


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ=", "ä" * 44, "A" * 43 + "B" * 44])
def test_what_cannot_be_a_key_encryption_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(BadKey) as error:
        KeyEncryptionKey.from_text(text)
    assert not text or text not in str(error.value)

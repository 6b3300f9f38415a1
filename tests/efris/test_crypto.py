import base64
import contextlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from risiti.efris import crypto
from risiti.efris.crypto import DecryptionFailed, KeyFileError
from risiti.efris.session import SessionKey
from tests.efris import known

KEYS = known.messages()["keys"]
SESSION_KEYS = st.sampled_from(crypto.SESSION_KEY_LENGTHS).flatmap(lambda size: st.binary(min_size=size, max_size=size))


@given(SESSION_KEYS, st.binary(max_size=2000))
def test_what_is_encrypted_decrypts_to_the_same_bytes(key: bytes, text: bytes) -> None:
    cipher = crypto.encrypt(key, text)
    assert len(cipher) % 16 == 0
    assert len(cipher) > len(text)
    assert crypto.decrypt(key, cipher) == text


@given(st.binary(max_size=200).filter(lambda data: len(data) % 16 != 0 or not data))
def test_bytes_of_an_impossible_length_do_not_decrypt(data: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        crypto.decrypt(known.session_key(), data)


@given(st.binary(min_size=1, max_size=200), SESSION_KEYS)
def test_another_key_never_gives_the_text_back(text: bytes, other: bytes) -> None:
    assume(other != known.session_key())
    with contextlib.suppress(DecryptionFailed):
        assert crypto.decrypt(other, crypto.encrypt(known.session_key(), text)) != text


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_a_signature_holds_for_its_text_alone(text: bytes, other: bytes) -> None:
    signature = crypto.sign(known.taxpayer_key(), text)
    assert signature == crypto.sign(known.taxpayer_key(), text)
    assert crypto.verifies(known.taxpayer_key().public_key(), signature, other) is (other == text)


def test_a_wrapped_secret_opens_with_the_private_key_alone() -> None:
    other = crypto.load_private_key(KEYS["server_private_pem"].encode())
    wrapped = crypto.wrap(known.taxpayer_key().public_key(), b"secret")
    assert crypto.unwrap(known.taxpayer_key(), wrapped) == b"secret"
    with contextlib.suppress(DecryptionFailed):
        assert crypto.unwrap(other, wrapped) != b"secret"
    with pytest.raises(DecryptionFailed):
        crypto.unwrap(known.taxpayer_key(), b"short")


@pytest.mark.parametrize("length", [0, 8, 15, 17, 64])
def test_a_session_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16, 24 or 32"):
        crypto.encrypt(b"k" * length, b"text")


def _pem(key: rsa.RSAPrivateKey, form: PrivateFormat, password: str = "") -> bytes:
    protection = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, protection)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("password", ["", "throw away"])
def test_pem_files_of_both_kinds_are_read_with_and_without_password(form: PrivateFormat, password: str) -> None:
    data = b"some words before\n" + _pem(known.taxpayer_key(), form, password)
    assert crypto.load_private_key(data, password or None).private_numbers() == known.taxpayer_key().private_numbers()


def test_a_password_nobody_asked_for_does_no_harm() -> None:
    assert crypto.load_private_key(KEYS["taxpayer_private_pem"].encode(), "unneeded").key_size == 2048


@pytest.mark.parametrize(
    ("data", "password", "advice"),
    [
        (b"", None, "neither a PEM file nor a PKCS#12 file"),
        (b"hello", None, "neither a PEM file nor a PKCS#12 file"),
        (b"\xfe\xed\xfe\xed....", None, "keytool"),
        (KEYS["taxpayer_certificate_pem"].encode(), None, "add the private key"),
        (KEYS["taxpayer_public_pem"].encode(), None, "add the private key"),
        (_pem(known.taxpayer_key(), PrivateFormat.PKCS8, "right"), None, "give its password"),
        (_pem(known.taxpayer_key(), PrivateFormat.PKCS8, "right"), "wrong", "password is wrong"),
        (KEYS["taxpayer_private_pem"][:400].encode() + b"\n-----END PRIVATE KEY-----\n", None, "damaged"),
        (base64.b64decode(KEYS["taxpayer_p12_base64"]), "wrong", "password of the PKCS#12 file is wrong"),
        (base64.b64decode(KEYS["taxpayer_p12_base64"]), None, "needs its password"),
        (base64.b64decode(KEYS["taxpayer_p12_base64"])[:500], "throwaway", "damaged"),
        (_pem(rsa.generate_private_key(65537, 1024), PrivateFormat.PKCS8), None, "2048 bits"),  # noqa: S505 - too short
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            None,
            "not an RSA key",
        ),
        (b"0" * 200, None, "damaged"),
    ],
)
def test_a_key_file_that_cannot_be_used_says_what_to_do(data: bytes, password: str | None, advice: str) -> None:
    with pytest.raises(KeyFileError, match=advice) as raised:
        crypto.load_private_key(data, password)
    assert "right" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("size", "accepted"), [(crypto.MAX_KEY_FILE_BYTES, True), (crypto.MAX_KEY_FILE_BYTES + 1, False)]
)
def test_key_files_have_a_greatest_size(size: int, accepted: bool) -> None:  # noqa: FBT001 - a column of the table
    data = KEYS["taxpayer_private_pem"].encode().ljust(size, b"\n")
    if accepted:
        assert crypto.load_private_key(data).key_size == 2048
    else:
        with pytest.raises(KeyFileError, match="at most"):
            crypto.load_private_key(data)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("certificate", [True, False])
def test_a_public_key_is_read_alone_or_from_its_certificate(encoding: Encoding, certificate: bool) -> None:  # noqa: FBT001 - a column of the table
    key = known.taxpayer_key().public_key()
    if certificate:
        data = x509.load_pem_x509_certificate(KEYS["taxpayer_certificate_pem"].encode()).public_bytes(encoding)
    else:
        data = key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    assert crypto.load_public_key(data) == key


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"", "neither a public key nor a certificate"),
        (KEYS["taxpayer_private_pem"].encode(), "neither a public key nor a certificate"),
        (b"0" * (crypto.MAX_KEY_FILE_BYTES + 1), "at most"),
        (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "not an RSA key",
        ),
    ],
)
def test_a_file_without_a_public_key_for_us_says_so(data: bytes, advice: str) -> None:
    with pytest.raises(KeyFileError, match=advice):
        crypto.load_public_key(data)


def test_credentials_and_session_keys_never_show_their_secret() -> None:
    assert "private_key" not in repr(known.credentials())
    assert "secret" not in repr(SessionKey(known.session_key(), 0.0))

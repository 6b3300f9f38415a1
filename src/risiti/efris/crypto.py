"""Bytes in, bytes out: key files, RSA unwrap and signature, AES content."""

from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import pkcs12

PrivateKey: TypeAlias = RSAPrivateKey
"""The taxpayer's RSA key, as `cryptography` holds it."""

PublicKey: TypeAlias = RSAPublicKey
"""The public half, which the authority knows from the registered certificate."""

MAX_KEY_FILE_BYTES = 64 * 1024
"""No key file is larger; a certificate chain of ten is about 20 KiB."""

MIN_RSA_BITS = 2048
"""URA registers certificates with RSA keys of 2048 bits (T136)."""

SESSION_KEY_LENGTHS = (16, 24, 32)
"""Bytes an AES session key may have; the live service hands out 16."""

_BLOCK_BITS = 128
_BLOCK_BYTES = 16
_JAVA_KEYSTORE_MAGIC = b"\xfe\xed\xfe\xed"
_DER_SEQUENCE = b"\x30"


class KeyFileError(ValueError):
    """A key file cannot be used; the text says what to do about it and never quotes key or password."""


class DecryptionFailed(ValueError):
    """Bytes could not be decrypted. One opaque message, whatever the reason, so that it teaches an attacker nothing."""

    def __init__(self) -> None:
        super().__init__("the content could not be decrypted with this key")


def load_private_key(data: bytes, password: str | None = None) -> PrivateKey:
    """Read an RSA private key from a PEM file (PKCS#8 or PKCS#1) or a PKCS#12 file (.pfx, .p12), told apart by content.

    Args:
        data: The file as it is, at most `MAX_KEY_FILE_BYTES` bytes.
        password: Its password, or None if it has none. A password given for an unprotected PEM file is ignored.

    Raises:
        KeyFileError: not such a file, wrong or missing password, no private key in it, not RSA, too short a key.
    """
    if len(data) > MAX_KEY_FILE_BYTES:
        raise KeyFileError(f"the file has {len(data)} bytes; a key file has at most {MAX_KEY_FILE_BYTES}")
    if data.startswith(_JAVA_KEYSTORE_MAGIC):
        raise KeyFileError(
            "this is a Java keystore; export it first: keytool -importkeystore -srckeystore IN.jks "
            "-destkeystore OUT.p12 -deststoretype PKCS12"
        )
    secret = password.encode("utf-8") if password else None
    if b"-----BEGIN " in data:
        key = _from_pem(data, secret)
    elif data.startswith(_DER_SEQUENCE):
        key = _from_pkcs12(data, secret)
    else:
        raise KeyFileError("this is neither a PEM file nor a PKCS#12 file (.pfx, .p12); upload one of these")
    if not isinstance(key, RSAPrivateKey):
        raise KeyFileError("the private key is not an RSA key; URA accepts RSA keys only")
    if key.key_size < MIN_RSA_BITS:
        raise KeyFileError(f"the RSA key has {key.key_size} bits; URA accepts keys of {MIN_RSA_BITS} bits")
    return key


def load_public_key(data: bytes) -> PublicKey:
    """Read an RSA public key, or that of a certificate, in PEM or DER; for what others have signed.

    Raises:
        KeyFileError: none of these, or not RSA.
    """
    if len(data) > MAX_KEY_FILE_BYTES:
        raise KeyFileError(f"the file has {len(data)} bytes; a key file has at most {MAX_KEY_FILE_BYTES}")
    for read in (
        serialization.load_pem_public_key,
        serialization.load_der_public_key,
        lambda found: x509.load_pem_x509_certificate(found).public_key(),
        lambda found: x509.load_der_x509_certificate(found).public_key(),
    ):
        try:
            key = read(data)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, RSAPublicKey):
            return key
        raise KeyFileError("the public key is not an RSA key; EFRIS signs with RSA only")
    raise KeyFileError("this is neither a public key nor a certificate, in PEM or DER; export one of these")


def _from_pem(data: bytes, secret: bytes | None) -> object:
    if b"PRIVATE KEY-----" not in data:
        raise KeyFileError("the PEM file holds no private key, only a certificate or public key; add the private key")
    if secret is not None and b"ENCRYPTED" not in data:
        secret = None
    try:
        return serialization.load_pem_private_key(data, secret)
    except TypeError:
        raise KeyFileError("the private key is protected; give its password") from None
    except UnsupportedAlgorithm:
        raise KeyFileError("the private key's type or protection is not supported; save it as PKCS#8 PEM") from None
    except ValueError:
        if secret is None:
            raise KeyFileError("the private key in the PEM file is damaged; export it again") from None
        raise KeyFileError("the password is wrong, or the private key in the PEM file is damaged") from None


def _from_pkcs12(data: bytes, secret: bytes | None) -> object:
    try:
        key, _certificate, _others = pkcs12.load_key_and_certificates(data, secret)
    except UnsupportedAlgorithm:
        raise KeyFileError(
            "the PKCS#12 file uses an old protection; save it again: openssl pkcs12 -legacy -in IN.pfx -nodes -out "
            "KEY.pem, then upload KEY.pem"
        ) from None
    except (ValueError, TypeError):
        if secret is None:
            raise KeyFileError("the PKCS#12 file needs its password, or is damaged") from None
        raise KeyFileError("the password of the PKCS#12 file is wrong, or the file is damaged") from None
    if key is None:
        raise KeyFileError("the PKCS#12 file holds no private key; export the certificate with its private key")
    return key


def encrypt(session_key: bytes, plaintext: bytes) -> bytes:
    """Encrypt content: AES in ECB mode, PKCS#7 padding counted in bytes. The result is a multiple of 16 bytes.

    Raises:
        ValueError: the session key has not 16, 24 or 32 bytes.
    """
    missing = _BLOCK_BYTES - len(plaintext) % _BLOCK_BYTES
    encryptor = _aes(session_key).encryptor()
    return encryptor.update(plaintext + bytes((missing,)) * missing) + encryptor.finalize()


def decrypt(session_key: bytes, ciphertext: bytes) -> bytes:
    """Undo `encrypt`.

    Raises:
        DecryptionFailed: empty, not a multiple of 16 bytes, or the padding is not PKCS#7 (most often: another key).
        ValueError: the session key has not 16, 24 or 32 bytes.
    """
    decryptor = _aes(session_key).decryptor()
    unpadder = padding.PKCS7(_BLOCK_BITS).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise DecryptionFailed from None


def _aes(session_key: bytes) -> Cipher[modes.ECB]:
    if len(session_key) not in SESSION_KEY_LENGTHS:
        raise ValueError("a session key has 16, 24 or 32 bytes")
    return Cipher(algorithms.AES(session_key), modes.ECB())  # noqa: S305 - the wire protocol's mode, not our choice


def sign(private_key: PrivateKey, text: bytes) -> bytes:
    """Sign the base64 text of a content: RSA PKCS#1 v1.5 over SHA-1, the scheme the service verifies."""
    return private_key.sign(text, PKCS1v15(), hashes.SHA1())  # noqa: S303 - the wire protocol's hash, not our choice


def verifies(public_key: PublicKey, signature: bytes, text: bytes) -> bool:
    """Tell whether `signature` is the one `sign` makes over `text` with the private half of `public_key`."""
    try:
        public_key.verify(signature, text, PKCS1v15(), hashes.SHA1())  # noqa: S303 - as in sign()
    except InvalidSignature:
        return False
    return True


def wrap(public_key: PublicKey, secret: bytes) -> bytes:
    """Encrypt a short secret for the holder of the private key: RSA PKCS#1 v1.5 (how T104 hands out session keys).

    Raises:
        ValueError: the secret is longer than the key allows (245 bytes with RSA-2048).
    """
    return public_key.encrypt(secret, PKCS1v15())


def unwrap(private_key: PrivateKey, wrapped: bytes) -> bytes:
    """Undo `wrap`.

    A ciphertext made for another key may come back as random bytes instead of failing (OpenSSL hides padding errors
    on purpose), so the caller checks what it gets.

    Raises:
        DecryptionFailed: the length does not fit the key, or the padding is seen to be wrong.
    """
    try:
        return private_key.decrypt(wrapped, PKCS1v15())
    except ValueError:
        raise DecryptionFailed from None

"""Credentials: TIN, device number and private key of one device, or the signer that keeps it; repr shows no key."""

from dataclasses import dataclass, field
from typing import Protocol

from risiti.efris import crypto
from risiti.efris.errors import NotReady


class Signer(Protocol):
    """Keeps the private key elsewhere: in a hardware module or a key service.

    Both methods may block, take their time and raise what they like: the client calls them on a thread, ends the wait
    at its own deadline, and counts any failure as "nothing was sent" (NotReady). Of what is raised only the type
    is told, but of a NotReady the text, too.
    """

    def sign(self, text: bytes) -> bytes:
        """Sign: RSA PKCS#1 v1.5 over SHA-1 (PKCS#11: CKM_SHA1_RSA_PKCS). `text` is a content's base64 text."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Decrypt a session key: RSA PKCS#1 v1.5 (PKCS#11: CKM_RSA_PKCS)."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who speaks to the authority.

    Attributes:
        tin: The taxpayer's TIN, 10 digits.
        device_no: The device number URA gave out, e.g. `1000000000_01`.
        private_key: The RSA key whose certificate URA knows (see `crypto.load_private_key`), or the Signer that keeps
            it. None only before an offline enabler, which signs by itself.
        taxpayer_id: URA's internal number of the taxpayer (answer of SIGN_IN); "1" is accepted from everyone.
        brn: Business registration number, or "".
    """

    tin: str
    device_no: str
    private_key: crypto.PrivateKey | Signer | None = field(default=None, repr=False)
    taxpayer_id: str = "1"
    brn: str = ""

    @property
    def may_block(self) -> bool:
        """Whether `sign` and `unwrap` ask someone else, who may be slow."""
        return self.private_key is not None and not isinstance(self.private_key, crypto.PrivateKey)

    def sign(self, text: bytes) -> bytes:
        """Sign the base64 text of a content.

        Raises:
            NotReady: there is no private key, or the signer failed.
        """
        key = self._key()
        if isinstance(key, crypto.PrivateKey):
            return crypto.sign(key, text)
        try:
            return key.sign(text)
        except NotReady:
            raise
        except Exception as error:
            raise NotReady(f"the signer did not sign: {type(error).__name__}") from error

    def unwrap(self, wrapped: bytes) -> bytes:
        """Decrypt what was wrapped for this device.

        Raises:
            crypto.DecryptionFailed: it was wrapped for another key.
            NotReady: there is no private key, or the signer failed.
        """
        key = self._key()
        if isinstance(key, crypto.PrivateKey):
            return crypto.unwrap(key, wrapped)
        try:
            return key.unwrap(wrapped)
        except (crypto.DecryptionFailed, NotReady):
            raise
        except Exception as error:
            raise NotReady(f"the signer did not unwrap the session key: {type(error).__name__}") from error

    def _key(self) -> crypto.PrivateKey | Signer:
        if self.private_key is None:
            raise NotReady("there is no private key; only an offline enabler does without")
        return self.private_key

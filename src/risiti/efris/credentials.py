"""Credentials: TIN, device number and private key of one device; its repr never shows the key."""

from dataclasses import dataclass, field

from risiti.efris.crypto import PrivateKey


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who speaks to the authority.

    Attributes:
        tin: The taxpayer's TIN, 10 digits.
        device_no: The device number URA gave out, e.g. `1000000000_01`.
        private_key: The RSA key whose certificate URA knows; see `crypto.load_private_key`.
        taxpayer_id: URA's internal number of the taxpayer (answer of SIGN_IN); "1" is accepted from everyone.
        brn: Business registration number, or "".
    """

    tin: str
    device_no: str
    private_key: PrivateKey = field(repr=False)
    taxpayer_id: str = "1"
    brn: str = ""

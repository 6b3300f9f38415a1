"""Who may speak to the authority: taxpayers, their devices, and the session keys handed out to them."""

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Literal, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from risiti.simulator.settings import Settings
from risiti.simulator.store import Store

DeviceStatus = Literal["normal", "abnormal", "blocked", "suspended"]
SESSION_KEY_BYTES = 16


class RegistrationError(ValueError):
    """A taxpayer or device cannot be registered; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxpayer:
    """A taxpayer as the authority has it registered, with the switches T103 hands out.

    Attributes:
        tin: Taxpayer identification number.
        legal_name: Registered name; a buyer's legal name must equal it (2248).
        business_name: Trading name.
        nin_brn: NIN or BRN, or "" when none is registered.
        address: Postal address.
        email: Contact address.
        phone: Contact number.
        individual: A natural person (taxpayerType 201); otherwise 202, which can only buy as B2B (2839).
        government: Entitled to B2G documents (3083).
        status: `normal`; `unregistered` is answered with 42, anything else with 101.
        vat_registered: Issues invoices (else receipts; 2240, 1326).
        reference_mandatory: Each document needs the seller's reference (1120).
        back_dating: issuedDate may lie in an earlier month (2789), up to `period_days`.
        period_days: Most days issuedDate may lie in the past (2789).
        out_of_scope: May issue lines outside the scope of VAT (2840, 2856).
        max_gross: UGX a document may have at most (2075).
        rebates: May issue credit memos (2804).
        credit_memo_days: Most days the issuedDate of a credit memo may lie in the past (312).
        credit_without_original: May apply for credit notes that name no original document (2825).
        debit_after_credit: May issue a debit note on a document that was credited in part (306).
        data_sources: Channels the seller may use (2838).
        branches: Branch names by branch id (2185, 2188).
        e_invoicing: Takes part in electronic invoicing (2824); a buyer does not need to.
        tax_category_mandatory: Tax rows need their category code (2828); without it they need a name (1478).
        excise_registered: Registered for excise duty (681, 2851).
        stock_limited: No goods may be sold beyond their stock (1600, 2788); `goodsStockLimit` of T103.
        duty_free: A duty-free seller (2816, 2817).
        deemed_supplies: May issue lines whose VAT is deemed paid (2821).
        imported_services: May declare imported services (2778).
        export_rate: VAT rate of its exports (2048).
        export_excise: Its exports may carry excise duty (2852).
        offline_documents: Most documents a device may have issued offline; 0 for not at all (2786).
        offline_days: Most days a device may stay offline.
        offline_value: UGX of the documents a device may issue offline.
        offline_numbers: First and last number a device may use offline, as "first-last", by device number (2064).
        agent: May issue documents for others (3099).
        agents: Who may issue documents for it: item codes, separated by commas, or "*" for all, by the agent's TIN
            (3100, 3122).
        mobile_number: The mobile number it may issue documents from over USSD, "" for none (3065, 3069).
        auto_calculate_taxes: The authority works out missing tax rows (T103.autoCalculateSectionE).
        auto_calculate_summary: The authority works out a missing summary (T103.autoCalculateSectionF).
        tax_type_restrictions: Handed out in T103 as issueTaxTypeRestrictions; changes nothing here.
        buyer_modified_times: Times the buyer of a document may be changed.
        buyer_modification_hours: Hours in which the buyer of a document may be changed.
        frequent_contacts: Most frequent contacts.
        suspended_branches: Branch ids that are not in normal state (102).
        customs: May call the interfaces of customs (2034).
    """

    tin: str
    legal_name: str
    business_name: str = ""
    nin_brn: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    individual: bool = False
    government: bool = False
    status: str = "normal"
    vat_registered: bool = True
    reference_mandatory: bool = False
    back_dating: bool = True
    period_days: int = 7
    out_of_scope: bool = False
    max_gross: Decimal = Decimal("9999999999999.99")
    rebates: bool = False
    credit_memo_days: int = 15
    credit_without_original: bool = False
    debit_after_credit: bool = True
    data_sources: tuple[str, ...] = ("103",)
    branches: dict[str, str] = field(default_factory=dict)
    e_invoicing: bool = True
    tax_category_mandatory: bool = True
    excise_registered: bool = False
    stock_limited: bool = False
    duty_free: bool = False
    deemed_supplies: bool = False
    imported_services: bool = False
    export_rate: Decimal = Decimal(0)
    export_excise: bool = False
    offline_documents: int = 0
    offline_days: int = 0
    offline_value: Decimal = Decimal(0)
    offline_numbers: dict[str, str] = field(default_factory=dict)
    agent: bool = False
    agents: dict[str, str] = field(default_factory=dict)
    mobile_number: str = ""
    auto_calculate_taxes: bool = False
    auto_calculate_summary: bool = False
    tax_type_restrictions: bool = False
    buyer_modified_times: int = 1
    buyer_modification_hours: int = 48
    frequent_contacts: int = 40
    suspended_branches: tuple[str, ...] = ()
    customs: bool = False

    @property
    def taxpayer_id(self) -> str:
        """The authority's own number for the taxpayer, ten digits made from the TIN."""
        digits = "".join(letter for letter in self.tin if letter in "0123456789")
        return str(10**9 + int(digits[-9:] or "1"))

    def to_json(self) -> dict[str, object]:
        """Return all attributes as JSON values."""
        return {
            name: str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: dict[str, object]) -> Self:
        """Build a taxpayer from JSON values by attribute name.

        Raises:
            RegistrationError: an unknown attribute, or a value of the wrong type.
        """
        kinds = {known.name: known.type for known in fields(cls)}
        unknown = sorted(set(data) - set(kinds))
        if unknown:
            raise RegistrationError(f"a taxpayer has no {', '.join(unknown)}")
        missing = [name for name in ("tin", "legal_name") if not data.get(name)]
        if missing:
            raise RegistrationError(f"a taxpayer needs {' and '.join(missing)}")
        return cls(**{name: _typed(name, kinds[name], value) for name, value in data.items()})  # type: ignore[arg-type]


def _typed(name: str, kind: object, value: object) -> object:
    if kind in (str, bool, int) and type(value) is kind:
        return value
    if kind is Decimal and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except ArithmeticError:
            pass
    if kind == tuple[str, ...] and isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if kind == dict[str, str] and isinstance(value, dict) and all(isinstance(part, str) for part in value.values()):
        return dict(value)
    raise RegistrationError(f"{name} has the wrong type")


@dataclass(frozen=True, slots=True)
class Device:
    """A device the authority knows.

    Attributes:
        device_no: Its number, the `deviceNo` of every call.
        tin: Its owner.
        public_key: PEM of the owner's RSA public key; "" until the owner uploads a certificate (T136) or the device
            asks for keys (T102).
        status: `normal`, `abnormal` (403), `blocked` (3088), or `suspended`, which may ask but not issue (3128; 3072
            over USSD).
    """

    device_no: str
    tin: str
    public_key: str
    status: DeviceStatus = "normal"

    def key(self) -> RSAPublicKey:
        """Return the public key that verifies the device's signatures."""
        return _public_key(self.public_key)


@lru_cache(maxsize=256)
def _public_key(pem: str) -> RSAPublicKey:
    data = pem.encode()
    try:
        key = (
            load_pem_x509_certificate(data).public_key() if b"BEGIN CERTIFICATE" in data else load_pem_public_key(data)
        )
    except (ValueError, UnsupportedAlgorithm):
        raise RegistrationError("the public key is no PEM public key or certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise RegistrationError("the public key is not an RSA key")
    return key


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The AES keys a device may use now.

    Attributes:
        usable: Keys that decrypt, newest first.
        ever_issued: Whether the device was given any key (401 if not).
    """

    usable: tuple[bytes, ...]
    ever_issued: bool


class Registry:
    """Taxpayers, devices and session keys in the store."""

    def __init__(self, store: Store, chance: Random) -> None:
        self._store = store
        self._chance = chance

    def add_taxpayer(self, taxpayer: Taxpayer) -> None:
        """Register a taxpayer, or replace what is known about the TIN."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO taxpayers VALUES (?, ?)", (taxpayer.tin, json.dumps(taxpayer.to_json())))

    def taxpayer(self, tin: str) -> Taxpayer | None:
        """Find a taxpayer by TIN."""
        with self._store.reading() as db:
            row = db.execute("SELECT data FROM taxpayers WHERE tin = ?", (tin,)).fetchone()
        return None if row is None else Taxpayer.from_json(json.loads(row[0]))

    def taxpayers(self) -> list[Taxpayer]:
        """List all taxpayers by TIN."""
        with self._store.reading() as db:
            rows = db.execute("SELECT data FROM taxpayers ORDER BY tin").fetchall()
        return [Taxpayer.from_json(json.loads(row[0])) for row in rows]

    def taxpayer_of(self, nin_brn: str) -> Taxpayer | None:
        """Find a taxpayer by NIN or BRN."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT data FROM taxpayers WHERE json_extract(data, '$.nin_brn') = ? LIMIT 1", (nin_brn,)
            ).fetchone()
        return None if row is None else Taxpayer.from_json(json.loads(row[0]))

    def add_device(self, device: Device) -> None:
        """Register a device, or replace its key and status. Its session keys stay.

        Raises:
            RegistrationError: the key is no RSA public key, or the TIN is not registered.
        """
        if device.public_key:
            device.key()
        if self.taxpayer(device.tin) is None:
            raise RegistrationError(f"TIN {device.tin} is not registered")
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?)",
                (device.device_no, device.tin, device.public_key, device.status),
            )

    def device(self, device_no: str) -> Device | None:
        """Find a device by its number."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT device_no, tin, public_key, status FROM devices WHERE device_no = ?", (device_no,)
            ).fetchone()
        return None if row is None else Device(*row)

    def devices(self) -> list[Device]:
        """List all devices by number."""
        with self._store.reading() as db:
            rows = db.execute("SELECT device_no, tin, public_key, status FROM devices ORDER BY device_no").fetchall()
        return [Device(*row) for row in rows]

    def new_session_key(self, device_no: str, now: datetime) -> bytes:
        """Hand out a fresh AES key of 16 bytes for a device; older ones go on working for the grace period."""
        secret = self._chance.randbytes(SESSION_KEY_BYTES)
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO session_keys (device_no, secret, issued_at) VALUES (?, ?, ?)",
                (device_no, secret, now.isoformat()),
            )
        return secret

    def session_keys(self, device_no: str, now: datetime, settings: Settings) -> SessionKeys:
        """Return the keys of a device that work at `now`: not past their lifetime, and newest or within grace."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT secret, issued_at FROM session_keys WHERE device_no = ? ORDER BY id DESC LIMIT 64", (device_no,)
            ).fetchall()
        lifetime = timedelta(seconds=settings.key_lifetime_seconds)
        grace = timedelta(seconds=settings.key_grace_seconds)
        usable: list[bytes] = []
        superseded_at: datetime | None = None
        for secret, issued_text in rows:
            issued = datetime.fromisoformat(issued_text)
            in_grace = superseded_at is None or now < superseded_at + grace
            if now < issued + lifetime and in_grace:
                usable.append(bytes(secret))
            superseded_at = issued
        return SessionKeys(tuple(usable), bool(rows))

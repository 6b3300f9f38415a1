"""How the stand-in behaves where the authority's behaviour is a setting, a load effect or an open question."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self, get_args, get_origin

DuplicateCheck = Literal["doc", "always", "off", "racy"]
Lookup = Literal["off", "known", "strict"]
ReferenceMatch = Literal["exact", "contains"]
ExciseFormula = Literal["inside", "off"]
Decision = Literal["approve", "reject", "wait"]
Presence = Literal["table", "codes"]
Which = Literal["first", "second", "last"]


class SettingsError(ValueError):
    """A setting has a wrong name or value; the text names it and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All switches of the stand-in. They are stored with its state and survive a restart.

    Attributes:
        clock_tolerance_seconds: How far requestTime may be off, in either direction, before code 28.
        key_lifetime_seconds: Age at which a session key is answered with 402.
        key_grace_seconds: How long a session key still works after a newer one was handed out.
        query_lag_seconds: Age a document must have before T106 and T107 show it.
        processing_seconds: How long T109 works before it stores the document and answers.
        duplicate_check: `doc` checks the seller's reference when isCheckReferenceNo is 1; `always` checks each
            document that has one; `off` never does; `racy` is `doc` against the ledger as it was when the call
            arrived, so that two calls at once may both pass.
        reference_match: How the referenceNo filter of T106 compares.
        check_goods: Refuse lines whose item code was not registered by T130 (2122-2124, 2197).
        check_buyers: `strict` refuses unknown buyer TINs (2249); `known` checks only TINs in the register;
            `off` looks nothing up.
        check_categories: `strict` refuses unknown commodity categories (1318); `known` holds only categories of the
            seed to their rates; `off` looks nothing up.
        tax_tolerance: UGX by which the VAT of one line may differ from the exact value rounded to cents.
        max_lines: Most goods lines in one document (1305).
        presence: `table` demands the fields that the field tables mark mandatory; `codes` demands each field of a
            document and of a credit note's, goods and stock calls that owns a "must not be empty" code, the strictest
            reading of the specification.
        twin_codes: Which code goods and stock calls answer where the specification lists several for one fault (605,
            2233; 606, 650, 2235; 613, 680; 649, 2236; 2129, 2133; 2130, 2134): the `first`, `second` or `last`.
        negative_stock_categories: Commodity categories whose stock may go below zero whatever the seller's switch
            says (T177); `*` for all.
        credit_note_decision: What becomes of an application when its time is over: `approve`, `reject`, or `wait`
            for the counter-party (T113) or the control door. Holds for applications made from then on.
        credit_note_decision_seconds: That time, counted from the application.
        credit_note_days: Age in days up to which a document may get a credit or debit note (312).
        self_approval: Applicants may decide their own applications by T113, as set-ups with one taxpayer need.
        export_processing_seconds: How long an export stays under processing by customs after its upload (T187).
        max_reconciliation_rows: Most rows of one T117 list (1569).
        max_batch: Most documents in one T129 batch (1612).
        max_attachment_bytes: Most bytes of an attachment (3096).
        excise_formula: `inside` holds excise duty to its part of the price without VAT (2794); `off` takes any amount.
        rates_updating: Exchange rates are being refreshed: documents in foreign currency are refused with 3052.
        data_version: The version T103 hands out for dictionaries, categories, duties, branches and HS codes; raise it
            to see a client refresh.
        magic: References and buyer TINs of magic.py make calls fail.
        lenient_mode0_empty: Take modeCode 0 with empty numbers as an online document, as one public client sends it.
        trailing_space_keys: Write `grossAmount ` and `taxAmount ` with a trailing blank in T106 and T107 rows.
        gzip_interfaces: Interfaces whose answers are compressed.
        sign_answers: Sign the content of answers with the authority's key.
    """

    clock_tolerance_seconds: int = 600
    key_lifetime_seconds: int = 86_400
    key_grace_seconds: int = 86_400
    query_lag_seconds: int = 0
    processing_seconds: Decimal = Decimal(0)
    duplicate_check: DuplicateCheck = "doc"
    reference_match: ReferenceMatch = "exact"
    check_goods: bool = False
    check_buyers: Lookup = "known"
    check_categories: Lookup = "known"
    tax_tolerance: Decimal = Decimal("0.01")
    max_lines: int = 5000
    presence: Presence = "table"
    twin_codes: Which = "first"
    negative_stock_categories: tuple[str, ...] = ()
    credit_note_decision: Decision = "approve"
    credit_note_decision_seconds: int = 30
    credit_note_days: int = 90
    self_approval: bool = False
    export_processing_seconds: int = 86_400
    max_reconciliation_rows: int = 1000
    max_batch: int = 100
    max_attachment_bytes: int = 2 * 1024 * 1024
    excise_formula: ExciseFormula = "inside"
    rates_updating: bool = False
    data_version: int = 3
    magic: bool = False
    lenient_mode0_empty: bool = False
    trailing_space_keys: bool = False
    gzip_interfaces: tuple[str, ...] = ("T115",)
    sign_answers: bool = True

    def changed(self, changes: Mapping[str, object]) -> Self:
        """Return these settings with `changes` (JSON values by attribute name) applied.

        Raises:
            SettingsError: an unknown name or a value out of range; nothing is applied then.
        """
        known = {field.name: field.type for field in fields(self)}
        unknown = sorted(set(changes) - set(known))
        if unknown:
            raise SettingsError(f"no such setting: {', '.join(unknown)}; there are {', '.join(known)}")
        read: dict[str, Any] = {name: _read(name, known[name], value) for name, value in changes.items()}
        return replace(self, **read)

    def to_json(self) -> dict[str, object]:
        """Return the settings as JSON values; decimals as text."""
        return {
            name: str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def _read(name: str, kind: object, value: object) -> object:
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        if value in choices:
            return value
        raise SettingsError(f"{name} must be one of {', '.join(choices)}")
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise SettingsError(f"{name} must be true or false")
    if kind is int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise SettingsError(f"{name} must be a whole number, 0 or more")
    if kind is Decimal:
        return read_decimal(name, value)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise SettingsError(f"{name} must be a list of texts")


def read_decimal(name: str, value: object) -> Decimal:
    """Read a number that is 0 or more, given as JSON number or text.

    Raises:
        SettingsError: it is not.
    """
    try:
        number = Decimal(str(value)) if isinstance(value, int | float | str | Decimal) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise SettingsError(f"{name} must be a number, 0 or more")
    return number

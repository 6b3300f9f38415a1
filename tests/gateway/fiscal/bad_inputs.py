"""Hostile and mistaken bodies with the answer each must get, for every door that takes an invoice.

Numbers in the names are those of the list of hostile inputs that the project holds itself to. `BAD_INPUTS` must be
refused with the status, code and path given; `ODD_BUT_GOOD` must be taken.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

JSON = "application/json"
NOW = datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
"""The time at which these are read; doors with another clock should pass over those named in `NEEDS_CLOCK`."""

LINE = {
    "name": "Exercise book",
    "code": "EB-96",
    "category": "14111514",
    "quantity": "3",
    "unit": "101",
    "unit_price": "3933.34",
    "tax": "standard",
}
DOCUMENT = {"reference": "MSG-0001", "lines": [LINE]}


@dataclass(frozen=True)
class BadInput:
    """One body, and how it must be refused."""

    name: str
    body: bytes
    status: int
    code: str
    path: str
    content_type: str = JSON


def document(**changes: object) -> bytes:
    """Return a good document with fields changed or added, as JSON."""
    return json.dumps(DOCUMENT | changes).encode()


def with_line(**changes: object) -> bytes:
    """Return a good document whose only line has fields changed or added."""
    return document(lines=[LINE | changes])


def raw_line(field: str, literal: str) -> bytes:
    """Return a good document with a JSON literal in its line, as written: Python would change it."""
    line = json.dumps(LINE | {field: "@"}).replace('"@"', literal)
    return f'{{"reference": "MSG-0001", "lines": [{line}]}}'.encode()


def _without(field: str) -> bytes:
    return document(lines=[{name: value for name, value in LINE.items() if name != field}])


def _number(name: str, text: str, code: str = "not_a_decimal", field: str = "quantity") -> BadInput:
    return BadInput(name, with_line(**{field: text}), 422, code, f"/lines/0/{field}")


def _literal(name: str, literal: str, status: int, code: str, field: str = "unit_price") -> BadInput:
    return BadInput(name, raw_line(field, literal), status, code, f"/lines/0/{field}")


def _buyer(title: str, code: str, path: str, **buyer: object) -> BadInput:
    return BadInput(title, document(buyer=buyer), 422, code, f"/buyer{path}")


def _dated(name: str, moment: object, code: str) -> BadInput:
    return BadInput(name, document(issued_at=moment), 422, code, "/issued_at")


def _field(name: str, field: str, value: object, code: str, path: str = "") -> BadInput:
    return BadInput(name, document(**{field: value}), 422, code, path or f"/{field}")


_NUMBERS = [
    _literal("01 more decimals than a float holds", "0.12345678901234567890", 422, "too_many_decimals"),
    _number("02 exponent", "1e5"),
    _number("02 exponent of a million digits", "1E+999999"),
    _literal("03 number that overflows a float", "1e400", 422, "not_a_decimal"),
    _literal("04 NaN", "NaN", 400, "not_a_number"),
    _literal("04 Infinity", "Infinity", 400, "not_a_number"),
    _literal("04 minus Infinity", "-Infinity", 400, "not_a_number"),
    _number("04 NaN as text", "NaN"),
    _number("04 signalling NaN as text", "sNaN"),
    _number("05 full-width digits", "\uff11\uff12"),
    _number("05 Arabic digits", "\u0663"),
    _number("06 underscores", "1_000"),
    _number("06 thousands separator", "1,000"),
    _number("06 blanks", " 12 "),
    _number("06 plus sign", "+5"),
    _number("06 hexadecimal", "0x1F"),
    _number("06 leading zeros", "007"),
    _number("07 minus zero as a price", "-0.00", "must_be_positive", "unit_price"),
    _literal("08 integer of 5,000 digits", "9" * 5_000, 400, "number_too_long"),
    _number("09 thirteen digits before the point", "1234567890123", "too_many_digits"),
    _number("09 nine digits after the point", "0.123456789", "too_many_decimals"),
    _number("10 quantity zero", "0", "must_be_positive"),
    _number("10 quantity negative", "-1", "must_be_positive"),
    _literal("10 quantity with exponent", "1e-9", 422, "not_a_decimal", "quantity"),
    _field("11 gross off by a cent", "totals", {"gross": "11800.03"}, "total_mismatch", "/totals/gross"),
    _field("11 tax off by a cent", "totals", {"tax": "1799.99"}, "total_mismatch", "/totals/tax"),
    BadInput(
        "12 line total overflows",
        with_line(quantity="999999999999", unit_price="999999999999"),
        422,
        "line_total_too_large",
        "/lines/0",
    ),
    _literal("13 true as amount", "true", 422, "wrong_type"),
    _number("13 true as text", "true"),
    _field("13 revision as text", "revision", "1", "wrong_type"),
    _field("13 revision true", "revision", True, "wrong_type"),
    _field("14 currency in lower case", "currency", "ugx", "unknown_value"),
    _field("14 currency nobody has", "currency", "XXX", "unknown_value"),
    _field("14 currency with a blank", "currency", "UGX ", "unknown_value"),
    _field("15 exchange rate zero", "exchange_rate", "0", "must_be_positive"),
    _field("15 exchange rate negative", "exchange_rate", -1, "must_be_positive"),
]

_TEXTS = [
    BadInput("16 zero character", with_line(name="a\0b"), 422, "nul_character", "/lines/0/name"),
    BadInput("17 lone surrogate", raw_line("name", '"a\\ud800b"'), 400, "lone_surrogate", "/lines/0/name"),
    _field("18 right-to-left override in the reference", "reference", "INV\u202e1", "control_character"),
    _field("18 zero-width space in the reference", "reference", "INV\u200b1", "control_character"),
    _field("18 byte order mark in the reference", "reference", "\ufeffINV-1", "control_character"),
    BadInput("18 zero-width space in a code", with_line(code="A\u200b1"), 422, "invalid_code", "/lines/0/code"),
    _field("22 reference of blanks", "reference", "   ", "empty"),
    _field("22 reference of 51 characters", "reference", "x" * 51, "too_long"),
    BadInput(
        "23 name of 200 characters and 600 bytes", with_line(name="\u20ac" * 200), 422, "too_long", "/lines/0/name"
    ),
    BadInput("26 line break in a name", with_line(name="Pen\r\nInk"), 422, "control_character", "/lines/0/name"),
    _field("26 line break in the reference", "reference", "INV-1\n", "control_character"),
    _field("29 a hundred thousand bytes of remarks", "remarks", "x" * 100_000, "too_long"),
]

_SHAPES = [
    BadInput(
        "30 duplicate key",
        raw_line("quantity", '"1", "quantity": "1000"'),
        400,
        "duplicate_key",
        "/lines/0/quantity",
    ),
    BadInput("31 a hundred thousand levels", b"[" * 100_000, 400, "too_deep", "/0" * 31 + "/0"),
    BadInput("32 thirty-three levels", b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", 400, "too_deep", "/a" + "/0" * 31),
    _field("33 1,001 lines", "lines", [LINE] * 1_001, "too_many_lines"),
    BadInput(
        "33 a hundred thousand empty objects", document(lines=[{}] * 100_000), 413, "too_many_values", "/lines/19997"
    ),
    _field("34 state", "state", "DONE", "unknown_field"),
    _field("34 fiscal document number", "fdn", "1", "unknown_field"),
    _field("34 somebody else's company", "company_id", "com_1", "unknown_field"),
    BadInput("35 array", b"[]", 400, "not_an_object", ""),
    BadInput("35 null", b"null", 400, "not_an_object", ""),
    BadInput("35 empty body", b"", 400, "empty_body", ""),
    BadInput("35 empty text", b'""', 400, "not_an_object", ""),
    BadInput("36 byte order mark", b"\xef\xbb\xbf" + document(), 400, "byte_order_mark", ""),
    BadInput("36 UTF-16 with a mark", document().decode().encode("utf-16"), 400, "not_utf8", ""),
    BadInput("36 UTF-16 without a mark", document().decode().encode("utf-16-le"), 400, "not_utf8", ""),
    BadInput("36 Latin-1", '{"reference": "Caf\u00e9"}'.encode("latin-1"), 400, "not_utf8", ""),
    BadInput("37 plain text", document(), 415, "unsupported_media_type", "Content-Type:", "text/plain"),
    BadInput("37 UTF-16 announced", document(), 415, "not_json", "Content-Type:", "application/json; charset=utf-16"),
    BadInput("38 two objects", b"{}{}", 400, "malformed_json", ""),
    BadInput("38 NaN as a key", b"{NaN: 1}", 400, "malformed_json", ""),
    BadInput("38 comment", b'{"reference": "A" /* mine */}', 400, "malformed_json", ""),
    BadInput(
        "39 thousands of unknown keys",
        json.dumps(DOCUMENT | {f"key{number}": 1 for number in range(15_000)}).encode(),
        422,
        "unknown_field",
        "/key0",
    ),
    _field("40 prototype", "__proto__", {"admin": True}, "unknown_field"),
    _field("40 constructor", "constructor", {}, "unknown_field"),
]

_DATES = [
    _dated("65 two hours ahead", "2026-03-31T16:05:00+03:00", "in_the_future"),
    _dated("65 the year 9999", "9999-12-31T23:59:59Z", "in_the_future"),
    _dated("65 1970", "1970-01-01T00:00:00Z", "out_of_range"),
    _dated("65 30 February", "2026-02-30T10:00:00+03:00", "not_a_time"),
    _dated("65 leap second", "2025-12-31T23:59:60Z", "not_a_time"),
    _dated("65 24 o'clock", "2026-03-30T24:00:00+03:00", "not_a_time"),
    _dated("66 no offset", "2026-03-31T14:05:00", "offset_missing"),
]
NEEDS_CLOCK = frozenset({"65 two hours ahead"})

_OURS = [
    BadInput("reference missing", json.dumps({"lines": [LINE]}).encode(), 422, "missing", "/reference"),
    BadInput("lines missing", b'{"reference": "MSG-0001"}', 422, "missing", "/lines"),
    BadInput("unit price missing", _without("unit_price"), 422, "price_missing", "/lines/0"),
    _field("no lines", "lines", [], "empty"),
    _field("lines is an object", "lines", {"0": LINE}, "wrong_type"),
    _field("a line is null", "lines", [None], "wrong_type", "/lines/0"),
    _field("10,000 lines", "lines", [{}] * 10_000, "too_many_lines"),
    BadInput("10,000 filled lines", document(lines=[LINE] * 10_000), 413, "too_many_values", "/lines/2499"),
    BadInput("broken JSON", document()[:-2], 400, "malformed_json", ""),
    BadInput("single quotes", b"{'reference': 'A'}", 400, "malformed_json", ""),
    BadInput("trailing comma", b'{"reference": "A",}', 400, "malformed_json", ""),
    BadInput(
        "form instead of JSON",
        b"reference=A",
        415,
        "unsupported_media_type",
        "Content-Type:",
        "application/x-www-form-urlencoded",
    ),
    _field("reference as a number", "reference", 1001, "wrong_type"),
    _field("reference null", "reference", None, "wrong_type"),
    _field("revision zero", "revision", 0, "out_of_range"),
    _field("revision beyond the limit", "revision", 10_000, "out_of_range"),
    _field("kind in capitals", "kind", "INVOICE", "unknown_value"),
    _field("prices in other words", "prices", "gross", "unknown_value"),
    _number("amount of thirty digits", "1" * 30, "too_many_digits", "unit_price"),
    _literal("amount of thirty digits as a number", "1" * 30, 422, "too_many_digits"),
    _literal("negative price as a number", "-5", 422, "must_be_positive"),
    _number("price zero", "0.00", "must_be_positive", "unit_price"),
    BadInput("price null", raw_line("unit_price", "null"), 422, "price_missing", "/lines/0"),
    _literal("price in a list", "[1]", 422, "wrong_type"),
    _number("decimal comma", "12,5", "not_a_decimal", "unit_price"),
    _number("point without digits", "5.", "not_a_decimal"),
    _number("nothing", "", "not_a_decimal"),
    _number("minus alone", "-", "not_a_decimal"),
    BadInput("unknown tax word", with_line(tax="vat"), 422, "unknown_value", "/lines/0/tax"),
    BadInput("tax as a rate", with_line(tax=18), 422, "wrong_type", "/lines/0/tax"),
    BadInput("unit in words", with_line(unit="pieces"), 422, "invalid_code", "/lines/0/unit"),
    BadInput("empty name", with_line(name=" "), 422, "empty", "/lines/0/name"),
    BadInput("empty code", with_line(code=""), 422, "invalid_code", "/lines/0/code"),
    BadInput("less than a cent", with_line(quantity="0.001", unit_price="0.01"), 422, "line_total_zero", "/lines/0"),
    BadInput(
        "discount over the line",
        with_line(discount={"amount": "11800.03"}),
        422,
        "discount_over_line",
        "/lines/0/discount",
    ),
    BadInput(
        "discount of 101 percent", with_line(discount={"percent": "101"}), 422, "out_of_range", "/lines/0/discount"
    ),
    BadInput(
        "discount both ways",
        with_line(discount={"percent": "1", "amount": "1"}),
        422,
        "discount_needs_one",
        "/lines/0/discount",
    ),
    BadInput("discount of nothing", with_line(discount={}), 422, "discount_needs_one", "/lines/0/discount"),
    BadInput("everything given away", with_line(discount={"percent": "100"}), 422, "gross_zero", "/lines"),
    BadInput(
        "discounted line with a name too long",
        with_line(name="x" * 190, discount={"percent": "1"}),
        422,
        "too_long",
        "/lines/0/name",
    ),
    BadInput(
        "no price of eight decimals fits",
        document(
            prices="tax_exclusive",
            lines=[LINE | {"quantity": "123456789.12345678", "unit_price": "0.33333333"}],
        ),
        422,
        "price_not_representable",
        "/lines/0/unit_price",
    ),
    BadInput(
        "document total overflows",
        document(lines=[LINE | {"quantity": "1", "unit_price": "600000000000"}] * 2),
        422,
        "gross_too_large",
        "/lines",
    ),
    _field(
        "payments that do not add up", "payments", [{"method": "cash", "amount": "11800.01"}], "payments_do_not_add_up"
    ),
    _field(
        "a payment of nothing",
        "payments",
        [{"method": "cash", "amount": "0"}],
        "must_be_positive",
        "/payments/0/amount",
    ),
    _field(
        "a payment in shells", "payments", [{"method": "shells", "amount": "1"}], "unknown_value", "/payments/0/method"
    ),
    _field("no payments", "payments", [], "empty"),
    _field("27 payments", "payments", [{"method": "cash", "amount": "1"}] * 27, "too_many_payments"),
    _field("payment as a code", "payment", 102, "wrong_type"),
    BadInput(
        "payment given twice",
        document(payment="cash", payments=[{"method": "cash", "amount": "11800.02"}]),
        422,
        "given_twice",
        "/payment",
    ),
    _field("VAT on a receipt", "kind", "receipt", "tax_on_receipt", "/lines/0/tax"),
    _buyer("business buyer without TIN", "missing", "/tin", type="business", name="Kibo Traders (fictitious)"),
    _buyer("business buyer without name", "missing", "/name", type="business", tin="1000000001"),
    _buyer("TIN with letters", "invalid_tin", "/tin", type="business", name="Kibo", tin="10000O0001"),
    _buyer("TIN too short", "invalid_tin", "/tin", type="business", name="Kibo", tin="100000001"),
    _buyer("TIN of 21 digits", "invalid_tin", "/tin", type="business", name="Kibo", tin="1" * 21),
    _buyer("TIN as a number", "wrong_type", "/tin", type="business", name="Kibo", tin=1000000001),
    _buyer("government without TIN", "missing", "/tin", type="government", name="Ministry of Samples"),
    _buyer("buyer of no type", "missing", "/type", name="Kibo"),
    _buyer("buyer of an unknown type", "unknown_value", "/type", type="firm"),
    _buyer("foreigner without anything", "buyer_unnamed", "", type="foreigner"),
    _buyer(
        "passport of a business",
        "unknown_field",
        "/passport",
        type="business",
        tin="1000000001",
        name="K",
        passport="A1",
    ),
    _buyer("e-mail without a domain", "invalid_email", "/email", type="consumer", email="someone@"),
    _field("buyer as a text", "buyer", "Kibo", "wrong_type"),
    _dated("a date without time", "2026-03-31", "not_a_time"),
    _dated("a time in milliseconds", 1774955100000, "wrong_type"),
    _dated("an offset of a day", "2026-03-31T14:05:00+24:00", "not_a_time"),
    _field("device with a path in it", "device", "../../etc", "invalid_code"),
    _field("operator of 151 bytes", "operator", "x" * 151, "too_long"),
    _field("a field almost right", "refrence", "x", "unknown_field"),
    _field("a field called otherwise", "customer", {}, "unknown_field"),
]

BAD_INPUTS: list[BadInput] = [*_NUMBERS, *_TEXTS, *_SHAPES, *_DATES, *_OURS]

ODD_BUT_GOOD: dict[str, bytes] = {
    "07 minus zero where zero may be": document(
        lines=[LINE | {"tax": "zero", "category": "10171605"}], totals={"tax": "-0.00"}
    ),
    "09 twelve digits before and eight after the point": with_line(quantity="0.00000001", unit_price="999999999999"),
    "18 zero-width space in a name": with_line(name="Exercise\u200b book"),
    "19 decomposed letters in the reference": document(reference="Cafe\u0301-1"),
    "20 Kelvin sign in the reference": document(reference="INV-\u212a"),
    "22 seventeen characters of three bytes": document(reference="\u20ac" * 17),
    "23 name of 200 bytes": with_line(name="\u20ac" * 66 + "xx"),
    "24 script": with_line(name="<script>alert(1)</script>"),
    "24 template": with_line(name="{{7*7}} ${jndi:ldap://x} %n%s"),
    "25 formula": with_line(name='=HYPERLINK("http://x")'),
    "25 tabulator first": with_line(name="\t@SUM(A1)"),
    "27 emoji": with_line(name="Tea \U0001f375"),
    "28 SQL": document(reference="' OR 1=1--"),
    "32 thirty-two digits are no levels": document(remarks="[" * 100),
    "33 1,000 lines": document(lines=[LINE] * 1_000),
    "65 ten minutes ahead": document(issued_at="2026-03-31T14:15:00+03:00"),
    "numbers instead of texts": with_line(quantity=3, unit_price=3933.34),
    "all optional fields null": document(
        issued_at=None, operator=None, remarks=None, device=None, payments=None, totals=None
    ),
}

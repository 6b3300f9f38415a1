"""Rules about seller, header and summary of a document (sections 3, 4 and 13 of the specification's checks)."""

from datetime import timedelta

from risiti.simulator import seed
from risiti.simulator.notes import CREDIT_MEMO
from risiti.simulator.rules import debit_note
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.readings import demand, twin

INDUSTRIES = ("101", "102", "104", "105", "106", "107", "108", "109", "110", "111", "112")
DATA_SOURCES = ("101", "102", "103", "104", "105", "106", "107", "108")
ONLINE, OFFLINE = "1", "0"
INVOICE, RECEIPT = "1", "2"

_SELLER_LENGTHS = (
    ("ninBrn", 20, "1104"),
    ("legalName", 256, "1106"),
    ("businessName", 256, "1108"),
    ("address", 500, "1110"),
    ("mobilePhone", 30, "1112"),
    ("linePhone", 30, "1114"),
)
_SELLER_DEMANDS = (
    ("ninBrn", "1103"),
    ("businessName", "1107"),
    ("address", "1109"),
    ("mobilePhone", "1111"),
    ("linePhone", "1113"),
    ("placeOfBusiness", "1118"),
    ("branchId", "2183"),
    ("isCheckReferenceNo", "2250"),
)


def check_seller_fields(draft: Draft, about: Examination) -> None:
    """sellerDetails: presence, lengths, formats."""
    seller = draft.seller
    seller.required("tin", "1100")
    seller.fits("tin", 20, "1101", least=10)
    seller.required("legalName", "1105")
    for name, most, code in _SELLER_LENGTHS:
        seller.fits(name, most, code)
    for name, code in _SELLER_DEMANDS:
        demand(seller, name, code, about.settings)
    seller.required("emailAddress", "1115")
    seller.email("emailAddress", "1116", "1117")
    seller.fits("placeOfBusiness", 500, "1119")
    seller.fits("referenceNo", 50, "1121")
    seller.fits("branchId", 18, "2184")
    seller.fits("branchName", 500, "2187")
    seller.fits("isCheckReferenceNo", 1, "2251")
    seller.one_of("isCheckReferenceNo", ("", "0", "1"), "2252")


def check_basic_fields(draft: Draft) -> None:
    """basicInformation: presence, lengths, formats, enumerations."""
    basic = draft.basic
    basic.fits("invoiceNo", 20, "1123")
    code = basic.fits("antifakeCode", 20, "1125")
    if code and not (code.isascii() and code.isdigit()):
        basic.refuse("1126")
    basic.required("issuedDate", "1129")
    basic.moment("issuedDate", "1130")
    basic.required("operator", "1131")
    basic.fits("operator", 150, "1132")
    basic.required("currency", "1133")
    basic.fits("currency", 10, "1134")
    basic.fits("oriInvoiceId", 20, "1138")
    basic.one_of("invoiceType", ("1", "2", "4", "5"), "1135")
    basic.one_of("invoiceKind", (INVOICE, RECEIPT), "1139")
    basic.one_of("dataSource", DATA_SOURCES, "1140")
    basic.one_of("invoiceIndustryCode", ("", *INDUSTRIES), "2047")
    basic.one_of("isBatch", ("", "0", "1"), "2051")
    basic.one_of("payWay", ("", *seed.PAYMENT_MODES), "1141")


def check_summary_fields(draft: Draft, about: Examination) -> None:
    """summary: presence, digits, signs, lengths."""
    summary = draft.summary
    net = summary.amount("netAmount", 16, 4, empty="1289", digits="1290")
    if net < 0:
        summary.refuse("1293")
    if summary.amount("taxAmount", 16, 4, empty="1294", digits="1295") < 0:
        summary.refuse("1298")
    gross = summary.amount("grossAmount", 16, 4, empty="1299", digits="1300")
    if gross == 0:
        summary.refuse("1302")
    if gross < 0:
        summary.refuse("1303")
    summary.one_of("modeCode", (OFFLINE, ONLINE), "1306")
    demand(summary, "remarks", "1307", about.settings)
    summary.fits("remarks", 500, "1308")
    summary.fits("qrCode", 500, "1311")


def check_header(draft: Draft, about: Examination) -> None:
    """Rules across fields: who, which kind of document, by which channel."""
    seller, basic = draft.seller, draft.basic
    if seller.text("tin") != about.seller.tin:
        seller.refuse("1102")
    if seller.text("ninBrn") and about.seller.nin_brn and seller.text("ninBrn") != about.seller.nin_brn:
        seller.refuse("2065")
    _check_branch(draft, about)
    if basic.text("deviceNo") != about.device.device_no:
        basic.refuse("1127")
    _check_type(draft, about)
    _check_reference(draft, about)
    _check_mode(draft, about)
    if basic.text("currency") not in seed.UGX_RATES:
        basic.refuse("2180")
    if basic.text("currency") != seed.SHILLING and about.settings.rates_updating:
        basic.refuse("3052")


def _check_branch(draft: Draft, about: Examination) -> None:
    seller = draft.seller
    branch = seller.text("branchId")
    if branch and branch not in about.seller.branches:
        seller.refuse("2185")
    if branch and not seller.text("branchName"):
        seller.refuse("2186")
    names = about.seller.branches.values() if not branch else (about.seller.branches[branch],)
    if seller.text("branchName") and about.seller.branches and seller.text("branchName") not in names:
        seller.refuse("2188")


def _check_type(draft: Draft, about: Examination) -> None:
    basic = draft.basic
    kind_of_note = basic.text("invoiceType")
    if kind_of_note == "2":
        basic.refuse("3075")
    debit_note.check_type(draft, about)


def _check_reference(draft: Draft, about: Examination) -> None:
    seller = draft.seller
    if seller.text("referenceNo"):
        return
    if seller.text("isCheckReferenceNo") == "1":
        seller.refuse("2254")
    if about.seller.reference_mandatory:
        seller.refuse("1120")


def _check_mode(draft: Draft, about: Examination) -> None:
    basic, summary = draft.basic, draft.summary
    numbers = (basic.text("invoiceNo"), basic.text("antifakeCode"), summary.text("qrCode"))
    online = summary.text("modeCode") == ONLINE or (about.settings.lenient_mode0_empty and not any(numbers))
    if online:
        basic.empty("invoiceNo", "1323")
        basic.empty("antifakeCode", "1324")
        summary.empty("qrCode", "1325")
        return
    basic.required("invoiceNo", twin("1320", about.settings))
    basic.required("antifakeCode", twin("1321", about.settings))
    summary.required("qrCode", twin("1322", about.settings))


def check_permissions(draft: Draft, about: Examination) -> None:
    """What this seller may do: kind, channel, mode, dates, amounts."""
    basic, summary, seller = draft.basic, draft.summary, about.seller
    wanted = INVOICE if seller.vat_registered else RECEIPT
    if basic.text("invoiceKind") != wanted:
        basic.refuse("2240" if seller.vat_registered else "1326")
    lenient = about.settings.lenient_mode0_empty
    if basic.text("dataSource") not in seller.data_sources and not (lenient and basic.text("dataSource") == "106"):
        basic.refuse("2838")
    if summary.text("modeCode") == OFFLINE and not (lenient and not basic.text("invoiceNo")):
        _check_offline(draft, about)
    issued = basic.moment("issuedDate", "1130")
    days = seller.credit_memo_days if basic.text("invoiceType") == CREDIT_MEMO else seller.period_days
    too_old = issued.date() < (about.now - timedelta(days=days)).date()
    earlier_month = (issued.year, issued.month) < (about.now.year, about.now.month)
    if too_old or (earlier_month and not seller.back_dating):
        basic.refuse("2789")
    gross = summary.amount("grossAmount", 16, 4, empty="1299", digits="1300")
    if gross * seed.UGX_RATES[basic.text("currency")] > seller.max_gross:
        summary.refuse("2075")


def _check_offline(draft: Draft, about: Examination) -> None:
    """Offline issue: allowed, and with a number of the device's own range."""
    basic = draft.basic
    if about.seller.offline_documents == 0:
        draft.summary.refuse("2786")
    first, _, last = about.seller.offline_numbers.get(about.device.device_no, "").partition("-")
    number = basic.text("invoiceNo")
    in_range = first <= number <= last and len(number) == len(first) == len(last)
    if not (number.isascii() and number.isdigit() and in_range):
        basic.refuse("2064")
    if about.world.ledger.by_fdn(number) is not None:
        basic.refuse("1040")

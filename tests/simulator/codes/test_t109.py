"""T109: every stated rule broken alone gives its own code and stores nothing; what was not broken is issued.

The rules of plain invoices stand in `tests/simulator/test_t109_rules.py`, those of debit notes and credit memos in
`test_debit_notes.py`; here are all others, and the account of every code printed for T109.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from risiti.efris.return_codes import catalogue
from risiti.simulator import Device
from risiti.simulator.stock import HOME
from tests.simulator import test_t109_rules
from tests.simulator.codes import test_debit_notes
from tests.simulator.documents import DEVICE_NO, SELLER_TIN, goods
from tests.simulator.kinds import BUSINESS, DEEMED, KINDS, PRINCIPAL, nothing, register, rig_for, send
from tests.simulator.rig import Rig, public_pem
from tests.simulator.test_t109_rules import change

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Broken:
    """One rule broken.

    Attributes:
        code: The code it must give.
        kind: The kind of document to begin with.
        changes: Value by dotted path; rows by number; None takes the field away.
        seller: Attributes of the seller, on top of those the kind needs.
        settings: Switches of the stand-in, likewise.
        agent: globalInfo.agentType; the kind's own if None.
        prepare: Brings about the state that breaks the rule.
    """

    code: str
    kind: str
    changes: dict[str, Any] = field(default_factory=dict)
    seller: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    agent: str | None = None
    prepare: Callable[[Rig], None] = nothing


S, B, U, G, T, M = (
    "sellerDetails",
    "basicInformation",
    "buyerDetails",
    "goodsDetails.0",
    "taxDetails.0",
    "summary",
)
SECOND = {"twin_codes": "second"}
RATE, QUANTITY = "excise by rate", "excise by quantity"
RATE_PAIR, QUANTITY_PAIR = "excise by rate, discounted", "excise by quantity, discounted"


def field_of(block: str, kind: str, rows: str) -> list[Broken]:
    """Read `code field` pairs: each field of a block emptied in a kind of document."""
    words = rows.split()
    return [Broken(code, kind, {f"{block}.{name}": ""}) for code, name in zip(words[::2], words[1::2], strict=True)]


def taken(block: str, kind: str, rows: str, **more: Any) -> list[Broken]:  # noqa: ANN401
    """Read `code field` pairs as `field_of` does, with more circumstances."""
    return [replace(row, **more) for row in field_of(block, kind, rows)]


def suspend(rig: Rig) -> None:
    rig.world.registry.add_device(Device(DEVICE_NO, SELLER_TIN, public_pem(), "suspended"))


def exhaust(rig: Rig) -> None:
    rig.world.projects.use(DEEMED["id"], Decimal(99_901), Decimal(0))


def spend(rig: Rig) -> None:
    rig.world.projects.use(DEEMED["id"], Decimal(0), Decimal(4_999_000_000))


def two_pens(rig: Rig) -> None:
    register(rig, goods())
    pens = rig.world.shelf.find(SELLER_TIN, "P1")
    assert pens is not None
    rig.world.stock.bring(pens, HOME, Decimal(2))


def somebody_elses_number(rig: Rig) -> None:
    rig.world.accounts.subscribe("0700000001", "1000000902")


def principal_on_another_channel(rig: Rig) -> None:
    rig.world.registry.add_taxpayer(replace(PRINCIPAL, data_sources=("105",)))


def registered(**more: str) -> Callable[[Rig], None]:
    """Register the goods of `general` with other particulars."""

    def prepare(rig: Rig) -> None:
        register(rig, goods(**more))

    return prepare


def without_excise(rig: Rig) -> None:
    register(rig, goods("SODA", goodsName="Soda", measureUnit="102", commodityCategoryId="50202306"))


def with_other_duty(rig: Rig) -> None:
    excise = {"haveExciseTax": "101", "exciseDutyCode": "LED070200"}
    register(rig, goods("SODA", goodsName="Soda", measureUnit="102", commodityCategoryId="50202306", **excise))


SELLER_AND_BUYER = [
    *field_of(S, "complete", "1103 ninBrn 1107 businessName 1109 address 1111 mobilePhone 1113 linePhone"),
    *field_of(S, "complete", "1118 placeOfBusiness 2183 branchId 2250 isCheckReferenceNo"),
    *field_of(U, "complete", "1142 buyerTin 1144 buyerNinBrn 1146 buyerPassportNum 1148 buyerLegalName"),
    *field_of(U, "complete", "1150 buyerBusinessName 1152 buyerAddress 1154 buyerEmail 1157 buyerMobilePhone"),
    *field_of(U, "complete", "1159 buyerLinePhone 1161 buyerPlaceOfBusi 1164 buyerCitizenship"),
    *field_of(U, "complete", "1166 buyerSector 1168 buyerReferenceNo"),
    *field_of("buyerExtend", "complete", "2201 propertyType 2203 district 2205 municipalityCounty"),
    *field_of("buyerExtend", "complete", "2207 divisionSubcounty 2209 town 2211 cellVillage"),
    *field_of("buyerExtend", "complete", "2213 effectiveRegistrationDate 2215 meterStatus"),
]

HEADER = [
    Broken("1126", "offline", {f"{B}.antifakeCode": "ABCDEFGHIJKLMNOPQRST"}),
    Broken("1141", "general", {f"{B}.payWay": "111"}),
    *taken(B, "offline", "1122 invoiceNo 1124 antifakeCode", settings=SECOND),
    *taken(M, "offline", "1310 qrCode", settings=SECOND),
    *field_of(B, "offline", "1320 invoiceNo 1321 antifakeCode"),
    Broken("1322", "offline", {f"{M}.qrCode": ""}),
    Broken("2064", "offline", {f"{B}.invoiceNo": "900000000101"}),
    Broken("2064", "offline", {f"{B}.invoiceNo": "90000000001"}),
    Broken("2064", "offline", seller={"offline_numbers": {}}),
    Broken("2786", "offline", seller={"offline_documents": 0}),
    Broken("1307", "complete", {f"{M}.remarks": ""}),
    Broken("2824", "general", seller={"e_invoicing": False}),
    Broken("3052", "general", {f"{B}.currency": "USD"}, settings={"rates_updating": True}),
    Broken("3128", "general", prepare=suspend),
    Broken("3058", "general", agent="7"),
]

LINES = [
    *taken(G, "general", "1182 qty 1188 unitPrice", settings=SECOND),
    Broken("1203", "general", {f"{G}.tax": "0"}),
    Broken("1214", "complete, discounted", {f"{G}.discountTaxRate": ""}),
    Broken("1229", "complete", {f"{G}.goodsCategoryName": ""}),
    Broken("2853", "complete", {f"{G}.vatApplicableFlag": ""}),
    Broken("3038", "complete, deemed", {f"{G}.deemedExemptCode": ""}),
    Broken("2123", "registered goods", {f"{G}.item": "Pencil"}),
    Broken("2124", "registered goods", {f"{G}.goodsCategoryId": "44121704"}),
    Broken("2197", "registered goods", {f"{G}.unitOfMeasure": "102"}),
    Broken("2788", "general", seller={"stock_limited": True}, prepare=registered()),
    Broken("1600", "general", seller={"stock_limited": True}, prepare=two_pens),
    Broken("1029", "general", seller={"stock_limited": True}, settings=SECOND, prepare=two_pens),
]

EXCISE = [
    *field_of(G, RATE, "1221 categoryId 1224 categoryName 1231 exciseRate 1235 exciseRule 1237 exciseTax"),
    *field_of(G, RATE, "2832 exciseRateName"),
    *taken(G, RATE, "1222 categoryId 1225 categoryName 1233 exciseRate 1238 exciseTax", settings=SECOND),
    *field_of(G, QUANTITY, "1243 pack 1249 stick 1255 exciseUnit 1257 exciseCurrency"),
    *taken(G, QUANTITY, "1244 pack 1250 stick 1258 exciseCurrency", settings=SECOND),
    Broken("1239", RATE, {f"{G}.exciseTax": "909.09091"}),
    Broken("1245", QUANTITY, {f"{G}.pack": "1.000000001"}),
    Broken("1247", QUANTITY, {f"{G}.pack": "0"}),
    Broken("1248", QUANTITY, {f"{G}.pack": "-1"}),
    Broken("1251", QUANTITY, {f"{G}.stick": "six"}),
    Broken("1253", QUANTITY, {f"{G}.stick": "0"}),
    Broken("1254", QUANTITY, {f"{G}.stick": "-1"}),
    Broken("1256", QUANTITY, {f"{G}.exciseUnit": "110"}),
    Broken("1259", QUANTITY, {f"{G}.exciseCurrency": "UGX" * 4}),
    Broken("2181", QUANTITY, {f"{G}.exciseCurrency": "XXX"}),
    Broken("1327", RATE, {f"{G}.categoryId": "LED999999"}),
    Broken("1328", RATE, {f"{G}.categoryName": "Hard drinks"}),
    Broken("1337", RATE, {f"{G}.categoryId": "LED110200", f"{G}.categoryName": "Plastic bags of the old list"}),
    Broken("1338", RATE, {f"{G}.categoryId": "LED070000", f"{G}.categoryName": "Non-alcoholic beverages"}),
    Broken("1339", RATE, {f"{G}.categoryId": "LED190000", f"{G}.categoryName": "Motor vehicles of a future list"}),
    Broken("1340", RATE, {f"{G}.exciseRate": "-"}),
    Broken("1341", RATE, {f"{G}.exciseRate": "10%"}),
    Broken("1341", RATE, {f"{G}.exciseRate": "-0.1"}),
    Broken("2793", RATE, {f"{G}.exciseRate": "0.12"}),
    Broken("2793", QUANTITY, {f"{G}.exciseRate": "651"}),
    Broken("2793", QUANTITY, {f"{G}.exciseUnit": "103"}),
    Broken("2793", QUANTITY, {f"{G}.exciseCurrency": "USD"}),
    Broken("2795", QUANTITY, {f"{G}.exciseRule": "1"}),
    Broken("1347", RATE, {f"{G}.exciseTax": "-909.09"}),
    Broken("1242", RATE, {f"{G}.exciseTax": "-909.09"}, settings=SECOND),
    Broken("1346", RATE_PAIR, {"goodsDetails.1.exciseTax": "90.91"}),
    Broken("1240", RATE_PAIR, {"goodsDetails.1.exciseTax": "90.91"}, settings=SECOND),
    Broken("2792", QUANTITY_PAIR, {"goodsDetails.1.exciseTax": "-650"}),
    Broken("2794", RATE, {f"{G}.exciseTax": "909.11"}),
    Broken("1241", RATE, {f"{G}.exciseTax": "0"}),
    Broken("2794", QUANTITY, {f"{G}.exciseTax": "6500.02"}),
    Broken("2794", "excise by package", {f"{G}.exciseTax": "6500.00"}),
    Broken("2851", RATE, seller={"excise_registered": False}),
    Broken("3113", "general", {f"{G}.goodsCategoryId": "50202306"}, seller={"excise_registered": True}),
    Broken("2848", "general", settings={"check_goods": True}, prepare=registered(haveExciseTax="101")),
    Broken("2850", RATE, settings={"check_goods": True}, prepare=without_excise),
    Broken("2849", RATE, settings={"check_goods": True}, prepare=with_other_duty),
    Broken("2883", "registered excise goods", {f"{G}.pack": "2"}, settings={"excise_formula": "off"}),
    Broken("2884", "registered excise goods", {f"{G}.stick": "12"}, settings={"excise_formula": "off"}),
]

TAX_ROWS = [
    Broken("1260", "complete", {f"{T}.taxCategory": ""}),
    Broken("1478", "tax row without category", {f"{T}.taxRateName": ""}),
    Broken("2828", "tax row without category", seller={"tax_category_mandatory": True}),
    Broken("1279", QUANTITY, {"taxDetails.1.exciseUnit": ""}),
    Broken("1284", QUANTITY, {"taxDetails.1.exciseCurrency": ""}),
    Broken("2182", QUANTITY, {"taxDetails.1.exciseCurrency": "XXX"}),
    Broken("2833", QUANTITY, {"taxDetails.1.taxRate": "651"}),
    Broken("2833", "deemed", {f"{T}.taxRate": "0"}),
    Broken("2831", "other taxes", {"taxDetails.1.taxRateName": ""}),
    Broken("2830", "hotel", {"taxDetails.1.taxCategoryCode": "07"}),
    Broken("1317", "hotel", {"taxDetails.1.netAmount": "100.00", "taxDetails.1.grossAmount": "7500.00"}),
    Broken("1317", RATE, {"taxDetails.1.grossAmount": "11800.00", "taxDetails.1.netAmount": "10890.91"}),
    Broken("2785", RATE, {"taxDetails.1.netAmount": "9090.92", "taxDetails.1.taxAmount": "909.08"}),
    Broken("1344", RATE, {f"{M}.taxAmount": "1800.00", f"{M}.netAmount": "10000.00"}),
]

PROJECTS = [
    Broken("1177", "deemed", {f"{G}.item": "Cement"}),
    Broken("1178", "deemed, discounted", {"goodsDetails.1.item": "Cement (Discount)"}),
    Broken("2809", "deemed", {f"{U}.buyerType": "2"}),
    Broken("2821", "deemed", seller={"deemed_supplies": False}),
    Broken("2823", "deemed", {f"{U}.{name}": value for name, value in BUSINESS.items()}),
    Broken("3041", "deemed", {f"{G}.vatProjectId": ""}),
    Broken("3044", "deemed", {f"{G}.vatProjectName": ""}),
    Broken("3043", "deemed", {f"{G}.vatProjectId": "7"}),
    Broken("3043", "deemed", {f"{G}.goodsCategoryId": "30111602"}),
    Broken("3043", "exempt project", {f"{U}.{name}": value for name, value in BUSINESS.items()}),
    Broken("3046", "deemed", {f"{G}.vatProjectName": "Other Bridge"}),
    Broken("3047", "deemed", {f"{G}.unitOfMeasure": "119"}),
    Broken("3037", "deemed", prepare=exhaust),
    Broken("3037", "deemed", prepare=spend),
    Broken("3079", "exempt project", {f"{G}.taxRate": "0"}),
    Broken("3080", "exempt project", {f"{G}.exciseRate": "0.1"}),
]

P, E = "importServicesSeller", "edcDetails"
INDUSTRIES = [
    Broken("2778", "imported service", seller={"imported_services": False}),
    Broken("2826", "imported service", {f"{U}.{name}": value for name, value in BUSINESS.items()}),
    Broken("2119", "imported service", {f"{S}.referenceNo": "", f"{S}.isCheckReferenceNo": "0"}),
    Broken("2120", "imported service", {f"{S}.referenceNo": "", f"{S}.isCheckReferenceNo": "0"}, settings=SECOND),
    *field_of(P, "imported service", "2101 importBusinessName 2108 importAddress 2115 importInvoiceDate"),
    *field_of(P, "imported service", "2117 importAttachmentName"),
    *field_of(P, "complete, imported service", "2103 importEmailAddress 2106 importContactNumber"),
    Broken("2102", "imported service", {f"{P}.importBusinessName": "x" * 501}),
    Broken("2104", "imported service", {f"{P}.importEmailAddress": "a@b.c"}),
    Broken("2105", "imported service", {f"{P}.importEmailAddress": "no address"}),
    Broken("2107", "imported service", {f"{P}.importContactNumber": "1" * 31}),
    Broken("2109", "imported service", {f"{P}.importAddress": "x" * 501}),
    Broken("2116", "imported service", {f"{P}.importInvoiceDate": "01/03/2026"}),
    Broken("2118", "imported service", {f"{P}.importAttachmentName": f"{'x' * 253}.pdf"}),
    Broken("2121", "imported service", {f"{P}.importAttachmentName": "bill.exe"}),
    Broken("2066", "imported service", {f"{P}.importAttachmentContent": "not base64!"}),
    Broken("3096", "imported service", settings={"max_attachment_bytes": 4}),
    Broken("2820", "imported service", {f"{G}.goodsCategoryId": "44121701"}),
    Broken("2820", "service export", {f"{G}.goodsCategoryId": "44121701"}),
    Broken("2047", "general", {f"{P}.importBusinessName": "Cloud"}, seller={"imported_services": True}),
    Broken("2834", "export", {f"{U}.buyerLegalName": "", f"{U}.buyerPassportNum": "A1"}),
    Broken("3156", "export", {f"{U}.deliveryTermsCode": ""}),
    Broken("3157", "export", {f"{U}.deliveryTermsCode": "XXX"}),
    Broken("3158", "export", {f"{G}.totalWeight": ""}),
    Broken("2872", "export", {f"{G}.pieceMeasureUnit": "110"}),
    Broken("3196", "export", {f"{G}.goodsCategoryId": "81111800"}),
    Broken("2048", "export", seller={"export_rate": "0.18"}),
    Broken("2852", "export", {f"{G}.exciseFlag": "1"}, seller={"excise_registered": True}),
    Broken("2808", "airline", {"airlineGoodsDetails": []}),
    Broken("2808", "airline", {"airlineGoodsDetails": [{"item": ""}]}),
    Broken("1175", "airline", {"airlineGoodsDetails.0.item": ""}),
    Broken("1267", "airline", {"airlineGoodsDetails.0.qty": ""}),
    Broken("2139", "airline", {"airlineGoodsDetails.0.unitOfMeasure": ""}),
    Broken("1219", "airline", {"airlineGoodsDetails.0.orderNumber": "1"}),
    *field_of(E, "fuel", "2902 tankNo 2904 pumpNo 2906 nozzleNo"),
    *field_of(E, "complete, fuel", "2908 controllerNo 2910 acquisitionEquipmentNo 2912 levelGaugeNo 2914 mvrn"),
    *(
        Broken(code, "fuel", {f"{E}.{name}": "x" * most})
        for code, name, most in (
            ("2903", "tankNo", 51),
            ("2905", "pumpNo", 51),
            ("2907", "nozzleNo", 51),
            ("2909", "controllerNo", 51),
            ("2911", "acquisitionEquipmentNo", 51),
            ("2913", "levelGaugeNo", 51),
            ("2915", "mvrn", 33),
            ("2974", "nozzleNo", 2),
            ("2975", "tankNo", 2),
            ("2976", "pumpNo", 2),
            ("2977", "controllerNo", 2),
            ("2978", "acquisitionEquipmentNo", 2),
            ("2979", "levelGaugeNo", 2),
        )
    ),
    Broken("2929", "fuel", {f"{S}.branchId": "2", f"{S}.branchName": "Hill"}),
    Broken("2816", "duty free", {f"{G}.taxRate": "-", f"{G}.tax": "0"}),
    Broken("2817", RATE, seller={"duty_free": True}),
]

CHANNELS = [
    Broken("3099", "agent", seller={"agent": False}),
    Broken("3100", "agent", {f"{S}.tin": "1000000901"}),
    Broken("3100", "agent", {f"{S}.tin": SELLER_TIN}),
    Broken("3098", "agent", {f"{M}.modeCode": "0"}),
    Broken("3127", "agent", prepare=principal_on_another_channel),
    Broken("3097", "agent", {f"{G}.goodsCategoryId": "44121701"}),
    Broken("3122", "agent", {f"{G}.itemCode": "S3"}),
    Broken("3063", "ussd", {f"{S}.tin": "1999999999"}),
    Broken("3060", "ussd", {f"{S}.tin": "1999999999"}, settings=SECOND),
    Broken("3059", "ussd", {f"{S}.tin": ""}),
    Broken("3066", "ussd", {f"{S}.mobilePhone": "0700000001"}, prepare=somebody_elses_number),
    Broken("3064", "ussd", {f"{S}.tin": "1000000904"}),
    Broken("3056", "ussd", {f"{S}.mobilePhone": ""}),
    Broken("3057", "ussd", {f"{S}.mobilePhone": "7" * 31}),
    Broken("3065", "ussd", {f"{S}.mobilePhone": "0700000001"}),
    Broken("3067", "ussd", seller={"branches": {"1": "Main", "2": "Hill"}}),
    Broken("3068", "ussd", seller={"vat_registered": True}),
    Broken("3069", "ussd", seller={"mobile_number": ""}),
    Broken("3070", "ussd", seller={"data_sources": ["103"]}),
    Broken("3071", "ussd", {f"{S}.legalName": "Somebody else"}),
    Broken("3072", "ussd", prepare=suspend),
    Broken("3073", "ussd", {f"{B}.deviceNo": "1000000000_02"}),
    Broken("3074", "ussd", {f"{S}.branchId": "7", f"{S}.branchName": "Moon"}),
]

NOTE = {f"{B}.invoiceType": "5", "extend.reasonCode": "101"}
PERSON = {f"{U}.buyerTin": "1000000902", f"{U}.buyerLegalName": "Grace Namubiru (fictitious)"}
OFFICE = {f"{U}.buyerType": "3", f"{U}.buyerTin": "1000000903", f"{U}.buyerLegalName": "Ministry of Maps (fictitious)"}
NOTES = [
    Broken("1137", "general", {f"{B}.invoiceType": "4", "extend.reasonCode": "101"}, settings=SECOND),
    Broken("1312", "complete", NOTE, seller={"rebates": True}),
    Broken("1406", "complete", NOTE, seller={"rebates": True}, settings=SECOND),
    Broken("1407", "general", {"extend.reason": "x" * 1025}, settings=SECOND),
    Broken("2827", RATE, NOTE | PERSON, seller={"rebates": True}),
    Broken("3081", "export", NOTE | OFFICE, seller={"rebates": True}),
]

CASES = [
    *NOTES,
    *SELLER_AND_BUYER,
    *HEADER,
    *LINES,
    *EXCISE,
    *TAX_ROWS,
    *PROJECTS,
    *INDUSTRIES,
    *CHANNELS,
]

OF_A_REPEAT = frozenset({"2253", "1040"})
OF_NO_CONTENT = frozenset({"2070"})

PROVOKED = (
    frozenset(broken.code for broken in CASES)
    | frozenset(broken.code for broken in test_t109_rules.CASES)
    | test_debit_notes.PROVOKED
    | OF_A_REPEAT
    | OF_NO_CONTENT
)

_POSITIVE = "the field must be positive or may be, so a positive value cannot be refused"
_ZERO = "the field may be 0, so 0 cannot be refused"
_CREDIT_NOTE = "speaks of an application for a credit note; T109 has no such field, T110 has"
_DEAD = "contradicts the field table, by which a discount line carries negative amounts"
_FAULT = "the authority's own failure; no request causes it (fault `refuse` gives it)"
LEFT_OUT: dict[str, str] = {
    "1184": _POSITIVE,
    "1190": _POSITIVE,
    "1193": _DEAD,
    "1199": _DEAD,
    "1211": _POSITIVE,
    "1212": _ZERO,
    "1216": _POSITIVE,
    "1217": _ZERO,
    "1246": _POSITIVE,
    "1252": _POSITIVE,
    "1264": _POSITIVE,
    "1265": _ZERO,
    "1271": _POSITIVE,
    "1272": _ZERO,
    "1276": _POSITIVE,
    "1277": _ZERO,
    "1291": _POSITIVE,
    "1292": _ZERO,
    "1296": _POSITIVE,
    "1297": _ZERO,
    "1301": _POSITIVE,
    "1408": _CREDIT_NOTE,
    "1409": _CREDIT_NOTE,
    "1410": _CREDIT_NOTE,
    "1412": _CREDIT_NOTE,
    "1413": _CREDIT_NOTE,
    "1414": _CREDIT_NOTE,
    "1415": _CREDIT_NOTE,
    "1416": _CREDIT_NOTE,
    "1417": _CREDIT_NOTE,
    "1418": _CREDIT_NOTE,
    "1419": _CREDIT_NOTE,
    "1420": _CREDIT_NOTE,
    "1421": _CREDIT_NOTE,
    "1422": _CREDIT_NOTE,
    "1439": _POSITIVE,
    "1440": _ZERO,
    "2125": _FAULT,
    "2198": _CREDIT_NOTE,
    "2199": _CREDIT_NOTE,
    "2791": _CREDIT_NOTE,
    "2825": _CREDIT_NOTE,
    "2858": _FAULT,
    "2930": "answered by an offline enabler that has lost its connection, not by the authority",
    "3061": _FAULT,
    "3062": "every taxpayer of the register has a head office",
    "3123": "printed without any text",
    "3162": _CREDIT_NOTE,
    "3163": _CREDIT_NOTE,
}


@pytest.mark.parametrize(
    "broken", CASES, ids=lambda broken: f"{broken.code}-{broken.kind}-{'-'.join(broken.changes)}"[:70]
)
async def test_one_broken_rule_gives_its_code_and_stores_nothing(broken: Broken) -> None:
    kind = KINDS[broken.kind]
    rig = await rig_for(kind, broken.seller, broken.settings)
    broken.prepare(rig)
    content = change(kind.document(), broken.changes)
    answer = await send(rig, content, kind.agent if broken.agent is None else broken.agent)
    assert (answer.code, rig.world.ledger.last_number()) == (broken.code, 0), answer.message


@pytest.mark.parametrize("name", KINDS)
async def test_a_document_of_every_kind_is_issued(name: str) -> None:
    kind = KINDS[name]
    rig = await rig_for(kind)
    answer = await send(rig, kind.document(), kind.agent)
    assert answer.code == "00", answer.message
    assert rig.world.ledger.last_number() == 1


async def test_a_repeated_reference_and_a_repeated_offline_number_are_refused_each_with_its_code() -> None:
    kind = KINDS["offline"]
    rig = await rig_for(kind)
    assert (await send(rig, kind.document())).code == "00"
    repeated = change(kind.document(), {f"{S}.referenceNo": "INV-2"})
    assert (await send(rig, repeated)).code == "1040"
    next_number = change(kind.document(), {f"{B}.invoiceNo": "900000000002"})
    assert (await send(rig, next_number)).code == "2253"


async def test_a_call_without_content_is_refused() -> None:
    rig = await rig_for(KINDS["general"])
    assert (await rig.call("T109")).code == "2070"


def test_every_code_of_the_interface_is_provoked_or_left_out_with_a_reason() -> None:
    listed = {entry.code for entry in catalogue() if "T109" in entry.interfaces}
    assert listed - PROVOKED - set(LEFT_OUT) == set()
    assert set(LEFT_OUT) - listed == set()
    assert not PROVOKED & set(LEFT_OUT)
    assert len(listed & PROVOKED) >= 0.9 * len(listed)

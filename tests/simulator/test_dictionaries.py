"""What a client downloads: code lists, exchange rates, categories, duties, tariff, relief, branches, principals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from risiti.simulator import Taxpayer, seed
from risiti.simulator.tariff import categories, excise_duties, hs_codes
from tests.simulator.documents import SELLER_TIN, Wire
from tests.simulator.kinds import KINDS, PRINCIPAL, rig_for, send
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio


async def asked(rig: Rig, interface: str, content: object = None) -> Any:  # noqa: ANN401 - JSON
    answer = await rig.call(interface, content)
    assert answer.code == "00", answer.message
    return rig.read(answer)


# ---- T103: switches and versions -------------------------------------------------------------------------------------

SWITCHES: list[tuple[dict[str, Any], Mapping[str, str]]] = [
    ({"back_dating": False, "period_days": 3}, {"isAllowBackDate": "0", "periodDate": "3"}),
    ({"reference_mandatory": True}, {"isReferenceNumberMandatory": "1"}),
    ({"rebates": True, "credit_memo_days": 20}, {"isAllowIssueRebate": "1", "creditMemoPeriodDate": "20"}),
    ({"duty_free": True}, {"isDutyFreeTaxpayer": "1"}),
    ({"credit_without_original": True}, {"isAllowIssueCreditWithoutFDN": "1"}),
    ({"tax_category_mandatory": False}, {"isTaxCategoryCodeMandatory": "0"}),
    ({"vat_registered": False}, {"isAllowIssueInvoice": "0"}),
    ({"e_invoicing": False}, {"isAllowIssueInvoice": "0"}),
    ({"out_of_scope": True}, {"isAllowOutOfScopeVAT": "1"}),
    (
        {"export_rate": "0.06", "export_excise": True},
        {"exportCommodityTaxRate": "0.06", "exportInvoiceExciseDuty": "1"},
    ),
    ({"max_gross": "1000"}, {"maxGrossAmount": "1000"}),
    ({"stock_limited": True}, {"goodsStockLimit": "101"}),
    ({"agent": True}, {"agentFlag": "1"}),
    ({"auto_calculate_taxes": True}, {"autoCalculateSectionE": "1", "autoCalculateSectionF": "0"}),
    ({"auto_calculate_summary": True}, {"autoCalculateSectionE": "0", "autoCalculateSectionF": "1"}),
    ({"tax_type_restrictions": True}, {"issueTaxTypeRestrictions": "1"}),
    ({"debit_after_credit": False}, {"issueDebitNote": "0"}),
    (
        {"buyer_modified_times": 2, "buyer_modification_hours": 24, "frequent_contacts": 7},
        {"buyerModifiedTimes": "2", "buyerModificationPeriod": "24", "frequentContactsLimit": "7"},
    ),
]


@pytest.mark.parametrize(("attributes", "switches"), SWITCHES, ids=lambda part: "-".join(part)[:60])
async def test_signing_in_tells_the_switches_that_apply(attributes: Wire, switches: Mapping[str, str]) -> None:
    rig = await rig_for(KINDS["general"], attributes)
    told = await asked(rig, "T103")
    assert {name: told[name] for name in switches} == dict(switches)


async def test_signing_in_tells_how_much_may_be_issued_offline_and_which_taxes_there_are() -> None:
    rig = await rig_for(KINDS["offline"], {"offline_days": 4, "offline_value": "5000000", "excise_registered": True})
    told = await asked(rig, "T103")
    limits = [told["device"][name] for name in ("offlineAmount", "offlineDays", "offlineValue")]
    assert limits == ["10", "4", "5000000"]
    assert [tax["taxTypeCode"] for tax in told["taxType"]] == ["301", "302", "303"]


async def test_the_versions_rise_when_the_authority_says_so(rig: Rig) -> None:
    names = ("dictionaryVersion", "taxpayerBranchVersion", "commodityCategoryVersion", "exciseDutyVersion")
    before = await asked(rig, "T103")
    rig.configure(data_version=4)
    after = await asked(rig, "T103")
    assert [int(after[name]) - int(before[name]) for name in (*names, "hsCodeVersion")] == [1] * 5


# ---- T115 ------------------------------------------------------------------------------------------------------------


async def test_every_code_list_a_document_draws_on_is_handed_out(rig: Rig) -> None:
    lists = await asked(rig, "T115")
    assert {row["name"] for row in lists["currencyType"]} == set(seed.UGX_RATES)
    assert {row["value"] for row in lists["rateUnit"]} == set(seed.RATE_UNITS)
    assert {row["value"] for row in lists["payWay"]} == set(seed.PAYMENT_MODES)
    assert {row["value"] for row in lists["exportRateUnit"]} == set(seed.EXPORT_UNITS)
    assert {row["value"] for row in lists["deliveryTerms"]} == set(seed.DELIVERY_TERMS)
    assert lists["creditNoteMaximumInvoicingDays"]["value"] == "90"
    assert lists["format"]["dateFormat"] == "dd/MM/yyyy"
    parents = {row["parentClass"] for row in lists["sector"]} - {"0"}
    assert parents <= {row["code"] for row in lists["sector"]}
    assert lists["countryCode"]
    assert lists["customsPackUnitList"]


# ---- T121, T126: exchange rates --------------------------------------------------------------------------------------


async def test_the_rate_of_a_currency_is_the_one_its_documents_get(rig: Rig) -> None:
    told = await asked(rig, "T121", {"currency": "USD", "issueDate": "2026-03-01"})
    made = KINDS["general"].document()
    made["basicInformation"]["currency"] = "USD"
    issued = rig.read(await send(rig, made))
    assert issued["basicInformation"]["currencyRate"] == told["rate"]
    everyone = await asked(rig, "T126", {"issueDate": ""})
    assert told in everyone
    assert {row["currency"] for row in everyone} == set(seed.UGX_RATES) - {"UGX"}


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("1581", {"currency": ""}),
        ("1582", {"currency": "USDX"}),
        ("2180", {"currency": "XXX"}),
        ("2798", {"currency": "USD", "issueDate": "01/03/2026"}),
    ],
)
async def test_a_wrong_question_for_a_rate_is_refused(rig: Rig, code: str, content: Wire) -> None:
    assert (await rig.call("T121", content)).code == code


async def test_while_rates_are_refreshed_there_is_none(rig: Rig) -> None:
    rig.configure(rates_updating=True)
    assert (await rig.call("T121", {"currency": "USD"})).code == "23"
    assert (await rig.call("T126", {})).code == "23"
    made = KINDS["general"].document()
    assert (await send(rig, made)).code == "00"


# ---- T123, T124, T134, T146: categories ------------------------------------------------------------------------------


async def test_the_pages_of_the_categories_are_the_whole_tree(rig: Rig) -> None:
    whole = await asked(rig, "T123")
    paged: list[Wire] = []
    number, pages = 1, 1
    while number <= pages:
        page = await asked(rig, "T124", {"pageNo": str(number), "pageSize": "99"})
        paged += page["records"]
        number, pages = number + 1, page["page"]["pageCount"]
    assert [row["commodityCategoryCode"] for row in paged] == [row["commodityCategoryCode"] for row in whole]
    assert set(paged[0]) - set(whole[0]) == {"excisable", "vatOutScopeCode"}
    codes = {row["commodityCategoryCode"] for row in whole}
    assert {row["parentCode"] for row in whole} - {"0"} <= codes
    assert "43211507" not in codes, "a deleted category is not handed out"


async def test_the_pages_of_the_categories_may_be_asked_for_in_plain_text(rig: Rig) -> None:
    message = rig.message("T124", {"pageNo": "1", "pageSize": "1"})
    assert (await rig.send(message)).code == "00"
    assert (await rig.call("T124", {"pageNo": "1", "pageSize": "100"})).code == "1526"


async def test_only_what_changed_since_our_version_comes_again(rig: Rig) -> None:
    changed = {
        version: await asked(rig, "T134", {"commodityCategoryVersion": version}) for version in ("1.0", "2", "3")
    }
    assert {row["commodityCategoryCode"] for row in changed["1.0"]} == {"24111503", "43211507", "50221200"}
    assert [(row["commodityCategoryCode"], row["enableStatusCode"]) for row in changed["2"]] == [("43211507", "0")]
    assert changed["3"] == []
    assert len(await asked(rig, "T134", {"commodityCategoryVersion": "0"})) == len(categories())
    assert (await rig.call("T134", {"commodityCategoryVersion": ""})).code == "2059"
    assert (await rig.call("T134", {"commodityCategoryVersion": "latest"})).code == "47"


async def test_a_category_is_told_as_it_stood_on_a_day(rig: Rig) -> None:
    def on(day: str) -> Wire:
        return {"categoryCode": "50221200", "type": "1", "issueDate": f"{day} 10:00:00"}

    then = (await asked(rig, "T146", on("2020-12-01")))["commodityCategory"]
    now = (await asked(rig, "T146", on("2026-03-01")))["commodityCategory"]
    assert [(row["isZeroRate"], row["rate"], row["exclusion"]) for row in (then, now)] == [
        ("101", "0", "0"),
        ("102", "0.18", "2"),
    ]
    assert (then["zeroRateStartDate"], then["zeroRateEndDate"]) == ("01/07/2020", "30/06/2021")


async def test_a_duty_is_told_as_it_stood_on_a_day(rig: Rig) -> None:
    question = {"categoryCode": "LED070300", "type": "2", "issuedDate": "2026-03-01 10:00:00"}
    duty = (await asked(rig, "T146", question))["exciseDuty"]
    assert duty["rateText"] == "10% or UGX50 per litre"
    before = question | {"issuedDate": "2021-06-30 10:00:00"}
    assert (await rig.call("T146", before)).code == "2867"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("2860", {"type": ""}),
        ("2861", {"type": "10"}),
        ("2862", {"type": "3"}),
        ("2863", {"categoryCode": ""}),
        ("2864", {"categoryCode": "4" * 21}),
        ("2865", {"issueDate": ""}),
        ("2866", {"issueDate": "2026-03-01"}),
        ("2867", {"categoryCode": "99999999"}),
        ("2867", {"categoryCode": "43211507"}),
        ("2867", {"type": "2"}),
    ],
)
async def test_a_wrong_question_for_a_classification_is_refused(rig: Rig, code: str, changes: Wire) -> None:
    question = {"categoryCode": "44121701", "type": "1", "issueDate": "2026-03-01 10:00:00"}
    assert (await rig.call("T146", question)).code == "00"
    assert (await rig.call("T146", question | changes)).code == code


# ---- T125, T185 ------------------------------------------------------------------------------------------------------


async def test_every_duty_comes_with_rates_a_line_can_carry(rig: Rig) -> None:
    duties = (await asked(rig, "T125"))["exciseDutyList"]
    codes = {duty["exciseDutyCode"] for duty in duties}
    assert {duty["parentCode"] for duty in duties} - {"0"} <= codes
    assert "LED110200" not in codes, "a deleted duty is not handed out"
    for duty in duties:
        assert bool(duty["exciseDutyDetailsList"]) == (duty["isLeafNode"] == "1")
        for rate in duty["exciseDutyDetailsList"]:
            assert Decimal(rate["rate"]) >= 0
            assert (rate["type"] == "101") == (rate["unit"] == "") == (rate["currency"] == "")


async def test_the_customs_tariff_is_a_tree_whose_leaf_flag_is_reversed(rig: Rig) -> None:
    rows = await asked(rig, "T185")
    parents = {row["parentClass"] for row in rows}
    assert parents - {"0"} <= {row["hsCode"] for row in rows}
    assert all((row["isLeaf"] == "0") == (row["hsCode"] not in parents) for row in rows)


def test_the_data_files_are_sound() -> None:
    assert all(len(code) == 8 and code.isdigit() for code in categories())
    assert all(category.parent in categories() for category in categories().values() if category.parent != "0")
    parents = {category.parent for category in categories().values()}
    assert all(category.leaf == (code not in parents) for code, category in categories().items())
    assert all(duty.parent in excise_duties() for duty in excise_duties().values() if duty.parent != "0")
    units = {rate.unit for duty in excise_duties().values() for rate in duty.rates}
    assert units - {""} <= set(seed.EXCISE_UNITS)
    assert len({code.code for code in hs_codes()}) == len(hs_codes())


# ---- T119, T137, T138, T180 ------------------------------------------------------------------------------------------


async def test_a_taxpayer_is_found_by_tin_or_by_number(rig: Rig) -> None:
    by_tin = await asked(rig, "T119", {"tin": "1000000903"})
    assert by_tin == await asked(rig, "T119", {"ninBrn": "80020000000903"})
    assert (by_tin["taxpayer"]["governmentTIN"], by_tin["taxpayer"]["taxpayerType"]) == ("1", "202")


async def test_relief_of_a_buyer_names_the_projects_and_what_is_left() -> None:
    kind = KINDS["deemed"]
    rig = await rig_for(kind)
    before = await asked(rig, "T137", {"tin": "1000000905"})
    assert (before["taxpayerType"], before["exemptType"]) == ("104", "103")
    assert (await send(rig, kind.document())).code == "00"
    after = await asked(rig, "T137", {"tin": "1000000905", "commodityCategoryCode": "30111601,44121701"})
    assert [row["commodityCategoryTaxpayerType"] for row in after["commodityCategory"]] == ["103", "101"]
    (left,) = after["deemedAndExemptProjectList"]
    (full,) = (row for row in before["deemedAndExemptProjectList"] if row["projectId"] == left["projectId"])
    assert Decimal(full["currentQty"]) - Decimal(left["currentQty"]) == 100
    assert Decimal(full["currentAmount"]) - Decimal(left["currentAmount"]) == 3_540_000


async def test_a_taxpayer_without_projects_is_a_normal_one(rig: Rig) -> None:
    told = await asked(rig, "T137", {"tin": "1000000901"})
    assert (told["taxpayerType"], told["deemedAndExemptProjectList"]) == ("101", [])
    assert (await rig.call("T137", {"tin": ""})).code == "2110"
    assert (await rig.call("T137", {"tin": "1" * 21})).code == "2111"


async def test_branches_are_ours_or_a_principals() -> None:
    rig = await rig_for(KINDS["agent"], {"branches": {"1": "Main", "2": "Hill"}})
    rig.world.registry.add_taxpayer(
        Taxpayer.from_json(PRINCIPAL.to_json() | {"branches": {"9": "Harbour"}}),
    )
    ours = [{"branchId": "1", "branchName": "Main"}, {"branchId": "2", "branchName": "Hill"}]
    assert await asked(rig, "T138") == ours
    assert await asked(rig, "T138", {"tin": SELLER_TIN}) == ours
    assert await asked(rig, "T138", {"tin": PRINCIPAL.tin}) == [{"branchId": "9", "branchName": "Harbour"}]
    assert (await rig.call("T138", {"tin": "1000000901"})).code == "3100"


async def test_an_agent_learns_the_switches_of_its_principal_and_nobody_elses() -> None:
    rig = await rig_for(KINDS["agent"])
    told = await asked(rig, "T180", {"tin": PRINCIPAL.tin, "branchId": ""})
    assert (told["isAllowIssueInvoice"], told["periodDate"]) == ("1", "7")
    assert [tax["taxTypeCode"] for tax in told["taxType"]] == ["301", "302"]
    assert (await rig.call("T180", {"tin": PRINCIPAL.tin, "branchId": "7"})).code == "2185"
    assert (await rig.call("T180", {"tin": "1000000901"})).code == "3100"


async def test_a_document_of_an_agent_is_its_principals_and_names_the_agent() -> None:
    kind = KINDS["agent"]
    rig = await rig_for(kind)
    issued = rig.read(await send(rig, kind.document(), kind.agent))
    assert issued["agentEntity"]["tin"] == SELLER_TIN
    (stored,) = rig.world.documents("INV-1")
    assert stored.tin == PRINCIPAL.tin

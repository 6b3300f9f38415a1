"""T101 server time, T103 sign-in, T104 session key."""

from risiti.efris import crypto
from risiti.efris.envelope import encode_base64
from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.ledger import QR_PREFIX
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Taxpayer
from risiti.simulator.world import World

DATA_VERSION = "1"
"""Version of all dictionaries: they never change here."""


def server_time(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T101: the authority's clock, always as dd/MM/yyyy HH:mm:ss. Answered to anyone, whatever their clock says."""
    return Answer({"currentTime": kampala(call.arrived_at).strftime("%d/%m/%Y %H:%M:%S")})


def session_key(call: Call, world: World) -> Answer:
    """T104: a fresh AES key, base64, wrapped with the device's public key."""
    if call.device is None:
        raise Refusal("400")
    secret = world.registry.new_session_key(call.device.device_no, call.arrived_at)
    wrapped = crypto.wrap(call.device.key(), encode_base64(secret).encode("ascii"))
    text = encode_base64(wrapped)
    sign = crypto.sign(world.server_key(), text.encode("ascii"))
    return Answer({"passowrdDes": text, "sign": encode_base64(sign)})


def sign_in(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T103: device, taxpayer, and the switches that apply to it."""
    seller, device = call.seller(), call.device
    if device is None:
        raise Refusal("400")
    date_format, _ = dates_of(call)
    today = kampala(call.arrived_at)
    valid_until = today.replace(year=today.year + 1, day=1).strftime(date_format)
    return Answer(
        {
            "device": {
                "deviceModel": "API",
                "deviceNo": device.device_no,
                "deviceStatus": "232",
                "deviceType": "101",
                "validPeriod": valid_until,
                "offlineAmount": "0",
                "offlineDays": "0",
                "offlineValue": "0",
            },
            "taxpayer": _taxpayer(seller),
            "taxpayerBranch": {
                "branchCode": "00",
                "branchName": seller.business_name or seller.legal_name,
                "branchType": "101",
                "contactName": "",
                "contactEmail": seller.email,
                "contactMobile": seller.phone,
                "contactNumber": seller.phone,
                "placeOfBusiness": seller.address,
            },
            "taxType": _tax_types(seller, date_format, call),
            "sellersLogo": "",
            **_switches(seller),
            **_versions(call),
        }
    )


def _taxpayer(seller: Taxpayer) -> dict[str, str]:
    return {
        "id": str(int(seller.tin) % 10**9 + 10**9) if seller.tin.isascii() and seller.tin.isdigit() else "1",
        "tin": seller.tin,
        "ninBrn": seller.nin_brn,
        "legalName": seller.legal_name,
        "businessName": seller.business_name,
        "taxpayerStatusId": "401",
        "taxpayerRegistrationStatusId": "403",
        "taxpayerType": "201" if seller.individual else "202",
        "businessType": "501",
        "departmentId": "1",
        "contactName": "",
        "contactEmail": seller.email,
        "contactMobile": seller.phone,
        "contactNumber": seller.phone,
        "placeOfBusiness": seller.address,
    }


def _tax_types(seller: Taxpayer, date_format: str, call: Call) -> list[dict[str, str]]:
    registered = kampala(call.arrived_at).replace(year=2020, month=7, day=1).strftime(date_format)
    income = {"taxTypeName": "Income Tax", "taxTypeCode": "302", "registrationDate": registered, "cancellationDate": ""}
    vat = income | {"taxTypeName": "Value Added Tax", "taxTypeCode": "301"}
    return [vat, income] if seller.vat_registered else [income]


def _switches(seller: Taxpayer) -> dict[str, str]:
    return {
        "issueTaxTypeRestrictions": "0",
        "whetherEnableServerStock": "0",
        "goodsStockLimit": "102",
        "exportCommodityTaxRate": "0",
        "exportInvoiceExciseDuty": "0",
        "maxGrossAmount": str(seller.max_gross),
        "isAllowBackDate": _flag(seller.back_dating),
        "isReferenceNumberMandatory": _flag(seller.reference_mandatory),
        "isAllowIssueRebate": "0",
        "isDutyFreeTaxpayer": "0",
        "isAllowIssueCreditWithoutFDN": "0",
        "periodDate": str(seller.period_days),
        "isTaxCategoryCodeMandatory": "1",
        "isAllowIssueInvoice": _flag(seller.vat_registered),
        "isAllowOutOfScopeVAT": _flag(seller.out_of_scope),
        "creditMemoPeriodDate": "15",
        "financialYearDate": "0630",
        "buyerModifiedTimes": "1",
        "buyerModificationPeriod": "48",
        "agentFlag": "0",
        "environment": "1",
        "frequentContactsLimit": "40",
        "autoCalculateSectionE": "0",
        "autoCalculateSectionF": "0",
        "issueDebitNote": "1",
        "webServiceURL": "",
        "qrCodeURL": QR_PREFIX,
    }


def _flag(value: bool) -> str:  # noqa: FBT001 - one value in, one out
    return "1" if value else "0"


def _versions(call: Call) -> dict[str, str]:
    return {
        "dictionaryVersion": DATA_VERSION,
        "taxpayerBranchVersion": DATA_VERSION,
        "commodityCategoryVersion": DATA_VERSION,
        "exciseDutyVersion": DATA_VERSION,
        "hsCodeVersion": DATA_VERSION,
        "commGoodsLatestModifyVersion": kampala(call.arrived_at).strftime("%Y%m%d%H%M%S"),
    }

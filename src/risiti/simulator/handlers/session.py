"""T101 server time, T102 device keys, T103 sign-in, T104 session key, T105 password."""

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from risiti.efris import crypto
from risiti.efris.envelope import encode_base64
from risiti.simulator.accounts import Message
from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.device_book import Position
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.ledger import QR_PREFIX
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Device, Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.world import World

WHITE_BOX_APP = "AP01"
"""appId of EFDs and Windows clients."""


def server_time(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T101: the authority's clock, always as dd/MM/yyyy HH:mm:ss. Answered to anyone, whatever their clock says."""
    return Answer({"currentTime": kampala(call.arrived_at).strftime("%d/%m/%Y %H:%M:%S")})


def start_device(call: Call, world: World) -> Answer:
    """T102: a key pair for an EFD or Windows device that brought none, the same at every call.

    The private key is AES-128-ECB under the first ten characters of the taxpayer's id and the date as `ddMMyy`, as the
    authority's sample client opens it; white-box tables are not imitated. A device with a certificate of its own gets
    the authority's public key only. The one-time password is not checked.
    """
    device, seller = call.device, call.seller()
    if device is None:
        raise Refusal("400")
    server_key = world.server_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = world.device_book.private_key(device.device_no)
    if private is None and not device.public_key and call.global_info.get("appId") == WHITE_BOX_APP:
        key = generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        world.device_book.keep_private_key(device.device_no, private)
        world.registry.add_device(Device(device.device_no, device.tin, pem, device.status))
    wrapped = ""
    if private is not None and call.global_info.get("appId") == WHITE_BOX_APP:
        secret = f"{seller.taxpayer_id}{kampala(call.arrived_at):%d%m%y}".encode("ascii")
        wrapped = encode_base64(crypto.encrypt(secret, encode_base64(private).encode("ascii")))
    return Answer({"clientPriKey": wrapped, "serverPubKey": encode_base64(server_key), "keyTable": ""})


def change_password(call: Call, world: World) -> Answer:
    """T105: change the password of a portal user; the message about it is kept, not sent."""
    asked, seller = Block(call.object(), ""), call.seller()
    asked.required("userName", "2779")
    name = asked.fits("userName", 200, "2780")
    asked.required("changedPassword", "2781")
    world.accounts.set_password(seller.tin, name, asked.fits("changedPassword", 200, "2782"))
    world.accounts.send(Message(seller.tin, seller.email, f"The password of {name} was changed.", call.arrived_at))
    return Answer()


def session_key(call: Call, world: World) -> Answer:
    """T104: a fresh AES key, base64, wrapped with the device's public key."""
    if call.device is None:
        raise Refusal("400")
    if not call.device.public_key:
        raise Refusal("401")
    secret = world.registry.new_session_key(call.device.device_no, call.arrived_at)
    wrapped = crypto.wrap(call.device.key(), encode_base64(secret).encode("ascii"))
    text = encode_base64(wrapped)
    sign = crypto.sign(world.server_key(), text.encode("ascii"))
    return Answer({"passowrdDes": text, "sign": encode_base64(sign)})


def sign_in(call: Call, world: World) -> Answer:
    """T103: device, taxpayer, and the switches that apply to it."""
    seller, device = call.seller(), call.device
    if device is None:
        raise Refusal("400")
    world.device_book.record_position(device.device_no, _position(call))
    branch = world.device_book.branch(device.device_no)
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
                "offlineAmount": str(seller.offline_documents),
                "offlineDays": str(seller.offline_days),
                "offlineValue": format(seller.offline_value, "f"),
            },
            "taxpayer": _taxpayer(seller),
            "taxpayerBranch": {
                "branchCode": branch or "00",
                "branchName": seller.branches.get(branch) or seller.business_name or seller.legal_name,
                "branchType": "101",
                "contactName": "",
                "contactEmail": seller.email,
                "contactMobile": seller.phone,
                "contactNumber": seller.phone,
                "placeOfBusiness": seller.address,
            },
            "taxType": tax_types(seller, call),
            "sellersLogo": "",
            **_switches(seller),
            **_versions(call, world),
        }
    )


def _position(call: Call) -> Position:
    longitude, latitude = (str(call.global_info.get(name) or "") for name in ("longitude", "latitude"))
    return Position(longitude, latitude, call.arrived_at)


def _taxpayer(seller: Taxpayer) -> dict[str, str]:
    return {
        "id": seller.taxpayer_id,
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


def tax_types(seller: Taxpayer, call: Call) -> list[dict[str, str]]:
    """Return the taxes a taxpayer is registered for, as T103 and T180 list them."""
    date_format, _ = dates_of(call)
    registered = kampala(call.arrived_at).replace(year=2020, month=7, day=1).strftime(date_format)
    income = {"taxTypeName": "Income Tax", "taxTypeCode": "302", "registrationDate": registered, "cancellationDate": ""}
    vat = income | {"taxTypeName": "Value Added Tax", "taxTypeCode": "301"}
    excise = income | {"taxTypeName": "Local Excise Duty", "taxTypeCode": "303"}
    registrations = ((vat, seller.vat_registered), (income, True), (excise, seller.excise_registered))
    return [tax for tax, registered_for in registrations if registered_for]


def _switches(seller: Taxpayer) -> dict[str, str]:
    return {
        "issueTaxTypeRestrictions": flag(seller.tax_type_restrictions),
        "whetherEnableServerStock": "0",
        "goodsStockLimit": "101" if seller.stock_limited else "102",
        "exportCommodityTaxRate": format(seller.export_rate, "f"),
        "exportInvoiceExciseDuty": flag(seller.export_excise),
        "maxGrossAmount": str(seller.max_gross),
        "isAllowBackDate": flag(seller.back_dating),
        "isReferenceNumberMandatory": flag(seller.reference_mandatory),
        "isAllowIssueRebate": flag(seller.rebates),
        "isDutyFreeTaxpayer": flag(seller.duty_free),
        "isAllowIssueCreditWithoutFDN": flag(seller.credit_without_original),
        "periodDate": str(seller.period_days),
        "isTaxCategoryCodeMandatory": flag(seller.tax_category_mandatory),
        "isAllowIssueInvoice": flag(seller.vat_registered and seller.e_invoicing),
        "isAllowOutOfScopeVAT": flag(seller.out_of_scope),
        "creditMemoPeriodDate": str(seller.credit_memo_days),
        "financialYearDate": "0630",
        "buyerModifiedTimes": str(seller.buyer_modified_times),
        "buyerModificationPeriod": str(seller.buyer_modification_hours),
        "agentFlag": flag(seller.agent),
        "environment": "1",
        "frequentContactsLimit": str(seller.frequent_contacts),
        "autoCalculateSectionE": flag(seller.auto_calculate_taxes),
        "autoCalculateSectionF": flag(seller.auto_calculate_summary),
        "issueDebitNote": flag(seller.debit_after_credit),
        "webServiceURL": "",
        "qrCodeURL": QR_PREFIX,
    }


def flag(value: bool) -> str:  # noqa: FBT001 - one value in, one out
    """Return a switch as the wire has it: "1" for yes, "0" for no."""
    return "1" if value else "0"


def _versions(call: Call, world: World) -> dict[str, str]:
    version = str(world.settings.data_version)
    return {
        "dictionaryVersion": version,
        "taxpayerBranchVersion": version,
        "commodityCategoryVersion": version,
        "exciseDutyVersion": version,
        "hsCodeVersion": version,
        "commGoodsLatestModifyVersion": kampala(call.arrived_at).strftime("%Y%m%d%H%M%S"),
    }

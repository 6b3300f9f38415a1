"""T101-T105: server time, start of a white-box device, sign-in, session key, password."""

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, Field

from risiti.efris.models.base import (
    READ_OBJECT,
    READ_ROWS,
    READ_TIME,
    EfrisAnswer,
    EfrisRequest,
    Text,
    WireNumber,
    WireText,
    WireTime,
)


class ServerTime(EfrisAnswer):
    """Answer of T101.

    Attributes:
        current_time: The authority's clock, whole seconds. Aware, in East Africa Time.
    """

    current_time: Annotated[datetime, READ_TIME]


class DeviceStart(EfrisRequest):
    """Request of T102, which only devices without a key of their own need. Without a password it has no content."""

    otp: Annotated[str | None, Text("one-time password", 6)] = Field(default=None, repr=False)


class DeviceKeys(EfrisAnswer):
    """Answer of T102: what a device is to keep.

    Attributes:
        client_pri_key: The device's private key, encrypted in a way of the authority's own; how is not published.
        server_pub_key: The authority's public key, base64 of DER SubjectPublicKeyInfo.
        key_table: White-box table.
    """

    client_pri_key: WireText = Field(default="", repr=False)
    server_pub_key: WireText = ""
    key_table: WireText = Field(default="", repr=False)


class SessionKeyAnswer(EfrisAnswer):
    """Answer of T104: the session key, wrapped for the taxpayer's private key.

    Attributes:
        wrapped_key: Base64 of RSA PKCS#1 v1.5 of the base64 text of the AES key. The wire spells it `passowrdDes`.
        sign: Opaque value of the server's.
    """

    wrapped_key: WireText = Field(
        min_length=1, validation_alias=AliasChoices("passowrdDes", "passwordDes", "wrapped_key")
    )
    sign: WireText = ""


class Device(EfrisAnswer):
    """The calling device in the answer of T103.

    Attributes:
        valid_period: Until when the device may be used.
        offline_amount: Most documents it may issue offline.
        offline_days: Most days it may stay offline.
        offline_value: Most value it may issue offline, UGX.
    """

    device_no: WireText = ""
    device_model: WireText = ""
    device_status: WireText = ""
    device_type: WireText = ""
    valid_period: WireTime = None
    offline_amount: WireNumber = None
    offline_days: WireNumber = None
    offline_value: WireNumber = None


class SignedInTaxpayer(EfrisAnswer):
    """The taxpayer in the answer of T103.

    Attributes:
        id: URA's internal number; goes into `globalInfo.taxpayerID`.
    """

    id: WireText = ""
    tin: WireText = ""
    nin_brn: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    taxpayer_status_id: WireText = ""
    taxpayer_registration_status_id: WireText = ""
    taxpayer_type: WireText = ""
    business_type: WireText = ""
    department_id: WireText = ""
    contact_name: WireText = ""
    contact_email: WireText = ""
    contact_mobile: WireText = ""
    contact_number: WireText = ""
    place_of_business: WireText = ""


class SignedInBranch(EfrisAnswer):
    """The branch of the device in the answer of T103."""

    branch_code: WireText = ""
    branch_name: WireText = ""
    branch_type: WireText = ""
    contact_name: WireText = ""
    contact_email: WireText = ""
    contact_mobile: WireText = ""
    contact_number: WireText = ""
    place_of_business: WireText = ""


class TaxRegistration(EfrisAnswer):
    """One tax the taxpayer is registered for.

    Attributes:
        tax_type_code: `301` VAT, `302` income tax, ...
    """

    tax_type_code: WireText = ""
    tax_type_name: WireText = ""
    registration_date: WireTime = None
    cancellation_date: WireTime = None


class SignedIn(EfrisAnswer):
    """Answer of T103: who we are to the authority, versions of its master data, and every switch set for us.

    Switches are "1" for yes and "0" for no.

    Attributes:
        goods_stock_limit: `101` stock cannot go negative, `102` it may.
        export_commodity_tax_rate: As a fraction.
        max_gross_amount: Most UGX one document may have (code 2075).
        period_date: Days a document may be dated back (code 2789); usually 7.
        credit_memo_period_date: Days for credit memos; usually 15.
        comm_goods_latest_modify_version: When the goods list last changed, `yyyyMMddHHmmss`.
        financial_year_date: Start of the financial year, `MMdd`.
        buyer_modification_period: Hours in which a buyer may be corrected; usually 48.
        environment: `0` production, `1` test.
        qr_code_url: Prefix of the public verification page.
    """

    device: Annotated[Device, READ_OBJECT] = Device()
    taxpayer: Annotated[SignedInTaxpayer, READ_OBJECT] = SignedInTaxpayer()
    taxpayer_branch: Annotated[SignedInBranch, READ_OBJECT] = SignedInBranch()
    tax_type: Annotated[tuple[TaxRegistration, ...], READ_ROWS] = ()
    dictionary_version: WireText = ""
    taxpayer_branch_version: WireText = ""
    commodity_category_version: WireText = ""
    excise_duty_version: WireText = ""
    hs_code_version: WireText = ""
    comm_goods_latest_modify_version: WireText = ""
    issue_tax_type_restrictions: WireText = ""
    sellers_logo: WireText = Field(default="", repr=False)
    whether_enable_server_stock: WireText = ""
    goods_stock_limit: WireText = ""
    export_commodity_tax_rate: WireNumber = None
    export_invoice_excise_duty: WireText = ""
    max_gross_amount: WireNumber = None
    is_allow_back_date: WireText = ""
    is_reference_number_mandatory: WireText = ""
    is_allow_issue_rebate: WireText = ""
    is_duty_free_taxpayer: WireText = ""
    is_allow_issue_credit_without_fdn: WireText = Field(default="", alias="isAllowIssueCreditWithoutFDN")
    period_date: WireNumber = None
    is_tax_category_code_mandatory: WireText = ""
    is_allow_issue_invoice: WireText = ""
    is_allow_out_of_scope_vat: WireText = Field(default="", alias="isAllowOutOfScopeVAT")
    credit_memo_period_date: WireNumber = None
    financial_year_date: WireText = ""
    buyer_modified_times: WireNumber = None
    buyer_modification_period: WireNumber = None
    agent_flag: WireText = ""
    web_service_url: WireText = Field(default="", alias="webServiceURL")
    environment: WireText = ""
    frequent_contacts_limit: WireNumber = None
    auto_calculate_section_e: WireText = ""
    auto_calculate_section_f: WireText = ""
    issue_debit_note: WireText = ""
    qr_code_url: WireText = Field(default="", alias="qrCodeURL")


class PasswordChange(EfrisRequest):
    """Request of T105: change the password of a user of the authority's portal; an e-mail tells them."""

    user_name: Annotated[str, Text("user", 200, required=True)]
    changed_password: Annotated[str, Text("new password", 200, required=True)] = Field(repr=False)

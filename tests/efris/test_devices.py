import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.efris import (
    ENABLER_VERSION,
    READ_ENABLER_UPGRADE,
    REGISTER_DEVICE,
    SEND_REGISTRATION_OTP,
    TRANSFER_DEVICE,
    UPLOAD_CERTIFICATE,
    UPLOAD_EXCEPTION_LOG,
    UPLOAD_ISSUING_STATUS,
    UPLOAD_Z_REPORT,
    Malformed,
    Secrecy,
    Stamp,
    crypto,
)
from risiti.efris.envelope import Envelope, decode_base64
from risiti.efris.exchange import prepare
from risiti.efris.models.codes import Interruption, IssuingStatus, OtpDelivery
from risiti.efris.models.devices import (
    CertificateUpload,
    DeviceRegistration,
    DeviceTransfer,
    ExceptionEntry,
    ExceptionLog,
    IssuingReport,
    RegistrationLogin,
    RegistrationOtp,
    RegistrationOtpCheck,
    ZReport,
)
from tests.efris import known
from tests.efris.answers import answered

AT_NINE = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)


def test_a_certificate_is_uploaded_with_the_proof_of_who_sends_it() -> None:
    upload = CertificateUpload.of("mango.crt", b"certificate", tin="1000000000", today=date(2026, 3, 2))
    proof = base64.b64decode(upload.verify_string)
    assert crypto.decrypt(b"1000000000260302", proof) == b"mango.crt"
    assert base64.b64decode(upload.file_content) == b"certificate"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60), st.dates(date(2000, 1, 1)))
def test_any_file_name_can_be_proved(file_name: str, today: date) -> None:
    upload = CertificateUpload.of(file_name, b"", tin="1000000000-extra", today=today)
    key = f"1000000000{today:%y%m%d}".encode()
    assert crypto.decrypt(key, base64.b64decode(upload.verify_string)).decode() == file_name


@pytest.mark.parametrize("tin", ["", "123456789", "१०००००००००"])
def test_a_tin_too_short_for_the_proof_is_refused(tin: str) -> None:
    with pytest.raises(ValueError, match="at least 10 ASCII"):
        CertificateUpload.of("mango.crt", b"", tin=tin, today=date(2026, 3, 2))


def test_what_is_published_as_plain_goes_out_plain_and_signed() -> None:
    report = IssuingReport(device_no="1000000000_01", device_issuing_status=IssuingStatus.PRINTING)
    message = prepare(
        UPLOAD_ISSUING_STATUS, UPLOAD_ISSUING_STATUS.freeze(report), credentials=known.credentials(),
        stamp=Stamp("0123456789abcdef0123456789abcdef", AT_NINE), session_key=None,
    )  # fmt: skip
    envelope = Envelope.from_bytes(message)
    assert json.loads(decode_base64(envelope.content)) == {"deviceNo": "1000000000_01", "deviceIssuingStatus": "103"}
    signature = decode_base64(envelope.signature)
    assert crypto.verifies(known.taxpayer_key().public_key(), signature, envelope.content.encode())
    assert UPLOAD_CERTIFICATE.secrecy is Secrecy.NEITHER


def test_the_exception_log_keeps_to_the_limit_of_its_codes_not_to_the_wider_one_of_its_table() -> None:
    entry = ExceptionEntry(
        interruption_type_code=Interruption.DISCONNECTED, description="x" * 200, interruption_time=AT_NINE
    )
    assert json.loads(UPLOAD_EXCEPTION_LOG.freeze(ExceptionLog(entries=(entry,))).content) == [
        {"interruptionTypeCode": "101", "description": "x" * 200, "interruptionTime": "2026-03-02 12:00:30"}
    ]
    longer = entry.model_copy(update={"description": "x" * 201, "error_detail": "y" * 201})
    with pytest.raises(Malformed) as raised:
        UPLOAD_EXCEPTION_LOG.freeze(ExceptionLog(entries=(entry, longer)))
    assert [(fault.path, fault.code) for fault in raised.value.faults] == [
        ("[1].description", "2054"),
        ("[1].errorDetail", "2056"),
    ]


def test_an_enabler_upgrade_is_read_with_its_lower_case_and_misspelt_names() -> None:
    upgrade = answered(
        READ_ENABLER_UPGRADE,
        {
            "precommand": "AA==", "precommandurl": "/pre", "precommandfilename": None, "command": "BB==",
            "commandurl": "/run", "tcsversion": "7",
            "fileList": [{"updatefile": "CC==", "iszip": 1, "updateurl": "/a", "deleteurl": "", "ordernumber": "1"}],
            "sqlList": [{"updatesql": "select 1", "ordernumer": 2}, {"updatesql": "select 2", "ordernumber": "3"}],
        },
    )  # fmt: skip
    assert (upgrade.pre_command, upgrade.command_url, upgrade.tcs_version) == ("AA==", "/run", Decimal(7))
    assert [(file.is_zip, file.order_number) for file in upgrade.file_list] == [("1", "1")]
    assert [statement.order_number for statement in upgrade.sql_list] == ["2", "3"]
    assert answered(ENABLER_VERSION, {"latesttcsversion": 7}).latest_tcs_version == Decimal(7)
    assert answered(READ_ENABLER_UPGRADE, {"fileList": None}).sql_list == ()


def test_a_z_report_carries_whatever_it_is_given() -> None:
    report = ZReport.model_validate({"total": Decimal("11800.02"), "documents": 14})
    assert UPLOAD_Z_REPORT.freeze(report).content == b'{"documents":14,"total":"11800.02"}'
    assert UPLOAD_Z_REPORT.parse(b'{"total":"11800.02"}').model_extra == {"total": "11800.02"}


def test_passwords_do_not_show() -> None:
    login = RegistrationLogin(tin="1000000000", password="open sesame")
    check = RegistrationOtpCheck(tin="1000000000", otp="934857")
    assert "sesame" not in f"{login!r} {login}"
    assert "934857" not in f"{check!r} {check}"


def test_registering_a_device_is_checked_as_far_as_its_codes_tell() -> None:
    otp = RegistrationOtp(delivery_method=OtpDelivery.SMS, contact_mobile="0700000000")
    assert json.loads(SEND_REGISTRATION_OTP.freeze(otp).content)["deliveryMethod"] == "002"
    device = DeviceRegistration(tin="1000000000", branch_id="1", device_no="x" * 19, device_type="11")
    with pytest.raises(Malformed) as raised:
        REGISTER_DEVICE.freeze(device)
    assert [fault.code for fault in raised.value.faults] == ["2171", "3118"]
    assert not REGISTER_DEVICE.documented


def test_a_device_moves_without_remarks() -> None:
    assert TRANSFER_DEVICE.freeze(DeviceTransfer(destination_branch_id="9")).content == b'{"destinationBranchId":"9"}'

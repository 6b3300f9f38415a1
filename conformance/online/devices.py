"""Devices: reports, faults, versions, certificate, transfer."""

import base64
from datetime import datetime

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad

from conformance import sales
from conformance.cases import Case
from conformance.online.stage import KAMPALA, Stage, content, done


def fault_log(at: Stage) -> str:
    row = {"interruptionTypeCode": "101", "description": "Line down", "errorDetail": "", "interruptionTime": at.now()}
    return done(at.client.upload_exception_logs([row]))


def certificate(at: Stage) -> str:
    name = "shop.crt"
    key = f"{sales.TIN}{datetime.now(KAMPALA):%y%m%d}".encode()
    proof = AES.new(key, AES.MODE_ECB).encrypt(pad(name.encode(), AES.block_size))
    return done(at.client.certificate_upload(name, base64.b64encode(proof).decode(), at.certificate))


CASES: list[Case[Stage]] = [
    Case("T116", "upload_z_report", lambda at: done(at.client.upload_z_report({"deviceNo": sales.DEVICE_NO}))),
    Case("T132", "upload_exception_logs", fault_log),
    Case(
        "T133",
        "tcs_upgrade_download",
        lambda at: f"version {content(at.client.tcs_upgrade_download('2', '1'))['tcsversion']}",
    ),
    Case(
        "T135",
        "get_tcs_latest_version",
        lambda at: f"version {content(at.client.get_tcs_latest_version())['latesttcsversion']}",
    ),
    Case("T176", "upload_device_status", lambda at: done(at.client.upload_device_status(sales.DEVICE_NO, "101"))),
    Case("T136", "certificate_upload", certificate),
    Case("T178", "efd_transfer", lambda at: done(at.client.efd_transfer(sales.SECOND, "Moved"))),
]

"""T116, T132, T133, T135, T136, T140-T143, T176, T178: devices, their reports and certificates, the offline enabler."""

import base64
from datetime import date
from typing import Annotated, ClassVar, Self

from pydantic import AliasChoices, AwareDatetime, Field

from risiti.efris import crypto
from risiti.efris.models.base import (
    READ_ROWS,
    Choice,
    EfrisAnswer,
    EfrisRequest,
    EfrisRows,
    Moment,
    Number,
    OpenRequest,
    Rows,
    Text,
    WireNumber,
    WireText,
)
from risiti.efris.models.codes import Interruption, IssuingStatus, OperatingSystem, OtpDelivery

_TIN_LENGTH = 10


class ZReport(OpenRequest):
    """Request of T116: the day's totals of a device.

    The document leaves its content "to be determined", and no return code names a field.
    """


class ExceptionEntry(EfrisRequest):
    """One row of T132.

    The table allows 3000 and 4000 bytes of text, codes 2054 and 2056 allow 200; the codes are what is checked.
    """

    interruption_type_code: Annotated[Interruption, Choice("what happened")]
    description: Annotated[str, Text("in words", 200, required=True)]
    error_detail: Annotated[str | None, Text("technical details", 200)] = None
    interruption_time: Annotated[AwareDatetime, Moment("when")]


class ExceptionLog(EfrisRows):
    """Request of T132: what went wrong at the device since it last signed in."""

    wire_list: ClassVar[str] = "entries"

    entries: Annotated[tuple[ExceptionEntry, ...], Rows("entries", required=True)]


class EnablerUpgradeQuery(EfrisRequest):
    """Request of T133: what it takes to upgrade an offline enabler (TCS)."""

    tcs_version: Annotated[int, Number("version installed, from 1", 10, 0)]
    os_type: Annotated[OperatingSystem, Choice("what it runs on")]


class UpgradeFile(EfrisAnswer):
    """One file in the answer of T133. These names are all lower case on the wire.

    Attributes:
        update_file: The file, base64.
        is_zip: "1" if it is to be unpacked.
        update_url: Where it goes.
        delete_url: What it replaces.
        order_number: When its turn is.
    """

    update_file: WireText = Field(default="", alias="updatefile", repr=False)
    is_zip: WireText = Field(default="", alias="iszip")
    update_url: WireText = Field(default="", alias="updateurl")
    delete_url: WireText = Field(default="", alias="deleteurl")
    order_number: WireText = Field(default="", validation_alias=AliasChoices("ordernumber", "ordernumer"))


class UpgradeSql(EfrisAnswer):
    """One change of the database in the answer of T133.

    Attributes:
        update_sql: The statement.
        order_number: When its turn is. The sample spells it `ordernumer`, the table `ordernumber`.
    """

    update_sql: WireText = Field(default="", alias="updatesql", repr=False)
    order_number: WireText = Field(default="", validation_alias=AliasChoices("ordernumer", "ordernumber"))


class EnablerUpgrade(EfrisAnswer):
    """Answer of T133. Most of its names are all lower case on the wire.

    Attributes:
        pre_command: File to run before the upgrade, base64.
        command: File to run for it, base64.
        tcs_version: The version it leads to.
    """

    pre_command: WireText = Field(default="", alias="precommand", repr=False)
    pre_command_url: WireText = Field(default="", alias="precommandurl")
    pre_command_file_name: WireText = Field(default="", alias="precommandfilename")
    command: WireText = Field(default="", repr=False)
    command_url: WireText = Field(default="", alias="commandurl")
    command_file_name: WireText = Field(default="", alias="commandfilename")
    tcs_version: WireNumber = Field(default=None, alias="tcsversion")
    file_list: Annotated[tuple[UpgradeFile, ...], READ_ROWS] = ()
    sql_list: Annotated[tuple[UpgradeSql, ...], READ_ROWS] = ()


class EnablerVersion(EfrisAnswer):
    """Answer of T135.

    Attributes:
        latest_tcs_version: The newest version of the offline enabler. All lower case on the wire.
    """

    latest_tcs_version: WireNumber = Field(default=None, alias="latesttcsversion")


class CertificateUpload(EfrisRequest):
    """Request of T136: the certificate our signatures are checked with.

    Its fingerprint must have been registered with the authority before (2200).
    """

    file_name: Annotated[str, Text("name ending in .crt or .cer", 256, required=True)]
    verify_string: Annotated[str, Text("proof of who sends it, base64", None, required=True)]
    file_content: Annotated[str, Text("the certificate, base64", None, required=True)]

    @classmethod
    def of(cls, file_name: str, certificate: bytes, *, tin: str, today: date) -> Self:
        """Make the request, with the proof computed.

        The proof is the file's name, encrypted under the first ten characters of the TIN and the date as `yymmdd`.

        Args:
            file_name: Its name, ending in .crt or .cer.
            certificate: The bytes of the file, PEM or DER; an RSA key of 2048 bits (2179).
            tin: Who sends it.
            today: Today in East Africa Time.

        Raises:
            ValueError: the TIN has fewer than ten characters, or not only ASCII.
        """
        start = tin[:_TIN_LENGTH]
        if len(start) < _TIN_LENGTH or not start.isascii():
            raise ValueError(f"a TIN has at least {_TIN_LENGTH} ASCII characters")
        key = f"{start}{today:%y%m%d}".encode("ascii")
        proof = crypto.encrypt(key, file_name.encode("utf-8"))
        return cls(
            file_name=file_name,
            verify_string=base64.b64encode(proof).decode("ascii"),
            file_content=base64.b64encode(certificate).decode("ascii"),
        )


class RegistrationLogin(OpenRequest):
    """Request of T140: sign in to register a device. Undocumented: what is typed is deduced from the return codes."""

    tin: Annotated[str, Text("TIN", 20, required=True)]
    password: Annotated[str, Text("password of the taxpayer's account", 500, required=True)] = Field(repr=False)


class RegistrationOtp(OpenRequest):
    """Request of T141: have a one-time password sent. Undocumented: what is typed is deduced from the return codes."""

    delivery_method: Annotated[OtpDelivery, Choice("by e-mail or SMS")]
    contact_mobile: Annotated[str, Text("mobile telephone; empty for EMAIL (2160)", None)] = ""
    contact_email: Annotated[str, Text("e-mail address; empty for SMS (2161)", None)] = ""


class RegistrationOtpCheck(OpenRequest):
    """Request of T142: hand the one-time password in. Undocumented: what is typed is deduced from the return codes."""

    tin: Annotated[str, Text("TIN", 20, required=True)]
    otp: Annotated[str, Text("the one-time password", 6, required=True)] = Field(repr=False)


class DeviceRegistration(OpenRequest):
    """Request of T143: register a device. Undocumented: what is typed is deduced from the return codes."""

    tin: Annotated[str, Text("TIN", 20, required=True)]
    branch_id: Annotated[str, Text("branch it stands in", 18, required=True)]
    device_no: Annotated[str, Text("device", 18, required=True)]
    device_type: Annotated[str, Text("kind of device; its values are unknown (3119)", 1, required=True)]


class IssuingReport(EfrisRequest):
    """Request of T176: what a device is doing."""

    device_no: Annotated[str, Text("device", 20, required=True)]
    device_issuing_status: Annotated[IssuingStatus, Choice("state")]


class DeviceTransfer(EfrisRequest):
    """Request of T178: move the calling device to another branch."""

    destination_branch_id: Annotated[str, Text("branch it goes to", 18, required=True)]
    remarks: Annotated[str | None, Text("free text", 1024)] = None

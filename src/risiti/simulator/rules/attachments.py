"""Rules about attached files (T110, T114)."""

import base64
import binascii
from collections.abc import Mapping

from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import rows_of
from risiti.simulator.values import JsonValue

FILE_TYPES = ("png", "doc", "pdf", "jpg", "txt", "docx", "xlsx", "cer", "crt", "der")


def check(content: Mapping[str, JsonValue]) -> None:
    """Check the attachmentList of a request: names, types, and content that is base64."""
    for row in rows_of(content, "attachmentList"):
        _check_file(row)


def _check_file(row: Block) -> None:
    row.required("fileName", "3089")
    row.fits("fileName", 256, "3090")
    row.required("fileType", "3091")
    row.fits("fileType", 5, "3092")
    row.one_of("fileType", FILE_TYPES, "3093")
    content = row.required("fileContent", "3094")
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        row.refuse("3095")

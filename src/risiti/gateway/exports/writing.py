"""Write an export out, line by line: a head, every row with its table's name, and a manifest of counts and digests."""

import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.exports.parts import LEFT_OUT, PARTS, Part
from risiti.gateway.journal.chain import text_of

FORMAT: Final = "risiti-company-1"


@dataclass(slots=True)
class _Count:
    rows: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


async def chunks(database: Database, company_id: str, at: datetime) -> AsyncIterator[bytes]:
    """Yield all data of a company, some lines at a time; `at` is when this export began."""
    whole = hashlib.sha256()
    lines = 0

    def written(text: bytes) -> bytes:
        whole.update(text)
        return text

    yield written(_line({"export": FORMAT, "company": company_id, "at": at.astimezone(UTC).isoformat()}))
    manifest: dict[str, object] = {}
    for part in PARTS:
        count, after = _Count(), None
        while True:
            read = partial(_read, part=part, after=after)
            found = await database.read_as(company_id, read)
            if not found:
                break
            text = b"".join(_line({"table": part.name, "row": _row(part, row)}) for row in found)
            count.rows += len(found)
            count.digest.update(text)
            yield written(text)
            if len(found) < part.rows:
                break
            after = _place(part, found[-1])
        lines += count.rows
        manifest[part.name] = {"rows": count.rows, "sha256": count.digest.hexdigest(), "withheld": dict(part.withheld)}
    end = {"tables": manifest, "left_out": dict(LEFT_OUT), "rows": lines, "sha256": whole.hexdigest()}
    yield _line({"manifest": end})


def _read(session: Session, part: Part, after: tuple[object, ...] | None) -> Sequence[Row[Any]]:
    return session.execute(part.select(after)).all()


def _line(content: dict[str, object]) -> bytes:
    return text_of(content) + b"\n"


def _row(part: Part, row: Row[Any]) -> dict[str, object]:
    return {name: _value(value) for name, value in zip(part.columns, row, strict=True)}


def _place(part: Part, row: Row[Any]) -> tuple[object, ...]:
    names = list(part.columns)
    return tuple(row[names.index(str(key.key))] for key in part.order)


def _value(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case Decimal():
            return str(value)
        case bytes():
            return {"base64": base64.b64encode(value).decode("ascii")}
    return value

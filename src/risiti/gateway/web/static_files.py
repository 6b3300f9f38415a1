"""The few files that pages need, read once; there is no other file to ask for."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from risiti.gateway.kernel.errors import NotFound

CACHE_SECONDS: Final = 3_600
_NOT_MODIFIED: Final = 304
_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str


def _read(name: str) -> _File:
    content = files("risiti.gateway.web").joinpath("static", name).read_bytes()
    return _File(content, _TYPES[name.rpartition(".")[2]], f'"{hashlib.sha256(content).hexdigest()[:16]}"')


_FILES: Final = {name: _read(name) for name in ("risiti.css", "icon.svg", "account.js")}


@router.get("/static/{name}")
async def static_file(name: str, request: Request) -> Response:
    """Return a file, or 304 if the browser has it.

    Raises:
        NotFound: there is no such file.
    """
    file = _FILES.get(name)
    if file is None:
        raise NotFound("There is nothing at this address; /docs lists what there is.")
    headers = {"ETag": file.etag, "Cache-Control": f"public, max-age={CACHE_SECONDS}"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == file.etag:  # weak once it was compressed
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(file.content, headers=headers, media_type=file.media_type)

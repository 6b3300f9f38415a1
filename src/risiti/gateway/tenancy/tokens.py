"""Random tokens with a name in front: what is handed out, and the hash by which it is known again.

A token carries 256 bits, so a plain SHA-256 is enough to keep: a slow hash would protect nothing that can be guessed.
"""

import base64
import hashlib
import re
import secrets
from typing import Final

from risiti.gateway.kernel.secrets import RandomBytes, Secret

TOKEN_BYTES: Final = 32
ACCESS: Final = "rat"
REFRESH: Final = "rrt"
ONE_TIME: Final = "rot"
COOKIE: Final = "rct"
BROWSER: Final = "rbt"
_FORM: Final = re.compile(r"(?P<kind>rat|rrt|rot|rct|rbt)_[A-Za-z0-9_-]{43}", re.ASCII)


def new(kind: str, random_bytes: RandomBytes = secrets.token_bytes) -> Secret:
    """Return a new token of a kind: ACCESS, REFRESH, ONE_TIME, COOKIE or BROWSER."""
    text = base64.urlsafe_b64encode(random_bytes(TOKEN_BYTES)).decode("ascii").rstrip("=")
    return Secret(f"{kind}_{text}")


def is_of(kind: str, presented: str) -> bool:
    """Tell whether a text has the form of such a token."""
    match = _FORM.fullmatch(presented)
    return match is not None and match["kind"] == kind


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

"""How the value of a setting is read from its text, and what is wrong with it."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

MIN_TOKEN = 32
"""Characters of a token that is presented to us, or by us."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _numbers(value: object) -> object:
    """Read `5, 10, 20` as three numbers."""
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def _words(value: object) -> object:
    """Read `a, b` as two words, and nothing as none."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _origin(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.netloc or value != f"{url.scheme}://{url.netloc}":
        raise ValueError("must be an origin such as https://shop.example, without a path")
    return value


def _database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if url.startswith("sqlite:///"):
        if not url.removeprefix("sqlite:///"):
            raise ValueError("names no file; write sqlite:///var/risiti.db")
    elif not url.startswith("postgresql://"):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return value


def _redis_url(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return value


def _authority_url(value: str | None) -> str | None:
    if value is None:
        return None
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("must be an address that begins with https://")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must not carry a user, a query or a fragment")
    return value


def _signer_url(value: str | None) -> str | None:
    if value is None:
        return None
    url = urlsplit(value)
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must not carry a user, a query or a fragment")
    if url.scheme == "unix":
        if url.netloc or not url.path.startswith("/"):
            raise ValueError("names no socket; write unix:///run/risiti/signer.sock")
    elif url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("must begin with unix:///, http://127.0.0.1 or https://")
    elif url.scheme == "http" and url.hostname not in LOOPBACK:
        raise ValueError("must begin with https://, because it leaves this machine")
    return value


def is_signer_token(text: str) -> bool:
    """Tell whether a text can be the external signer's token: long enough, and fit for a header."""
    return len(text) >= MIN_TOKEN and all("!" <= one <= "~" for one in text)


def _public_url(value: str | None) -> str | None:
    if value is not None and _origin(value).startswith("http:") and urlsplit(value).hostname not in LOOPBACK:
        raise ValueError("must begin with https://, because links with tokens lead there")
    return value


Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Waits = Annotated[tuple[Seconds, ...], NoDecode, BeforeValidator(_numbers), Field(min_length=1, max_length=50)]
Rate = Annotated[int, Field(ge=1, le=1_000_000)]
Network = IPv4Network | IPv6Network
Origin = Annotated[str, AfterValidator(_origin)]
AuthorityUrl = Annotated[str | None, AfterValidator(_authority_url)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_words)]
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_words)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
RedisUrl = Annotated[SecretStr | None, AfterValidator(_redis_url)]
SignerUrl = Annotated[str | None, AfterValidator(_signer_url)]
PublicUrl = Annotated[str | None, AfterValidator(_public_url)]

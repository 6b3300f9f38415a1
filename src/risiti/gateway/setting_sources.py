"""Where settings are read from - the environment, `.env`, files of secrets - and what is wrong with what is there."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

OWN_PREFIXES = ("EFRIS_", "RETENTION_", "RISITI_")
"""Names that begin so are ours: one that we do not know is a mistake and is refused."""
OF_OTHERS = ("RISITI_KEY", "RISITI_COMPANY", "RISITI_REQUIRE_POSTGRES", "RISITI_ENV_FILE")
"""Names that begin so and are no settings: a caller's key and company in the examples of the documentation, the tests,
where settings are written."""
FILE_SUFFIX = "_FILE"
ENV_FILE = "RISITI_ENV_FILE"
MAX_SECRET_FILE_BYTES = 64 * 1024


class SettingsError(Exception):
    """Settings that cannot be used: one sentence for each fault, naming the setting and never its value if secret."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def environment() -> dict[str, str]:
    """Return the environment, and from `.env` what it does not say; RISITI_ENV_FILE names another file, or none.

    Raises:
        SettingsError: the file cannot be read.
    """
    path = Path(os.environ.get(ENV_FILE, ".env") or os.devnull)
    written: Mapping[str, str | None] = {}
    try:
        if path.is_file():
            written = dotenv_values(path, interpolate=False)
        elif os.environ.get(ENV_FILE):
            raise SettingsError([f"{ENV_FILE}: there is no file {path}."])
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError([f"{path}: cannot be read ({reason})."]) from None
    return {**{name: value for name, value in written.items() if value is not None}, **os.environ}


class Environment(EnvSettingsSource):
    """Reads variables of the environment and of `.env`; an empty one is as good as none."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in environment().items() if value}


class SecretFiles(PydanticBaseSettingsSource):
    """Reads a secret from the file that `NAME_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """Return what the file of one setting holds, if one is named; see pydantic-settings."""
        named = environment().get(field_name.upper() + FILE_SUFFIX) if is_secret(field) else None
        return (_content(field_name.upper() + FILE_SUFFIX, Path(named)) if named else None), field_name, False

    def __call__(self) -> dict[str, str]:
        """Return the values of all settings that have files."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def _content(setting: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SECRET_FILE_BYTES + 1)
        text = data.decode("utf-8").strip()
    except OSError as error:
        raise SettingsError([f"{setting}: the file {path} cannot be read ({error.strerror})."]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{setting}: the file {path} is not text."]) from None
    if not text or len(data) > MAX_SECRET_FILE_BYTES:
        raise SettingsError([f"{setting}: the file {path} is empty or larger than {MAX_SECRET_FILE_BYTES} bytes."])
    return text


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a setting is a secret, which may be kept in a file."""
    return field.annotation in {SecretStr, SecretStr | None}


def _names(settings: type[BaseSettings]) -> list[str]:
    names = []
    for name, field in settings.model_fields.items():
        names.append(name.upper())
        if is_secret(field):
            names.append(name.upper() + FILE_SUFFIX)
    return names


def unknown(environment: Mapping[str, str], settings: type[BaseSettings]) -> Iterable[str]:
    """Say which names look like ours and are none."""
    known = _names(settings)
    for name in sorted(environment):
        if name.startswith(OWN_PREFIXES) and name not in known and name not in OF_OTHERS:
            near = difflib.get_close_matches(name, known, n=1)
            yield f"{name}: there is no such setting; " + (
                f"did you mean {near[0]}?" if near else "see docs/settings.md."
            )


def named_twice(environment: Mapping[str, str], settings: type[BaseSettings]) -> Iterable[str]:
    """Say which secrets are given both themselves and as a file."""
    for name in _names(settings):
        if environment.get(name) and environment.get(name + FILE_SUFFIX):
            yield f"{name}: give either it or {name + FILE_SUFFIX}, not both."


def sentence(field: str, message: str) -> str:
    """Return what pydantic found wrong with a field as a sentence about the setting."""
    said = message.removeprefix("Value error, ").rstrip(".")
    return f"{field.upper()}: {said[:1].lower()}{said[1:]}."

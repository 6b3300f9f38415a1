"""A folder of key files (`NAME.pem`, `.p12`, `.pfx`), each read when it is first asked for and when it has changed."""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from risiti.efris.crypto import KeyFileError, load_private_key
from risiti.gateway.tenancy.key_reader import MAX_KEY_FILE_BYTES, MAX_PASSWORD_BYTES, KeyMaterial, end_of_certificate

ENDINGS: Final = (".pem", ".p12", ".pfx")
PASSWORD_ENDING: Final = ".password"  # noqa: S105 - the name of a file
"""`NAME.password` holds the key file's password on its first line."""
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", re.ASCII)
_OTHERS_MAY: Final = 0o077


class CannotUseKey(Exception):
    """A key file is there and cannot be used; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    seen: tuple[tuple[int, int, int], ...]
    material: KeyMaterial


class KeyFolder:
    """The keys of a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, _Kept] = {}
        self._reading = asyncio.Lock()

    async def find(self, name: str) -> KeyMaterial | None:
        """Return the key of that name; None if there is none.

        Raises:
            CannotUseKey: its file can be read by others, is damaged, or needs a password that is not there.
        """
        if _NAME.fullmatch(name) is None:
            return None
        path = self._path(name)
        if path is None:
            self._kept.pop(name, None)
            return None
        seen = _seen(path, self._folder / f"{name}{PASSWORD_ENDING}")
        kept = self._kept.get(name)
        if kept is None or kept.seen != seen:
            async with self._reading:
                kept = self._kept[name] = _Kept(seen, await asyncio.to_thread(self._read, name, path))
        return kept.material

    def _path(self, name: str) -> Path | None:
        found = [path for ending in ENDINGS if (path := self._folder / f"{name}{ending}").is_file()]
        if len(found) > 1:
            raise CannotUseKey(f"{found[0].name} and {found[1].name} are both there; keep one of them")
        return found[0] if found else None

    def _read(self, name: str, path: Path) -> KeyMaterial:
        password_file = self._folder / f"{name}{PASSWORD_ENDING}"
        password = _content(password_file, MAX_PASSWORD_BYTES) if password_file.is_file() else None
        try:
            line = None if password is None else password.decode().partition("\n")[0].rstrip("\r")
            content = _content(path, MAX_KEY_FILE_BYTES)
            key = load_private_key(content, line)
            return KeyMaterial(key, end_of_certificate(content, line or "", key))
        except UnicodeDecodeError:
            raise CannotUseKey(f"{password_file.name} is not text") from None
        except KeyFileError as error:
            raise CannotUseKey(f"{path.name}: {error}") from None


def _seen(*paths: Path) -> tuple[tuple[int, int, int], ...]:
    """Return what changes when one of the files is written anew."""
    stats = [path.stat() for path in paths if path.is_file()]
    return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)


def _content(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS_MAY:
                raise CannotUseKey(f"{path.name} can be read by other users; run: chmod 600 {path.name}")
            content = file.read(most + 1)
    except OSError as error:
        raise CannotUseKey(f"{path.name} cannot be read ({error.strerror})") from None
    if len(content) > most:
        raise CannotUseKey(f"{path.name} has more than {most} bytes")
    return content

"""Where the key-encryption keys come from: the environment, a file, or a key service; several may be known at once.

The first key wraps, the others only unwrap what they have wrapped before.
"""

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from risiti.gateway.kernel.secrets import BadKey, KeyEncryptionKey, RandomBytes, Secret

MAX_KEYS: Final = 16
COMMAND_SECONDS: Final = 30.0
"""Longest time for one call of a key service's command."""
MAX_ANSWER_BYTES: Final = 1_024
_OTHERS_MAY: Final = 0o077
_MAX_FILE_BYTES: Final = 16_384


class KeyEncryptionKeyError(Exception):
    """The key-encryption key is missing or wrong. The message is one sentence that says what to do."""


class KeySource(Protocol):
    """Where the keys are; reading may block."""

    @property
    def origin(self) -> str:
        """What it is called in an error."""
        ...

    def read(self) -> Sequence[KeyEncryptionKey]:
        """Return the keys, the one that wraps first.

        Raises:
            KeyEncryptionKeyError: they cannot be read, or cannot be keys.
        """
        ...


class KeyService(Protocol):
    """Opens what it has wrapped itself: a key management service, a hardware module, an agent on this machine."""

    def open(self, wrapped: str) -> str:
        """Return a key-encryption key in base64. `wrapped` is opaque to us, and may be shown.

        Raises:
            KeyEncryptionKeyError: it does not answer, or refuses.
        """
        ...


class GivenKeys:
    """Keys in the environment, separated by blanks, commas or lines."""

    origin = "RISITI_KEK"

    def __init__(self, text: Secret) -> None:
        self._text = text

    def read(self) -> Sequence[KeyEncryptionKey]:
        """Return the keys."""
        return _parse(self._text.reveal(), self.origin)


class FileKeys:
    """Keys in a file, one on a line, that only its owner may read; it is read again while the process runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def origin(self) -> str:
        """The file's path."""
        return str(self.path)

    def read(self) -> Sequence[KeyEncryptionKey]:
        """Return the keys."""
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & _OTHERS_MAY:
                    message = f"{self.path} can be read by other users; run: chmod 600 {self.path}"
                    raise KeyEncryptionKeyError(message)
                text = file.read(_MAX_FILE_BYTES).decode("ascii", "replace")
        except OSError as error:
            raise KeyEncryptionKeyError(f"{self.path} cannot be read ({error.strerror}).") from None
        return _parse(text, self.origin)

    def make(self, random_bytes: RandomBytes) -> Path | None:
        """Write a first key; None if another process was faster."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._draft([KeyEncryptionKey.generate(random_bytes)], random_bytes)
        try:
            self.path.hardlink_to(draft)
        except FileExistsError:
            return None
        finally:
            draft.unlink()
        _sync(self.path.parent)
        return self.path

    def replace(self, keys: Sequence[KeyEncryptionKey], random_bytes: RandomBytes) -> None:
        """Write these keys instead of those there are; a reader sees either the old file or the new one.

        Raises:
            KeyEncryptionKeyError: the file cannot be written.
        """
        try:
            self._draft(keys, random_bytes).replace(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise KeyEncryptionKeyError(f"{self.path} cannot be written ({error.strerror}).") from None

    def _draft(self, keys: Sequence[KeyEncryptionKey], random_bytes: RandomBytes) -> Path:
        draft = self.path.with_name(f".{self.path.name}.{random_bytes(8).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{key.to_text()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        return draft


class ServedKeys:
    """Keys that a key service opens, once, at the start of the process."""

    origin = "RISITI_KEK_COMMAND"

    def __init__(self, wrapped: Secret, service: KeyService) -> None:
        self._wrapped = wrapped
        self._service = service

    def read(self) -> Sequence[KeyEncryptionKey]:
        """Return the keys."""
        lines = [line for line in self._wrapped.reveal().splitlines() if line.strip()]
        if len(lines) > MAX_KEYS:
            raise KeyEncryptionKeyError(f"RISITI_KEK has more than {MAX_KEYS} lines.")
        return [key for line in lines for key in _parse(self._service.open(line.strip()), self.origin)]


class CommandKeyService:
    """A command that reads one wrapped key from its standard input and writes the key in base64 to its output."""

    def __init__(self, command: str) -> None:
        self._arguments = shlex.split(command)

    def open(self, wrapped: str) -> str:
        """Run the command once. What it says is never shown: it may be the key."""
        if not self._arguments:
            raise KeyEncryptionKeyError("RISITI_KEK_COMMAND is empty.")
        name = self._arguments[0]
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, from the settings
                self._arguments,
                input=wrapped.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except OSError as error:
            raise KeyEncryptionKeyError(f"RISITI_KEK_COMMAND: {name} cannot be run ({error.strerror}).") from None
        except subprocess.TimeoutExpired:
            message = f"RISITI_KEK_COMMAND: {name} took longer than {COMMAND_SECONDS:g} s."
            raise KeyEncryptionKeyError(message) from None
        if done.returncode != 0 or len(done.stdout) > MAX_ANSWER_BYTES:
            message = f"RISITI_KEK_COMMAND: {name} ended with code {done.returncode}; run it by hand to see why."
            raise KeyEncryptionKeyError(message)
        return done.stdout.decode("ascii", "replace")


def _parse(text: str, origin: str) -> Sequence[KeyEncryptionKey]:
    words = text.replace(",", " ").split()
    if len(words) > MAX_KEYS:
        raise KeyEncryptionKeyError(f"{origin} has more than {MAX_KEYS} keys.")
    try:
        return [KeyEncryptionKey.from_text(word) for word in words or [""]]
    except BadKey as error:
        raise KeyEncryptionKeyError(f"{origin}: {error}.") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

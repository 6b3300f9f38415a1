"""`risiti signer`, in a process of its own, and commands about the devices whose keys it keeps."""

import asyncio
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.inside import risiti
from tests.cli.test_people import company_id
from tests.gateway.tenancy.external import TOKEN, SignerProcess
from tests.make import a_private_key

__all__ = ["company_id"]


@contextmanager
def running(folder: Path) -> Iterator[SignerProcess]:
    """Run a signer without keys for the length of a block."""
    process = SignerProcess(folder)
    asyncio.run(process.start())
    try:
        yield process
    finally:
        process.kill()


def test_a_device_is_registered_by_its_keys_name_and_its_key_moved(
    tmp_path: Path, company_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as signer:
        signer.put("till", a_private_key())
        signer.put("renewed", a_private_key("another"))
        monkeypatch.setenv("EXTERNAL_SIGNER_URL", signer.address)
        monkeypatch.setenv("EXTERNAL_SIGNER_TOKEN", TOKEN)
        monkeypatch.setenv("EXTERNAL_SIGNER_TIMEOUT", "10")
        add = ("device", "add", company_id, "--device-no", "A1")
        absent = risiti(tmp_path, *add, "--signer", "absent")
        added = risiti(tmp_path, *add, "--signer", "till", "--json").result
        change = ("device", "change-key", company_id, added["id"], "--signer", "renewed")
        changed = risiti(tmp_path, *change)
        signer.kill()
        away = risiti(tmp_path, *change)

    assert (absent.returncode, "has no key absent" in absent.stderr) == (3, True)
    assert (added["signer"], added["device_no"]) == ("till", "A1")
    assert "keeps the key as renewed" in changed.stdout
    assert added["key_fingerprint"] not in changed.stdout
    assert (away.returncode, "external signer cannot be reached" in away.stderr) == (3, True)


def test_without_a_signer_a_device_cannot_be_registered_with_one(tmp_path: Path, company_id: str) -> None:
    refused = risiti(tmp_path, "device", "add", company_id, "--device-no", "A1", "--signer", "till")
    assert (refused.returncode, "set EXTERNAL_SIGNER_URL" in refused.stderr) == (3, True)


def test_a_key_is_in_a_file_or_at_the_signer(tmp_path: Path) -> None:
    neither = risiti(tmp_path, "device", "add", "com_1", "--device-no", "A1")
    assert (neither.returncode, "either --key FILE or --signer NAME" in neither.stderr) == (2, True)


def test_a_signer_without_a_token_does_not_start(tmp_path: Path) -> None:
    refused = risiti(tmp_path, "signer", "--keys", str(tmp_path))
    assert (refused.returncode, "EXTERNAL_SIGNER_TOKEN is not set" in refused.stderr) == (2, True)


def test_the_socket_is_for_its_owner_and_group_and_for_one_signer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTERNAL_SIGNER_TOKEN", TOKEN)
    with running(tmp_path) as signer:
        file = Path(signer.address.removeprefix("unix://"))
        mode = stat.S_IMODE(file.stat().st_mode)
        second = risiti(tmp_path, "signer", "--keys", str(signer.keys), "--socket", str(file))

    assert mode == 0o660
    assert (second.returncode, f"cannot listen on {file}" in second.stderr) == (3, True)

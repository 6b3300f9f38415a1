import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from risiti.gateway.db.database import Database
from risiti.gateway.kernel.secrets import KeyEncryptionKey, Secret
from risiti.gateway.tenancy import custody, devices
from risiti.gateway.tenancy.custody import Given, KeyEncryptionKeyError, OpenedVault, open_vault
from tests.gateway.tenancy.floor import Floor
from tests.make import a_private_key

pytestmark = pytest.mark.anyio


def files_of_keys(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "kek" in path.name]


KEK = KeyEncryptionKey(bytes(range(32)))


async def test_the_first_start_makes_a_key_that_only_its_owner_reads(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "kek"
    opened = await open_vault(database, Given(default_file=file))
    assert opened.made == file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["kek"]
    assert opened.vault.kek_id == KeyEncryptionKey.from_text(file.read_text()).id


async def test_the_next_start_uses_the_same_key(database: Database, tmp_path: Path) -> None:
    first = await open_vault(database, Given(default_file=tmp_path / "kek"))
    second = await open_vault(database, Given(default_file=tmp_path / "kek"))
    assert second == OpenedVault(second.vault, made=None)
    assert second.vault.kek_id == first.vault.kek_id


async def test_two_processes_that_start_at_once_agree_on_one_key(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process writes its key between our look and our own writing."""
    file = tmp_path / "kek"
    link = os.link

    def late_link(*arguments: object, **named: object) -> None:
        if not file.exists():
            file.write_text(KEK.to_text())
            file.chmod(0o600)
        link(*arguments, **named)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(os, "link", late_link)
    opened = await open_vault(database, Given(default_file=file))
    assert opened.made is None
    assert opened.vault.kek_id == KEK.id
    assert files_of_keys(tmp_path) == ["kek"]


async def test_a_given_key_needs_no_file(database: Database, tmp_path: Path) -> None:
    opened = await open_vault(database, Given(Secret(KEK.to_text()), default_file=tmp_path / "kek"))
    assert opened.vault.kek_id == KEK.id
    assert not (tmp_path / "kek").exists()


async def test_what_one_process_sealed_the_next_one_opens(database: Database, floor: Floor) -> None:
    del floor  # wrote under another key
    with pytest.raises(KeyEncryptionKeyError):
        await open_vault(database, Given(Secret(KEK.to_text())))


async def test_a_wrong_key_is_found_at_the_start_and_both_are_named(floor: Floor) -> None:
    with pytest.raises(KeyEncryptionKeyError, match=f"{KEK.id}.*{floor.vault.kek_id}") as error:
        await open_vault(floor.database, Given(Secret(KEK.to_text())))
    assert KEK.to_text() not in str(error.value)


async def test_a_lost_key_file_is_never_replaced_while_anything_is_stored_under_it(
    floor: Floor, tmp_path: Path
) -> None:
    with pytest.raises(KeyEncryptionKeyError, match="put the file back"):
        await open_vault(floor.database, Given(default_file=tmp_path / "kek"))
    assert not (tmp_path / "kek").exists()


async def test_without_a_key_and_without_a_place_for_one_the_start_says_how_to_make_one(database: Database) -> None:
    with pytest.raises(KeyEncryptionKeyError, match="openssl rand"):
        await open_vault(database, Given())


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ="])
async def test_a_given_key_that_cannot_be_one_is_refused(database: Database, tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyEncryptionKeyError):
        await open_vault(database, Given(Secret(text)))
    file = tmp_path / "kek"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeyEncryptionKeyError, match=str(file)):
        await open_vault(database, Given(default_file=file))


async def test_a_key_file_that_others_may_read_is_refused(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(KEK.to_text())
    file.chmod(0o640)
    with pytest.raises(KeyEncryptionKeyError, match="chmod 600"):
        await open_vault(database, Given(default_file=file))


async def test_credentials_outlive_a_restart(database: Database, floor: Floor, tmp_path: Path) -> None:
    device = await floor.register(floor.mango, a_private_key())
    kek = floor.vault._ring.first.to_text()
    reopened = await custody.open_vault(database, Given(Secret(kek), default_file=tmp_path / "unused"))
    found = await database.read(lambda session: devices.credentials(session, reopened.vault, device.id))
    assert isinstance(found.private_key, RSAPrivateKey)
    assert found.private_key.private_numbers() == a_private_key().private_numbers()

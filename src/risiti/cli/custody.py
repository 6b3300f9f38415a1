"""What `risiti keys` does; each function returns what is printed."""

from functools import partial

from risiti.cli.console import CommandError
from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway.events import OPERATOR
from risiti.gateway.from_settings import keys_given
from risiti.gateway.kernel.secrets import CannotUnseal
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import custody, rotation


async def list_keks(settings: Settings) -> list[Result]:
    """List the key-encryption keys that are known or used."""
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(partial(rotation.overview, vault=runtime.vault))
        return [plain(view) for view in found]


async def new_kek(settings: Settings) -> Result:
    """Put a new key-encryption key before those in the file."""
    async with opened_runtime(settings):
        source = rotation.require_file(custody.source_of(keys_given(settings)))
        return {"id": rotation.add_key(source), "file": source.origin}


async def rotate(settings: Settings, at_once: int) -> Result:
    """Wrap all data keys by the first key-encryption key.

    Raises:
        CommandError: a data key cannot be opened.
    """
    async with opened_runtime(settings) as runtime:
        try:
            done = await rotation.rotate(
                runtime.database, runtime.vault, runtime.ids, runtime.clock, at_once=at_once, by=OPERATOR
            )
        except CannotUnseal:
            message = "a data key cannot be opened by any key that is known; see `risiti keys list`, and run it again."
            raise CommandError(message) from None
        return {"id": runtime.vault.kek_id, "data_keys": done}


async def retire(settings: Settings) -> Result:
    """Take the key-encryption keys out of the file that have wrapped nothing which is stored."""
    async with opened_runtime(settings) as runtime:
        source = rotation.require_file(custody.source_of(keys_given(settings)))
        return {"ids": await rotation.retire(runtime.database, runtime.vault, source)}

"""`risiti company prove-guard`: measure whether the authority refuses a reference that it already has."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.serve import load_settings

if TYPE_CHECKING:
    from risiti.gateway.runtime import Runtime
    from risiti.gateway.tenancy.tables import Guard

PATIENCE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 1.0


def prove_guard(
    document: Annotated[str, typer.Argument(help="Id of a fiscalised document of the test environment (doc_...).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Send a fiscalised test document a second time, on purpose, and record whether the authority refuses it.

    Only where it does may a document that is proved absent be sent again without a person. Test environment only.

    Example: risiti company prove-guard doc_01J0000000000000000000000 --json
    """
    guard = run(_prove(document))
    if as_json:
        print_json({"document": document, "guard": guard.value})
    else:
        print(f"the authority's duplicate check is {guard.value}")
    if guard.value != "proven":
        raise CommandError(
            "the authority took one reference twice; documents in doubt will wait for a person.", Exit.NO
        )


async def measure(runtime: "Runtime", document_id: str) -> "Guard":
    """Send the document a second time, as soon as there is a session with the authority.

    Raises:
        GatewayError: there is no such document, or it is not a fiscalised one of the test environment.
        EfrisError: the authority gave no clear answer; nothing is recorded.
        TimeoutError: there was no session within `PATIENCE_SECONDS`.
    """
    from risiti.gateway.kernel.errors import NotFound  # noqa: PLC0415 - `risiti --help` must not pay for them
    from risiti.gateway.submissions import guard  # noqa: PLC0415
    from risiti.gateway.submissions.tables import Document  # noqa: PLC0415

    document = await runtime.database.read(lambda session: session.get(Document, document_id))
    if document is None:
        raise NotFound(f"There is no document {document_id}; ids begin with doc_.")
    connections, ready = runtime.engine.connections, asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (client := connections.ready(document.device_id)) is None:
            connections.want(document.device_id, ready.set)
            with suppress(TimeoutError):
                await asyncio.wait_for(ready.wait(), LOOK_SECONDS)
        return await guard.prove(runtime.engine, client, document_id)


async def _prove(document_id: str) -> "Guard":
    from risiti.efris import EfrisError  # noqa: PLC0415 - as above
    from risiti.gateway.kernel.errors import GatewayError  # noqa: PLC0415
    from risiti.gateway.runtime import open_runtime  # noqa: PLC0415

    try:
        async with open_runtime(load_settings()) as runtime:
            return await measure(runtime, document_id)
    except GatewayError as error:
        raise CommandError(str(error)) from None
    except (EfrisError, TimeoutError) as error:
        message = f"the authority gave no clear answer ({str(error) or 'too late'}); nothing is recorded, try again."
        raise CommandError(message) from None

"""`risiti signer`: keeps private keys apart from the gateway, and signs for it."""

import asyncio
import os
import signal
import socket
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.console import CommandError, Exit
from risiti.cli.serve import EndWithParent, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

_SOCKET_IS_OURS_AND_THE_GROUPS = 0o117


def signer(
    keys: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of key files: NAME.pem, NAME.p12 or NAME.pfx.")
    ],
    socket_file: Annotated[
        Path | None, typer.Option("--socket", help="Unix socket to listen on, instead of a port.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of 127.0.0.1 to listen on.")] = 9881,
    end_with_parent: EndWithParent = False,
) -> None:
    """Keep devices' private keys apart from the gateway and sign for it: an external signer (docs/custody.md).

    Whoever asks must present EXTERNAL_SIGNER_TOKEN (or EXTERNAL_SIGNER_TOKEN_FILE). A key file is read when it is first
    asked for and when it has changed; NAME.password holds its password, if it has one.

    Example: EXTERNAL_SIGNER_TOKEN_FILE=/etc/risiti/signer-token risiti signer --keys /etc/risiti/keys
    """
    from risiti.signer.app import create_signer  # noqa: PLC0415 - `risiti --help` must not pay for it
    from risiti.signer.folder import KeyFolder  # noqa: PLC0415 - as above

    token = load_settings().external_signer_token
    if token is None:
        raise CommandError("EXTERNAL_SIGNER_TOKEN is not set; make one with: openssl rand -hex 32", Exit.USAGE)
    _without_core_dumps()
    if end_with_parent:
        from risiti.cli import processes  # noqa: PLC0415 - as above

        processes.end_with_parent()
    app = create_signer(KeyFolder(keys), token.get_secret_value())
    with _listening(socket_file, port) as (listener, address):
        asyncio.run(_serve(app, listener, address))


async def _serve(app: "web.Application", listener: socket.socket, address: str) -> None:
    from aiohttp import web  # noqa: PLC0415 - as above

    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        sys.stdout.write(f"the signer listens: EXTERNAL_SIGNER_URL={address}\n")
        sys.stdout.flush()
        await told.wait()
    finally:
        await runner.cleanup()


@contextmanager
def _listening(socket_file: Path | None, port: int) -> "Iterator[tuple[socket.socket, str]]":
    try:
        if socket_file is None:
            listener, address = socket.create_server(("127.0.0.1", port)), f"http://127.0.0.1:{port}"
        else:
            listener, address = _unix_socket(socket_file), f"unix://{socket_file.absolute()}"
    except OSError as error:
        place = socket_file or f"port {port}"
        raise CommandError(f"cannot listen on {place} ({error.strerror}); end what listens there.") from None
    with listener:
        yield listener, address


def _unix_socket(path: Path) -> socket.socket:
    """Listen on a file; one that a signer left behind when it was killed is taken away first."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(_SOCKET_IS_OURS_AND_THE_GROUPS)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
            path.unlink()
        listener.bind(str(path))
        listener.listen()
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _without_core_dumps() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

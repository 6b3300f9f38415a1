"""nginx before a house, with the files that are deployed: HTTPS, buffering, time-outs, and the choice of a process."""

import ssl
import tempfile
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from signal import SIGQUIT
from typing import Self

from risiti.cli.console import CommandError
from risiti.cli.processes import free_port, port_is_free
from scripts.servers.programs import Watched, hand_over, last_words, open_folder
from scripts.up import nginx
from scripts.up.plan import Plan


class Front(AbstractContextManager["Front"]):
    """nginx on a free port; it ends with the block.

    Args:
        apis: Ports of the API processes.
    """

    def __init__(self, apis: tuple[int, ...]) -> None:
        self._plan = Plan(https=free_port(), http=free_port(), postgres=0, valkey=0, simulator=0, apis=apis)
        self._stack = ExitStack()
        self.trust = ssl.create_default_context()
        """Trusts the certificate that was made for it."""

    @property
    def url(self) -> str:
        """Where callers find it."""
        return self._plan.url

    def __enter__(self) -> Self:
        folder = tempfile.TemporaryDirectory(prefix="risiti-nginx-", dir=open_folder(), ignore_cleanup_errors=True)
        home = Path(self._stack.enter_context(folder))
        command = nginx.command(self._plan, home)
        hand_over(home)
        self.trust.load_verify_locations(home / "tls" / "certificate.pem")
        server = Watched(command, home, SIGQUIT)
        self._stack.callback(server.end)
        while port_is_free(self._plan.https):
            if not server.running:
                self._stack.close()
                raise CommandError(f"nginx does not start: {last_words(home / 'log')}")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

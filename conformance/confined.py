"""Keeps a client on this machine: whatever address it asks for, it gets the simulator. Standard library only."""

import socket
from typing import Any


def confine(port: int) -> None:
    """Let every connection of this process end at 127.0.0.1:port, without looking up a name.

    A client may have addresses wired in, even one that it calls when it is imported; none of them is reached.
    """
    here = ("127.0.0.1", port)

    class Confined(socket.socket):
        """A socket that connects to nothing but the simulator."""

        def connect(self, address: object, /) -> None:  # noqa: ARG002 - it is not asked
            super().connect(here)

        def connect_ex(self, address: object, /) -> int:  # noqa: ARG002 - it is not asked
            return super().connect_ex(here)

    def lookup(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", here)]

    for name, replacement in (("socket", Confined), ("getaddrinfo", lookup)):
        setattr(socket, name, replacement)

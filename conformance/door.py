"""The simulator's control door, for what no client can bring about. Standard library only."""

import json
import urllib.request
from dataclasses import dataclass

SECONDS = 30


@dataclass(frozen=True, slots=True)
class Door:
    """The control door.

    Attributes:
        base: Address of the simulator, without a path.
    """

    base: str

    def put(self, path: str, value: object) -> None:
        """Change something.

        Raises:
            urllib.error.URLError: the simulator refuses it or is not there.
        """
        body = json.dumps(value).encode()
        request = urllib.request.Request(f"{self.base}/_control/{path}", data=body, method="PUT")  # noqa: S310 - 127.0.0.1
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
            answer.read()

"""Log lines for tests to read."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from risiti.gateway.observability.logging import configure

Lines = Callable[[], list[dict[str, object]]]


@contextmanager
def logged(level: str = "info") -> Iterator[Lines]:
    """Have everything logged as JSON lines; what comes out reads those written since; put back at the end."""
    root = logging.getLogger()
    handlers, threshold, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure(level=level, json_lines=True, stream=stream)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(threshold)
        structlog.configure(**before)

"""Sets logging up, once, for a whole process: our lines and those of the libraries in one form, all redacted."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from risiti.gateway.observability import redaction

_QUIET: Final = ("asyncio", "aiohttp", "sqlalchemy", "uvicorn.access", "uvicorn.error", "alembic", "multipart")
"""Libraries that are heard from warnings on only."""


def configure(*, level: str, json_lines: bool, stream: TextIO = sys.stderr) -> None:
    """Set up structlog and the standard library's logging.

    Args:
        level: The least important lines that are written: debug, info, warning or error.
        json_lines: One JSON object a line, for machines; else coloured text, for a terminal.
        stream: Where lines go.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    render: Processor = structlog.processors.JSONRenderer() if json_lines else _pretty(stream)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in _QUIET:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(capture=True)


def for_terminal(stream: TextIO = sys.stderr) -> bool:
    """Tell whether a person is reading."""
    return stream.isatty()


def _pretty(stream: TextIO) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


_OWN: Final = ("_record", "_from_structlog")
"""What structlog passes along for itself and takes out again."""


def _redact(_: WrappedLogger, __: str, event: EventDict) -> MutableMapping[str, object]:
    kept = {name: event[name] for name in _OWN if name in event}
    fields = {name: value for name, value in event.items() if name not in _OWN}
    return {**redaction.redact(fields), **kept}

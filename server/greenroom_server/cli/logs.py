"""Sets up the log of a process: one event per line on stderr, as JSON or for people, without private data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

PRIVATE_KEYS: Final = frozenset(
    {
        *("text", "body", "note", "raw", "payload", "sdp", "candidate"),
        *("token", "secret", "password", "api_key", "authorization", "cookie"),
        *("ip", "address", "peer", "peername", "remote", "host", "url_query"),
    }
)
"""Keys whose values never reach the log. Nothing should log them; this is the second line of defence."""


def set_up_logging(level: str, form: str) -> None:
    """Send structlog and the standard library to stderr.

    Args:
        level: least serious level that is written: ``debug``, ``info``, ``warning`` or ``error``.
        form: ``json`` or ``console``.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    if form == "json":
        last: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        is_terminal = sys.stderr.isatty()
        plain = structlog.dev.plain_traceback  # others print local variables, and so what people wrote
        last = [structlog.dev.ConsoleRenderer(colors=is_terminal, exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=max(number, logging.INFO), handlers=[handler], force=True)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide the values of private keys."""
    for key in PRIVATE_KEYS.intersection(event):
        event[key] = "[redacted]"
    return event

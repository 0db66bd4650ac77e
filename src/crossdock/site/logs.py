"""Log lines: JSON for machines, one readable line on a terminal. No secrets, no local variables of a traceback."""

import logging.config
import os
import sys
from typing import Any

import structlog

# What is added to every line, ours or a library's.
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

_PROCESSORS: list[Any] = [*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
"""One list however often we are configured: loggers keep the one they began with, and what captures their lines takes its place."""


def _renderer() -> list[Any]:
    if sys.stderr.isatty() or os.environ.get("CROSSDOCK_LOG") == "plain":
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
    return [tracebacks, structlog.processors.JSONRenderer()]


def logging_config() -> dict[str, Any]:
    """The standard library's configuration: everything goes to standard error through structlog."""
    level = os.environ.get("CROSSDOCK_LOG_LEVEL", "INFO").upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer()],
            }
        },
        "handlers": {"standard_error": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["standard_error"], "level": level},
        "loggers": {
            "procrastinate": {"level": "WARNING"},
            "asyncssh": {"level": "WARNING"},
            "django.server": {"level": "WARNING", "propagate": True, "handlers": []},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Django calls this with its setting LOGGING."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )

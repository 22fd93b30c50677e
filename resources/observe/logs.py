"""Structured logs: one JSON object a line, with the ids that lead from a request to its run and its calls.

`CRUCIBLE_LOG=json|text` and `CRUCIBLE_LOG_LEVEL=debug|info|warning|error` choose. The sidecar always logs; a run of
Dagster logs when `CRUCIBLE_LOG` is set, as `crucible up` sets it; commands stay silent unless it is set.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from resources.observe.redaction import redact
from resources.settings import SettingsError
from resources.visible import visible

FORMAT = "CRUCIBLE_LOG"
LEVEL = "CRUCIBLE_LOG_LEVEL"
_FORMATS = ("json", "text")
_LEVELS = ("debug", "info", "warning", "error")
_OURS = "crucible"

logging.getLogger(_OURS).addHandler(logging.NullHandler())  # silent where nobody configured anything


def _first_things_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    first = {name: event[name] for name in ("time", "level", "event") if name in event}
    return {**first, **event}


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Of the format `text`: what was logged begins no line of its own; tracebacks are set in."""
    for name, value in event.items():
        if isinstance(value, str):
            lines = visible(value).split("\n")
            traced = name in ("exception", "stack")
            event[name] = "\n".join(f"    | {line}" for line in lines) if traced else "\\n".join(lines)
    return event


def _written(_logger: WrappedLogger, _method: str, line: Any) -> str:
    """Nothing in it is an order to the terminal that shows it."""
    return visible(str(line))


def _with_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The ids of the current span, so that a log entry leads to its trace."""
    from resources.observe.traces import current_ids

    ids = current_ids()
    if ids is not None:
        event["trace_id"], event["span_id"] = ids
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    _with_trace,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def get_logger(subject: str) -> structlog.stdlib.BoundLogger:
    """A logger of ours: `get_logger("calls")` logs as `crucible.calls`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(f"{_OURS}.{subject}")
    return logger


def formatter(kind: str) -> logging.Formatter:
    """What writes an entry, ours or another library's, as `json` or `text`."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if kind == "json"
        else structlog.dev.ConsoleRenderer(colors=False, timestamp_key="time")
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            _first_things_first,
            *([] if kind == "json" else [_one_line]),
            renderer,
            _written,
        ],
    )


def _chosen(env: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    chosen = (env.get(name) or default).strip().lower()
    if chosen not in allowed:
        raise SettingsError(f"{name}={chosen!r}: use one of {', '.join(allowed)}.")
    return chosen


def configure_logs(
    *, everything: bool, env: Mapping[str, str] | None = None, stream: TextIO | None = None
) -> logging.Handler:
    """Write logs to `stream`, standard error by default: `everything` of the process, or only our own.

    Called again it replaces what it set before. Raises SettingsError.
    """
    env = os.environ if env is None else env
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.set_name(_OURS)
    handler.setFormatter(formatter(_chosen(env, FORMAT, _FORMATS, "json")))
    level = _chosen(env, LEVEL, _LEVELS, "info").upper()
    ours, root = logging.getLogger(_OURS), logging.getLogger()
    for logger in (ours, root):
        for old in [old for old in logger.handlers if old.get_name() == _OURS]:
            logger.removeHandler(old)
    ours.setLevel(level)
    ours.propagate = everything
    (root if everything else ours).addHandler(handler)
    if everything:
        root.setLevel(level)
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
            theirs = logging.getLogger(name)
            theirs.handlers.clear()
            theirs.propagate = True
        logging.getLogger("uvicorn.access").disabled = True  # requests are logged with their ids by ourselves
        for name in ("websockets", "httpx", "httpcore", "asyncio", "alembic", "opentelemetry"):
            logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    return handler


@contextmanager
def logs_into(path: Path) -> Iterator[None]:
    """While inside, our own logs are added to a file. Raises SettingsError."""
    with path.open("a", encoding="utf-8") as file:
        handler = configure_logs(everything=False, stream=file)
        try:
            yield
        finally:
            logging.getLogger(_OURS).removeHandler(handler)


def logs_wanted(env: Mapping[str, str] | None = None) -> bool:
    """Whether this process was asked to write logs."""
    return bool((os.environ if env is None else env).get(FORMAT))


def bind(**ids: Any) -> None:
    """Ids that every entry of this context carries from now on; None is left out."""
    structlog.contextvars.bind_contextvars(**{name: value for name, value in ids.items() if value is not None})

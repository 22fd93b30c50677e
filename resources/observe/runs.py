"""A step of a run of Dagster in logs and traces: it carries the ids of the request that asked for it."""

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import structlog

from resources.observe.logs import configure_logs, get_logger, logs_wanted
from resources.observe.traces import configure_traces, flush, span

REQUEST = "crucible/request"
TRACEPARENT = "crucible/traceparent"
"""Tags of a task's runs: the request that asked for it, and the span to which the run's belong."""

_log = get_logger("runs")
_configured = False


class _DagsterRun(Protocol):
    @property
    def tags(self) -> Mapping[str, str]: ...

    @property
    def run_id(self) -> str: ...


class _Context(Protocol):
    @property
    def run(self) -> _DagsterRun: ...


P = ParamSpec("P")
C = TypeVar("C", bound=_Context)
Made = TypeVar("Made")


def observed(work: Callable[Concatenate[C, P], Made]) -> Callable[Concatenate[C, P], Made]:
    """The function of an asset, with its beginning and end in logs and traces. Stands below `@dg.asset`."""

    @functools.wraps(work)
    def wrapped(context: C, /, *args: P.args, **kwargs: P.kwargs) -> Made:
        run = context.run
        with observed_step(run.tags, run.run_id, work.__name__):
            return work(context, *args, **kwargs)

    return wrapped


@contextmanager
def observed_step(tags: Mapping[str, str], run_id: str, step: str) -> Iterator[None]:
    """What happens inside is logged with the ids of the run's tags, and is a span of the request's trace."""
    _configure_once()
    ids: dict[str, Any] = {
        "request_id": tags.get(REQUEST),
        "tenant": tags.get("crucible/tenant"),
        "project": tags.get("crucible/project"),
        "task_id": tags.get("crucible/task"),
        "run_id": run_id,
        "step": step,
    }
    known = {name: value for name, value in ids.items() if value is not None}
    attributes = {f"crucible.{name}": value for name, value in known.items()}
    with structlog.contextvars.bound_contextvars(**known):
        began = time.perf_counter()
        _log.info("step_started")
        outcome = "failed"
        try:
            with span(f"materialize {step}", attributes, parent=tags.get(TRACEPARENT)):
                yield
            outcome = "succeeded"
        finally:
            _log.info("step_ended", outcome=outcome, ms=round((time.perf_counter() - began) * 1000, 1))
            flush()


def _configure_once() -> None:
    global _configured
    if not _configured:
        _configured = True
        if logs_wanted():
            configure_logs(everything=False)
        configure_traces("crucible-pipeline")

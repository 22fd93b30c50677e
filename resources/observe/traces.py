"""Traces by OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` is set; else nothing is loaded and nothing costs.

A trace leads from the request over the run that Dagster made of it (the tag `crucible/traceparent`) to the calls.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_provider: "TracerProvider | None" = None


def traces_wanted(env: Mapping[str, str] | None = None) -> bool:
    """Whether the environment names where traces go."""
    env = os.environ if env is None else env
    named = env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    off = env.get("OTEL_SDK_DISABLED", "").lower() == "true" or env.get("OTEL_TRACES_EXPORTER") == "none"
    return bool(named) and not off


def configure_traces(service: str) -> None:
    """Send the spans of this process to the collector that the environment names; once per process."""
    global _provider
    if _provider is None and traces_wanted():
        from resources.observe.exporting import make_provider

        _provider = make_provider(service)


def active() -> bool:
    """Whether this process makes spans."""
    return _provider is not None


def flush() -> None:
    """Send what is waiting; a process that is ended without its exit handlers would lose it."""
    if _provider is not None:
        _provider.force_flush(5_000)


def traceparent() -> str | None:
    """The current span as W3C `traceparent`, to be handed on; None without one."""
    ids = current_ids()
    if ids is None:
        return None
    from opentelemetry import trace

    flags = trace.get_current_span().get_span_context().trace_flags
    return f"00-{ids[0]}-{ids[1]}-{int(flags):02x}"


def current_ids() -> tuple[str, str] | None:
    """Trace and span as hexadecimal digits; None without a current span."""
    if _provider is None:
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


def _context_of(parent: str | None) -> "Context | None":
    if parent is None or not _TRACEPARENT.fullmatch(parent):
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


@contextmanager
def span(
    name: str, attributes: Mapping[str, Any], *, client: bool = False, parent: str | None = None
) -> Iterator["Span | None"]:
    """A span around a piece of work, of `parent` (a traceparent) or of the current one; None where none is wanted.

    An error that passes is written down by its type, never by its message, which may repeat texts.
    """
    if _provider is None:
        yield None
        return
    from opentelemetry.trace import SpanKind, StatusCode

    kind: SpanKind = SpanKind.CLIENT if client else SpanKind.INTERNAL
    with _provider.get_tracer("crucible").start_as_current_span(
        name,
        _context_of(parent),
        kind,
        {key: value for key, value in attributes.items() if value is not None},
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except BaseException as error:
            made.set_attribute("error.type", type(error).__qualname__)
            made.set_status(StatusCode.ERROR)
            raise

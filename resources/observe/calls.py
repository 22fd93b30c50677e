"""One call to a model, as logs and traces tell it: ids, tokens, cost and outcome, never what was asked or answered.

Spans follow OpenTelemetry's semantic conventions for generative AI (gen_ai.*).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from resources.models.errors import ModelError
from resources.models.ledger import Attempt, Call, CallContext
from resources.models.request import ModelReply, ModelRequest, Provider
from resources.observe import traces
from resources.observe.logs import get_logger

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_log = get_logger("calls")
_PROVIDER_NAMES = {"gguf": "crucible.gguf", "local": "crucible.reader"}  # the conventions know no name for these


class CallSpan:
    """The span of one call; does nothing where no traces are wanted."""

    def __init__(self, span: "Span | None") -> None:
        self._span = span

    def answered(self, reply: ModelReply) -> None:
        """The model answered."""
        if self._span is None:
            return
        found = {
            "gen_ai.response.model": reply.model,
            "gen_ai.response.id": reply.request_id,
            "gen_ai.response.finish_reasons": (reply.finish_reason,),
            "gen_ai.usage.input_tokens": reply.usage.input_tokens,
            "gen_ai.usage.output_tokens": reply.usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": reply.usage.cached_tokens,
        }
        self._span.set_attributes({name: value for name, value in found.items() if value is not None})

    def failed(self, error: ModelError) -> None:
        """The try failed; only the kind of error is told, for its message may repeat what was asked."""
        if self._span is None:
            return
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("error.type", type(error).__name__)
        if error.status is not None:
            self._span.set_attribute("http.response.status_code", error.status)
        self._span.set_status(StatusCode.ERROR)


_NO_SPAN = CallSpan(None)


@contextmanager
def call_span(
    provider: Provider, request: ModelRequest, context: CallContext, key: str, number: int
) -> Iterator[CallSpan]:
    """A span around one try of one call."""
    if not traces.active():
        yield _NO_SPAN
        return
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDER_NAMES.get(provider.name, provider.name),
        "gen_ai.request.model": provider.model,
        "gen_ai.request.temperature": request.temperature,
        "gen_ai.request.max_tokens": request.max_output_tokens,
        "gen_ai.output.type": "text" if request.schema is None else "json",
        "crucible.call": key,
        "crucible.attempt": number,
        "crucible.purpose": context.purpose.value,
        "crucible.project": context.project_id,
        "crucible.task_id": None if context.task_id is None else str(context.task_id),
    }
    with traces.span(f"chat {provider.model}", attributes, client=True) as span:
        yield CallSpan(span)


def log_answered(call: Call, context: CallContext) -> None:
    """A call that was answered and stored."""
    usage = call.reply.usage
    _log.info(
        "model_call",
        outcome="answered",
        call=call.key,
        provider=call.provider,
        model=call.model,
        purpose=context.purpose.value,
        project=context.project_id,
        task_id=None if context.task_id is None else str(context.task_id),
        ms=round(call.seconds * 1000, 1),
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=None if call.cost_usd is None else str(call.cost_usd),
        provider_request=call.reply.request_id,
        finish_reason=call.reply.finish_reason,
    )


def log_failed(attempt: Attempt, error: ModelError, context: CallContext) -> None:
    """A try that failed."""
    _log.warning(
        "model_call",
        outcome=type(error).__name__,
        status=error.status,
        call=attempt.call_key,
        attempt=attempt.attempt,
        provider=attempt.provider,
        model=attempt.model,
        purpose=context.purpose.value,
        project=context.project_id,
        task_id=None if context.task_id is None else str(context.task_id),
        ms=round(attempt.seconds * 1000, 1),
    )
